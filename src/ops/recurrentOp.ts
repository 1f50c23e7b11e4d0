import { sizeOf } from '../core/shape.ts';
import { apply, type Op, type Tensor, type TensorSpec } from '../graph/graph.ts';
import { concat } from './concat.ts';
import { matmul } from './matmul.ts';
import type { CellStep } from './recurrentCell.ts';
import { recurrentGradientKernels } from './recurrentGradientKernels.ts';
import { recurrentKernels } from './recurrentKernels.ts';
import {
  lengthOf,
  optionalGradientInputs,
  optionalInputs,
  type RecurrentAttrs,
  type RecurrentGradientAttrs,
  rowOf,
  stateSize,
} from './recurrentLoop.ts';
import { reshape } from './reshape.ts';
import { slice } from './slice.ts';
import { sum } from './sum.ts';
import { transpose } from './transpose.ts';

// The loop over time that rnn, lstm and gru share, and its gradient. D directions, T steps, B sequences, H hidden units, G gates.

/**
 * The op of one kind of cell. Inputs: W x with its biases [D, T B, G H]; the parameters of each direction, U [H, G H] and behind it the
 * peepholes, flat; then, where there are, a bias of U h [D, G H], the initial states [D, B, H or 2 H], and int32 lengths [B].
 * Outputs: the sequence [T, B, D H] or [B, T, D H]; the final hidden states [D, B, H]; the final cell states, [1] for cells without
 * one; and what the backward pass wants: [D, T B, (kept + 1) H], the hidden state before the step last.
 */
export function recurrentOp(name: string): Op<RecurrentAttrs> {
  const gradientOp = recurrentGradientOp(`${name}Gradient`);
  return {
    name,
    infer([projected], attrs) {
      const { rule, steps, batch, hidden, reversed, batchFirst } = attrs;
      const { dtype } = projected;
      const directions = reversed.length;
      return [
        { shape: [...(batchFirst ? [batch, steps] : [steps, batch]), directions * hidden], dtype },
        { shape: [directions, batch, hidden], dtype },
        { shape: rule.hasCell ? [directions, batch, hidden] : [1], dtype },
        { shape: [directions, steps * batch, (rule.kept + 1) * hidden], dtype },
      ];
    },
    reference: forwardReference,
    kernels: recurrentKernels,
    gradient: (outputGradients, inputs, outputs, attrs) =>
      recurrentGradient(gradientOp, outputGradients, inputs, outputs[3], attrs),
    feedRange: ({ has, steps }) =>
      has.lengths
        ? { input: 2 + Number(has.recurrentBias) + Number(has.initial), low: 0, high: steps }
        : null,
    flops: ([projected], _, attrs) => 2 * sizeOf(projected.shape) * attrs.hidden,
  };
}

/** One row at a time, one step after another. */
function forwardReference(
  inputs: readonly Float64Array[],
  { outputs }: { readonly outputs: readonly TensorSpec[] },
  attrs: RecurrentAttrs,
): Float64Array[] {
  const { rule, steps, batch, hidden: units, reversed } = attrs;
  const { gates, reset } = rule;
  const [projected, parameters] = inputs;
  const { recurrentBias, initial, lengths } = optionalInputs(inputs, attrs);
  const results = outputs.map(({ shape }) => new Float64Array(sizeOf(shape)));
  const [output, finalHidden, finalCell, kept] = results;
  const width = gates * units;
  const keptWidth = (rule.kept + 1) * units;
  reversed.forEach((backwards, d) => {
    const u = d * (units * width + rule.peepholes * units);
    for (let b = 0; b < batch; b++) {
      const start = (d * batch + b) * stateSize(attrs);
      let hidden = Float64Array.from({ length: units }, (_, j) => initial?.[start + j] ?? 0);
      let cell = Float64Array.from({ length: units }, (_, j) =>
        rule.hasCell ? (initial?.[start + units + j] ?? 0) : 0,
      );
      const length = lengthOf(lengths, b, steps);
      for (let s = 0; s < length; s++) {
        const t = backwards ? length - 1 - s : s;
        const row = rowOf(attrs, t, b);
        // U h and its bias
        const product = Float64Array.from({ length: width }, (_, n) => recurrentBias?.[d * width + n] ?? 0);
        const multiply = (state: Float64Array, begin: number, end: number) => {
          for (let k = 0; k < units; k++) {
            for (let n = begin; n < end; n++) product[n] += state[k] * parameters[u + k * width + n];
          }
        };
        const stepOf = (j: number): CellStep => {
          const gatesOf = (values: Float64Array, at: number) =>
            Array.from({ length: gates }, (_, g) => values[at + g * units + j]);
          return {
            projected: gatesOf(projected, (d * steps * batch + row) * width),
            recurrent: gatesOf(product, 0),
            hidden: hidden[j],
            cell: cell[j],
            peepholes: Array.from(
              { length: rule.peepholes },
              (_, p) => parameters[u + (units * gates + p) * units + j],
            ),
          };
        };
        const split = reset ? width - units : width;
        multiply(hidden, 0, split);
        if (reset) {
          const resetState = hidden.map((_, j) => reset.forward(stepOf(j)));
          multiply(resetState, split, width);
        }
        const [newHidden, newCell] = [new Float64Array(units), new Float64Array(units)];
        for (let j = 0; j < units; j++) {
          const step = rule.forward(stepOf(j));
          newHidden[j] = step.hidden;
          newCell[j] = step.cell;
          output[row * reversed.length * units + d * units + j] = step.hidden;
          const place = (d * steps * batch + row) * keptWidth + j;
          [...step.kept, hidden[j]].forEach((value, i) => {
            kept[place + i * units] = value;
          });
        }
        hidden = newHidden;
        cell = newCell;
      }
      finalHidden.set(hidden, (d * batch + b) * units);
      if (rule.hasCell) finalCell.set(cell, (d * batch + b) * units);
    }
  });
  return results;
}

/**
 * Inputs: what the forward pass kept; Uᵀ [D, G H, H]; then, where there are, the peepholes [D, P H], the gradients of the sequence and of the
 * final states [D, B, H or 2 H], and the lengths. Outputs: gradients of W x, [D, T B, G H]; of U h, the same, or [1] where it is equal;
 * and of the initial states.
 */
function recurrentGradientOp(name: string): Op<RecurrentGradientAttrs> {
  return {
    name,
    infer(_, attrs) {
      const { rule, steps, batch, hidden, reversed } = attrs;
      const projected = [reversed.length, steps * batch, rule.gates * hidden];
      return [
        { shape: projected, dtype: 'float32' },
        { shape: rule.splitGradient ? projected : [1], dtype: 'float32' },
        { shape: [reversed.length, batch, stateSize(attrs)], dtype: 'float32' },
      ];
    },
    reference: gradientReference,
    kernels: recurrentGradientKernels,
    flops: (_, [projected], attrs) => 2 * sizeOf(projected.shape) * attrs.hidden,
  };
}

function gradientReference(
  inputs: readonly Float64Array[],
  { outputs }: { readonly outputs: readonly TensorSpec[] },
  attrs: RecurrentGradientAttrs,
): Float64Array[] {
  const { rule, steps, batch, hidden: units, reversed } = attrs;
  const { gates, reset } = rule;
  const [kept, transposed] = inputs;
  const { peepholes, dOutput, dFinal, lengths } = optionalGradientInputs(inputs, attrs);
  const results = outputs.map(({ shape }) => new Float64Array(sizeOf(shape)));
  const [dProjected, dRecurrent, dInitial] = results;
  const width = gates * units;
  reversed.forEach((backwards, d) => {
    for (let b = 0; b < batch; b++) {
      const state = (d * batch + b) * stateSize(attrs);
      let dHidden = Float64Array.from({ length: units }, (_, j) => dFinal?.[state + j] ?? 0);
      const dCell = Float64Array.from({ length: units }, (_, j) =>
        rule.hasCell ? (dFinal?.[state + units + j] ?? 0) : 0,
      );
      const length = lengthOf(lengths, b, steps);
      for (let s = length - 1; s >= 0; s--) {
        const row = rowOf(attrs, backwards ? length - 1 - s : s, b);
        const place = d * steps * batch + row;
        const product = new Float64Array(width);
        const before = new Float64Array(units);
        const valuesOf = (j: number) =>
          Array.from({ length: rule.kept + 1 }, (_, i) => kept[(place * (rule.kept + 1) + i) * units + j]);
        // Adds de Uᵀ of some gates.
        const multiply = (sums: Float64Array, begin: number, end: number) => {
          for (let n = begin; n < end; n++) {
            for (let k = 0; k < units; k++) sums[k] += product[n] * transposed[(d * width + n) * units + k];
          }
        };
        for (let j = 0; j < units; j++) {
          const values = valuesOf(j);
          const gradient = rule.backward(
            values.slice(0, -1),
            values[rule.kept],
            Array.from(
              { length: rule.peepholes },
              (_, p) => peepholes?.[(d * rule.peepholes + p) * units + j] ?? 0,
            ),
            dHidden[j] + (dOutput?.[(row * reversed.length + d) * units + j] ?? 0),
            dCell[j],
          );
          gradient.projected.forEach((value, g) => {
            dProjected[place * width + g * units + j] = value;
          });
          gradient.recurrent.forEach((value, g) => {
            product[g * units + j] = value;
            if (rule.splitGradient) dRecurrent[place * width + g * units + j] = value;
          });
          before[j] = gradient.hidden;
          dCell[j] = gradient.cell;
        }
        const split = reset ? width - units : width;
        if (reset) {
          const dReset = new Float64Array(units);
          multiply(dReset, split, width);
          for (let j = 0; j < units; j++) {
            const values = valuesOf(j);
            const { gate, hidden } = reset.backward(values.slice(0, -1), values[rule.kept], dReset[j]);
            product[j] = gate;
            dProjected[place * width + j] = gate;
            before[j] += hidden;
          }
        }
        // dh = de Uᵀ and what did not go through U
        multiply(before, 0, split);
        dHidden = before;
      }
      dInitial.set(dHidden, state);
      if (rule.hasCell) dInitial.set(dCell, state + units);
    }
  });
  return results;
}

// p = W x, q = U h, from the last step to the first: dp and dq by the cell's equations, dh = dq Uᵀ + what did not go through U;
// after the loop dU = Σ hᵀ dq over all steps and sequences, and Σ mᵀ dq for a gate that multiplies U with m. W and x get theirs from dp,
// outside.
function recurrentGradient(
  gradientOp: Op<RecurrentGradientAttrs>,
  [dOutput, dHidden, dCell]: readonly (Tensor | null)[],
  inputs: readonly Tensor[],
  kept: Tensor,
  attrs: RecurrentAttrs,
): (Tensor | null)[] {
  const { rule, hidden, batch, reversed, has } = attrs;
  const { initial, lengths } = optionalInputs(inputs, attrs);
  const directions = reversed.length;
  const width = rule.gates * hidden;
  const weights = slice(inputs[1], { axes: [1], end: [hidden * width] });
  const peepholes = rule.peepholes > 0 ? slice(inputs[1], { axes: [1], begin: [hidden * width] }) : null;
  const zeros = () => kept.graph.constant(0, [directions, batch, hidden]);
  const dFinal =
    rule.hasCell && (dHidden || dCell) ? concat([dHidden ?? zeros(), dCell ?? zeros()], 2) : dHidden;
  const optional = [peepholes, dOutput, dFinal, lengths].filter((tensor) => tensor != null);
  const [dProjected, split, dInitial] = apply(
    gradientOp,
    [kept, transpose(reshape(weights, [directions, hidden, width]), [0, 2, 1]), ...optional],
    { ...attrs, given: { output: dOutput !== null, final: dFinal !== null } },
  );
  const dRecurrent = rule.splitGradient ? split : dProjected;
  const part = (x: Tensor, first: number, parts = 1) =>
    slice(x, { axes: [2], begin: [first * hidden], size: [parts * hidden] });
  const before = part(kept, rule.kept);
  const others = rule.gates - 1;
  const dMatrix = rule.reset
    ? concat(
        [
          matmul(before, part(dRecurrent, 0, others), { transposeA: true }),
          matmul(part(kept, rule.kept - 1), part(dRecurrent, others), { transposeA: true }),
        ],
        2,
      )
    : matmul(before, dRecurrent, { transposeA: true });
  const dWeights = reshape(dMatrix, [directions, hidden * width]);
  const dPeepholes = rule.peepholeGradient?.(kept, dProjected, hidden);
  return [
    dProjected,
    dPeepholes ? concat([dWeights, dPeepholes], 1) : dWeights,
    ...(has.recurrentBias ? [sum(dRecurrent, { axes: [1] })] : []),
    ...(initial ? [dInitial] : []),
    ...(has.lengths ? [null] : []),
  ];
}
