import type { Result } from './measure.ts';

/** What the adapter can do at best. */
export interface Roof {
  readonly adapter: string;
  readonly gigaflops: number;
  readonly gigabytes: number;
}

export interface Measured {
  readonly name: string;
  readonly family: string;
  readonly flops: number;
  readonly bytes: number;
  readonly goal?: number;
  readonly results: readonly Result[];
}

/** What `--json` writes. */
export interface Report {
  readonly date: string;
  readonly host: string;
  readonly roof: Roof;
  readonly workloads: Measured[];
}

export function formatHeader({ date, host, roof }: Report): string {
  return [
    `${date.slice(0, 10)}, ${host}, ${roof.adapter}`,
    `roof: ${round(roof.gigaflops)} GFLOP/s (fma), ${round(roof.gigabytes)} GB/s (copy)`,
    `${row(columns)}`,
  ].join('\n');
}

const columns = [
  'contender',
  'ms/step',
  'least..most',
  'ratio',
  'first ms',
  'block ms',
  'disp',
  'submits',
  'pipes',
  'new buf',
  'new MB',
  'up MB',
  'rate',
  'of roof',
  'error',
];
const widths = [12, 9, 17, 6, 9, 9, 7, 8, 6, 8, 8, 8, 14, 8, 8];

/** One workload: a heading and a row per contender. `ratio` is this contender's time over ours. */
export function formatResults(measured: Measured, roof: Roof): string {
  const { name, results, goal } = measured;
  const ours = results.find(({ contender }) => contender === 'tensorloom')?.time?.median;
  const ratio = bestRatio(measured);
  const verdict = ratio === undefined ? '' : `: ${round(ratio)} times as fast as the best peer`;
  const lines = results.map((result) => {
    if (!result.time) return `  ${result.contender.padEnd(widths[0])}  ${result.missing}`;
    const { time, perStep, first } = result;
    return row([
      result.contender,
      round(time.median),
      `${round(time.least)}..${round(time.most)}`,
      ours === undefined ? '' : round(time.median / ours),
      round(result.firstResultMilliseconds ?? 0),
      round(result.longestBlockMilliseconds ?? 0),
      round(perStep?.dispatches ?? 0),
      round(perStep?.submits ?? 0),
      String(first?.pipelines ?? 0),
      round(perStep?.buffers ?? 0),
      round((perStep?.bufferBytes ?? 0) / 1e6),
      round((perStep?.uploadedBytes ?? 0) / 1e6),
      ...rate(measured, time.median, roof),
      (result.error ?? 0).toExponential(0),
    ]);
  });
  return [`${name}${verdict}${goal ? ` (goal ${goal})` : ''}`, ...lines].join('\n');
}

/** Best peer's time over ours. */
export function bestRatio({ results }: Measured): number | undefined {
  const ours = results.find(({ contender }) => contender === 'tensorloom')?.time?.median;
  const peers = results
    .filter(({ contender, time }) => contender !== 'tensorloom' && time)
    .map(({ time }) => time!.median);
  return ours === undefined || peers.length === 0 ? undefined : Math.min(...peers) / ours;
}

/** By whichever of the two roofs is nearer for this workload. */
function rate({ flops, bytes }: Measured, milliseconds: number, roof: Roof): [string, string] {
  const gigaflops = flops / milliseconds / 1e6;
  const gigabytes = bytes / milliseconds / 1e6;
  const shares = [gigaflops / roof.gigaflops, gigabytes / roof.gigabytes];
  const percent = `${round(100 * Math.max(...shares))} %`;
  return [shares[0] >= shares[1] ? `${round(gigaflops)} GFLOP/s` : `${round(gigabytes)} GB/s`, percent];
}

/** Three digits that tell. */
function round(value: number): string {
  if (value === 0) return '0';
  return value.toFixed(Math.max(0, Math.min(3, 2 - Math.floor(Math.log10(value)))));
}

function row(cells: readonly string[]): string {
  return `  ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' ')}`;
}
