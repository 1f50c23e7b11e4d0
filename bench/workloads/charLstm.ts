import { charLstmLosses } from '../reference/charLstm.ts';
import { fill, type Workload } from './workload.ts';

/**
 * A training step of a character model: one-hot characters, an LSTM layer, a dense layer at every step, the mean of softmax
 * cross-entropy, Adam with `adamOptions`.
 * inputs  x [T, B, V] one-hot, labels int32 [T, B]; the first values of weight [V, 4*H] (i, f, g, o), recurrentWeight [H, 4*H],
 *         bias [4*H], outputWeight [H, V], outputBias [V]
 * outputs loss [1]: of the last step, before its update
 */
export interface CharLstmSpec {
  readonly steps: number;
  readonly batch: number;
  readonly characters: number;
  readonly hiddenSize: number;
}

/** The loss is compared in the third step: two updates have gone into it. */
const checkSteps = 3;

export const workloads: Workload<CharLstmSpec>[] = [charLstm(32, 32, 64, 128)];

function charLstm(
  steps: number,
  batch: number,
  characters: number,
  hiddenSize: number,
): Workload<CharLstmSpec> {
  const width = 4 * hiddenSize;
  const scale = 1 / Math.sqrt(hiddenSize);
  const rows = steps * batch;
  const spec = { steps, batch, characters, hiddenSize };
  const parameters = (characters + hiddenSize) * width + width + (hiddenSize + 1) * characters;
  return {
    name: `char-lstm-T${steps}-B${batch}-H${hiddenSize}`,
    spec,
    default: true,
    goal: 5,
    // Forward, and twice as much backward.
    flops: 3 * 2 * rows * ((characters + hiddenSize) * width + hiddenSize * characters),
    bytes: 4 * (7 * parameters + 2 * rows * (2 * characters + 3 * width)),
    checkSteps,
    tolerance: 1e-4,
    inputs() {
      const labels = Int32Array.from({ length: rows }, (_, i) => (i * 7 + (i >> 3)) % characters);
      const x = new Float32Array(rows * characters);
      for (let i = 0; i < rows; i++) x[i * characters + ((i * 5 + (i >> 4)) % characters)] = 1;
      return {
        x,
        labels,
        weight: fill(characters * width, 1, scale),
        recurrentWeight: fill(hiddenSize * width, 2, scale),
        bias: new Float32Array(width),
        outputWeight: fill(hiddenSize * characters, 3, scale),
        outputBias: new Float32Array(characters),
      };
    },
    async reference(inputs) {
      const losses = charLstmLosses(spec, inputs, checkSteps);
      return { loss: { size: 1, samples: [losses[checkSteps - 1]] } };
    },
  };
}
