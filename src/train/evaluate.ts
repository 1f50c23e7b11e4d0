import { Pauses } from '../backends/pause.ts';
import type { DType, TensorData } from '../core/dtype.ts';
import { NonFiniteError, TrainingError } from '../core/errors.ts';
import type { Shape } from '../core/shape.ts';
import type { Tensor } from '../graph/graph.ts';
import type { Tensors } from '../nn/layer.ts';
import { checkFields, checkLabels, checkRows } from './checkData.ts';
import { type CompiledModel, outputsOf, toTensors } from './compiledModel.ts';
import { type DataArrays, type Dataset, dataset, type Fields, toDataset } from './dataset.ts';
import type { Quality } from './events.ts';
import { type BatchTensors, Feeder, type LabelRanges, oneAhead } from './feeding.ts';

export interface EvaluateOptions {
  /** Samples of one run; default 128. */
  batchSize?: number;
  signal?: AbortSignal;
  /** Whether all samples are put on the device, to stay there: for arrays that are judged again and again. Default false. */
  resident?: boolean;
}

/** What an evaluation found. */
export interface Evaluation extends Quality {
  /** Of all metrics, also those that are no numbers, such as a confusion matrix. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly samples: number;
}

/** Runs whose results may be on their way at one time. */
const runsAhead = 3;

/**
 * Loss and metrics of a model on data, without dropout and with running statistics. Nothing of the model changes.
 *
 * ```ts
 * const { loss, metrics } = await evaluate(model, { x: test.images, y: test.labels });
 * console.log(metrics.accuracy);
 * ```
 *
 * @throws FeedError, ShapeError where the data does not fit; NonFiniteError where the loss is NaN or infinite.
 */
export async function evaluate(
  model: CompiledModel,
  data: Dataset | DataArrays,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const set = toDataset(data);
  checkFields('evaluate', set);
  const sums: Record<string, Float64Array> = {};
  let samples = 0;
  let loss = 0;
  const build = (batch: BatchTensors) => {
    const judged = model.judge(batch, false);
    return { loss: judged.loss, ...Object.fromEntries(judged.totals) };
  };
  for await (const { values, size } of runs(model, set, { key: 'evaluate', build }, options)) {
    const { loss: mean, ...totals } = values;
    if (!Number.isFinite(mean[0])) {
      const last = samples + size - 1;
      throw new NonFiniteError(`evaluate: the loss of samples ${samples} to ${last} is ${mean[0]}`, null);
    }
    loss += mean[0] * size;
    samples += size;
    for (const [name, total] of Object.entries(totals)) {
      sums[name] ??= new Float64Array(total.length);
      for (let i = 0; i < total.length; i++) sums[name][i] += total[i];
    }
  }
  const values = model.metricValues(sums);
  return { loss: loss / samples, metrics: numbersOf(values), values, samples };
}

/** Those of the values that are numbers. */
export function numbersOf(values: Readonly<Record<string, unknown>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
}

export interface PredictOptions extends EvaluateOptions {
  /** Applied to each output, such as `softmax` where the network gives logits. */
  activation?: (output: Tensor) => Tensor;
}

/** What a model gives for all samples, one after the other. */
export interface Prediction {
  readonly data: TensorData;
  /** [samples, …] */
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A prediction for each output of the model. */
export type Predictions<Output> = Output extends Tensor
  ? Prediction
  : { readonly [Name in keyof Output]: Prediction };

/**
 * What a model gives for samples, without dropout and with running statistics.
 *
 * ```ts
 * const { data, shape } = await predict(model, { data: pixels, shape: [100, 784] }, { activation: softmax }); // [100, 10]
 * ```
 *
 * @throws FeedError, ShapeError where x does not fit.
 */
export async function predict<Input extends Tensors, Output extends Tensors>(
  model: CompiledModel<Input, Output>,
  x: Fields | Dataset,
  options: PredictOptions = {},
): Promise<Predictions<Output>> {
  const set = isDataset(x) ? x : dataset({ x });
  const { activation = plain } = options;
  const parts: Record<string, TensorData[]> = {};
  let outputs: Readonly<Record<string, Tensor>> = {};
  let samples = 0;
  const build = (batch: BatchTensors) => {
    const { output } = model.call(toTensors('x', batch.tensors), false);
    return Object.fromEntries(outputsOf(output).map(([name, own]) => [name, activation(own)]));
  };
  for await (const run of runs(model, set, { key: `predict ${numberOf(activation)}`, build }, options)) {
    for (const [name, data] of Object.entries(run.values)) {
      parts[name] ??= [];
      parts[name].push(data);
    }
    outputs = run.outputs;
    samples += run.size;
  }
  const predictions = Object.entries(outputs).map(([name, { shape, dtype }]): [string, Prediction] => [
    name,
    { data: join(parts[name]), shape: [samples, ...shape.slice(1)], dtype },
  ]);
  const result = outputs[''] ? predictions[0][1] : Object.fromEntries(predictions);
  return result as Predictions<Output>;
}

const plain = (output: Tensor) => output;
const numbers = /* @__PURE__ */ new WeakMap<object, number>();
let numbered = 0;

/** Tells functions apart. */
function numberOf(key: object): number {
  const number = numbers.get(key) ?? numbered++;
  numbers.set(key, number);
  return number;
}

/** One run of a program over a batch. */
interface Run {
  readonly size: number;
  readonly values: Readonly<Record<string, TensorData>>;
  readonly outputs: Readonly<Record<string, Tensor>>;
}

/** Runs all batches of a dataset in order; the results of some are on their way while the next ones are given to the device. */
async function* runs(
  model: CompiledModel,
  set: Dataset,
  what: { key: string; build: (batch: BatchTensors) => Record<string, Tensor> },
  { batchSize = 128, signal, resident = false }: EvaluateOptions,
): AsyncGenerator<Run> {
  checkBatchSize(what.key.split(' ')[0], batchSize);
  const pauses = new Pauses();
  const feeder = new Feeder(model.home, set, resident);
  await checkRows(set, pauses);
  const readerOf = (batch: BatchTensors) => {
    const key = `${what.key} ${batch.prefix}`;
    let reader = model.readers.get(key);
    if (!reader) {
      const outputs = what.build(batch);
      reader = { outputs, program: model.device.compile({ outputs, signal }) };
      model.readers.set(key, reader);
      reader.program.catch(() => model.readers.delete(key));
    }
    return reader;
  };
  const first = Math.min(batchSize, set.size ?? batchSize);
  readerOf(feeder.tensorsOf(first));
  const ranges = model.rangesFor(set);
  checkRanges(set, ranges);
  const waiting: Promise<Run>[] = [];
  for await (const { tensors, feeds } of oneAhead(
    feeder.batches(1, { batchSize, dropLast: false, skip: 0, ranges }),
  )) {
    signal?.throwIfAborted();
    const { program, outputs } = readerOf(tensors);
    const run = (await program).run(feeds).then((values) => ({ size: tensors.size, values, outputs }));
    // Whoever waits for it hears of its failure.
    run.catch(() => {});
    waiting.push(run);
    if (waiting.length >= runsAhead) yield await waiting.shift()!;
    if (pauses.isDue) await pauses.take();
  }
  while (waiting.length > 0) yield await waiting.shift()!;
}

/** Throws where a label of samples in memory is none. */
export function checkRanges({ fields, source }: Dataset, ranges: LabelRanges): void {
  if (source.kind !== 'rows') return;
  for (const [name, range] of Object.entries(ranges))
    checkLabels(name, fields[name], source.arrays[name], range);
}

export function checkBatchSize(what: string, batchSize: number): void {
  if (!(Number.isInteger(batchSize) && batchSize >= 1))
    throw new TrainingError(`${what}: batchSize must be a whole number of at least 1, got ${batchSize}`);
}

function isDataset(x: Fields | Dataset): x is Dataset {
  return 'source' in x && 'fields' in x;
}

function join(parts: readonly TensorData[]): TensorData {
  const length = parts.reduce((total, part) => total + part.length, 0);
  const [first] = parts;
  const empty = (): TensorData => {
    if (first instanceof Float32Array) return new Float32Array(length);
    if (first instanceof Int32Array) return new Int32Array(length);
    return first instanceof Uint32Array ? new Uint32Array(length) : new Uint8Array(length);
  };
  const result = empty();
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
