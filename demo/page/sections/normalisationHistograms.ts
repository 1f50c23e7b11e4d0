import type { VariantReading } from '../jobs/normalisationNetwork.ts';
import type { Text } from '../text/language.ts';
import { html, svg } from '../ui/element.ts';
import { fillIn } from '../ui/training.ts';
import { hiddenLayers, histogramBins, histogramLimit, type Variant, variants } from './normalisationRange.ts';

const [width, height] = [160, 44];

/** For each variant and each hidden layer, how the values before the activation are spread. */
export function histogramFigure(text: Text['sections']['normalisation']) {
  const cells = new Map<Variant, { path: SVGPathElement; words: HTMLElement }[]>();
  const head = html(
    'tr',
    {},
    html('td', {}),
    ...Array.from({ length: hiddenLayers }, (_, i) =>
      html('th', { scope: 'col' }, fillIn(text.layerName, { n: i + 1 })),
    ),
  );
  const rows = variants.map((variant, v) => {
    const own = Array.from({ length: hiddenLayers }, () => ({
      path: svg('path', {}),
      words: html('span', { class: 'deviation' }, '–'),
    }));
    cells.set(variant, own);
    return html(
      'tr',
      { class: `series${([2, 1, 3, 4] as const)[v]}` },
      html('th', { scope: 'row' }, text.variants[variant]),
      ...own.map(({ path, words }) =>
        html(
          'td',
          {},
          svg(
            'svg',
            { viewBox: `0 0 ${width} ${height}`, 'aria-hidden': 'true' },
            svg('line', { class: 'zero', x1: width / 2, x2: width / 2, y1: 0, y2: height }),
            path,
          ),
          words,
        ),
      ),
    );
  });
  const table = html(
    'table',
    {},
    html('caption', {}, text.histograms),
    html('thead', {}, head),
    html('tbody', {}, ...rows),
  );
  return {
    element: html('div', { class: 'scroll histograms' }, table),
    show(readings: Readonly<Record<Variant, VariantReading>>): void {
      for (const variant of variants) {
        readings[variant].histograms.forEach(({ counts, deviation }, layer) => {
          const cell = cells.get(variant)?.[layer];
          if (!cell) return;
          cell.path.setAttribute('d', bars(counts));
          cell.words.textContent = `σ = ${deviation.toFixed(deviation < 0.1 ? 3 : 2)}`;
        });
      }
    },
    limit: histogramLimit,
  };
}

function bars(counts: readonly number[]): string {
  const [step, greatest] = [width / histogramBins, Math.max(...counts)];
  return counts
    .map((count, i) => {
      const tall = (count / greatest) * (height - 2);
      return count === 0
        ? ''
        : `M${(i * step).toFixed(1)} ${height}v${(-tall).toFixed(1)}h${(step - 0.6).toFixed(1)}V${height}z`;
    })
    .join('');
}
