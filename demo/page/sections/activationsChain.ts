import type { LayerGradients } from '../jobs/activations.ts';
import type { Text } from '../text/language.ts';
import { lineChart } from '../ui/chart.ts';
import { reading, readings, row, slider } from '../ui/controls.ts';
import { html } from '../ui/element.ts';
import { type ChainActivation, chainActivations } from './activationsRange.ts';

/** Where the chart ends. */
const lowest = 1e-14;

/** Gradients of a deep network, layer by layer; `ask` is called for those of another depth or other weights. */
export function chainFigure(
  text: Text['sections']['activations'],
  ask: (depth: number, spread: number) => void,
) {
  let [depth, spread] = [10, 1.4];
  const { chain, names } = text;
  const chart = lineChart({
    label: chain.figure,
    x: chain.layer,
    series: chainActivations.map((name, i) => ({
      label: names[name],
      colour: `series${([2, 3, 1] as const)[i]}` as const,
    })),
    y: { log: true, min: lowest },
    height: 240,
  });
  const arrived: Record<ChainActivation, ReturnType<typeof reading>> = {
    sigmoid: reading(names.sigmoid),
    tanh: reading(names.tanh),
    relu: reading(names.relu),
  };
  const change = () => ask(depth, spread);
  const controls = row(
    slider({
      label: chain.depth,
      min: 1,
      max: 20,
      step: 1,
      value: depth,
      change: (next) => {
        depth = next;
        change();
      },
    }).element,
    slider({
      label: chain.spread,
      min: 0.2,
      max: 3,
      step: 0.1,
      value: spread,
      show: (value) => value.toFixed(1),
      change: (next) => {
        spread = next;
        change();
      },
    }).element,
  );
  change();
  return {
    element: html(
      'div',
      { class: 'figures' },
      controls,
      chart.element,
      html('div', {}, html('p', { class: 'caption' }, chain.arrives), readings(...Object.values(arrived))),
    ),
    show(gradients: LayerGradients): void {
      const layers = gradients.sigmoid.map((_, i) => i + 1);
      chart.set(
        layers,
        ...chainActivations.map((name) => gradients[name].map((value) => (value >= lowest ? value : null))),
      );
      for (const name of chainActivations) arrived[name].set(powerOfTen(gradients[name][0]));
    },
  };
}

/** 3.1 · 10⁻⁷, in a form that programs can read, too: 3.1e−7. */
function powerOfTen(value: number): string {
  return value === 0 ? '0' : value.toExponential(1).replace('e+0', '').replace('-', '−');
}
