import type { Program } from '../backends/backend.ts';
import { TrainingError } from '../core/errors.ts';
import type { Tensor, Variable } from '../graph/graph.ts';
import { add } from '../ops/arithmetic.ts';
import { grad } from '../ops/gradient.ts';
import type { Accumulating } from './accumulate.ts';
import type { CompiledModel, Judgement, StepGraph } from './compiledModel.ts';
import type { BatchTensors } from './feeding.ts';
import { lossTotals } from './lossTotals.ts';

/**
 * What a run does with a batch: a whole step; or, where the gradients of several batches make one step, `collect` them, and with the last
 * of them `apply` their mean.
 */
export type StepKind = 'step' | 'collect' | 'apply';

type Update = readonly [Variable, Tensor];

/** The program that makes a step with a batch; compiled when it is asked for first. Its outputs are the totals. */
export function stepProgram(
  model: CompiledModel,
  batch: BatchTensors,
  kind: StepKind,
  accumulating?: Accumulating,
  signal?: AbortSignal,
): Promise<Program> {
  const key = `${batch.prefix} ${kind}`;
  let program = model.programs.get(key);
  if (!program) {
    const { outputs, updates } = stepGraph(model, batch, kind, accumulating);
    // `fit` looks at the totals itself.
    program = model.device.compile({ outputs, updates, checkFinite: [], signal });
    model.programs.set(key, program);
    program.catch(() => model.programs.delete(key));
  }
  return program;
}

/** Forward, loss, totals, backward and updates for a batch; built when it is asked for first. */
export function stepGraph(
  model: CompiledModel,
  batch: BatchTensors,
  kind: StepKind,
  accumulating?: Accumulating,
): StepGraph {
  const key = `${batch.prefix} ${kind}`;
  const known = model.steps.get(key);
  if (known) return known;
  const judgement = model.judge(batch, true);
  const { loss, totals, run } = judgement;
  const { loss: summed, scalars, others } = model.totalsFor(judgement);
  const of = (name: string) => totals.get(name) ?? raise(`fit: the metrics have changed: ${name} is gone`);
  const updates: Update[] = [
    [summed, lossTotals(loss, summed, batch.size, scalars.map(of))],
    ...[...others].map(([name, total]): Update => [total, add(total, of(name))]),
    ...run.updates,
    ...learning(model, judgement, kind, accumulating),
  ];
  const after = new Map(updates);
  const outputs = Object.fromEntries(
    [['', summed] as const, ...others].map(([name, own]) => [name, after.get(own) ?? own]),
  );
  const made = { loss, outputs, updates };
  model.steps.set(key, made);
  return made;
}

/** What the parameters, the optimizer's state and the averages become. */
function learning(
  model: CompiledModel,
  { loss, run }: Judgement,
  kind: StepKind,
  accumulating?: Accumulating,
): Update[] {
  const { optimizer, movingAverage: averaging } = model.options;
  const { parameters } = run;
  if (!optimizer)
    return raise('fit: there is no optimizer; give compileModel one, such as adam({ learningRate: 1e-3 })');
  if (parameters.length === 0) return raise('fit: the network has no parameters that are to be trained');
  const gradients = grad(loss, parameters);
  const sums = accumulating?.sums(model, parameters, gradients);
  if (sums && kind === 'collect') return [...sums.updates];
  const updates = optimizer.apply(loss, parameters, sums?.means ?? gradients, sums?.applied);
  const result: Update[] = sums ? [...updates, ...sums.updates, sums.counting] : updates;
  if (!averaging) return result;
  const weights = updates.filter(([variable]) => parameters.includes(variable));
  model.average = averaging(weights, model.average ?? undefined);
  return [...result, ...model.average.updates];
}

function raise(message: string): never {
  throw new TrainingError(message);
}
