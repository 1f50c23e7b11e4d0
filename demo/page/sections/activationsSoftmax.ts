import type { Text } from '../text/language.ts';
import { slider } from '../ui/controls.ts';
import { html } from '../ui/element.ts';
import { fillIn } from '../ui/training.ts';

/** Four logits, a temperature, and the shares that softmax makes of them, as bars. `ask` is called for shares. */
export function softmaxFigure(
  text: Text['sections']['activations']['softmax'],
  ask: (logits: readonly number[], temperature: number) => void,
) {
  const logits = [2, 1, 0, -1];
  let temperature = 1;
  const bars = logits.map((_, i) => {
    const bar = html('div', { class: 'share-bar' });
    const value = html('output', { class: 'share' }, '–');
    return {
      bar,
      value,
      row: html('li', {}, html('span', {}, className(i)), html('div', { class: 'track' }, bar), value),
    };
  });
  const sum = html('p', { class: 'shares-sum' });
  const change = () => ask(logits, temperature);
  const sliders = logits.map((value, i) =>
    slider({
      label: fillIn(text.logit, { name: className(i) }),
      min: -5,
      max: 5,
      step: 0.1,
      value,
      show: (each) => each.toFixed(1),
      change: (next) => {
        logits[i] = next;
        change();
      },
    }),
  );
  const heat = slider({
    label: text.temperature,
    min: 0.1,
    max: 5,
    step: 0.1,
    value: temperature,
    show: (each) => each.toFixed(1),
    change: (next) => {
      temperature = next;
      change();
    },
  });
  change();
  return {
    element: html(
      'div',
      { class: 'pair' },
      html('div', {}, ...sliders.map(({ element }) => element), heat.element),
      html(
        'div',
        {},
        html('ul', { class: 'shares', 'aria-label': text.figure }, ...bars.map(({ row }) => row)),
        sum,
      ),
    ),
    show(shares: readonly number[]): void {
      shares.forEach((share, i) => {
        bars[i].bar.style.width = `${100 * share}%`;
        bars[i].value.textContent = share.toFixed(3);
      });
      sum.textContent = fillIn(text.sum, {
        sum: shares.reduce((total, share) => total + share, 0).toFixed(3),
      });
    },
  };
}

const className = (index: number) => 'ABCD'[index];
