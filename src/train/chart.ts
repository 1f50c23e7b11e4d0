import type { TrainingEvent } from './events.ts';

/** Places on the x axis, and one list of values for each line. */
export type ChartData = [number[], ...(number | null)[][]];

/** The constructor of uPlot (npm `uplot`), as far as it is used here. */
export interface ChartLibrary<Element> {
  new (
    options: {
      title?: string;
      width: number;
      height: number;
      scales: { x: { time: boolean } };
      axes: { label: string }[];
      series: { label: string; stroke?: string; spanGaps?: boolean }[];
    },
    data: ChartData,
    target: Element,
  ): { setData(data: ChartData): void };
}

export interface TrainingChartOptions {
  title?: string;
  /** In pixels; default 600 by 300. */
  width?: number;
  height?: number;
}

/** Points that are kept at most: of more, every second one is dropped. */
const pointsAtMost = 4000;

/**
 * Draws the loss of a training, and that of its validation, into an element of a page. What it returns is a callback for `fit`. The chart
 * itself is uPlot's, which the page brings along.
 *
 * ```ts
 * import uPlot from 'uplot';
 * import 'uplot/dist/uPlot.min.css';
 *
 * await fit(model, data, { epochs: 20, validation: 0.2, callbacks: [trainingChart(uPlot, document.body)] });
 * ```
 */
export function trainingChart<Element>(
  uPlot: ChartLibrary<Element>,
  target: Element,
  options: TrainingChartOptions = {},
): (event: TrainingEvent) => void {
  const { title, width = 600, height = 300 } = options;
  let points: [step: number, loss: number, validation: number | null][] = [];
  const chart = new uPlot(
    {
      title,
      width,
      height,
      scales: { x: { time: false } },
      axes: [{ label: 'step' }, { label: 'loss' }],
      series: [
        { label: 'step' },
        { label: 'loss', stroke: '#0068b5' },
        { label: 'validation loss', stroke: '#d1495b', spanGaps: true },
      ],
    },
    [[], [], []],
    target,
  );
  return (event) => {
    if (event.kind !== 'step' && event.kind !== 'epoch') return;
    points.push([event.step, event.loss, event.kind === 'epoch' ? (event.validation?.loss ?? null) : null]);
    if (points.length > pointsAtMost) points = points.filter((point, i) => point[2] !== null || i % 2 === 0);
    chart.setData([
      points.map(([step]) => step),
      points.map(([, loss]) => loss),
      points.map(([, , validation]) => validation),
    ]);
  };
}
