import type { Result } from '../../bench/measure.ts';
import type { Measured } from '../../bench/resultFile.ts';

/** A contender's row: the median of its times, and its first result after ten times as long. */
export function timed(contender: string, milliseconds: number): Result {
  return {
    contender,
    time: { median: milliseconds, least: milliseconds / 2, most: 2 * milliseconds },
    firstResultMilliseconds: 10 * milliseconds,
    longestBlockMilliseconds: 7,
  };
}

/** A workload of 2 MFLOP and 4 kB on an adapter that reaches 10 GFLOP/s and 1 GB/s. */
export function measured(name: string, results: readonly Result[], more: Partial<Measured> = {}): Measured {
  return {
    name,
    family: 'family',
    flops: 2e6,
    bytes: 4e3,
    goal: 3,
    date: '2026-01-02T03:04:05.000Z',
    version: '1.0.0-aa',
    roof: { adapter: 'software', gigaflops: 10, gigabytes: 1 },
    results,
    ...more,
  };
}
