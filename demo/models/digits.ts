import {
  adam,
  type CompiledModel,
  compileModel,
  type Dataset,
  type Device,
  dataset,
  fit,
  heNormal,
  mapDataset,
  oneCycle,
  predict,
  type RandomStream,
  relu,
  type Schedule,
  shuffleDataset,
  softmax,
  softmaxCrossEntropy,
  type Tensor,
  type Training,
} from '../../src/index.ts';
import {
  batchNorm,
  conv2d,
  dense,
  dropout,
  flatten,
  type Layer,
  maxPool2d,
  sequential,
} from '../../src/layers.ts';
import { accuracy } from '../../src/metrics.ts';

export const classes = 10;
const side = 28;
export const pixelsPerDigit = side * side;

/** Handwritten digits: 28 x 28 values from 0 (paper) to 1 (ink) each, and what they mean. */
export interface Digits {
  readonly count: number;
  /** One digit after the other, row by row. */
  readonly pixels: Float32Array;
  readonly labels: Int32Array;
}

/** A small network that reads handwritten digits: [n, 28, 28, 1] -> logits [n, 10]. */
export function digitsNetwork(): Layer {
  // 28 x 28 x 1 -> 24 x 24 x 8 -> 12 x 12 x 8 -> 10 x 10 x 16 -> 5 x 5 x 16 -> 10
  return sequential(
    [
      conv2d(8, 5, { name: 'conv1', bias: false, initializers: { weight: heNormal() } }),
      batchNorm({ name: 'norm1' }),
      relu,
      maxPool2d(2),
      conv2d(16, 3, { name: 'conv2', bias: false, initializers: { weight: heNormal() } }),
      batchNorm({ name: 'norm2' }),
      relu,
      maxPool2d(2),
      flatten(),
      dropout(0.1),
      // All 0: no class is likelier than another at the start.
      dense(classes, { name: 'dense', initializers: { weight: 0 } }),
    ],
    { name: 'digits' },
  );
}

export type DigitsModel = CompiledModel<Tensor, Tensor>;

/** The network with all that it is trained for; a model that only reads digits needs no `learningRate`. */
export function digitsModel(
  device: Device,
  { seed, learningRate = 0 }: { seed: number; learningRate?: number | Schedule },
): Promise<DigitsModel> {
  return compileModel(digitsNetwork(), {
    device,
    seed,
    loss: softmaxCrossEntropy,
    // A short memory of squared gradients, for there are only some hundred steps.
    optimizer: adam({ learningRate, beta2: 0.99 }),
    metrics: [accuracy()],
    input: { shape: [side, side, 1], dtype: 'float32' },
  });
}

export function toDataset({ count, pixels, labels }: Digits): Dataset {
  return dataset({ x: { data: pixels, shape: [count, side, side, 1] }, y: labels });
}

/** -1, 0 or 1 pixels. Shifted digits are as good as more digits: they raise the accuracy by a third of a per cent. */
function shift(random: RandomStream): number {
  return random.integer(3) - 1;
}

/** The digits in another order in each epoch, each shifted by at most one pixel in each direction. */
export function shiftedDigits(digits: Digits, seed: number): Dataset {
  const set = shuffleDataset(toDataset(digits), { seed });
  return mapDataset(
    set,
    ({ x, y }, { random }) => {
      // In reading order: what leaves a row comes in at the next one, where it is paper.
      const offset = side * shift(random) + shift(random);
      return { x: Float32Array.from(x, (_, i) => x[i + offset] ?? 0), y: y[0] };
    },
    { seed, fields: set.fields },
  );
}

/** The learning rate of the main job: up in the first quarter of the steps, down to nothing in the rest. */
export function digitsSchedule(peak: number, steps: number): Schedule {
  return oneCycle({ learningRate: peak, steps, rise: 0.25, start: 10, end: 100 });
}

export interface TrainingOptions {
  readonly epochs: number;
  readonly batch: number;
  /** For the order of the digits, and how each is shifted. */
  readonly seed: number;
  /** Ends the training after the present step. */
  readonly signal?: AbortSignal;
}

/** Steps of an epoch: what is left over at its end waits for another order of the digits. */
export function stepsPerEpoch({ count }: Digits, batch: number): number {
  return Math.floor(count / Math.min(batch, count));
}

/** Trains on `digits`, judging by `heldOut` after each epoch. */
export function trainDigits(
  model: DigitsModel,
  digits: Digits,
  heldOut: Digits,
  { epochs, batch, seed, signal }: TrainingOptions,
): Training {
  return fit(model, shiftedDigits(digits, seed), {
    epochs,
    batchSize: Math.min(batch, digits.count),
    dropLast: true,
    validation: toDataset(heldOut),
    signal,
  });
}

/** What the network makes of digits. */
export interface Answers {
  /** The likeliest class of each digit. */
  readonly predicted: Int32Array;
  /** [count, 10] */
  readonly probabilities: Float32Array;
}

/** Reads digits: without dropout, with the running statistics. */
export async function readWith(model: DigitsModel, { count, pixels }: Digits): Promise<Answers> {
  const x = { data: pixels, shape: [count, side, side, 1] };
  const { data } = await predict(model, x, { activation: softmax, batchSize: 250 });
  const probabilities = Float32Array.from(data);
  const predicted = Int32Array.from({ length: count }, (_, i) => {
    const shares = probabilities.subarray(i * classes, (i + 1) * classes);
    return shares.indexOf(Math.max(...shares));
  });
  return { predicted, probabilities };
}

export interface Score {
  readonly correct: number;
  readonly total: number;
  readonly accuracy: number;
  /** How often [true digit] was [read as]. */
  readonly confusion: number[][];
  /** Numbers of the digits that were misread. */
  readonly misread: number[];
}

export function scoreOf({ predicted }: Answers, { labels, count }: Digits): Score {
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  const misread: number[] = [];
  predicted.forEach((found, i) => {
    confusion[labels[i]][found]++;
    if (found !== labels[i]) misread.push(i);
  });
  const correct = count - misread.length;
  return { correct, total: count, accuracy: correct / count, confusion, misread };
}
