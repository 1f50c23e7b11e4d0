import uPlot from 'uplot';
import { html } from './element.ts';
import { type Colour, colour, onTheme } from './theme.ts';

export interface Series {
  readonly label: string;
  readonly colour: Colour;
  readonly dashed?: boolean;
}

export interface LineChart {
  readonly element: HTMLElement;
  /** The places on the x axis, and for each series its values there (null where it has none). */
  set(x: readonly number[], ...values: readonly (readonly (number | null)[])[]): void;
}

/**
 * Lines over numbers. The drawing is a canvas: what it shows is said in words by `label`, and by the values that follow the pointer.
 * Fixed bounds where `y` gives them.
 */
export function lineChart(options: {
  label: string;
  x: string;
  series: readonly Series[];
  y?: { min?: number; max?: number; log?: boolean };
  height?: number;
}): LineChart {
  const { label, series, y = {}, height = 200 } = options;
  const place = html('div', { class: 'chart', role: 'img', 'aria-label': label });
  const element = html('figure', { class: 'chart-figure' }, html('figcaption', {}, label), place);
  let data: uPlot.AlignedData = [[], ...series.map(() => [])];
  let chart: uPlot | null = null;
  const make = () => {
    const width = place.clientWidth;
    if (width === 0) return;
    chart?.destroy();
    const grid = { stroke: colour('line'), width: 1 };
    const axis = { stroke: colour('soft'), grid, ticks: grid, font: '12px system-ui, sans-serif' };
    chart = new uPlot(
      {
        width,
        height,
        scales: {
          x: { time: false },
          y: { distr: y.log ? 3 : 1, range: (_, low, high) => bounds(low, high, y) },
        },
        axes: [
          { ...axis, label: options.x, labelSize: 18, labelFont: axis.font, size: 28 },
          { ...axis, size: 52 },
        ],
        legend: { show: true, live: true },
        cursor: { y: false },
        series: [
          { label: options.x },
          ...series.map(({ label, colour: name, dashed }) => ({
            label,
            stroke: colour(name),
            width: 2,
            dash: dashed ? [6, 4] : undefined,
            spanGaps: true,
            points: { show: false },
          })),
        ],
      },
      data,
      place,
    );
  };
  onTheme(make);
  new ResizeObserver(() => {
    if (!chart) make();
    else if (place.clientWidth > 0) chart.setSize({ width: place.clientWidth, height });
  }).observe(place);
  return {
    element,
    set(x, ...values) {
      data = [[...x], ...values.map((each) => [...each])];
      chart?.setData(data);
    },
  };
}

function bounds(
  low: number | null,
  high: number | null,
  y: { min?: number; max?: number; log?: boolean },
): [number, number] {
  const [from, to] = [y.min ?? low ?? 0, y.max ?? high ?? 1];
  if (y.log) return [Math.max(from, 1e-9) * 0.8, Math.max(to, 1e-8) * 1.25];
  const margin = from === to ? 0.5 : (to - from) * 0.05;
  return [y.min ?? from - margin, y.max ?? to + margin];
}
