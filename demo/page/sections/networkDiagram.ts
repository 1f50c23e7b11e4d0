import type { LayerReading } from '../jobs/learner.ts';
import { html, setAttributes, svg } from '../ui/element.ts';

const [height, radius] = [410, 20];
/** More do not fit. */
const [unitsShown, layersShown] = [10, 6];

interface Edge {
  readonly line: SVGLineElement;
  readonly title: SVGTitleElement;
  readonly layer: number;
  /** Place in the layer's weights. */
  readonly index: number;
}

interface Unit {
  readonly circle: SVGCircleElement;
  readonly text: SVGTextElement;
}

/** What the edges show. */
export type EdgeValues = 'weights' | 'gradients';

/** A network of dense layers: units with what they give for a sample, edges with their weights or the gradients of these. */
export function networkDiagram(label: string, text: { more: string; edge: string }) {
  // Narrow where the screen is, so that numbers can be read there, too.
  const width = matchMedia('(max-width: 56rem)').matches ? 400 : 640;
  const drawing = svg('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label });
  let structure = '';
  let edges: Edge[] = [];
  let columns: Unit[][] = [];

  /** Draws everything anew, for another structure. */
  function build(layers: readonly LayerReading[]): void {
    const sizes = layers.length === 0 ? [2] : [layers[0].inputs, ...layers.map(({ units }) => units)];
    const places = sizes.map((units, column) => {
      const shown = Math.min(units, unitsShown);
      const gap = Math.min(72, (height - 40) / shown);
      return Array.from({ length: shown }, (_, i) => ({
        x: 40 + (column * (width - 80)) / Math.max(1, sizes.length - 1),
        y: height / 2 + (i - (shown - 1) / 2) * gap,
      }));
    });
    edges = layers.flatMap(({ inputs, units }, layer) =>
      // After something that is no dense layer, the units before are not the inputs.
      inputs !== sizes[layer]
        ? []
        : places[layer].flatMap((from, i) =>
            places[layer + 1].map((to, j) => {
              const title = svg('title', {});
              const line = svg('line', { x1: from.x, y1: from.y, x2: to.x, y2: to.y }, title);
              return { line, title, layer, index: i * units + j };
            }),
          ),
    );
    const notes: SVGElement[] = [];
    columns = places.map((column, c) => {
      const hidden = sizes[c] - column.length;
      if (hidden > 0)
        notes.push(svg('text', { x: column[0].x, y: height - 4 }, text.more.replace('{n}', String(hidden))));
      return column.map(({ x, y }) => ({
        circle: svg('circle', { cx: x, cy: y, r: radius }),
        text: svg('text', { x, y: y + 4 }),
      }));
    });
    const units = columns.flat().flatMap(({ circle, text: words }) => [
      svg('circle', {
        cx: Number(circle.getAttribute('cx')),
        cy: Number(circle.getAttribute('cy')),
        r: radius,
        class: 'under',
      }),
      circle,
      words,
    ]);
    drawing.replaceChildren(
      svg('g', { class: 'edges' }, ...edges.map(({ line }) => line)),
      svg('g', { class: 'units' }, ...units, ...notes),
    );
  }

  return {
    element: html('div', { class: 'diagram' }, drawing),
    /** `tracked`: whether the first weight is marked. */
    show(all: readonly LayerReading[], input: readonly number[], values: EdgeValues, tracked: boolean): void {
      const layers = all.slice(0, layersShown);
      const next = layers.map(({ inputs, units }) => `${inputs}x${units}`).join();
      if (next !== structure || columns.length === 0) {
        structure = next;
        build(layers);
      }
      const greatest = layers.map((layer) => Math.max(1e-12, ...layer[values].map(Math.abs)));
      // Gradients are compared over all layers, weights within each: those of later layers are larger by nature.
      const scale = values === 'gradients' ? layers.map(() => Math.max(...greatest)) : greatest;
      edges.forEach(({ line, title, layer, index }, i) => {
        const value = layers[layer][values][index];
        const share = Math.abs(value) / scale[layer];
        setAttributes(line, {
          class: `${value < 0 ? 'negative' : 'positive'}${tracked && i === 0 ? ' tracked' : ''}`,
          'stroke-width': (0.5 + 5.5 * share).toFixed(2),
          'stroke-opacity': (0.2 + 0.8 * share).toFixed(2),
        });
        title.textContent = text.edge
          .replace('{weight}', layers[layer].weights[index].toFixed(3))
          .replace('{gradient}', layers[layer].gradients[index].toPrecision(2));
      });
      const given = [input, ...layers.map(({ outputs }) => outputs)];
      columns.forEach((units, c) => {
        units.forEach(({ circle, text: words }, i) => {
          const value = given[c][i] ?? 0;
          setAttributes(circle, {
            class: value < 0 ? 'negative' : 'positive',
            'fill-opacity': (0.45 * Math.min(1, Math.abs(value))).toFixed(2),
          });
          words.textContent = short(value);
        });
      });
    },
  };
}

/** As many digits as fit into a unit. */
const short = (value: number) =>
  (Math.abs(value) >= 10 ? value.toFixed(0) : value.toFixed(Math.abs(value) >= 1 ? 1 : 2)).replace('-', '−');
