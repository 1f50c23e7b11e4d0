import type { Comparison } from '../jobs/backPropagation.ts';
import type { Common, Text } from '../text/language.ts';
import { lineChart } from '../ui/chart.ts';
import { reading, readings } from '../ui/controls.ts';
import { html } from '../ui/element.ts';
import { fillIn, numbers } from '../ui/training.ts';
import { type ComparedOptimizer, comparedOptimizers } from './backPropagationRange.ts';

/** The loss of each optimizer over the steps, and where it has come to. */
export function comparisonFigure(text: Text['sections']['backPropagation'], common: Common) {
  const label = (name: ComparedOptimizer, rate: number) =>
    fillIn(text.optimizer, { name: text.optimizers[name], rate });
  const chart = lineChart({
    label: text.comparison,
    x: common.stepAxis,
    series: comparedOptimizers.map(([name], i) => ({
      label: text.optimizers[name],
      colour: `series${([2, 3, 4, 1] as const)[i]}` as const,
    })),
    y: { log: true, min: 1e-4 },
  });
  const reached = comparedOptimizers.map(([name, rate]) => reading(label(name, rate)));
  const began = html('p', { class: 'caption' });
  const element = html('div', { class: 'figures comparison' }, chart.element, began, readings(...reached));
  element.hidden = true;
  return {
    element,
    show(comparison: Comparison): void {
      element.hidden = false;
      const steps = comparison.adam.map((_, i) => i);
      chart.set(steps, ...comparedOptimizers.map(([name]) => comparison[name]));
      const first = comparedOptimizers.map(([name]) => numbers.loss(comparison[name][0]));
      began.textContent = fillIn(text.began, { losses: [...new Set(first)].join(', '), steps: steps.length });
      comparedOptimizers.forEach(([name], i) => {
        reached[i].set(numbers.loss(comparison[name].at(-1) ?? Number.NaN));
      });
    },
  };
}
