import type { Result } from './measure.ts';
import type { Measured, Roof } from './resultFile.ts';

export function formatHeader(date: string, host: string, roof: Roof): string {
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
export function formatResults(measured: Measured): string {
  const { name, results, goal } = measured;
  const ours = oursOf(measured)?.time?.median;
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
      ...rate(measured, time.median),
      (result.error ?? 0).toExponential(0),
    ]);
  });
  return [`${name}${verdict}${goal ? ` (goal ${goal})` : ''}`, ...lines].join('\n');
}

export function oursOf({ results }: Measured): Result | undefined {
  return results.find(({ contender }) => contender === 'tensorloom');
}

/** The fastest of the peers that gave the right results. */
export function bestPeer({ results }: Measured): Result | undefined {
  const peers = results.filter(({ contender, time }) => contender !== 'tensorloom' && time);
  return peers.sort((a, b) => a.time!.median - b.time!.median)[0];
}

/** Best peer's time over ours. */
export function bestRatio(measured: Measured): number | undefined {
  const ours = oursOf(measured)?.time;
  const peer = bestPeer(measured)?.time;
  return ours && peer ? peer.median / ours.median : undefined;
}

/** By whichever of the two roofs is nearer for this workload. */
function rate({ flops, bytes, roof }: Measured, milliseconds: number): [string, string] {
  const gigaflops = flops / milliseconds / 1e6;
  const gigabytes = bytes / milliseconds / 1e6;
  const shares = [gigaflops / roof.gigaflops, gigabytes / roof.gigabytes];
  const percent = `${round(100 * Math.max(...shares))} %`;
  return [shares[0] >= shares[1] ? `${round(gigaflops)} GFLOP/s` : `${round(gigabytes)} GB/s`, percent];
}

/** Three digits that tell. */
export function round(value: number): string {
  if (value === 0) return '0';
  return value.toFixed(Math.max(0, Math.min(3, 2 - Math.floor(Math.log10(value)))));
}

function row(cells: readonly string[]): string {
  return `  ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' ')}`;
}
