import { performance } from 'node:perf_hooks';
import type { Feeds, Program } from '../src/backends/backend.ts';

/** Median, smallest and largest of the milliseconds of one run. */
export interface Timing {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** Times `program` after a warm-up: `repeats` groups of `runs` submits, each group ended by one reading. */
export async function time<Names extends string>(
  program: Program<Names>,
  feeds: Feeds,
  { repeats = 7, runs = 3 } = {},
): Promise<Timing> {
  await program.run(feeds);
  const times: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) {
    const start = performance.now();
    for (let run = 1; run < runs; run++) await program.submit(feeds);
    await program.run(feeds);
    times.push((performance.now() - start) / runs);
  }
  times.sort((a, b) => a - b);
  return { median: times[repeats >> 1], least: times[0], most: times[repeats - 1] };
}

/** Throws unless all elements agree within `relative` of the largest: no timing without a check before it. */
export function check(what: string, got: ArrayLike<number>, want: ArrayLike<number>, relative = 1e-5): void {
  let largest = 0;
  let worst = 0;
  for (let i = 0; i < want.length; i++) {
    largest = Math.max(largest, Math.abs(want[i]));
    worst = Math.max(worst, Math.abs(got[i] - want[i]));
  }
  if (!(got.length === want.length && worst <= relative * largest)) {
    throw new Error(`${what}: off by ${worst}, where the largest element is ${largest}`);
  }
}
