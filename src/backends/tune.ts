import { isFloat } from '../core/dtype.ts';
import { sizeOf } from '../core/shape.ts';
import { apply, Graph } from '../graph/graph.ts';
import { type Step, trace } from '../graph/trace.ts';
import { tuningKey } from '../graph/tuning.ts';
import type { CompileOptions, Device, Program } from './backend.ts';
import { toRequest } from './feeds.ts';
import { adapterKey, mergeTuning, type TuningTable } from './tuning.ts';

/** Rounds in which the variants take turns; the least time counts, for others can only add to it. */
const rounds = 3;
/** How much faster than the default a variant must be: less than this is noise. */
const worthwhile = 0.93;

/** What stands in the table where the cost model's choice was the fastest, or nearly so. */
const costModel = 'default';

/**
 * Times every variant of the kernels that a program would use, op by op and shape by shape, on the device's adapter: seconds to minutes. Programs
 * compiled from now on use what was fastest. Nothing must be tuned to be good, and results stay within the same tolerances; the last bits may
 * differ, for variants add up in another order.
 *
 * ```ts
 * device.tuning = await readTuning('tuning.json');
 * await writeTuning('tuning.json', await tune(device, { outputs: { loss }, updates }));
 * ```
 *
 * @returns `device.tuning`, to be kept or shipped. The CPU reference has nothing to tune.
 */
export async function tune(
  device: Device,
  options: Pick<CompileOptions, 'outputs' | 'updates' | 'signal'>,
): Promise<TuningTable> {
  if (device.info.backend === 'cpu') return device.tuning;
  const { steps } = trace(toRequest(options));
  const earlier = device.tuning;
  // Without earlier choices, so that the cost model's own is among those that are timed.
  device.tuning = {};
  try {
    const choices = await tuneSteps(device, steps, options.signal);
    device.tuning = mergeTuning(earlier, { [adapterKey(device.info)]: choices });
  } catch (error) {
    device.tuning = earlier;
    throw error;
  }
  return device.tuning;
}

/** For each op and shape that has variants: the name of the fastest. */
async function tuneSteps(
  device: Device,
  steps: readonly Step[],
  signal?: AbortSignal,
): Promise<Record<string, string>> {
  const choices: Record<string, string> = {};
  const done = new Set<string>();
  for (const step of steps) {
    if (!step.op.variants || done.has(tuningKey(step))) continue;
    done.add(tuningKey(step));
    signal?.throwIfAborted();
    choices[tuningKey(step)] = await fastest(device, step);
  }
  return choices;
}

/** Times the op by itself: its kernels do not depend on its neighbours but for a chain of cheap ops that joins them. */
async function fastest(device: Device, step: Step): Promise<string> {
  const graph = new Graph();
  const inputs = step.inputs.map(({ spec }, i) => graph.input(`x${i}`, spec.shape, spec.dtype));
  const made = apply(step.op, inputs, step.attrs);
  const outputs = Object.fromEntries(made.map((tensor, i) => [`y${i}`, tensor]));
  const feeds = Object.fromEntries(
    inputs.map((input, i) => [
      `x${i}`,
      new Float32Array(sizeOf(input.shape)).fill(isFloat(input.dtype) ? 0.5 : 0),
    ]),
  );
  const { entry, names } = step.op.variants!;
  const contenders: { name: string; program: Program; least: number }[] = [];
  try {
    for (const name of [costModel, ...names]) {
      const program = await device.compile({
        outputs,
        variants: name === costModel ? {} : { [entry]: name },
      });
      contenders.push({ name, program, least: Number.POSITIVE_INFINITY });
    }
    for (let round = 0; round < rounds; round++) {
      for (const contender of contenders) {
        const { milliseconds } = await contender.program.profile(feeds);
        contender.least = Math.min(contender.least, milliseconds);
      }
    }
  } finally {
    for (const { program } of contenders) program.dispose();
  }
  const best = contenders.reduce((a, b) => (b.least < a.least ? b : a));
  return best.least < worthwhile * contenders[0].least ? best.name : costModel;
}
