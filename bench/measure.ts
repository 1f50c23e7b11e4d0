import type { Contender } from './contenders.ts';
import type { Host, Remote } from './hosts/host.ts';
import type { Counts } from './page/contender.ts';
import type { Opened } from './page/session.ts';
import { type Spread, spread } from './statistics.ts';
import type { Reference, Workload } from './workloads/workload.ts';

/** What one contender took for one workload, or why it did not take part. */
export interface Result {
  readonly contender: string;
  readonly adapter?: string;
  /** Milliseconds of one step. */
  readonly time?: Spread;
  readonly firstResultMilliseconds?: number;
  readonly longestBlockMilliseconds?: number;
  readonly perStep?: Counts;
  readonly first?: Counts;
  /** Largest error relative to the largest element. */
  readonly error?: number;
  /** Why there is no time: what the library cannot do, or how it failed. */
  readonly missing?: string;
  /** Set where it was not waited for: the first result took longer than this. */
  readonly limitSeconds?: number;
}

export interface MeasureOptions {
  readonly rounds: number;
  /** How long a group of steps lasts at least. */
  readonly groupMilliseconds: number;
  /** Who has no first result by then is out. */
  readonly limitSeconds: number;
  /** For a turn. */
  readonly timeoutMilliseconds: number;
  /** What is done now. */
  readonly say?: (doing: string) => void;
}

/** Turns that everyone gets, and milliseconds after which a slow contender gets no more than those. */
const fewTurns = 3;
const enoughMilliseconds = 10_000;

interface Running {
  readonly result: Result;
  readonly remote: Remote;
  /** Steps of one group. */
  readonly steps: number;
  readonly times: number[];
}

/** Opens and checks the contenders one after the other, then lets them take turns. */
export async function measure(
  host: Host,
  family: string,
  workload: Workload,
  contenders: readonly Contender[],
  options: MeasureOptions,
): Promise<Result[]> {
  const want = await workload.reference(workload.inputs());
  const results = new Map<string, Result>();
  const running: Running[] = [];
  try {
    for (const contender of contenders) {
      const { name } = contender;
      const files = await contender.session(family);
      if (!files) {
        results.set(name, { contender: name, missing: 'cannot do this' });
        continue;
      }
      let remote: Remote | null = null;
      try {
        options.say?.(`${name}: first result`);
        remote = await host.open(files);
        const opened = await start(name, remote, workload, want, options);
        results.set(name, opened.result);
        if (opened.steps > 0) running.push({ ...opened, remote, times: [] });
        else await remote.close();
      } catch (error) {
        await remote?.close();
        results.set(name, failed(name, error, options));
      }
    }
    const failing = new Set<Running>();
    for (let round = 0; round < options.rounds; round++) {
      for (const each of running) {
        const { result, remote, steps, times } = each;
        const taken = steps * times.reduce((sum, time) => sum + time, 0);
        if (failing.has(each) || (round >= fewTurns && taken > enoughMilliseconds)) continue;
        options.say?.(`${result.contender}: turn ${round + 1} of ${options.rounds}`);
        try {
          times.push((await within(options.timeoutMilliseconds, remote.time(steps))) / steps);
        } catch (error) {
          results.set(result.contender, { contender: result.contender, missing: reason(error) });
          failing.add(each);
        }
      }
    }
    for (const each of running) {
      const { result, times } = each;
      if (!failing.has(each)) results.set(result.contender, { ...result, time: spread(times) });
    }
  } finally {
    await Promise.all(running.map(({ remote }) => remote.close()));
  }
  return [...results.values()];
}

async function start(
  contender: string,
  remote: Remote,
  workload: Workload,
  want: Record<string, Reference>,
  { groupMilliseconds, limitSeconds, timeoutMilliseconds, say }: MeasureOptions,
): Promise<{ result: Result; steps: number }> {
  const opened = await within(limitSeconds * 1000, remote.open(workload.name), TooSlow);
  if (opened.unable) return { result: { contender, missing: opened.unable }, steps: 0 };
  const error = check(opened.outputs, want, workload.tolerance ?? 1e-5);
  // Warm-up: pools fill, and just-in-time compilers see the code.
  say?.(`${contender}: warm-up`);
  let steps = 1;
  for (let warm = 0; warm < 4; warm++) {
    const each = (await within(timeoutMilliseconds, remote.time(steps))) / steps;
    // Long steps are warm after one.
    if (each > groupMilliseconds) break;
    if (warm > 0) steps = Math.max(1, Math.min(1000, Math.round(groupMilliseconds / Math.max(each, 0.01))));
  }
  const perStep = await within(timeoutMilliseconds, remote.count(Math.min(steps, 4)));
  const { adapter, first, firstResultMilliseconds, longestBlockMilliseconds } = opened;
  return {
    result: { contender, adapter, first, firstResultMilliseconds, longestBlockMilliseconds, perStep, error },
    steps,
  };
}

/** Returns the largest error; throws where it passes the tolerance. */
function check(outputs: Opened['outputs'], want: Record<string, Reference>, tolerance: number): number {
  let largestError = 0;
  for (const [name, { size, samples }] of Object.entries(want)) {
    const got = outputs[name];
    if (!got || got.size !== size)
      throw new Error(`wrong result: "${name}" has ${got?.size ?? 'no'} elements, not ${size}`);
    let largest = 0;
    let worst = 0;
    for (let i = 0; i < samples.length; i++) {
      largest = Math.max(largest, Math.abs(samples[i]));
      const error = Math.abs(got.samples[i] - samples[i]);
      if (!(error <= worst)) worst = error;
    }
    const relative = worst / Math.max(largest, 1e-30);
    if (!(relative <= tolerance)) {
      throw new Error(
        `wrong result: "${name}" is off by ${relative.toExponential(1)} of its largest element (allowed ${tolerance})`,
      );
    }
    largestError = Math.max(largestError, relative);
  }
  return largestError;
}

/** No first result within the limit. */
class TooSlow extends Error {}

function failed(contender: string, error: unknown, { limitSeconds }: MeasureOptions): Result {
  return error instanceof TooSlow
    ? { contender, missing: `more than ${limitSeconds} s to the first result`, limitSeconds }
    : { contender, missing: reason(error) };
}

function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  // Without the call stack, whose lines name files of this machine.
  const lines = text.split('\n').filter((line) => !/^\s+at /.test(line));
  return lines
    .join(' ')
    .replace(/page\.evaluate: |Error: /g, '')
    .trim()
    .slice(0, 300);
}

async function within<Value>(
  milliseconds: number,
  work: Promise<Value>,
  Late: new (message: string) => Error = Error,
): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Late(`no answer in ${milliseconds / 1000} s`)), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
