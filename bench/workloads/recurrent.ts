import { recurrentGradients } from '../reference/recurrent.ts';
import { fill, sampled, type Workload } from './workload.ts';

/**
 * One layer over a whole sequence, every step's hidden state as the result; or its training: forward and backward.
 * inputs  x [T, B, I], weight [I, G*H], recurrentWeight [H, G*H], bias [G*H], recurrentBias [G*H]; dOutput [T, B, H]
 * outputs forward: output [T, B, H]; gradients: dX, dWeight, dRecurrentWeight, dBias
 * Gates: lstm i, f, g, o; gru r, z, n.
 */
export interface RecurrentSpec {
  readonly part: 'forward' | 'gradients';
  readonly cell: 'lstm' | 'gru';
  /** gru only: whether the reset gate comes after the recurrent product (cuDNN, PyTorch) or before it (the paper). */
  readonly resetAfter: boolean;
  readonly steps: number;
  readonly batch: number;
  readonly inputSize: number;
  readonly hiddenSize: number;
}

const cells = {
  lstm: { cell: 'lstm', resetAfter: true, gates: 4 },
  gru: { cell: 'gru', resetAfter: true, gates: 3 },
  // The only form that TF.js has.
  'gru-reset-before': { cell: 'gru', resetAfter: false, gates: 3 },
} as const;

export const workloads: Workload<RecurrentSpec>[] = Object.entries(cells).flatMap(
  ([name, { cell, resetAfter, gates }]) =>
    [64, 128].flatMap((steps) =>
      [128, 256, 512].flatMap((size) =>
        [1, 32, 64].flatMap((batch) => {
          const sizes = { steps, batch, inputSize: size, hiddenSize: size };
          const full = `${name}-T${steps}-B${batch}-H${size}`;
          return [
            recurrent(full, gates, { part: 'forward', cell, resetAfter, ...sizes }),
            recurrent(`${full}-gradients`, gates, { part: 'gradients', cell, resetAfter, ...sizes }),
          ];
        }),
      ),
    ),
);

function recurrent(name: string, gates: number, spec: RecurrentSpec): Workload<RecurrentSpec> {
  const { part, steps, batch, inputSize, hiddenSize } = spec;
  const width = gates * hiddenSize;
  const scale = 1 / Math.sqrt(hiddenSize);
  // Each product of the way forward has two on the way back.
  const passes = part === 'forward' ? 1 : 3;
  return {
    name,
    spec,
    default: isInTable(spec),
    goal: batch === 1 ? 3 : 2,
    flops: passes * 2 * steps * batch * (inputSize + hiddenSize) * width,
    bytes: passes * 4 * ((inputSize + hiddenSize) * width + steps * batch * (inputSize + hiddenSize)),
    tolerance: part === 'forward' ? undefined : 1e-4,
    inputs: () => ({
      x: fill(steps * batch * inputSize, 1),
      weight: fill(inputSize * width, 2, scale),
      recurrentWeight: fill(hiddenSize * width, 3, scale),
      bias: fill(width, 4, scale),
      recurrentBias: fill(width, 5, scale),
      dOutput: fill(steps * batch * hiddenSize, 6),
    }),
    async reference(inputs) {
      if (part === 'forward') return { output: sampled(hiddenStates(spec, gates, inputs)) };
      const gradients = Object.entries(await recurrentGradients(spec, inputs));
      return Object.fromEntries(gradients.map(([name, values]) => [name, sampled(values)]));
    },
  };
}

/** One size at a time differs from 64 steps of 1 or 32 sequences and 128 units; by name, all may. */
function isInTable({ part, resetAfter, steps, batch, hiddenSize }: RecurrentSpec): boolean {
  const [isLong, isLarge, isFull] = [steps > 64, hiddenSize > 128, batch > 32];
  if (!resetAfter) return !isLong && !isLarge && !isFull;
  return part === 'gradients' ? !isLong && !isLarge : Number(isLong) + Number(isLarge) + Number(isFull) <= 1;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** The definition, step by step, in float64. */
function hiddenStates(spec: RecurrentSpec, gates: number, inputs: Record<string, ArrayLike<number>>) {
  const { cell, resetAfter, steps, batch, inputSize, hiddenSize: size } = spec;
  const { x, weight, recurrentWeight, bias, recurrentBias } = inputs;
  const output = new Float64Array(steps * batch * size);
  const width = gates * size;
  for (let b = 0; b < batch; b++) {
    let h = new Float64Array(size);
    const c = new Float64Array(size);
    for (let t = 0; t < steps; t++) {
      const fromInput = product(x, (t * batch + b) * inputSize, inputSize, weight, width, bias);
      const fromState = product(h, 0, size, recurrentWeight, width, recurrentBias);
      const gate = (g: number, j: number) => sigmoid(fromInput[g * size + j] + fromState[g * size + j]);
      const next = new Float64Array(size);
      const resetState = h.map((value, j) => gate(0, j) * value);
      const fromReset =
        cell === 'gru' && !resetAfter
          ? product(resetState, 0, size, recurrentWeight, width, recurrentBias)
          : null;
      for (let j = 0; j < size; j++) {
        if (cell === 'lstm') {
          const candidate = Math.tanh(fromInput[2 * size + j] + fromState[2 * size + j]);
          c[j] = gate(1, j) * c[j] + gate(0, j) * candidate;
          next[j] = gate(3, j) * Math.tanh(c[j]);
        } else {
          const recurrent = fromReset ? fromReset[2 * size + j] : gate(0, j) * fromState[2 * size + j];
          const candidate = Math.tanh(fromInput[2 * size + j] + recurrent);
          next[j] = (1 - gate(1, j)) * candidate + gate(1, j) * h[j];
        }
      }
      h = next;
      output.set(h, (t * batch + b) * size);
    }
  }
  return output;
}

/** row [k] x matrix [k, width] + bias [width] */
function product(
  row: ArrayLike<number>,
  at: number,
  k: number,
  matrix: ArrayLike<number>,
  width: number,
  bias: ArrayLike<number>,
): Float64Array {
  const sums = Float64Array.from(bias);
  for (let i = 0; i < k; i++) {
    const value = row[at + i];
    for (let j = 0; j < width; j++) sums[j] += value * matrix[i * width + j];
  }
  return sums;
}
