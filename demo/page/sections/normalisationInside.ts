import type { VariantReading } from '../jobs/normalisationNetwork.ts';
import type { Text } from '../text/language.ts';
import { pixels } from '../ui/canvas.ts';
import { html, rich } from '../ui/element.ts';
import { rgb } from '../ui/theme.ts';
import { fillIn } from '../ui/training.ts';
import { batchSize, units } from './normalisationRange.ts';

const unitsShown = 6;

/** What batch normalisation goes by, in training and in prediction: some units of a layer. */
export function statisticsTable(text: Text['sections']['normalisation']) {
  const rows = Array.from({ length: unitsShown }, (_, i) => {
    const cells = Array.from({ length: 4 }, () => html('td', {}, '–'));
    return { cells, row: html('tr', {}, html('th', { scope: 'row' }, i + 1), ...cells) };
  });
  const { statistics } = text;
  const columns = [
    statistics.unit,
    statistics.batchMean,
    statistics.runningMean,
    statistics.batchVariance,
    statistics.runningVariance,
  ];
  const table = html(
    'table',
    {},
    html('caption', {}, statistics.caption),
    html('thead', {}, html('tr', {}, ...columns.map((each) => html('th', { scope: 'col' }, each)))),
    html('tbody', {}, ...rows.map(({ row }) => row)),
  );
  const first = html('p', { class: 'first' });
  return {
    element: html('div', { class: 'statistics' }, html('div', { class: 'scroll' }, table), first),
    show({ batchNorms, first: sample }: VariantReading, layer: number): void {
      const { batchMean, runningMean, batchVariance, runningVariance } = batchNorms[layer];
      rows.forEach(({ cells }, unit) => {
        [batchMean, runningMean, batchVariance, runningVariance].forEach((values, i) => {
          cells[i].textContent = values[unit].toFixed(3).replace('-', '−');
        });
      });
      first.replaceChildren(
        rich(
          fillIn(statistics.first, {
            training: sample.training.toFixed(3),
            prediction: sample.prediction.toFixed(3),
          }),
        ),
      );
    },
  };
}

/** Which units of a layer dropout has switched off, for each sample of the batch. */
export function maskFigure(text: Text['sections']['normalisation']) {
  const picture = pixels(text.mask.figure, units, batchSize);
  const words = html('p', { class: 'caption off' });
  let mask: Uint8Array | null = null;
  const draw = () => {
    const [on, off] = [rgb('series3'), rgb('line')];
    picture.set((i) => (mask?.[i] ? off : on));
  };
  return {
    element: html(
      'figure',
      { class: 'mask' },
      html('figcaption', {}, text.mask.figure),
      picture.element,
      words,
    ),
    draw,
    show({ masks }: VariantReading, layer: number, rate: number): void {
      mask = masks[layer];
      draw();
      const off = mask.reduce((sum, each) => sum + each, 0);
      words.textContent = fillIn(text.mask.off, {
        off,
        all: mask.length,
        share: ((100 * off) / mask.length).toFixed(1),
        factor: (1 / (1 - rate)).toFixed(2),
      });
    },
  };
}
