import { isFloat } from '../../core/dtype.ts';
import { sizeOf } from '../../core/shape.ts';
import { apply, Graph } from '../../graph/graph.ts';
import type { Step, Trace } from '../../graph/trace.ts';
import { tuningKey } from '../../graph/tuning.ts';
import type { Device, Program } from '../backend.ts';

/** Rounds in which the variants take turns; the least time counts, for others can only add to it. */
const rounds = 3;
/** How much faster than the default a variant must be: less than this is noise. */
const worthwhile = 0.93;

/** What stands in the table where the cost model's choice was the fastest, or nearly so. */
const costModel = 'default';

/** For each op and shape of a program that has variants: the name of the fastest. */
export async function tuneSteps(
  device: Device,
  traced: Trace,
  signal?: AbortSignal,
): Promise<Record<string, string>> {
  const choices: Record<string, string> = {};
  const done = new Set<string>();
  for (const step of traced.steps) {
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
