import { html, setAttributes, svg } from './element.ts';
import { onTheme, rgb } from './theme.ts';

export interface Cells {
  readonly rows: number;
  readonly columns: number;
  readonly values: ArrayLike<number>;
  /** Cells of padding around them. */
  readonly border?: number;
  /** From paper to ink for values from 0 to 1; or two colours for what is above and below zero. */
  readonly colours: 'grey' | 'signed';
}

export interface Place {
  readonly row: number;
  readonly column: number;
}

export interface CellGrid {
  readonly element: HTMLElement;
  set(cells: Cells): void;
  /** Frames cells: the window, or the chosen one. Places may lie in the padding. */
  frame(places: readonly Place[]): void;
  /** Puts a ring into cells. */
  mark(indices: readonly number[]): void;
  /** Where the arrow keys go on from. */
  choose(index: number): void;
}

const unit = 10;
/** Numbers are written into the cells of grids up to this width. */
const writtenColumns = 8;

/** Red, green and blue for a share from -1 to 1: two colours, from the ground on. */
export function signedColour(share: number, strength = 1): [number, number, number] {
  const [paper, ink] = [rgb('ground'), rgb(share > 0 ? 'series1' : 'series2')];
  const amount = Math.min(1, Math.abs(share)) * strength;
  return [0, 1, 2].map((k) => Math.round(paper[k] + (ink[k] - paper[k]) * amount)) as [
    number,
    number,
    number,
  ];
}

/** A number as short as it can be: 0.25, -3, 1.33. */
export function short(value: number): string {
  return String(Math.round(value * 100) / 100 || 0).replace('-', '−');
}

/**
 * Values as cells. With `move`, the pointer and the arrow keys choose one; with `press`, a click, Enter or Space does something with it.
 */
export function cellGrid(options: {
  label: string;
  move?: (index: number) => void;
  press?: (index: number) => void;
}): CellGrid {
  const { label, move, press } = options;
  const isActive = move !== undefined || press !== undefined;
  const drawing = svg('svg', {
    class: `cells ${press ? 'pressable' : ''}`,
    role: isActive ? 'application' : 'img',
    'aria-label': label,
    tabindex: isActive ? 0 : undefined,
  });
  const element = html('figure', { class: 'cells-figure' }, html('figcaption', {}, label), drawing);
  const [ground, frames, marks] = [svg('g'), svg('g', { class: 'frames' }), svg('g', { class: 'marks' })];
  const cursor = svg('rect', { class: 'cursor', width: unit, height: unit });
  drawing.append(ground, frames, marks, cursor);
  let cells: Cells = { rows: 0, columns: 0, values: [], colours: 'grey' };
  let shape = '';
  let rects: SVGRectElement[] = [];
  let texts: SVGTextElement[] = [];
  let chosen = 0;

  function build(): void {
    const { rows, columns, border = 0 } = cells;
    const next = `${rows} ${columns} ${border}`;
    if (next === shape) return;
    shape = next;
    const [width, height] = [(columns + 2 * border) * unit, (rows + 2 * border) * unit];
    setAttributes(drawing, { viewBox: `${-border * unit} ${-border * unit} ${width} ${height}` });
    const across = columns + 2 * border;
    drawing.style.maxWidth = `${across * Math.min(38, Math.max(15, 300 / across))}px`;
    const at = (i: number) => [(i % columns) * unit, Math.floor(i / columns) * unit] as const;
    const count = rows * columns;
    rects = Array.from({ length: count }, (_, i) => {
      const [x, y] = at(i);
      return svg('rect', { x, y, width: unit, height: unit });
    });
    texts =
      columns > writtenColumns
        ? []
        : Array.from({ length: count }, (_, i) => {
            const [x, y] = at(i);
            return svg('text', { x: x + unit / 2, y: y + unit * 0.63 });
          });
    const outside = Array.from({ length: border > 0 ? across * (rows + 2 * border) : 0 }, (_, i) => ({
      row: Math.floor(i / across) - border,
      column: (i % across) - border,
    })).filter(({ row, column }) => row < 0 || row >= rows || column < 0 || column >= columns);
    ground.replaceChildren(
      ...outside.map(({ row, column }) =>
        svg('rect', { class: 'padding', x: column * unit, y: row * unit, width: unit, height: unit }),
      ),
      ...rects,
      ...texts,
    );
    chosen = Math.min(chosen, Math.max(0, count - 1));
  }

  function paint(): void {
    const { values, colours } = cells;
    let most = 1e-9;
    for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]));
    const [paper, ink] = [rgb('surface'), rgb('ink')];
    // What is written on has to be read.
    const strength = texts.length > 0 ? 0.45 : 1;
    rects.forEach((rect, i) => {
      const value = values[i];
      const colour =
        colours === 'signed'
          ? signedColour(value / most, strength)
          : [0, 1, 2].map((k) => Math.round(paper[k] + (ink[k] - paper[k]) * value * strength * 0.9));
      rect.style.fill = `rgb(${colour.join(' ')})`;
    });
    texts.forEach((text, i) => {
      text.textContent = short(values[i]);
    });
  }

  function showCursor(): void {
    const { columns } = cells;
    if (columns > 0)
      setAttributes(cursor, { x: (chosen % columns) * unit, y: Math.floor(chosen / columns) * unit });
  }

  function go(index: number): void {
    chosen = index;
    showCursor();
    move?.(index);
  }

  function indexAt({ clientX, clientY }: MouseEvent): number | null {
    const { rows, columns, border = 0 } = cells;
    const box = drawing.getBoundingClientRect();
    const column = Math.floor(((clientX - box.left) / box.width) * (columns + 2 * border)) - border;
    const row = Math.floor(((clientY - box.top) / box.height) * (rows + 2 * border)) - border;
    return row >= 0 && row < rows && column >= 0 && column < columns ? row * columns + column : null;
  }

  if (isActive) {
    drawing.addEventListener('keydown', (event) => {
      const { rows, columns } = cells;
      const [row, column] = [Math.floor(chosen / columns), chosen % columns];
      const moves: Record<string, readonly [number, number]> = {
        ArrowLeft: [row, column - 1],
        ArrowRight: [row, column + 1],
        ArrowUp: [row - 1, column],
        ArrowDown: [row + 1, column],
      };
      const to = moves[event.key];
      if (to) {
        event.preventDefault();
        const clip = (value: number, count: number) => Math.max(0, Math.min(count - 1, value));
        go(clip(to[0], rows) * columns + clip(to[1], columns));
      } else if (press && (event.key === 'Enter' || event.key === ' ')) {
        event.preventDefault();
        press(chosen);
      }
    });
    drawing.addEventListener('click', (event) => {
      const index = indexAt(event);
      if (index === null) return;
      go(index);
      press?.(index);
    });
    if (move)
      drawing.addEventListener('pointermove', (event) => {
        const index = indexAt(event);
        if (index !== null && index !== chosen) go(index);
      });
  }
  onTheme(paint);

  const frameOf = ({ row, column }: Place) =>
    svg('rect', { x: column * unit, y: row * unit, width: unit, height: unit });
  return {
    element,
    set(next) {
      cells = next;
      build();
      paint();
      showCursor();
    },
    frame: (places) => frames.replaceChildren(...places.map(frameOf)),
    mark: (indices) =>
      marks.replaceChildren(
        ...indices.map((i) =>
          svg('circle', {
            cx: (i % cells.columns) * unit + unit / 2,
            cy: Math.floor(i / cells.columns) * unit + unit / 2,
            r: unit * 0.24,
          }),
        ),
      ),
    choose(index) {
      chosen = index;
      showCursor();
    },
  };
}

/** The numbers of a grid as a table, to be opened: for those who read, and for those who do not see the colours. */
export function numbersTable(title: string) {
  const body = html('tbody');
  const table = html('table', { class: 'numbers' }, html('caption', {}, title), body);
  return {
    element: table,
    set({ rows, columns, values }: Pick<Cells, 'rows' | 'columns' | 'values'>) {
      body.replaceChildren(
        ...Array.from({ length: rows }, (_, row) =>
          html(
            'tr',
            {},
            ...Array.from({ length: columns }, (_, column) =>
              html('td', {}, String(Math.round(values[row * columns + column] * 1000) / 1000 || 0)),
            ),
          ),
        ),
      );
    },
  };
}
