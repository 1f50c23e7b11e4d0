import { isFloat } from '../core/dtype.ts';
import { DTypeError, ShapeError } from '../core/errors.ts';
import { sameShape, showShape, sizeOf } from '../core/shape.ts';
import type { Graph, Tensor } from '../graph/graph.ts';
import { argMax } from '../ops/argMax.ts';
import { abs, square, sub } from '../ops/arithmetic.ts';
import { cast, equal, greater, less, logicalAnd, logicalNot, notEqual, where } from '../ops/comparison.ts';
import { mean } from '../ops/reduce.ts';
import { reshape } from '../ops/reshape.ts';
import { gatherElements } from '../ops/scatterAdd.ts';
import { softmaxCrossEntropy } from '../ops/softmaxCrossEntropy.ts';
import { expandDimensions } from '../ops/squeeze.ts';
import { expand, sum } from '../ops/sum.ts';
import type { LossFunction } from './losses.ts';

/** Sums over batches of what `Metric.totals` names. */
export type Totals = Readonly<Record<string, ArrayLike<number>>>;

/**
 * A measure of quality that is exact over any number of batches: each batch gives totals, computed on the device, which the caller
 * adds up, element by element; the value comes from the sums. So a smaller last batch weighs what it should.
 *
 * ```ts
 * const metric = accuracy();
 * const program = await device.compile({ outputs: { ...metric.totals(logits, labels) } });
 * const { correct, count } = await program.run(feeds);
 * console.log(metric.value({ correct, count }));
 * ```
 */
export interface Metric<Value = number> {
  /** Such as `accuracy`: the key under which training reports it. */
  readonly name: string;
  /**
   * float32 tensors, such as { correct, count }. Counts are exact up to 2^24 a batch.
   *
   * @param mask float32 or bool, in the shape of the samples ([batch], or [batch, steps]): 0 leaves a sample out.
   */
  totals(output: Tensor, target: Tensor, mask?: Tensor): Readonly<Record<string, Tensor>>;
  /** The value that belongs to summed totals. NaN where nothing was counted. */
  value(totals: Totals): Value;
}

export interface MetricOptions {
  /** The key under which training reports it; default the name of the function. */
  name?: string;
}

export interface ClassMetricOptions extends MetricOptions {
  /** Samples with this label are left out, as in `softmaxCrossEntropy`. */
  ignoreIndex?: number;
}

/**
 * The share of samples whose largest output is that of their class. `output` [samples, …, classes], `target` int32 or uint32
 * [samples, …] class numbers, or a float distribution in the shape of the output, whose largest element is the class.
 *
 * @throws ShapeError where the shapes do not fit.
 */
export function accuracy(options: ClassMetricOptions = {}): Metric {
  const { name = 'accuracy' } = options;
  return {
    name,
    totals(output, target, mask) {
      const labels = labelsOf(name, output, target);
      return share(equal(argMax(output), labels), samples(name, labels, mask, options));
    },
    value: ({ correct, count }) => correct[0] / count[0],
  };
}

/**
 * The share of samples whose class is among the `k` largest outputs: those with fewer than k larger ones, so that equal outputs count as
 * hits. Shapes as for `accuracy`.
 */
export function topKAccuracy(k = 5, options: ClassMetricOptions = {}): Metric {
  if (!Number.isInteger(k) || k < 1) {
    throw new ShapeError(`topKAccuracy: k must be a whole number of at least 1, got ${String(k)}`);
  }
  const { name = `top${k}Accuracy` } = options;
  return {
    name,
    totals(output, target, mask) {
      const labels = labelsOf(name, output, target);
      const classes = output.shape[output.rank - 1];
      // A label that is no class is never hit, and neither is an output that is NaN.
      const isClass = logicalAnd(greater(labels, -1), less(labels, classes));
      const index = expandDimensions(where(isClass, labels, 0), -1);
      const own = gatherElements(output, index, output.rank - 1);
      const larger = sum(cast(greater(output, own), 'float32'), { axes: [-1] });
      const isNumber = reshape(equal(own, own), labels.shape);
      const hit = logicalAnd(logicalAnd(less(larger, k), isClass), isNumber);
      return share(hit, samples(name, labels, mask, options));
    },
    value: ({ correct, count }) => correct[0] / count[0],
  };
}

export interface BinaryMetricOptions extends MetricOptions {
  /** The probability from which on an output counts as positive; default 0.5. */
  threshold?: number;
  /**
   * Whether outputs are probabilities, from a sigmoid. Default false: they are logits, as `binaryCrossEntropyWithLogits` takes them.
   */
  probabilities?: boolean;
}

/** The share of elements that lie on the right side of the threshold. `output` float, `target` of the same shape with 0 and 1. */
export function binaryAccuracy(options: BinaryMetricOptions = {}): Metric {
  const { name = 'binaryAccuracy' } = options;
  const isPositive = decision(name, options);
  return {
    name,
    totals(output, target, mask) {
      checkSame(name, output, target);
      const correct = equal(isPositive(output), positives(target));
      return share(correct, elements(name, output, mask));
    },
    value: ({ correct, count }) => correct[0] / count[0],
  };
}

/** How many elements were found rightly, found wrongly, and missed. */
export function binaryCounts(
  name: string,
  options: BinaryMetricOptions,
  output: Tensor,
  target: Tensor,
  mask?: Tensor,
): Record<'truePositive' | 'falsePositive' | 'falseNegative', Tensor> {
  checkSame(name, output, target);
  const found = decision(name, options)(output);
  const actual = positives(target);
  const counted = elements(name, output, mask);
  return {
    truePositive: totalOf(logicalAnd(found, actual), counted),
    falsePositive: totalOf(logicalAnd(found, logicalNot(actual)), counted),
    falseNegative: totalOf(logicalAnd(logicalNot(found), actual), counted),
  };
}

/** The mean of |output - target| over all elements. Float tensors of one shape. */
export function meanAbsoluteError(options: MetricOptions = {}): Metric {
  return averageOf(options.name ?? 'meanAbsoluteError', (output, target) => abs(sub(output, target)));
}

/** The mean of (output - target)² over all elements. Float tensors of one shape. */
export function meanSquaredError(options: MetricOptions = {}): Metric {
  return averageOf(options.name ?? 'meanSquaredError', (output, target) => square(sub(output, target)));
}

/** The mean of a loss over all samples; what a sample loses is the mean over its own elements. */
export function meanLoss(loss: LossFunction, options: MetricOptions = {}): Metric {
  const { name = 'loss' } = options;
  return {
    name,
    totals(output, target, mask) {
      const losses = loss(output, target, { reduction: 'none' });
      const rank = mask?.rank ?? 1;
      const own = losses.shape.map((_, axis) => axis).slice(rank);
      return amount(
        own.length > 0 ? mean(losses, { axes: own }) : losses,
        elements(name, losses, mask, rank),
      );
    },
    value: ({ sum: total, count }) => total[0] / count[0],
  };
}

/**
 * exp of the mean cross-entropy: how many classes the model hesitates between. `output` logits [samples, …, classes], `target` class
 * numbers [samples, …].
 */
export function perplexity(options: ClassMetricOptions = {}): Metric {
  const { name = 'perplexity', ignoreIndex } = options;
  return {
    name,
    totals(output, target, mask) {
      const labels = labelsOf(name, output, target);
      const losses = softmaxCrossEntropy(output, labels, { reduction: 'none', ignoreIndex });
      return amount(losses, samples(name, labels, mask, options));
    },
    value: ({ sum: total, count }) => Math.exp(total[0] / count[0]),
  };
}

function averageOf(name: string, difference: (output: Tensor, target: Tensor) => Tensor): Metric {
  return {
    name,
    totals(output, target, mask) {
      checkSame(name, output, target);
      return amount(difference(output, target), elements(name, output, mask));
    },
    value: ({ sum: total, count }) => total[0] / count[0],
  };
}

/** Which elements count: a bool that broadcasts to `shape`, or all of them. */
export interface Counted {
  readonly which: Tensor | null;
  readonly shape: readonly number[];
}

/** Which samples count, by the mask and by the label that is to be ignored. */
export function samples(
  name: string,
  labels: Tensor,
  mask: Tensor | undefined,
  { ignoreIndex }: ClassMetricOptions,
): Counted {
  const masked = elements(name, labels, mask).which;
  const known = ignoreIndex === undefined ? null : notEqual(labels, ignoreIndex);
  return { which: masked && known ? logicalAnd(masked, known) : (masked ?? known), shape: labels.shape };
}

/** Which elements of `x`, over its first `rank` axes, count by the mask. */
function elements(name: string, x: Tensor, mask: Tensor | undefined, rank = x.rank): Counted {
  const shape = x.shape.slice(0, rank);
  if (!mask) return { which: null, shape };
  if (!sameShape(mask.shape, shape.slice(0, mask.rank))) {
    throw new ShapeError(
      `${x.graph.path(name)}: the mask ${showShape(mask.shape)} must have the leading axes of ${showShape(shape)}`,
    );
  }
  const ones = new Array<number>(rank - mask.rank).fill(1);
  return { which: reshape(cast(mask, 'bool'), [...mask.shape, ...ones]), shape };
}

/** How many of those that count are true, and how many count. */
function share(hit: Tensor, counted: Counted): { correct: Tensor; count: Tensor } {
  return { correct: totalOf(hit, counted), count: countOf(hit.graph, counted) };
}

/** The sum over all that counts, and how many count. */
function amount(values: Tensor, counted: Counted): { sum: Tensor; count: Tensor } {
  return { sum: totalOf(values, counted), count: countOf(values.graph, counted) };
}

function totalOf(values: Tensor, { which }: Counted): Tensor {
  const numbers = cast(values, 'float32');
  return sum(which ? where(which, numbers, 0) : numbers);
}

function countOf(graph: Graph, { which, shape }: Counted): Tensor {
  // A mask of samples stands for all their elements.
  return which ? totalOf(expand(which, shape), { which: null, shape }) : graph.constant(sizeOf(shape));
}

/** Class numbers, int32 [samples, …]. */
export function labelsOf(name: string, output: Tensor, target: Tensor): Tensor {
  const path = output.graph.path(name);
  if (isFloat(target.dtype) && sameShape(target.shape, output.shape) && output.rank > 0)
    return argMax(target);
  if (isFloat(target.dtype)) {
    throw new DTypeError(
      `${path}: expected int32 class numbers, or distributions in the shape of the output ${showShape(output.shape)}, got ${target.dtype} ${showShape(target.shape)}`,
    );
  }
  if (output.rank > 0 && sameShape(target.shape, output.shape.slice(0, -1))) return cast(target, 'int32');
  throw new ShapeError(
    `${path}: output ${showShape(output.shape)} asks for labels ${showShape(output.shape.slice(0, -1))}, one for each row of classes, got ${showShape(target.shape)}`,
  );
}

function decision(name: string, options: BinaryMetricOptions): (output: Tensor) => Tensor {
  const { threshold = 0.5, probabilities = false } = options;
  if (!(threshold > 0 && threshold < 1)) {
    throw new ShapeError(`${name}: threshold must lie between 0 and 1, got ${String(threshold)}`);
  }
  // sigmoid(x) > t  <=>  x > log(t / (1 - t))
  const bound = probabilities ? threshold : Math.log(threshold / (1 - threshold));
  return (output) => greater(output, bound);
}

/** 0 and 1 of any dtype as bool. */
function positives(target: Tensor): Tensor {
  return isFloat(target.dtype) ? greater(target, 0.5) : cast(target, 'bool');
}

function checkSame(name: string, output: Tensor, target: Tensor): void {
  if (sameShape(output.shape, target.shape)) return;
  throw new ShapeError(
    `${output.graph.path(name)}: output ${showShape(output.shape)} and target ${showShape(target.shape)} must have the same shape`,
  );
}
