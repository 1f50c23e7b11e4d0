/** Light and dark: what the system says, until the visitor says otherwise. Drawings on canvases ask here for colours. */

type Theme = 'light' | 'dark';

const key = 'tensorloom-primer/theme';
const system = matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();

function chosen(): Theme | null {
  const kept = localStorage.getItem(key);
  return kept === 'light' || kept === 'dark' ? kept : null;
}

export function theme(): Theme {
  return chosen() ?? (system.matches ? 'dark' : 'light');
}

function apply(): void {
  document.documentElement.dataset.theme = theme();
  for (const listener of listeners) listener();
}

export function toggleTheme(): void {
  localStorage.setItem(key, theme() === 'dark' ? 'light' : 'dark');
  apply();
}

/** Begins to follow the system; before anything is drawn. */
export function startTheme(): void {
  system.addEventListener('change', apply);
  apply();
}

/** Calls back at once and whenever the colours change. */
export function onTheme(draw: () => void): void {
  listeners.add(draw);
  draw();
}

/** Names of the colours in style.css. Series of charts, classes of points and layers take `series1` to `series4`. */
export type Colour =
  | 'ink'
  | 'soft'
  | 'line'
  | 'surface'
  | 'ground'
  | 'accent'
  | 'good'
  | 'bad'
  | 'series1'
  | 'series2'
  | 'series3'
  | 'series4';

/** A colour as it is now: `#rrggbb`. */
export function colour(name: Colour): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Red, green and blue of a colour, from 0 to 255: for pixels. */
export function rgb(name: Colour): [number, number, number] {
  const value = Number.parseInt(colour(name).slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}
