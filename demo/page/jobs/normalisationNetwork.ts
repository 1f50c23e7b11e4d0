import {
  adam,
  binaryCrossEntropyWithLogits,
  concat,
  type Device,
  Graph,
  mean,
  normal,
  reshape,
  sigmoid,
  slice,
  type Tensor,
  tanh,
  variance,
  zeros,
} from 'tensorloom';
import { batchNorm, dense, dropout, forward, type Layer, sequential } from 'tensorloom/layers';
import type { Points } from '../../models/points.ts';
import {
  batchSize,
  hiddenLayers,
  histogramBins,
  histogramLimit,
  smallMapSide,
  units,
  type Variant,
} from '../sections/normalisationRange.ts';
import { planePoints } from './learner.ts';

/** What a batch normalisation knows of each of its units. */
export interface BatchNormReading {
  readonly batchMean: Float32Array;
  readonly batchVariance: Float32Array;
  readonly runningMean: Float32Array;
  readonly runningVariance: Float32Array;
}

export interface VariantReading {
  /** Of all points, as the network predicts: running statistics, nothing dropped. */
  readonly trainingLoss: number;
  readonly validationLoss: number;
  readonly validationAccuracy: number;
  /** Probabilities over the plane, row by row from below. */
  readonly map: Float32Array;
  /** For each hidden layer, what its activation is given in this step's batch: counts by value, and mean and standard deviation. */
  readonly histograms: readonly {
    readonly counts: readonly number[];
    readonly mean: number;
    readonly deviation: number;
  }[];
  /** For each hidden layer; empty without. */
  readonly batchNorms: readonly BatchNormReading[];
  /** For each hidden layer, [sample, unit] of this step's batch: 1 where the unit is off. Empty without dropout. */
  readonly masks: readonly Uint8Array[];
  /** The probability that the first sample of the batch gets in training, and in prediction. */
  readonly first: { readonly training: number; readonly prediction: number };
}

export interface Contender {
  readonly variant: Variant;
  update(batch: Points): Promise<void>;
  /** What is seen before the update with `batch`: the masks are those that it will draw. */
  read(batch: Points): Promise<VariantReading>;
  dispose(): void;
}

interface ContenderOptions {
  readonly dropoutRate: number;
  readonly spread: number;
  readonly learningRate: number;
  readonly seed: number;
  readonly training: Points;
  readonly validation: Points;
}

/** Dense layers with tanh; the same seed gives each variant the same first weights. */
function makeNetwork(variant: Variant, { dropoutRate, spread }: ContenderOptions): Layer {
  const layers: (Layer | ((x: Tensor) => Tensor))[] = [];
  for (let i = 0; i < hiddenLayers; i++) {
    const standardDeviation = spread / Math.sqrt(i === 0 ? 2 : units);
    layers.push(dense(units, { initializers: { weight: normal({ standardDeviation }), bias: zeros() } }));
    if (variant === 'batchNorm' || variant === 'both') layers.push(batchNorm());
    layers.push(tanh);
    if (variant === 'dropout' || variant === 'both') layers.push(dropout(dropoutRate));
  }
  return sequential([...layers, dense(1)]);
}

export async function makeContender(
  device: Device,
  variant: Variant,
  options: ContenderOptions,
): Promise<Contender> {
  const graph = new Graph({ seed: options.seed });
  const network = makeNetwork(variant, options);
  const x = graph.input('x', [batchSize, 2]);
  const y = graph.input('y', [batchSize, 1]);
  const step = forward(network, x, { training: true });
  const loss = binaryCrossEntropyWithLogits(step.output, y);
  const { learningRate, training, validation } = options;
  const train = await device.compile({
    outputs: { loss },
    updates: [...step.updates, ...adam({ learningRate }).minimize(loss, step.parameters)],
  });

  // All that is predicted goes through the network at once: the first sample, the training points, those held back, the map.
  const known = [...training.x, ...validation.x, ...planePoints(smallMapSide)];
  const predicted = forward(
    network,
    concat([slice(x, { begin: [0], end: [1] }), graph.constant(known, [known.length / 2, 2])]),
  ).output;
  const part = (begin: number, size: number) => slice(predicted, { begin: [begin], size: [size] });
  const lossOf = ({ y: classes }: Points, logits: Tensor) =>
    binaryCrossEntropyWithLogits(logits, graph.constant(classes, [classes.length, 1]));
  const [trained, held] = [training.y.length, validation.y.length];
  const heldLogits = part(1 + trained, held);
  const outputs: Record<string, Tensor> = {
    trainingLoss: lossOf(training, part(1, trained)),
    validationLoss: lossOf(validation, heldLogits),
    validationLogits: heldLogits,
    map: sigmoid(part(1 + trained + held, smallMapSide * smallMapSide)),
    inTraining: sigmoid(slice(step.output, { begin: [0], end: [1] })),
    inPrediction: sigmoid(part(0, 1)),
  };
  const calls = (kind: string) => step.calls.filter((call) => call.kind === kind).slice(0, hiddenLayers);
  const sums = calls('dense').map(({ output }) => output as Tensor);
  const norms = calls('batchNorm');
  const normalised = norms.map(({ output }) => output as Tensor);
  const dropped = calls('dropout').map(({ output }) => output as Tensor);
  const given = normalised.length > 0 ? normalised : sums;
  given.forEach((tensor, layer) => {
    outputs[`given${layer}`] = reshape(tensor, [tensor.size]);
  });
  dropped.forEach((tensor, layer) => {
    outputs[`dropped${layer}`] = reshape(tensor, [tensor.size]);
  });
  norms.forEach(({ variables }, layer) => {
    outputs[`mean${layer}`] = mean(sums[layer], { axes: [0] });
    outputs[`variance${layer}`] = variance(sums[layer], { axes: [0] });
    for (const name of ['runningMean', 'runningVariance'] as const) {
      const state = variables.find((variable) => variable.name.endsWith(name));
      if (state) outputs[`${name}${layer}`] = state;
    }
  });
  const inspect = await device.compile({ outputs });

  return {
    variant,
    update: (batch) => train.submit({ x: batch.x, y: batch.y }),
    async read(batch) {
      const result: Record<string, ArrayLike<number>> = await inspect.run({ x: batch.x });
      const numbers = (name: string) => Float32Array.from(result[name]);
      const right = validation.y.filter((each, i) => result.validationLogits[i] > 0 === (each === 1)).length;
      return {
        trainingLoss: result.trainingLoss[0],
        validationLoss: result.validationLoss[0],
        validationAccuracy: right / validation.y.length,
        map: numbers('map'),
        histograms: given.map((_, layer) => histogram(result[`given${layer}`])),
        batchNorms: norms.map((_, layer) => ({
          batchMean: numbers(`mean${layer}`),
          batchVariance: numbers(`variance${layer}`),
          runningMean: numbers(`runningMean${layer}`),
          runningVariance: numbers(`runningVariance${layer}`),
        })),
        // What tanh gives is never 0 by itself.
        masks: dropped.map((_, layer) =>
          Uint8Array.from(result[`dropped${layer}`], (value) => Number(value === 0)),
        ),
        first: { training: result.inTraining[0], prediction: result.inPrediction[0] },
      };
    },
    dispose() {
      train.dispose();
      inspect.dispose();
    },
  };
}

function histogram(values: ArrayLike<number>) {
  const all = Array.from(values);
  const counts = new Array<number>(histogramBins).fill(0);
  for (const value of all) {
    const bin = Math.floor(((value + histogramLimit) / (2 * histogramLimit)) * histogramBins);
    counts[Math.min(histogramBins - 1, Math.max(0, bin))]++;
  }
  const middle = all.reduce((sum, value) => sum + value, 0) / all.length;
  const squares = all.reduce((sum, value) => sum + (value - middle) ** 2, 0) / all.length;
  return { counts, mean: middle, deviation: Math.sqrt(squares) };
}
