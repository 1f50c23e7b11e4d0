import { html } from '../ui/element.ts';

export interface DataTable {
  readonly element: HTMLElement;
  add(...rows: readonly HTMLTableRowElement[]): void;
  clear(): void;
}

/** A table with a caption that scrolls by itself where it is too large. Columns from `numbersFrom` on hold numbers. */
export function dataTable(
  caption: string,
  heads: readonly string[],
  { numbersFrom = heads.length }: { numbersFrom?: number } = {},
): DataTable {
  const rows = html('tbody', {});
  const head = heads.map((each, i) =>
    html('th', { scope: 'col', class: i >= numbersFrom ? 'number' : undefined }, each),
  );
  const table = html(
    'table',
    {},
    html('caption', {}, caption),
    html('thead', {}, html('tr', {}, ...head)),
    rows,
  );
  return {
    element: html(
      'div',
      { class: 'table-scroll', tabindex: 0, role: 'region', 'aria-label': caption },
      table,
    ),
    add: (...more) => rows.append(...more),
    clear: () => rows.replaceChildren(),
  };
}

export function cell(text: string | number, kind?: string): HTMLTableCellElement {
  return html('td', { class: kind }, text);
}

/** 1,536 B, 24.0 kB, 3.1 MB. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
