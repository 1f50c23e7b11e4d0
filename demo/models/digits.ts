import {
  adam,
  add,
  argMax,
  cast,
  type Device,
  equal,
  Graph,
  gather,
  heNormal,
  mean,
  type Program,
  RandomStream,
  relu,
  softmax,
  softmaxCrossEntropy,
  type Tensor,
  type Variable,
} from '../../src/index.ts';
import {
  batchNorm,
  conv2d,
  dense,
  dropout,
  flatten,
  forward,
  type Layer,
  maxPool2d,
  reshape,
  sequential,
} from '../../src/layers.ts';

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

/** Convolution, batch normalisation, relu, and the largest of each 2 x 2 pixels: [n, h, w, in] -> [n, h', w', out]. */
function convolutionBlock(name: string, channels: number, size: number): Layer {
  return sequential(
    [
      conv2d(channels, size, { bias: false, initializers: { weight: heNormal() } }),
      batchNorm(),
      relu,
      maxPool2d(2),
    ],
    { name },
  );
}

/** A small network that reads handwritten digits. */
export interface DigitsNetwork {
  readonly graph: Graph;
  /** [n, 784] -> logits [n, 10]. */
  readonly layers: Layer;
  /** What a weights file holds. */
  readonly variables: readonly Variable[];
}

export function digitsNetwork(seed: number): DigitsNetwork {
  const graph = new Graph({ seed });
  // 28 x 28 x 1 -> 24 x 24 x 8 -> 12 x 12 x 8 -> 10 x 10 x 16 -> 5 x 5 x 16 -> 10
  const layers = sequential(
    [
      reshape([side, side, 1]),
      convolutionBlock('conv1', 8, 5),
      convolutionBlock('conv2', 16, 3),
      flatten(),
      dropout(0.1),
      // All 0: no class is likelier than another at the start.
      dense(classes, { initializers: { weight: 0 } }),
    ],
    { name: 'digits' },
  );
  // The variables are made by the first call, whatever it is for.
  const { variables } = forward(layers, graph.input('digit', [1, pixelsPerDigit]));
  return { graph, layers, variables };
}

/** Puts digits on the device, once: programs then take batches of them by index, and nothing else is uploaded. */
function batchOf(
  graph: Graph,
  name: string,
  digits: Digits,
  batch: number,
): { pixels: Tensor; labels: Tensor } {
  const indices = graph.input(`${name}/indices`, [batch], 'uint32');
  return graph.scope(name, () => {
    const pixels = graph.variable('pixels', [digits.count, pixelsPerDigit], {
      initializer: digits.pixels,
      trainable: false,
    });
    const labels = graph.variable('labels', [digits.count], { initializer: digits.labels, dtype: 'int32' });
    return { pixels: gather(pixels, indices), labels: gather(labels, indices) };
  });
}

export interface TrainingOptions {
  readonly epochs: number;
  readonly batch: number;
  /** The largest learning rate of the cycle. */
  readonly learningRate: number;
  /** For the order of the digits. */
  readonly seed: number;
  /** Ends the training after the present step. */
  readonly signal?: AbortSignal;
}

/** What is known of a training between two steps. */
export interface Reading {
  /** Steps done. */
  readonly step: number;
  /** The epoch of the last step, from 1. */
  readonly epoch: number;
  /** Of the batch that was read last. */
  readonly loss: number;
  /** The share of digits in that batch that was read rightly, with dropout. */
  readonly accuracy: number;
}

export interface DigitsTrainer {
  /** One training step: forward, loss, backward, Adam, running statistics. */
  readonly program: Program<'loss' | 'accuracy'>;
  readonly stepsPerEpoch: number;
  readonly steps: number;
  /**
   * Makes all steps; `onReading` is awaited after each in which the loss was read, and at the end of each epoch.
   * @throws NonFiniteError where the loss became NaN or infinite. The parameters are those before that step.
   */
  train(onReading: (reading: Reading) => Promise<void> | void): Promise<void>;
}

/** -1, 0 or 1 pixels. Shifted digits are as good as more digits: they raise the accuracy by a third of a per cent. */
function shift(random: RandomStream): number {
  return random.integer(3) - 1;
}

/** Steps from one reading of the loss to the next; the others only submit. */
const stepsPerReading = 10;

/** Compiles the training of `network` on `digits`. */
export async function digitsTrainer(
  device: Device,
  network: DigitsNetwork,
  digits: Digits,
  options: TrainingOptions,
): Promise<DigitsTrainer> {
  const { graph } = network;
  const { epochs, seed, signal } = options;
  const batch = Math.min(options.batch, digits.count);
  const { pixels, labels } = batchOf(graph, 'train', digits, batch);
  const learningRate = graph.input('train/learningRate', []);
  // The digits of a batch are shifted together, by a number of pixels in reading order: what leaves a row comes in at the next one,
  // where it is paper.
  const offset = graph.input('train/offset', [], 'int32');
  const places = graph.constant(
    Array.from({ length: pixelsPerDigit }, (_, i) => i),
    [pixelsPerDigit],
    'int32',
  );
  const shifted = gather(pixels, add(places, offset), 1);
  const { output: logits, updates, parameters } = forward(network.layers, shifted, { training: true });
  const loss = softmaxCrossEntropy(logits, labels);
  const accuracy = mean(cast(equal(argMax(logits), labels), 'float32'));
  const program = await device.compile({
    outputs: { loss, accuracy },
    // A short memory of squared gradients, for there are only some hundred steps.
    updates: [...adam({ learningRate, beta2: 0.99 }).minimize(loss, parameters), ...updates],
    signal,
  });
  // What is left over at the end of an epoch waits for another order of the digits.
  const stepsPerEpoch = Math.floor(digits.count / batch);
  const steps = epochs * stepsPerEpoch;

  async function train(onReading: (reading: Reading) => Promise<void> | void): Promise<void> {
    const random = new RandomStream(seed, 1);
    let paused = performance.now();
    for (let epoch = 1, step = 0; epoch <= epochs; epoch++) {
      const order = random.permutation(digits.count);
      for (let first = 0; first < stepsPerEpoch * batch; first += batch) {
        if (signal?.aborted) return;
        const feeds = {
          'train/indices': order.subarray(first, first + batch),
          'train/offset': side * shift(random) + shift(random),
          'train/learningRate': oneCycle(step, steps, options.learningRate),
        };
        const epochEnds = ++step % stepsPerEpoch === 0;
        if (step % stepsPerReading === 0 || epochEnds) {
          const { loss, accuracy } = await program.run(feeds);
          await onReading({ step, epoch, loss: loss[0], accuracy: accuracy[0] });
        } else {
          await program.submit(feeds);
        }
        // The CPU reference never waits for anything: without a pause no Ctrl-C would be heard.
        if (performance.now() - paused < 100) continue;
        await new Promise((resolve) => setTimeout(resolve));
        paused = performance.now();
      }
    }
  }
  return { program, stepsPerEpoch, steps, train };
}

/**
 * Up to `peak` in the first quarter of the steps and down to nothing in the rest, along cosines (Smith, Topin:
 * "Super-Convergence", 2018).
 */
export function oneCycle(step: number, steps: number, peak: number): number {
  const turn = 0.25 * steps;
  const cosine = (from: number, to: number, share: number) =>
    to + ((from - to) * (1 + Math.cos(Math.PI * share))) / 2;
  return step < turn
    ? cosine(peak / 10, peak, step / turn)
    : cosine(peak, peak / 1000, (step - turn) / (steps - turn));
}

/** What the network makes of digits. */
export interface Answers {
  /** The likeliest class of each digit. */
  readonly predicted: Int32Array;
  /** [count, 10] */
  readonly probabilities: Float32Array;
}

export interface DigitsReader {
  readonly program: Program<'predicted' | 'probabilities'>;
  /** Reads all digits. */
  read(): Promise<Answers>;
}

/** Digits that are read at a time. */
const readingBatch = 250;

/** Compiles the network without dropout, with the running statistics, for `digits`. `name` is that of their variables. */
export async function digitsReader(
  device: Device,
  network: DigitsNetwork,
  name: string,
  digits: Digits,
): Promise<DigitsReader> {
  const { count } = digits;
  const batch = Math.min(readingBatch, count);
  const { pixels } = batchOf(network.graph, name, digits, batch);
  const { output: logits } = forward(network.layers, pixels);
  const program = await device.compile({
    outputs: { predicted: argMax(logits), probabilities: softmax(logits) },
  });

  async function read(): Promise<Answers> {
    const predicted = new Int32Array(count);
    const probabilities = new Float32Array(count * classes);
    for (let first = 0; first < count; first += batch) {
      // Programs have fixed shapes: the last batch ends with repetitions, which are not counted.
      const indices = Uint32Array.from({ length: batch }, (_, i) => Math.min(first + i, count - 1));
      const answers = await program.run({ [`${name}/indices`]: indices });
      const counted = Math.min(batch, count - first);
      predicted.set(answers.predicted.subarray(0, counted), first);
      probabilities.set(answers.probabilities.subarray(0, counted * classes), first * classes);
    }
    return { predicted, probabilities };
  }
  return { program, read };
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
