import type { Points } from '../../models/points.ts';
import type { NetworkReading } from '../jobs/learner.ts';
import type { Text } from '../text/language.ts';
import { html, rich } from '../ui/element.ts';
import { fillIn, numbers } from '../ui/training.ts';

/** What a training does again and again, after the first. */
export const phases = ['initialise', 'forward', 'loss', 'gradient', 'update'] as const;
export type Phase = (typeof phases)[number];

/** The phase after another: from the update on to the next forward pass. */
export const phaseAfter = (phase: Phase): Phase => phases[(phases.indexOf(phase) + 1) % phases.length || 1];

/** The five phases in a row, with the one that is explained. */
export function phaseList(text: Text['sections']['backPropagation']) {
  const items = phases.map((phase) => html('li', {}, text.phases[phase]));
  let said = '';
  const explained = html('p', { class: 'explained', role: 'status' });
  return {
    element: html(
      'div',
      { class: 'phases' },
      html('ol', { class: 'loop', 'aria-label': text.loop }, ...items),
      explained,
    ),
    /** `phase` null: none in particular, for they follow each other quickly. */
    show(phase: Phase | null, words: string): void {
      items.forEach((item, i) => {
        if (phases[i] === phase) item.setAttribute('aria-current', 'step');
        else item.removeAttribute('aria-current');
      });
      // Said once, not with every reading: a screen reader would begin anew each time.
      if (words === said) return;
      said = words;
      explained.replaceChildren(rich(words));
    },
  };
}

/** What happens in a phase, with its numbers. `before`: what was read before the update. */
export function explain(
  text: Text['sections']['backPropagation'],
  phase: Phase,
  reading: NetworkReading,
  before: NetworkReading,
  point: { points: Points; index: number },
): string {
  const { layers, sample } = reading;
  const weights = layers.flatMap((layer) => Array.from(layer.weights));
  const { x, y } = point.points;
  const right = y[point.index] === 1 ? sample.probability : 1 - sample.probability;
  return fillIn(text.explained[phase], {
    parameters: reading.parameters,
    low: signed(Math.min(...weights)),
    high: signed(Math.max(...weights)),
    x1: signed(x[2 * point.index]),
    x2: signed(x[2 * point.index + 1]),
    class: y[point.index],
    points: y.length,
    logit: signed(layers.at(-1)?.outputs[0] ?? 0),
    probability: sample.probability.toFixed(3),
    right: right.toFixed(3),
    sampleLoss: numbers.loss(sample.loss),
    loss: numbers.loss(reading.loss),
    lossBefore: numbers.loss(before.loss),
    gradient: signed(layers[0]?.gradients[0] ?? 0, 5),
    norm: numbers.loss(reading.gradientNorm),
    weight: signed(layers[0]?.weights[0] ?? 0, 4),
    weightBefore: signed(before.layers[0]?.weights[0] ?? 0, 4),
  });
}

const signed = (value: number, places = 2) => value.toFixed(places).replace('-', '−');
