import { applyOne, type Op, type Tensor } from '../graph/graph.ts';
import { less, where } from './comparison.ts';
import { concat, stack } from './concat.ts';
import { reshape } from './reshape.ts';
import { slice } from './slice.ts';

// The loop over time written out in ops, a few dispatches for each step: what the kernels of the loop cannot do.

export interface States {
  /** [B, output size] */
  readonly hidden: Tensor;
  /** [B, hidden size]; handed on by cells without one. */
  readonly cell: Tensor;
}

/** One step of one direction: from W x with its biases, [B, G H], and the states before. */
export type UnrolledStep = (projected: Tensor, states: States, direction: number) => States;

export interface UnrolledSetting {
  readonly steps: number;
  readonly batch: number;
  readonly reversed: readonly boolean[];
  readonly batchFirst: boolean;
  readonly lengths: Tensor | undefined;
  /** The initial states, [D, B, …]. */
  readonly hidden: Tensor;
  readonly cell: Tensor;
}

const lengthsOp: Op<{ readonly steps: number }> = {
  name: 'lengths',
  infer: ([lengths]) => [lengths],
  reference: ([lengths]) => [lengths],
  view: true,
  feedRange: ({ steps }) => ({ input: 0, low: 0, high: steps }),
};

/** The same lengths, from 0 to `steps` where they are fed: the kernels of the loop see to that, ops do not. */
export function checkedLengths(lengths: Tensor, name: string, steps: number): Tensor {
  return lengths.graph.scope(name, () => applyOne(lengthsOp, [lengths], { steps }));
}

/** What belongs to one direction of a tensor [D, …]. */
export function directionOf(tensor: Tensor, direction: number): Tensor {
  const own = slice(tensor, { axes: [0], begin: [direction], size: [1] });
  return reshape(own, tensor.shape.slice(1));
}

/** From W x of all steps [D, T B, G H]: the sequence [T, B, D …] or [B, T, …], and the final states [D, B, …]. */
export function unrollRecurrent(
  projected: Tensor,
  step: UnrolledStep,
  setting: UnrolledSetting,
): { output: Tensor; hidden: Tensor; cell: Tensor } {
  const { steps, batch, batchFirst, reversed, lengths } = setting;
  const columns = projected.shape[2];
  const finals: States[] = [];
  const sequences = reversed.map((backwards, d) => {
    const own = directionOf(projected, d);
    const rows = reshape(own, batchFirst ? [batch, steps, columns] : [steps, batch, columns]);
    let states: States = { hidden: directionOf(setting.hidden, d), cell: directionOf(setting.cell, d) };
    const outputs = new Array<Tensor>(steps);
    for (let s = 0; s < steps; s++) {
      const t = backwards ? steps - 1 - s : s;
      const axis = batchFirst ? 1 : 0;
      const input = reshape(slice(rows, { axes: [axis], begin: [t], size: [1] }), [batch, columns]);
      const next = step(input, states, d);
      const isValid =
        lengths && reshape(less(projected.graph.constant(t, [1], 'int32'), lengths), [batch, 1]);
      const kept = (after: Tensor, before: Tensor | number) =>
        isValid ? where(isValid, after, before) : after;
      outputs[t] = kept(next.hidden, 0);
      states = { hidden: kept(next.hidden, states.hidden), cell: kept(next.cell, states.cell) };
    }
    finals.push(states);
    return stack(outputs, batchFirst ? 1 : 0);
  });
  return {
    output: concat(sequences, 2),
    hidden: stack(finals.map(({ hidden }) => hidden)),
    cell: stack(finals.map(({ cell }) => cell)),
  };
}
