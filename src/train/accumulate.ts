import { TrainingError } from '../core/errors.ts';
import type { Graph, Tensor, Variable } from '../graph/graph.ts';
import { add } from '../ops/arithmetic.ts';
import { blend } from '../optim/blend.ts';
import type { CompiledModel } from './compiledModel.ts';

/** Sums of gradients over several batches. */
export interface GradientSums {
  readonly updates: readonly (readonly [Variable, Tensor])[];
  /** The mean of the gradients of the batches so far, by parameter. */
  readonly means: readonly Tensor[];
  /** How many steps were made before this one. */
  readonly applied: Variable;
  /** One more of them. */
  readonly counting: readonly [Variable, Tensor];
}

/** What the models of one graph share for it. */
interface Shared {
  /** Fed: 0 in the first of the runs, 1 in the others. */
  readonly keep: Tensor;
  /** Fed: what one run counts. */
  readonly share: Tensor;
  readonly applied: Variable;
  /** By parameter. */
  readonly sums: Map<Variable, Variable>;
}

const sharedBy = /* @__PURE__ */ new WeakMap<Graph, Shared>();

function sharedIn(graph: Graph): Shared {
  const shared = sharedBy.get(graph) ?? {
    keep: graph.input('gradients/keep', []),
    share: graph.input('gradients/share', []),
    applied: graph.variable('gradients/applied', [], { dtype: 'uint32', trainable: false }),
    sums: new Map<Variable, Variable>(),
  };
  sharedBy.set(graph, shared);
  return shared;
}

/** How `fit` makes one step of several batches. */
export interface Accumulating {
  readonly batches: number;
  sums(model: CompiledModel, parameters: readonly Variable[], gradients: readonly Tensor[]): GradientSums;
  /** What a run is fed when `pending` batches of its step are done. */
  feeds(pending: number): Record<string, number>;
}

/**
 * Makes one step of the optimizer with the mean of the gradients of so many batches: a batch that is too large for the device, in parts.
 *
 * ```ts
 * await fit(model, data, { batchSize: 16, accumulate: accumulateGradients(4) }); // steps as of 64 samples
 * ```
 */
export function accumulateGradients(batches: number): Accumulating {
  if (!(Number.isInteger(batches) && batches >= 1))
    throw new TrainingError(`accumulateGradients: expected a whole number of at least 1, got ${batches}`);
  return {
    batches,
    feeds: (pending) => ({ 'gradients/keep': pending === 0 ? 0 : 1, 'gradients/share': 1 / batches }),
    sums({ graph }, parameters, gradients) {
      const { keep, share, applied, sums } = sharedIn(graph);
      const targets = parameters.map((parameter) => {
        const known = sums.get(parameter);
        if (known) return known;
        const { name, shape, group } = parameter;
        const made = graph.groupedVariable(`gradients/${name}`, shape, `gradients/${group}`);
        sums.set(parameter, made);
        return made;
      });
      const updates = blend(targets, gradients, keep, share);
      const after = new Map(updates);
      const means = targets.map((target) => after.get(target) ?? target);
      return { updates, means, applied, counting: [applied, add(applied, 1)] };
    },
  };
}
