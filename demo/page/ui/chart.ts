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

/** Exponents of ten on a logarithmic axis, at most. */
const labelsAtMost = 8;

/**
 * Lines over numbers. The drawing is a canvas: what it shows is said in words by `label`, and by the values that follow the pointer.
 * Fixed bounds where `y` gives them; on a logarithmic axis `min` is the smallest value that is shown, 1e-9 by
 * default; uPlot cannot divide an axis below 1e-16.
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
          { ...axis, size: 52, ...(y.log && logAxis) },
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

function bounds(
  low: number | null,
  high: number | null,
  y: { min?: number; max?: number; log?: boolean },
): [number, number] {
  const [from, to] = [y.min ?? low ?? 0, y.max ?? high ?? 1];
  if (y.log) return [Math.max(low ?? 0, y.min ?? 1e-9) * 0.8, Math.max(to, 1e-8) * 1.25];
  const margin = from === to ? 0.5 : (to - from) * 0.05;
  return [y.min ?? from - margin, y.max ?? to + margin];
}

/** Lines at powers of ten only, and no more than there is room for. */
const logAxis: Pick<uPlot.Axis, 'splits' | 'values' | 'filter'> = {
  splits(_, __, min, max) {
    const [first, last] = [Math.ceil(Math.log10(min)), Math.floor(Math.log10(max))];
    const step = Math.ceil((last - first + 1) / labelsAtMost);
    return Array.from(
      { length: Math.floor((last - first) / step) + 1 },
      (_, i) => 10 ** (last - i * step),
    ).reverse();
  },
  filter: (_, splits) => splits,
  values: (_, splits) => splits.map(powerOfTen),
};

/** 1e-12 as 10⁻¹², and numbers near 1 as they are. */
function powerOfTen(value: number): string {
  if (value >= 0.01 && value < 10_000) return String(Number(value.toPrecision(3)));
  const exponent = String(Math.round(Math.log10(value)));
  return `10${exponent.replace('-', '⁻').replace(/\d/g, (digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)])}`;
}
