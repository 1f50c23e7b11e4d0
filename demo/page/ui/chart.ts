import uPlot from 'uplot';
import { html } from './element.ts';
import { type Colour, colour, onTheme } from './theme.ts';

export interface Series {
  readonly label: string;
  readonly colour: Colour;
  readonly dashed?: boolean;
}

/** `floor` is of a logarithmic axis: it does not reach below; default 1e-9. uPlot cannot divide an axis below 1e-16. */
export interface YAxis {
  readonly min?: number;
  readonly max?: number;
  readonly log?: boolean;
  readonly floor?: number;
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
  y?: YAxis;
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
          { ...axis, size: 52, ...(y.log ? logAxis : {}) },
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
            value: (_: uPlot, value: number | null) => (value === null ? '–' : String(+value.toPrecision(3))),
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

/** Lines and labels at powers of ten only. */
const logAxis = {
  splits: (_: uPlot, __: number, low: number, high: number) => {
    const [first, last] = [Math.ceil(Math.log10(low)), Math.floor(Math.log10(high))];
    const step = Math.ceil((last - first + 1) / 7);
    const count = Math.max(0, Math.floor((last - first) / step) + 1);
    return Array.from({ length: count }, (_, i) => 10 ** (first + i * step));
  },
  values: (_: uPlot, splits: readonly number[]) =>
    splits.map((value) => (value >= 0.01 && value < 1e4 ? String(value) : powerOfTen(value))),
  filter: (_: uPlot, splits: number[]) => splits,
};

function powerOfTen(value: number): string {
  return `10${Math.round(Math.log10(value))
    .toString()
    .replace(/./g, (digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'['0123456789'.indexOf(digit)] ?? '⁻')}`;
}

function bounds(low: number | null, high: number | null, y: YAxis): [number, number] {
  const [from, to] = [y.min ?? low ?? 0, y.max ?? high ?? 1];
  const floor = y.floor ?? 1e-9;
  if (y.log) return [Math.max(from, floor) * 0.8, Math.max(to, 10 * floor) * 1.25];
  const margin = from === to ? 0.5 : (to - from) * 0.05;
  return [y.min ?? from - margin, y.max ?? to + margin];
}
