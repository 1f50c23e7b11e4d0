import type { CharLstmSpec } from '../workloads/charLstm.ts';
import { adamStep } from './adam.ts';

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** The losses of the first `count` training steps in float64, by back-propagation through time written out. */
export function charLstmLosses(
  spec: CharLstmSpec,
  inputs: Record<string, ArrayLike<number>>,
  count: number,
): number[] {
  const names = ['weight', 'recurrentWeight', 'bias', 'outputWeight', 'outputBias'];
  const parameters = Object.fromEntries(names.map((name) => [name, Float64Array.from(inputs[name])]));
  const zeros = () => Object.fromEntries(names.map((name) => [name, new Float64Array(inputs[name].length)]));
  const mean = zeros();
  const square = zeros();
  const losses: number[] = [];
  for (let step = 1; step <= count; step++) {
    const gradients = zeros();
    losses.push(lossAndGradients(spec, inputs.x, inputs.labels, parameters, gradients));
    for (const name of names) adamStep(parameters[name], gradients[name], mean[name], square[name], step);
  }
  return losses;
}

function lossAndGradients(
  { steps, batch, characters, hiddenSize: size }: CharLstmSpec,
  x: ArrayLike<number>,
  labels: ArrayLike<number>,
  parameters: Record<string, Float64Array>,
  gradients: Record<string, Float64Array>,
): number {
  const { weight, recurrentWeight, bias, outputWeight, outputBias } = parameters;
  const width = 4 * size;
  const rows = steps * batch;
  const gates = new Float64Array(rows * width); // after their activations
  const h = new Float64Array((rows + batch) * size); // one step of zeros first
  const c = new Float64Array((rows + batch) * size);
  const dh = new Float64Array(rows * size);
  let loss = 0;
  for (let row = 0; row < rows; row++) {
    const z = gates.subarray(row * width, (row + 1) * width);
    z.set(bias);
    addProduct(z, x, row * characters, characters, weight);
    addProduct(z, h, row * size, size, recurrentWeight);
    const now = (row + batch) * size;
    for (let j = 0; j < size; j++) {
      const i = sigmoid(z[j]);
      const f = sigmoid(z[size + j]);
      const g = Math.tanh(z[2 * size + j]);
      const o = sigmoid(z[3 * size + j]);
      c[now + j] = f * c[row * size + j] + i * g;
      h[now + j] = o * Math.tanh(c[now + j]);
      z[j] = i;
      z[size + j] = f;
      z[2 * size + j] = g;
      z[3 * size + j] = o;
    }
    const logits = Float64Array.from(outputBias);
    addProduct(logits, h, now, size, outputWeight);
    const top = Math.max(...logits);
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit - top), 0);
    loss += (top + Math.log(total) - logits[labels[row]]) / rows;
    const dLogits = logits.map((logit) => Math.exp(logit - top) / total / rows);
    dLogits[labels[row]] -= 1 / rows;
    backProduct(dLogits, h, now, size, outputWeight, gradients.outputWeight, dh, row * size);
    accumulate(gradients.outputBias, dLogits);
  }
  const dc = new Float64Array(batch * size);
  for (let row = rows - 1; row >= 0; row--) {
    const z = gates.subarray(row * width, (row + 1) * width);
    const dz = new Float64Array(width);
    const b = row % batch;
    for (let j = 0; j < size; j++) {
      const [i, f, g, o] = [z[j], z[size + j], z[2 * size + j], z[3 * size + j]];
      const tanhC = Math.tanh(c[(row + batch) * size + j]);
      const dhj = dh[row * size + j];
      const dcj = dc[b * size + j] + dhj * o * (1 - tanhC ** 2);
      dz[j] = dcj * g * i * (1 - i);
      dz[size + j] = dcj * c[row * size + j] * f * (1 - f);
      dz[2 * size + j] = dcj * i * (1 - g ** 2);
      dz[3 * size + j] = dhj * tanhC * o * (1 - o);
      dc[b * size + j] = dcj * f;
    }
    backProduct(dz, x, row * characters, characters, weight, gradients.weight, null, 0);
    const before = row >= batch ? dh : null;
    backProduct(
      dz,
      h,
      row * size,
      size,
      recurrentWeight,
      gradients.recurrentWeight,
      before,
      (row - batch) * size,
    );
    accumulate(gradients.bias, dz);
  }
  return loss;
}

/** sums [n] += values [k] x matrix [k, n] */
function addProduct(
  sums: Float64Array,
  values: ArrayLike<number>,
  at: number,
  k: number,
  matrix: Float64Array,
): void {
  const n = sums.length;
  for (let i = 0; i < k; i++) {
    const value = values[at + i];
    if (value !== 0) for (let j = 0; j < n; j++) sums[j] += value * matrix[i * n + j];
  }
}

/** y = x M  =>  dM += xT dy, dx += dy MT */
function backProduct(
  dy: Float64Array,
  x: ArrayLike<number>,
  xAt: number,
  k: number,
  matrix: Float64Array,
  dMatrix: Float64Array,
  dx: Float64Array | null,
  dxAt: number,
): void {
  const n = dy.length;
  for (let i = 0; i < k; i++) {
    const value = x[xAt + i];
    let sum = 0;
    if (value !== 0) for (let j = 0; j < n; j++) dMatrix[i * n + j] += value * dy[j];
    if (dx) {
      for (let j = 0; j < n; j++) sum += dy[j] * matrix[i * n + j];
      dx[dxAt + i] += sum;
    }
  }
}

function accumulate(sums: Float64Array, values: Float64Array): void {
  for (let i = 0; i < sums.length; i++) sums[i] += values[i];
}
