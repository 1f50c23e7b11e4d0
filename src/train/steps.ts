import type { Program } from '../backends/backend.ts';
import { TrainingError } from '../core/errors.ts';
import type { Tensor, Variable } from '../graph/graph.ts';
import { add } from '../ops/arithmetic.ts';
import { grad } from '../ops/gradient.ts';
import { blend } from '../optim/blend.ts';
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
  signal?: AbortSignal,
): Promise<Program> {
  const key = `${batch.prefix} ${kind}`;
  let program = model.programs.get(key);
  if (!program) {
    const { outputs, updates } = stepGraph(model, batch, kind);
    // `fit` looks at the totals itself.
    program = model.device.compile({ outputs, updates, checkFinite: [], signal });
    model.programs.set(key, program);
    program.catch(() => model.programs.delete(key));
  }
  return program;
}

/** Forward, loss, totals, backward and updates for a batch; built when it is asked for first. */
export function stepGraph(model: CompiledModel, batch: BatchTensors, kind: StepKind): StepGraph {
  const key = `${batch.prefix} ${kind}`;
  const known = model.steps.get(key);
  if (known) return known;
  const judgement = model.judge(batch, true);
  const { loss, totals, run } = judgement;
  const variables = model.totalsFor(judgement);
  const of = (name: string) => variables.get(name) ?? raise(`fit: the metrics have changed: ${name} is new`);
  const updates: Update[] = [[of('loss'), lossTotals(loss, of('loss'), batch.size)], ...run.updates];
  if (totals.size > 0) updates.push(...blend([...totals.keys()].map(of), [...totals.values()], 1, 1));
  updates.push(...learning(model, judgement, kind));
  const after = new Map(updates);
  const outputs = Object.fromEntries([...variables].map(([name, own]) => [name, after.get(own) ?? own]));
  const made = { loss, outputs, updates };
  model.steps.set(key, made);
  return made;
}

/** What the parameters, the optimizer's state and the averages become. */
function learning(model: CompiledModel, { loss, run }: Judgement, kind: StepKind): Update[] {
  const { optimizer, movingAverage: averaging } = model.options;
  const { parameters } = run;
  if (!optimizer)
    return raise('fit: there is no optimizer; give compileModel one, such as adam({ learningRate: 1e-3 })');
  if (parameters.length === 0) return raise('fit: the network has no parameters that are to be trained');
  const gradients = grad(loss, parameters);
  const sums = kind === 'step' ? null : gradientSums(model, parameters, gradients);
  if (kind === 'collect') return sums?.updates ?? [];
  const updates = optimizer.apply(loss, parameters, sums?.means ?? gradients, sums?.applied);
  const result: Update[] = [...updates, ...(sums?.updates ?? [])];
  if (sums) result.push([sums.applied, add(sums.applied, 1)]);
  if (!averaging) return result;
  const weights = updates.filter(([variable]) => parameters.includes(variable));
  model.average = averaging(weights, model.average ?? undefined);
  return [...result, ...model.average.updates];
}

/** Adds gradients up over several runs. The feeds `gradients/keep` (0 in the first) and `gradients/share` make their mean. */
function gradientSums(model: CompiledModel, parameters: readonly Variable[], gradients: readonly Tensor[]) {
  const { graph, home } = model;
  const { keep, share, applied } = home.accumulation;
  const targets = parameters.map((parameter) => {
    const known = home.gradientSums.get(parameter);
    if (known) return known;
    const { name, shape, group } = parameter;
    const made = graph.groupedVariable(`gradients/${name}`, shape, `gradients/${group}`);
    home.gradientSums.set(parameter, made);
    return made;
  });
  const updates = blend(targets, gradients, keep, share);
  const means = new Map(updates);
  return { updates, means: targets.map((target) => means.get(target) ?? target), applied };
}

function raise(message: string): never {
  throw new TrainingError(message);
}
