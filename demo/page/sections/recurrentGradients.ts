import type { Remote } from 'comlink';
import type { Cell } from '../../models/text.ts';
import type { JobOf } from '../jobs/jobs.ts';
import type { Text } from '../text/language.ts';
import { lineChart } from '../ui/chart.ts';
import { message, reading, readings, row, slider } from '../ui/controls.ts';
import { html, rich } from '../ui/element.ts';
import { newest } from '../ui/newest.ts';
import { fillIn } from '../ui/training.ts';

const shownCells = ['rnn', 'lstm', 'gru'] as const satisfies readonly Cell[];

/** How the gradient fades on its way back through time, for each kind of cell. */
export function gradientFigure(
  text: Text['sections']['recurrent'],
  job: Remote<JobOf<'recurrent'>>,
  fail: (error: unknown) => void,
) {
  const words = text.gradient;
  let settings = { steps: 40, scale: 1, gateBias: 1 };
  const chart = lineChart({
    label: words.chart,
    x: words.axis,
    series: [
      { label: text.cells.rnn, colour: 'series2' },
      { label: text.cells.lstm, colour: 'series1' },
      { label: text.cells.gru, colour: 'series3' },
    ],
    y: { log: true, min: 1e-16 },
    height: 280,
  });
  const firsts: Record<Cell, ReturnType<typeof reading>> = {
    rnn: reading(fillIn(words.first, { cell: text.cells.rnn })),
    lstm: reading(fillIn(words.first, { cell: text.cells.lstm })),
    gru: reading(fillIn(words.first, { cell: text.cells.gru })),
  };
  const said = message();

  const compute = newest(async () => {
    said.say(words.computing);
    const { steps } = settings;
    const sizes = await job.gradients(settings).catch((error) => {
      said.say('');
      throw error;
    });
    const x = Array.from({ length: steps }, (_, i) => i + 1);
    chart.set(x, ...shownCells.map((cell) => sizes[cell].map((size) => (size > 0 ? size : null))));
    for (const cell of shownCells) firsts[cell].set(power(sizes[cell][0], words.vanished));
    const ratio = sizes.lstm[0] / sizes.rnn[0];
    said.say(
      fillIn(ratio >= 1 ? words.done : words.doneLess, { steps, ratio: power(ratio, words.vanished) }),
    );
  }, fail);

  const change = (next: Partial<typeof settings>) => {
    settings = { ...settings, ...next };
    compute();
  };
  const element = html(
    'div',
    { class: 'part gradients' },
    html('h3', {}, words.title),
    html('p', {}, rich(words.intro)),
    row(
      slider({
        label: words.steps,
        min: 10,
        max: 80,
        step: 10,
        value: settings.steps,
        change: (steps) => change({ steps }),
      }).element,
      slider({
        label: words.scale,
        min: 0.5,
        max: 2,
        step: 0.1,
        value: settings.scale,
        show: (value) => value.toFixed(1),
        change: (scale) => change({ scale }),
      }).element,
      slider({
        label: words.gateBias,
        min: -1,
        max: 5,
        step: 0.5,
        value: settings.gateBias,
        show: (value) => value.toFixed(1),
        change: (gateBias) => change({ gateBias }),
      }).element,
    ),
    chart.element,
    readings(...shownCells.map((cell) => firsts[cell])),
    said.element,
  );
  return { element, compute };
}

/** 3.2 × 10⁻⁷, and numbers of ordinary size as they are. */
function power(value: number, none: string): string {
  if (!(value > 0)) return none;
  if (!Number.isFinite(value)) return '∞';
  if (value >= 0.01 && value < 10_000) return value.toPrecision(3);
  const [mantissa, exponent] = value.toExponential(1).split('e');
  const raised = exponent
    .replace('+', '')
    .replace('-', '⁻')
    .replace(/\d/g, (digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]);
  return `${mantissa} × 10${raised}`;
}
