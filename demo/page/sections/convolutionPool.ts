import type { ConvolutionAnswer } from '../jobs/convolution.ts';
import { cellGrid, numbersTable, short } from '../ui/cells.ts';
import { html } from '../ui/element.ts';

export interface PoolText {
  readonly poolTitle: string;
  readonly poolIntro: string;
  readonly poolInput: string;
  readonly pooled: string;
  readonly gradient: string;
  readonly poolSum: string;
  readonly poolNone: string;
  readonly numbers: string;
}

/** Max pooling with 2 x 2 windows over the convolution's result: who wins, and where the gradient goes. */
export function poolFigures(
  text: PoolText,
  fill: (text: string, values: Readonly<Record<string, string | number>>) => string,
) {
  let answer: ConvolutionAnswer | null = null;
  let chosen = 0;
  const input = cellGrid({ label: text.poolInput });
  const pooled = cellGrid({ label: text.pooled, move: choose });
  const gradient = cellGrid({ label: text.gradient });
  const said = html('p', { class: 'sum' });
  const tables = [numbersTable(text.pooled), numbersTable(text.gradient)] as const;
  const figures = html('div', { class: 'grids' }, input.element, pooled.element, gradient.element);
  const details = html(
    'details',
    {},
    html('summary', {}, text.numbers),
    html('div', { class: 'scroll' }, ...tables.map(({ element }) => element)),
  );

  function choose(index: number): void {
    const { pool, values, side } = answer ?? {};
    if (!pool || !values || !side) return;
    chosen = Math.min(index, pool.values.length - 1);
    const [row, column] = [Math.floor(chosen / pool.side), chosen % pool.side];
    const window = [0, 1, 2, 3].map((i) => ({ row: 2 * row + (i >> 1), column: 2 * column + (i & 1) }));
    const at = ({ row, column }: { row: number; column: number }) => row * side + column;
    const winner = window.find((place) => pool.gradient[at(place)] !== 0) ?? window[0];
    input.frame(window);
    pooled.frame([{ row, column }]);
    gradient.frame(window);
    said.textContent = fill(text.poolSum, {
      list: window.map((place) => short(values[at(place)])).join(', '),
      value: short(pool.values[chosen]),
      row: winner.row + 1,
      column: winner.column + 1,
    });
  }

  return {
    element: html(
      'div',
      { class: 'stack' },
      html('h3', {}, text.poolTitle),
      html('p', {}, text.poolIntro),
      figures,
      said,
      details,
    ),
    set(next: ConvolutionAnswer | null): void {
      answer = next;
      const { pool, values, side } = next ?? {};
      figures.hidden = !pool;
      details.hidden = !pool;
      if (!pool || !values || !side) {
        said.textContent = text.poolNone;
        return;
      }
      input.set({ rows: side, columns: side, values, colours: 'signed' });
      input.mark([...pool.gradient.keys()].filter((i) => pool.gradient[i] !== 0));
      const small = { rows: pool.side, columns: pool.side, values: pool.values, colours: 'signed' } as const;
      pooled.set(small);
      const large = { rows: side, columns: side, values: pool.gradient, colours: 'signed' } as const;
      gradient.set(large);
      tables[0].set(small);
      tables[1].set(large);
      choose(Math.min(chosen, pool.values.length - 1));
      pooled.choose(chosen);
    },
  };
}
