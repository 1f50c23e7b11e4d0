import { pixels } from '../ui/canvas.ts';
import { signedColour } from '../ui/cells.ts';
import { html } from '../ui/element.ts';
import { onTheme } from '../ui/theme.ts';

export interface Product {
  /** [outputs, length] */
  readonly patches: Float32Array;
  /** [length] */
  readonly kernel: Float32Array;
  /** [outputs] */
  readonly values: Float32Array;
}

/** Of the tall matrices, in CSS pixels. */
const height = 280;

/** A matrix product drawn: patches times kernel is output, with one row of it framed. */
export function matrixProduct(labels: { patches: string; kernel: string; output: string }) {
  const element = html('div', { class: 'product' });
  let shown: Product | null = null;
  let shape = '';
  let parts: { values: (product: Product) => Float32Array; canvas: ReturnType<typeof pixels> }[] = [];
  let frames: HTMLElement[] = [];

  function matrix(
    label: string,
    columns: number,
    rows: number,
    [width, tall]: readonly [number, number],
    values: (product: Product) => Float32Array,
    isFramed: boolean,
  ): HTMLElement {
    const canvas = pixels(label, columns, rows);
    canvas.element.style.aspectRatio = 'auto';
    canvas.element.style.height = `${tall}px`;
    const frame = html('div', { class: 'row-frame' });
    frame.style.height = `${100 / rows}%`;
    if (isFramed) frames.push(frame);
    parts.push({ values, canvas });
    const place = html('div', { class: 'matrix' }, canvas.element, isFramed && frame);
    place.style.width = `${width}px`;
    return html('figure', {}, place, html('figcaption', {}, `${rows} × ${columns}`));
  }

  function draw(): void {
    if (!shown) return;
    for (const { values, canvas } of parts) {
      const own = values(shown);
      const most = own.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-9);
      canvas.set((i) => signedColour(own[i] / most));
    }
  }
  onTheme(draw);
  return {
    element,
    set(product: Product): void {
      shown = product;
      const [rows, length] = [product.values.length, product.kernel.length];
      if (shape !== `${rows} ${length}`) {
        shape = `${rows} ${length}`;
        [parts, frames] = [[], []];
        const width = Math.min(230, Math.max(24, length * 14));
        const tall = Math.min(height, rows * 12);
        element.replaceChildren(
          matrix(labels.patches, length, rows, [width, tall], ({ patches }) => patches, true),
          html('span', { 'aria-hidden': 'true' }, '·'),
          matrix(
            labels.kernel,
            1,
            length,
            [22, Math.min(height, length * 14)],
            ({ kernel }) => kernel,
            false,
          ),
          html('span', { 'aria-hidden': 'true' }, '='),
          matrix(labels.output, 1, rows, [22, tall], ({ values }) => values, true),
        );
      }
      draw();
    },
    choose(index: number): void {
      if (!shown) return;
      for (const frame of frames) frame.style.top = `${(100 * index) / shown.values.length}%`;
    },
  };
}
