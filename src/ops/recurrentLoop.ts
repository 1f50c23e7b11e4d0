import type { CellRule } from './recurrentCell.ts';

// What the loops over time, forward and backward, are told. D directions, T steps, B sequences, H hidden units, G gates.

export interface RecurrentAttrs {
  readonly rule: CellRule;
  readonly steps: number;
  readonly batch: number;
  readonly hidden: number;
  /** For each direction, whether it runs from the last step to the first. */
  readonly reversed: readonly boolean[];
  /** Rows are numbered [B, T] instead of [T, B]. */
  readonly batchFirst: boolean;
  /** Which of the optional inputs there are, in this order behind the first two. */
  readonly has: { readonly recurrentBias: boolean; readonly initial: boolean; readonly lengths: boolean };
}

/** Optional inputs by their names. */
export function optionalInputs<Value>(inputs: readonly Value[], { has }: RecurrentAttrs) {
  let next = 2;
  const take = (present: boolean) => (present ? inputs[next++] : undefined);
  return { recurrentBias: take(has.recurrentBias), initial: take(has.initial), lengths: take(has.lengths) };
}

/** The row of W x, and of the result, that holds step `step` of sequence `sequence`. */
export function rowOf({ steps, batch, batchFirst }: RecurrentAttrs, step: number, sequence: number): number {
  return batchFirst ? sequence * steps + step : step * batch + sequence;
}

/** Parameters of all loops' kernels, but for which steps they take: the sizes, and how `rowOf` counts. */
export function loopParams({ steps, batch, batchFirst }: RecurrentAttrs) {
  return { steps, batch, stepStride: batchFirst ? 1 : batch, sequenceStride: batchFirst ? steps : 1 };
}

/** How many steps of a sequence count. */
export function lengthOf(lengths: Float64Array | undefined, sequence: number, steps: number): number {
  return lengths ? Math.min(Math.max(lengths[sequence], 0), steps) : steps;
}

/** The states of one unit lie [D, B, hidden and cell]. */
export function stateSize({ rule, hidden }: RecurrentAttrs): number {
  return rule.hasCell ? 2 * hidden : hidden;
}

/** Which of the optional inputs the gradient has, in this order behind the first two. */
export interface RecurrentGradientAttrs extends RecurrentAttrs {
  readonly given: { readonly output: boolean; readonly final: boolean };
}

export function optionalGradientInputs<Value>(inputs: readonly Value[], attrs: RecurrentGradientAttrs) {
  let next = 2;
  const take = (present: boolean) => (present ? inputs[next++] : undefined);
  const { rule, given, has } = attrs;
  return {
    peepholes: take(rule.peepholes > 0),
    dOutput: take(given.output),
    dFinal: take(given.final),
    lengths: take(has.lengths),
  };
}
