import type { Device, Program } from '../backends/backend.ts';
import { openDevice } from '../backends/open.ts';
import type { TensorData } from '../core/dtype.ts';
import { FeedError, TrainingError } from '../core/errors.ts';
import { showShape, sizeOf } from '../core/shape.ts';
import { Graph, Tensor, type Variable } from '../graph/graph.ts';
import type { TensorSpec } from '../graph/kernel.ts';
import type { Layer, Tensors } from '../nn/layer.ts';
import type { LossFunction } from '../nn/losses.ts';
import type { Metric } from '../nn/metrics.ts';
import { type Forward, forward } from '../nn/model.ts';
import { add, div, mul } from '../ops/arithmetic.ts';
import { mean } from '../ops/reduce.ts';
import { sum } from '../ops/sum.ts';
import type { Averaging, MovingAverage } from '../optim/movingAverage.ts';
import type { Optimizer } from '../optim/optimizer.ts';
import { type LabelRange, labelRange } from './checkData.ts';
import type { Dataset } from './dataset.ts';
import { type BatchTensors, type DataHome, homeOf, type LabelRanges } from './feeding.ts';
import { scalarsAtMost } from './lossTotals.ts';

/** For a model with one output; or by the names of its outputs, where it has several. */
export type ByOutput<Value> = Value | Readonly<Record<string, Value>>;

export interface CompileModelOptions {
  /** What is minimised, such as `softmaxCrossEntropy`. With several outputs their losses are added up. */
  loss?: ByOutput<LossFunction>;
  optimizer?: Optimizer;
  /** Computed on the device, in training and evaluation. */
  metrics?: ByOutput<readonly Metric<unknown>[]>;
  /** Where to compute; default: what `openDevice` finds. */
  device?: Device;
  /** For first weights, dropout and the order of the samples; default 0. */
  seed?: number;
  /** The graph in which the model's variables are made; default a new one. Models of one graph share the layers that they share. */
  graph?: Graph;
  /** A label that stands for no class, such as the `ignoreIndex` of the loss: the check of labels lets it pass. */
  ignoreLabel?: number;
  /** Such as `averageWeights({ decay: 0.99 })`: keeps a moving average of the parameters; `useAverages` puts it in their place. */
  movingAverage?: Averaging;
  /** Shape and dtype of one sample's x, by name where there are several: only needed to load weights before any data was seen. */
  input?: TensorSpec | Readonly<Record<string, TensorSpec>>;
}

/**
 * A network together with the device and the graph in which it lives, and with what it is trained for: what `fit`, `evaluate` and `predict`
 * take. Everything in it can be used without them: `graph`, `network` and `variables` are those of the ops.
 */
export class CompiledModel<Input extends Tensors = Tensors, Output extends Tensors = Tensors> {
  readonly graph: Graph;
  readonly home: DataHome;
  /** Programs that have been compiled, by what they do and for which batch. */
  readonly programs = new Map<string, Promise<Program>>();
  /** Programs for evaluation and prediction. */
  readonly readers = new Map<
    string,
    { outputs: Readonly<Record<string, Tensor>>; program: Promise<Program> }
  >();
  /** Training steps that have been built, by kind and batch. */
  readonly steps = new Map<string, StepGraph>();
  /** The averages, once training has begun. */
  average: MovingAverage | null = null;
  private totals: Totals | null = null;
  private found: Forward<Output> | null = null;

  constructor(
    readonly network: Layer<Input, Output>,
    readonly device: Device,
    readonly options: CompileModelOptions,
  ) {
    this.graph = options.graph ?? new Graph({ seed: options.seed });
    this.home = homeOf(this.graph);
  }

  /**
   * The variables of the network, running statistics included.
   * @throws TrainingError where the network has not been called yet and no `input` says with what.
   */
  get variables(): readonly Variable[] {
    if (this.found) return this.found.variables;
    const { input } = this.options;
    if (!input)
      throw new TrainingError(
        'compileModel: the variables are not made before the first fit; tell it { input }, the shape and dtype of a sample',
      );
    const leaf = (name: string, { shape, dtype }: TensorSpec) =>
      this.graph.input(`${this.home.nextName('batch')}/${name}`, [1, ...shape], dtype);
    const specs = Object.entries(input);
    const x = isSpec(input)
      ? leaf('x', input)
      : Object.fromEntries(specs.map(([name, spec]) => [name, leaf(name, spec)]));
    return this.call(x, false).variables;
  }

  /** Calls the network with the x of a batch. */
  call(x: Tensors, training: boolean): Forward<Output> {
    const run = forward(this.network, x as Input, { training });
    this.found ??= run;
    return run;
  }

  /** Loss and totals of the metrics for a batch. */
  judge({ tensors }: BatchTensors, training: boolean): Judgement<Output> {
    const run = this.call(toTensors('x', tensors), training);
    const { penalty } = run;
    const terms = this.pairs(run.output, tensors).map(({ loss, output, target }) =>
      tensors.weights
        ? weighed(loss(output, target, { reduction: 'none' }), tensors.weights)
        : loss(output, target),
    );
    const total = terms.reduce((left, right) => add(left, right));
    const totals = new Map<string, Tensor>();
    for (const { name, output, target, metrics } of this.pairs(run.output, tensors)) {
      for (const metric of metrics) {
        for (const [key, value] of Object.entries(metric.totals(output, target)))
          totals.set(`${name}${metric.name}.${key}`, value);
      }
    }
    return { run, loss: penalty ? add(total, penalty) : total, totals };
  }

  /** The metrics' values of summed totals, by name. */
  metricValues(totals: Readonly<Record<string, ArrayLike<number>>>): Record<string, unknown> {
    const values: Record<string, unknown> = {};
    for (const [prefix, metrics] of metricsByOutput(this.options.metrics)) {
      for (const metric of metrics) {
        const start = `${prefix}${metric.name}.`;
        const own = Object.entries(totals).filter(([name]) => name.startsWith(start));
        values[start.slice(0, -1)] = metric.value(
          Object.fromEntries(own.map(([name, total]) => [name.slice(start.length), total])),
        );
      }
    }
    return values;
  }

  /** Which fields of a dataset hold class numbers, and of how many classes; once the network has been called. */
  rangesFor({ fields }: Dataset): LabelRanges {
    const ranges: Record<string, LabelRange> = {};
    for (const [name, { shape, dtype }] of this.found ? outputsOf(this.found.output) : []) {
      const field = name === '' ? 'y' : `y/${name}`;
      const output = { shape: shape.slice(1), dtype };
      const range = fields[field] && labelRange(fields[field], output, this.options.ignoreLabel ?? null);
      if (range) ranges[field] = range;
    }
    return ranges;
  }

  /** Where the totals of an epoch are summed up on the device. */
  totalsFor({ loss: { graph }, totals }: Judgement<Output>): Totals {
    if (this.totals) return this.totals;
    const own = this.home.nextName('totals');
    const names = [...totals.keys()];
    const scalars = names.filter((name) => totals.get(name)?.size === 1).slice(0, scalarsAtMost);
    const loss = graph.variable(`${own}/loss`, [3 + scalars.length], { trainable: false });
    const others = names
      .filter((name) => !scalars.includes(name))
      .map((name): [string, Variable] => [
        name,
        graph.variable(`${own}/${name}`, totals.get(name)?.shape ?? [], { trainable: false }),
      ]);
    this.totals = { loss, scalars, others: new Map(others) };
    return this.totals;
  }

  /** Begins to sum up anew. */
  clearTotals(): void {
    if (!this.totals) return;
    for (const variable of [this.totals.loss, ...this.totals.others.values()])
      this.device.write(variable, new Float32Array(sizeOf(variable.shape)));
  }

  /** The totals of the epoch so far. */
  async readTotals(): Promise<Record<string, TensorData>> {
    if (!this.totals) return {};
    const { loss, others } = this.totals;
    const read = [['', loss] as const, ...others].map(
      async ([name, variable]): Promise<[string, TensorData]> => [name, await this.device.read(variable)],
    );
    return Object.fromEntries(await Promise.all(read));
  }

  /** Loss, samples and failed batches of totals that were read, and the values of the metrics. */
  quality({ '': heads, ...others }: Readonly<Record<string, TensorData>>) {
    const scalars = (this.totals?.scalars ?? []).map(
      (name, i) => [name, heads.subarray(3 + i, 4 + i)] as const,
    );
    const values = this.metricValues({ ...others, ...Object.fromEntries(scalars) });
    return { loss: heads[0] / heads[1], failed: heads[2], values };
  }

  /** What a training checkpoint holds: all variables of the graph but the data. */
  get state(): Variable[] {
    const data = new Set(this.home.variables.values());
    return this.graph.variables.filter((variable) => !data.has(variable));
  }

  private pairs(given: Output, tensors: Readonly<Record<string, Tensor>>) {
    const { loss } = this.options;
    if (!loss)
      throw new TrainingError('compileModel: there is no loss; give one, such as { loss: meanSquaredError }');
    const metrics = metricsByOutput(this.options.metrics);
    const targets = outputsOf(given).map(([name, output]) => {
      const own = typeof loss === 'function' ? (name === '' ? loss : undefined) : loss[name];
      const target = tensors[name === '' ? 'y' : `y/${name}`];
      return { name, output, target, loss: own };
    });
    return targets.flatMap(({ name, output, target, loss: own }) => {
      // An output without a loss is only there to be predicted.
      if (!own && name !== '') return [];
      if (!own || !target) {
        const fields = Object.keys(tensors).filter((field) => /^y(\/|$)/.test(field));
        throw new FeedError(
          `the model's output ${name ? `"${name}" ` : ''}${showShape(output.shape)} has no ${own ? `target: y has ${fields.join(', ')}` : 'loss of its own'}`,
        );
      }
      const prefix = name === '' ? '' : `${name}/`;
      return [{ name: prefix, output, target, loss: own, metrics: metrics.get(prefix) ?? [] }];
    });
  }
}

/** Where the totals of an epoch are kept. */
export interface Totals {
  /** [3 + scalars], see `lossTotals`. */
  readonly loss: Variable;
  /** Names of the metrics' totals that stand in it. */
  readonly scalars: readonly string[];
  /** All other totals, such as those of a confusion matrix. */
  readonly others: ReadonlyMap<string, Variable>;
}

/** A training step before it is compiled: its outputs are the totals. */
export interface StepGraph {
  readonly loss: Tensor;
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly updates: readonly (readonly [Variable, Tensor])[];
}

/** Loss and metrics of one batch, before anything runs. */
export interface Judgement<Output extends Tensors = Tensors> {
  readonly run: Forward<Output>;
  readonly loss: Tensor;
  readonly totals: ReadonlyMap<string, Tensor>;
}

/**
 * Brings a network together with a loss, an optimizer, metrics and a device.
 *
 * ```ts
 * const network = sequential([dense(128, { activation: relu }), dropout(0.2), dense(10)]);
 * const model = await compileModel(network, {
 *   loss: softmaxCrossEntropy, optimizer: adam({ learningRate: 1e-3 }), metrics: [accuracy()] });
 * await fit(model, { x: { data: images, shape: [60000, 784] }, y: labels }, { epochs: 5 });
 * ```
 */
export async function compileModel<Input extends Tensors, Output extends Tensors>(
  network: Layer<Input, Output>,
  options: CompileModelOptions = {},
): Promise<CompiledModel<Input, Output>> {
  if (typeof network?.call !== 'function')
    throw new TrainingError(`compileModel: expected a layer, such as sequential([…]), got ${typeof network}`);
  return new CompiledModel(network, options.device ?? (await openDevice()), options);
}

/** `x` of a batch as the network takes it: a tensor, or a record of them. */
export function toTensors(what: string, tensors: Readonly<Record<string, Tensor>>): Tensors {
  if (tensors[what]) return tensors[what];
  const own = Object.entries(tensors).filter(([name]) => name.startsWith(`${what}/`));
  return Object.fromEntries(own.map(([name, tensor]) => [name.slice(what.length + 1), tensor]));
}

/** Σ weight · loss / Σ weight, of losses [samples, …] and weights [samples]. */
function weighed(losses: Tensor, weights: Tensor): Tensor {
  const axes = losses.shape.map((_, axis) => axis).slice(1);
  const perSample = axes.length > 0 ? mean(losses, { axes }) : losses;
  return div(sum(mul(perSample, weights)), sum(weights));
}

/** An output under the name '', or several under theirs. */
export function outputsOf(output: Tensors): [string, Tensor][] {
  return output instanceof Tensor ? [['', output]] : Object.entries(output);
}

function metricsByOutput(metrics: CompileModelOptions['metrics']): Map<string, readonly Metric<unknown>[]> {
  if (!metrics) return new Map();
  if (isList(metrics)) return new Map([['', metrics]]);
  return new Map(Object.entries(metrics).map(([name, own]) => [`${name}/`, own]));
}

function isList<Item>(value: readonly Item[] | object): value is readonly Item[] {
  return Array.isArray(value);
}

function isSpec(value: TensorSpec | Readonly<Record<string, TensorSpec>>): value is TensorSpec {
  return Array.isArray(value.shape);
}
