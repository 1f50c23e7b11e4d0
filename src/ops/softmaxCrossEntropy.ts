import weightsSource from '#shaders/labelWeights.wgsl' with { type: 'text' };
import source from '#shaders/softmaxCrossEntropy.wgsl' with { type: 'text' };
import { isFloat } from '../core/dtype.ts';
import { DTypeError, ShapeError } from '../core/errors.ts';
import { normalizeAxis, type Shape, sameShape, showShape, sizeOf } from '../core/shape.ts';
import {
  apply,
  type KernelCall,
  type KernelContext,
  type Op,
  type Tensor,
  type TensorSpec,
} from '../graph/graph.ts';
import { type Binding, linearGrid, noEpilogue, storageType, type Target } from '../graph/kernel.ts';
import { add, div, mul, sub } from './arithmetic.ts';
import { cast, equal, where } from './comparison.ts';
import { forEachLine, type Lines, linesOf, planLines } from './lines.ts';
import { additive } from './monoid.ts';
import { reduceCalls } from './reduceKernels.ts';
import { reshape } from './reshape.ts';
import { logSoftmax, softmax, softmaxGradient } from './softmax.ts';
import { sum } from './sum.ts';

/** What becomes of the losses of the samples. */
export type LossReduction = 'mean' | 'sum' | 'none';

export function isReduction(reduction: string): reduction is LossReduction {
  return reduction === 'mean' || reduction === 'sum' || reduction === 'none';
}

interface Attrs {
  /** Not negative. */
  readonly axis: number;
  readonly reduction: LossReduction;
  readonly labelSmoothing: number;
  readonly ignoreIndex: number | null;
}

export interface SoftmaxCrossEntropyOptions {
  /** `mean` (default) over the samples, `sum`, or `none`: one loss per sample, in the shape of the logits without `axis`. */
  reduction?: LossReduction;
  /** The axis of the classes, negative ones counted from the end; default -1. */
  axis?: number;
  /** The share of each label that is spread evenly over all classes; default 0. */
  labelSmoothing?: number;
  /** How much each class counts: float, shape [classes]. No gradient flows to it. */
  weights?: Tensor;
  /** Samples with this label count nothing, neither in the loss nor among those over which the mean is taken. */
  ignoreIndex?: number;
}

/** The input `labels` holds class numbers rather than distributions. */
function holdsIndices(labels: TensorSpec): boolean {
  return !isFloat(labels.dtype);
}

function withoutAxis(shape: Shape, axis: number): number[] {
  return shape.filter((_, i) => i !== axis);
}

/** The mean divides by the weights of the labels, which only the data tell. */
function isWeighed(inputs: readonly TensorSpec[], { reduction, ignoreIndex }: Attrs): boolean {
  return reduction === 'mean' && holdsIndices(inputs[1]) && (inputs.length === 3 || ignoreIndex !== null);
}

/** Outputs: the loss, and its gradient with respect to the logits for an incoming gradient of 1. */
export const softmaxCrossEntropyOp: Op<Attrs> = {
  name: 'softmaxCrossEntropy',
  infer(inputs, { axis, reduction, labelSmoothing, ignoreIndex }) {
    const [logits, labels, weights] = inputs;
    if (!isFloat(logits.dtype))
      throw new DTypeError(`logits: expected float32 or float16, got ${logits.dtype}`);
    if (labels.dtype === 'bool')
      throw new DTypeError('labels: expected integers or floats, got bool; use cast');
    const classes = logits.shape[axis];
    const samples = withoutAxis(logits.shape, axis);
    const expected = holdsIndices(labels) ? samples : logits.shape;
    if (!sameShape(labels.shape, expected)) {
      const kind = holdsIndices(labels) ? 'class numbers' : 'distributions';
      throw new ShapeError(
        `labels of ${labels.dtype} are ${kind}: for logits ${showShape(logits.shape)} with classes along axis ${axis} they need shape ${showShape(expected)}, got ${showShape(labels.shape)}`,
      );
    }
    if (weights && !isFloat(weights.dtype)) {
      throw new DTypeError(`weights: expected float32 or float16, got ${weights.dtype}`);
    }
    if (weights && !sameShape(weights.shape, [classes])) {
      throw new ShapeError(
        `weights: expected one for each class, [${classes}], got ${showShape(weights.shape)}`,
      );
    }
    if (!isReduction(reduction)) {
      throw new ShapeError(`reduction must be 'mean', 'sum' or 'none', got '${reduction}'`);
    }
    if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
      throw new ShapeError(`labelSmoothing must lie between 0 and 1, got ${labelSmoothing}`);
    }
    if (ignoreIndex !== null && !(holdsIndices(labels) && Number.isInteger(ignoreIndex))) {
      throw new ShapeError(
        `ignoreIndex must be an integer and needs labels that are class numbers, got ${ignoreIndex}`,
      );
    }
    return [
      { shape: reduction === 'none' ? samples : [], dtype: logits.dtype },
      { shape: logits.shape, dtype: logits.dtype },
    ];
  },
  reference,
  kernels,
  // G = s (T softmax(x) - t) with t what is wanted, T its sum along the axis, s the scale; dL, h come in for loss and G
  // =>  dx = dL G + s T softmaxGradient(softmax(x), h)
  // labels q with t = a q + b  =>  dq = s a (sum(h softmax(x)) - h - dL logSoftmax(x))
  gradient([dLoss, h], inputs, [, logitsGradient], attrs) {
    const [logits, labels] = inputs;
    const { axis } = attrs;
    const alongAxis = { axes: [axis], keepDimensions: true };
    const perSample = logits.shape.map((length, i) => (i === axis ? 1 : length));
    const g = dLoss && (attrs.reduction === 'none' ? reshape(dLoss, perSample) : dLoss);
    const probabilities = h && softmax(logits, { axis });

    const direct = g && mul(g, logitsGradient);
    const second =
      h &&
      probabilities &&
      mul(sum(wantedTensor(inputs, attrs), alongAxis), softmaxGradient(probabilities, h, axis));
    const toLogits = sumOf(direct, second);
    if (holdsIndices(labels)) return [toLogits, null, null];

    const factor = (1 - attrs.labelSmoothing) * constantScale(logits.shape, attrs);
    const fromLoss = g && mul(mul(g, logSoftmax(logits, { axis })), -1);
    const fromGradient = h && probabilities && sub(sum(mul(h, probabilities), alongAxis), h);
    const slope = sumOf(fromLoss, fromGradient);
    return [toLogits, slope && mul(perClass(slope, inputs, axis), factor), null];
  },
  flops: ([logits]) => 10 * sizeOf(logits.shape),
};

function sumOf(a: Tensor | null, b: Tensor | null): Tensor | null {
  return a && b ? add(a, b) : (a ?? b);
}

/** The factor of all losses where the data have no say in it. */
function constantScale(shape: Shape, { axis, reduction }: Attrs): number {
  return reduction === 'mean' ? shape[axis] / sizeOf(shape) : 1;
}

/** `value` times the class weights, where there are any. */
function perClass(value: Tensor, inputs: readonly Tensor[], axis: number): Tensor {
  const [logits, , weights] = inputs;
  if (!weights) return value;
  return mul(
    value,
    cast(
      reshape(
        weights,
        logits.shape.map((length, i) => (i === axis ? length : 1)),
      ),
      value.dtype,
    ),
  );
}

/** What the loss wants of each probability, scale included: s t. Made of ops, for second derivatives. */
function wantedTensor(inputs: readonly Tensor[], attrs: Attrs): Tensor {
  const [logits, labels] = inputs;
  const { axis, labelSmoothing, ignoreIndex } = attrs;
  const classes = logits.shape[axis];
  const scale = constantScale(logits.shape, attrs);
  const smooth = (distribution: Tensor) =>
    perClass(add(mul(distribution, 1 - labelSmoothing), labelSmoothing / classes), inputs, axis);
  if (!holdsIndices(labels)) return mul(smooth(cast(labels, logits.dtype)), scale);

  const numbers = logits.graph.constant(
    Array.from({ length: classes }, (_, i) => i),
    logits.shape.map((length, i) => (i === axis ? length : 1)),
    labels.dtype,
  );
  const places = reshape(
    labels,
    logits.shape.map((length, i) => (i === axis ? 1 : length)),
  );
  const oneHot = cast(equal(places, numbers), logits.dtype);
  const counted = (value: Tensor) =>
    ignoreIndex === null ? value : where(equal(places, ignoreIndex), 0, value);
  const wanted = counted(smooth(oneHot));
  return isWeighed(inputs, attrs)
    ? div(wanted, sum(counted(perClass(oneHot, inputs, axis))))
    : mul(wanted, scale);
}

function reference(
  [logits, labels, weights]: readonly Float64Array[],
  specs: { readonly inputs: readonly TensorSpec[]; readonly outputs: readonly TensorSpec[] },
  attrs: Attrs,
): Float64Array[] {
  const { axis, labelSmoothing, ignoreIndex } = attrs;
  const lines = linesOf(specs.inputs[0].shape, axis);
  const { length: classes, inner } = lines;
  const indices = holdsIndices(specs.inputs[1]);
  const classWeight = (category: number) => (weights ? weights[category] : 1);
  // 0: the line does not count; NaN: there is no such class, which must be noticed.
  const factorOf = (label: number) =>
    (label | 0) === ignoreIndex ? 0 : label >= 0 && label < classes ? 1 : Number.NaN;

  let scale = constantScale(specs.inputs[0].shape, attrs);
  if (isWeighed(specs.inputs, attrs)) {
    scale =
      1 /
      labels.reduce(
        (total, label) => total + (factorOf(label) === 1 ? classWeight(label) : factorOf(label)),
        0,
      );
  }
  const losses = new Float64Array(lines.count);
  const gradient = new Float64Array(logits.length);
  forEachLine(lines, (line, start) => {
    const at = (category: number) => start + category * inner;
    const wanted = Float64Array.from({ length: classes }, (_, category) => {
      const probability = indices ? Number(category === labels[line]) : labels[at(category)];
      const smoothed = (1 - labelSmoothing) * probability + labelSmoothing / classes;
      return (indices ? factorOf(labels[line]) : 1) * classWeight(category) * smoothed;
    });
    const mass = wanted.reduce((total, want) => total + want, 0);
    let largest = Number.NEGATIVE_INFINITY;
    for (let category = 0; category < classes; category++) largest = Math.max(largest, logits[at(category)]);
    let total = 0;
    for (let category = 0; category < classes; category++) total += Math.exp(logits[at(category)] - largest);
    for (let category = 0; category < classes; category++) {
      const logProbability = logits[at(category)] - largest - Math.log(total);
      gradient[at(category)] = scale * (mass * Math.exp(logProbability) - wanted[category]);
      if (wanted[category] !== 0) losses[line] -= wanted[category] * logProbability;
    }
  });
  if (attrs.reduction === 'none') return [losses, gradient];
  return [Float64Array.of(scale * losses.reduce((total, loss) => total + loss, 0)), gradient];
}

/** Logits up to which one workgroup does it all; beyond, a second call adds up what the workgroups found. */
const singleWorkgroup = 32768;

function kernels({ inputs, outputs, attrs, target }: KernelContext<Attrs>): KernelCall[] {
  const [logits, labels, weights] = inputs;
  const { reduction, labelSmoothing, ignoreIndex } = attrs;
  const lines = linesOf(logits.shape, attrs.axis);
  const forced = target.variants?.softmaxCrossEntropy;
  const single = forced ? forced === 'single' : lines.count * lines.length <= singleWorkgroup;
  const alone = single && reduction !== 'none';
  const { rows, tiling } = shareLines(lines, alone, target);
  const groups = alone
    ? 1
    : Math.min(Math.ceil(lines.count / tiling.outputs), reduction === 'none' ? 65535 : 1024);

  const weighed = isWeighed(inputs, attrs);
  const parts = Math.min(256, Math.ceil(lines.count / 1024));
  const weightSums: Binding = { scratch: 'weightSums', bytes: 4 * parts };
  const losses: Binding =
    groups === 1 || reduction === 'none' ? { output: 0 } : { scratch: 'losses', bytes: 4 * groups };
  const lossType = 'output' in losses ? storageType(outputs[0].dtype) : 'f32';
  const categoryWeight = weights ? 'f32(weights[category])' : '1.0';
  const labelParams = {
    lines: lines.count,
    classes: lines.length,
    ignores: ignoreIndex === null ? 0 : 1,
    ignoreIndex: ignoreIndex ?? 0,
    nan: 0x7fc00000,
  };
  const labelBuffers: Buffer[] = [
    ['labels', storageType(labels.dtype), 'read', { input: 1 }],
    ...(weights ? [['weights', storageType(weights.dtype), 'read', { input: 2 }] as const] : []),
  ];
  const mainBuffers: Buffer[] = [
    ['logits', storageType(logits.dtype), 'read', { input: 0 }],
    ...labelBuffers,
    ['losses', lossType, 'read_write', losses],
    ['gradient', storageType(outputs[1].dtype), 'read_write', { output: 1 }],
    ...(weighed && groups > 1 ? [['weightSums', 'f32', 'read', weightSums] as const] : []),
  ];
  const weightBuffers: Buffer[] = [...labelBuffers, ['weightSums', 'f32', 'read_write', weightSums]];

  const calls: KernelCall[] = [];
  // A workgroup that is alone adds up the weights itself.
  if (weighed && groups > 1) {
    calls.push({
      label: 'softmaxCrossEntropy/weights',
      source: weightsSource,
      variant: { BINDINGS: declare(weightBuffers), CATEGORY_WEIGHT: categoryWeight },
      params: labelParams,
      bindings: weightBuffers.map(([, , , binding]) => binding),
      workgroups: [parts, 1, 1],
    });
  }
  calls.push({
    label: `softmaxCrossEntropy/${groups === 1 ? 'single' : 'groups'}`,
    source,
    variant: {
      BINDINGS: declare(mainBuffers),
      CATEGORY_WEIGHT: categoryWeight,
      LOSS: lossType,
      GRADIENT: storageType(outputs[1].dtype),
      LANES: tiling.lanes,
      LINES: tiling.outputs,
      THREADS: tiling.threads,
      TREE: tiling.lanes > 1,
      LANE_STEP: rows ? 1 : tiling.outputs,
      ALONE: groups === 1,
      INDICES: holdsIndices(labels),
      WEIGHED: weighed,
      PER_LINE: reduction === 'none',
      TOTAL: reduction !== 'none',
    },
    params: {
      ...labelParams,
      inner: lines.inner,
      weightParts: groups === 1 ? lines.count : parts,
      scale: weighed ? 1 : constantScale(logits.shape, attrs),
      confidence: 1 - labelSmoothing,
      smoothing: labelSmoothing / lines.length,
    },
    bindings: mainBuffers.map(([, , , binding]) => binding),
    workgroups: linearGrid(groups),
  });
  if ('output' in losses) return calls;
  const adding = reduceCalls({
    label: 'softmaxCrossEntropy/sum',
    from: { binding: losses, dtype: 'float32' },
    to: { binding: { output: 0 }, dtype: outputs[0].dtype },
    shape: [groups],
    axes: [0],
    monoid: additive(),
    scale: () => 1,
    epilogue: noEpilogue,
    target,
  });
  return [...calls, ...adding];
}

/** Name, element type, access, what is bound. */
type Buffer = readonly [string, string, 'read' | 'read_write', Binding];

function declare(buffers: readonly Buffer[]): string {
  const lines = buffers.map(
    ([name, type, access], i) => `@group(0) @binding(${i}) var<storage, ${access}> ${name}: array<${type}>;`,
  );
  return [...lines, `@group(0) @binding(${buffers.length}) var<uniform> params: Params;`].join('\n');
}

/**
 * A workgroup that is alone takes as many lines at once as it can: fewer rounds, fewer barriers. Where a barrier is dear, an invocation
 * takes a line of its own as long as there are enough of them.
 */
function shareLines(lines: Lines, alone: boolean, { fastWorkgroupMemory, barrierLanes }: Target) {
  const { rows, tiling } = planLines(lines, false);
  if (!fastWorkgroupMemory && lines.count >= barrierLanes)
    return { rows, tiling: { lanes: 1, outputs: barrierLanes, threads: barrierLanes } };
  if (!alone || !rows) return { rows, tiling };
  let { lanes } = tiling;
  while (lanes > 32 && (tiling.threads / lanes) * 2 <= lines.count) lanes /= 2;
  return { rows, tiling: { ...tiling, lanes, outputs: tiling.threads / lanes } };
}

/**
 * Cross-entropy between the softmax of `logits` and `labels`: -log p[label], or -sum(q log p) for a distribution q.
 * The loss and its gradient come out of one kernel.
 *
 * `logits`: float, such as [samples, classes]. `labels`: int32 or uint32 class numbers in the shape of the logits without
 * `axis`, or float distributions in the shape of the logits. As in PyTorch, the mean over class numbers with `weights` divides by
 * the sum of the labels' weights, and with `ignoreIndex` by the number of samples that count; with none it is NaN.
 * A label that is neither a class nor `ignoreIndex` makes the loss NaN, on every backend.
 *
 * ```ts
 * const loss = softmaxCrossEntropy(logits, labels, { labelSmoothing: 0.1 });
 * ```
 *
 * @throws ShapeError where the shapes of labels or weights do not fit the logits, DTypeError for other dtypes.
 */
export function softmaxCrossEntropy(
  logits: Tensor,
  labels: Tensor,
  options: SoftmaxCrossEntropyOptions = {},
): Tensor {
  const { weights, reduction = 'mean', labelSmoothing = 0, ignoreIndex = null } = options;
  const axis = normalizeAxis(logits.graph.path('softmaxCrossEntropy'), options.axis ?? -1, logits.rank);
  const inputs = weights ? [logits, labels, weights] : [logits, labels];
  return apply(softmaxCrossEntropyOp, inputs, { axis, reduction, labelSmoothing, ignoreIndex })[0];
}
