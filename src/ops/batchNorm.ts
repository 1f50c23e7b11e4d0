import { isFloat } from '../core/dtype.ts';
import { DTypeError, ShapeError } from '../core/errors.ts';
import { normalizeAxis, type Shape, sameShape, showShape, sizeOf } from '../core/shape.ts';
import { apply, type Op, type Tensor, type TensorSpec, type Variable } from '../graph/graph.ts';
import { add, mul, rsqrt, square, sub } from './arithmetic.ts';
import { type BatchNormAttrs, batchNormGradientKernels, batchNormKernels } from './batchNormKernels.ts';
import { cast } from './comparison.ts';
import { composedGradient } from './composedGradient.ts';
import { lineOf } from './gather.ts';
import { mean } from './reduce.ts';
import { reshape } from './reshape.ts';
import { sum } from './sum.ts';

/** Eight storage buffers are bound, so that only ops without further operands join: `relu` and its like. */
const epilogue = { bindings: () => 8 };

/**
 * Inputs x, scale, offset, running mean, running variance; outputs y, the two running statistics updated in place, and the
 * statistics of the batch: [2, channels], means and inverse standard deviations.
 */
export const batchNormTrainingOp: Op<BatchNormAttrs> = {
  name: 'batchNormTraining',
  infer([x, scale, offset, runningMean, runningVariance], { axis }) {
    checkChannels(x, axis, { scale, offset, runningMean, runningVariance });
    const channels = { shape: [x.shape[axis]], dtype: 'float32' as const };
    return [
      { shape: x.shape, dtype: x.dtype },
      channels,
      channels,
      { shape: [2, x.shape[axis]], dtype: 'float32' },
    ];
  },
  reference([x, scale, offset, runningMean, runningVariance], { inputs }, { axis, epsilon, momentum }) {
    const { size: channels } = lineOf(inputs[0].shape, axis);
    const y = new Float64Array(x.length);
    const newMean = new Float64Array(channels);
    const newVariance = new Float64Array(channels);
    const statistics = new Float64Array(2 * channels);
    const count = x.length / channels;
    for (let c = 0; c < channels; c++) {
      const places = channelPlaces(inputs[0].shape, axis, c);
      const average = places.reduce((total, i) => total + x[i], 0) / count;
      const variance = places.reduce((total, i) => total + (x[i] - average) ** 2, 0) / count;
      const inverse = 1 / Math.sqrt(variance + epsilon);
      for (const i of places) y[i] = (x[i] - average) * inverse * scale[c] + offset[c];
      // What has overflowed in float32 leaves the running statistics as they are.
      const finite = Number.isFinite(Math.fround(variance * count));
      const unbiased = (variance * count) / Math.max(1, count - 1);
      newMean[c] = finite ? (1 - momentum) * runningMean[c] + momentum * average : runningMean[c];
      newVariance[c] = finite
        ? (1 - momentum) * runningVariance[c] + momentum * unbiased
        : runningVariance[c];
      statistics[c] = average;
      statistics[channels + c] = inverse;
    }
    return [y, newMean, newVariance, statistics];
  },
  kernels: batchNormKernels,
  epilogue,
  inPlace: () => [
    [1, 3],
    [2, 4],
  ],
  gradient([dy], [x, scale], [, , , statistics], attrs) {
    if (!dy) return [null, null, null, null, null];
    const [dx, dScale, dOffset] = apply(batchNormGradientOp, [x, dy, scale, statistics], attrs);
    return [dx, dScale, dOffset, null, null];
  },
  flops: ([x]) => 8 * sizeOf(x.shape),
};

/** Inputs x, dy, scale and the batch's statistics; outputs dx, dScale, dOffset. */
export const batchNormGradientOp: Op<BatchNormAttrs> = {
  name: 'batchNormGradient',
  infer([x, dy, scale, statistics], { axis }) {
    checkChannels(x, axis, { scale });
    if (!sameShape(x.shape, dy.shape))
      throw new ShapeError(`x ${showShape(x.shape)} and dy ${showShape(dy.shape)} differ`);
    if (!sameShape(statistics.shape, [2, x.shape[axis]])) {
      throw new ShapeError(`statistics must be [2, ${x.shape[axis]}], got ${showShape(statistics.shape)}`);
    }
    const channels = { shape: [x.shape[axis]], dtype: 'float32' as const };
    return [{ shape: x.shape, dtype: x.dtype }, channels, channels];
  },
  // xhat = (x - mean) inverse, y = xhat scale + offset
  // =>  dOffset = sum(dy), dScale = sum(dy xhat), dx = scale inverse (dy - mean(dy) - xhat mean(dy xhat))
  reference([x, dy, scale, statistics], { inputs }, { axis }) {
    const { size: channels } = lineOf(inputs[0].shape, axis);
    const dx = new Float64Array(x.length);
    const dScale = new Float64Array(channels);
    const dOffset = new Float64Array(channels);
    const count = x.length / channels;
    for (let c = 0; c < channels; c++) {
      const places = channelPlaces(inputs[0].shape, axis, c);
      const [average, inverse] = [statistics[c], statistics[channels + c]];
      const normalized = (i: number) => (x[i] - average) * inverse;
      for (const i of places) {
        dOffset[c] += dy[i];
        dScale[c] += dy[i] * normalized(i);
      }
      for (const i of places) {
        dx[i] = scale[c] * inverse * (dy[i] - dOffset[c] / count - (normalized(i) * dScale[c]) / count);
      }
    }
    return [dx, dScale, dOffset];
  },
  kernels: batchNormGradientKernels,
  epilogue,
  // sum(dy - mean(dy)) = 0 and sum(xhat) = 0  =>  sum(dx) = 0
  zeroSumAxis: (_, { axis }) => axis,
  // The statistics depend on x: their share is part of the gradient with respect to x.
  gradient(outputGradients, [x, dy, scale], _, { axis, epsilon }) {
    const axes = x.shape.map((__, i) => i).filter((i) => i !== axis);
    const gradients = composedGradient([x, dy, scale], outputGradients, ([x, dy, scale]) => {
      const over = { axes, keepDimensions: true };
      const centered = sub(x, mean(x, over));
      const inverse = rsqrt(add(mean(square(centered), over), epsilon));
      const normalized = mul(centered, inverse);
      const dx = sub(sub(dy, mean(dy, over)), mul(normalized, mean(mul(dy, normalized), over)));
      return [
        mul(mul(dx, inverse), alongAxis(scale, x, axis)),
        sum(mul(dy, normalized), { axes }),
        sum(dy, { axes }),
      ];
    });
    return [...gradients, null];
  },
  flops: ([x]) => 12 * sizeOf(x.shape),
};

export interface BatchNormOptions {
  /** float32 [channels], not trainable, starting at 0: what `batchNormInference` will use. */
  runningMean: Variable;
  /** float32 [channels], not trainable, starting at 1. */
  runningVariance: Variable;
  /** float32 [channels]; default 1. */
  scale?: Tensor;
  /** float32 [channels]; default 0. */
  offset?: Tensor;
  /** The axis of the channels; default -1. */
  axis?: number;
  /** Added to the variance; default 1e-5. */
  epsilon?: number;
  /** How much of the batch goes into the running statistics; default 0.1. */
  momentum?: number;
  /** Whether to normalise by the statistics of the batch (default) or by the running ones, as `batchNormInference` does. */
  training?: boolean;
}

export interface BatchNorm {
  readonly output: Tensor;
  /** New values of the running statistics, to be handed to `compile` with the other updates; none without training. */
  readonly updates: readonly (readonly [Variable, Tensor])[];
}

/**
 * Batch normalisation: each channel gets mean 0 and variance 1 over the batch and all other axes, then `scale` and `offset`
 * (Ioffe, Szegedy: "Batch Normalization", 2015). float32 or float16 of any rank; all that is per channel is float32.
 *
 * The running statistics follow PyTorch's rule: running = (1 - momentum) running + momentum batch, where the variance that
 * goes in is the unbiased one, divided by count - 1 (by 1 where a channel has a single element). They are updated in place; those of a
 * channel whose variance in the batch is not finite stay as they are, so that a loss that diverges leaves a usable network.
 * Two dispatches forward and two backward, a `relu` behind it included.
 *
 * ```ts
 * const { output, updates } = batchNorm(x, { scale, offset, runningMean, runningVariance });
 * const program = await device.compile({ outputs: { loss }, updates: [...updates, ...optimizer.updates] });
 * ```
 *
 * @throws ShapeError where a tensor for the channels is not [channels]; DTypeError where x is not float.
 */
export function batchNorm(x: Tensor, options: BatchNormOptions): BatchNorm {
  const { runningMean, runningVariance, epsilon = 1e-5, momentum = 0.1, training = true } = options;
  if (!training) {
    return {
      output: batchNormInference(x, { ...options, mean: runningMean, variance: runningVariance }),
      updates: [],
    };
  }
  const axis = normalizeAxis(x.graph.path('batchNorm'), options.axis ?? -1, x.rank);
  const filled = (value: number) => x.graph.constant(value, [x.shape[axis]]);
  const { scale = filled(1), offset = filled(0) } = options;
  const inputs = [x, scale, offset, runningMean, runningVariance];
  const [output, newMean, newVariance] = apply(batchNormTrainingOp, inputs, { axis, epsilon, momentum });
  return {
    output,
    updates: [
      [runningMean, newMean],
      [runningVariance, newVariance],
    ],
  };
}

export interface BatchNormInferenceOptions {
  /** float32 [channels]. */
  mean: Tensor;
  /** float32 [channels]. */
  variance: Tensor;
  /** float32 [channels]; default 1. */
  scale?: Tensor;
  /** float32 [channels]; default 0. */
  offset?: Tensor;
  /** The axis of the channels; default -1. */
  axis?: number;
  /** Added to the variance; default 1e-5. */
  epsilon?: number;
}

/**
 * Batch normalisation with statistics that are given: (x - mean) (scale / sqrt(variance + epsilon)) + offset. It is made of
 * elementwise ops, the factor of each channel first, so that it runs inside the kernel before it, such as a convolution's.
 *
 * @throws ShapeError where a tensor for the channels is not [channels].
 */
export function batchNormInference(x: Tensor, options: BatchNormInferenceOptions): Tensor {
  const { mean: average, variance, scale, offset, epsilon = 1e-5 } = options;
  const path = x.graph.path('batchNormInference');
  const axis = normalizeAxis(path, options.axis ?? -1, x.rank);
  checkChannels(x, axis, { mean: average, variance, scale, offset }, `${path}: `);
  const inverse = rsqrt(add(variance, epsilon));
  const factor = scale ? mul(inverse, scale) : inverse;
  const fitted = (tensor: Tensor) =>
    alongAxis(tensor.dtype === x.dtype ? tensor : cast(tensor, x.dtype), x, axis);
  const normalized = mul(sub(x, fitted(average)), fitted(factor));
  return offset ? add(normalized, fitted(offset)) : normalized;
}

function checkChannels(
  x: TensorSpec,
  axis: number,
  tensors: Record<string, TensorSpec | undefined>,
  prefix = '',
): void {
  if (!isFloat(x.dtype)) throw new DTypeError(`${prefix}expected float32 or float16, got ${x.dtype}`);
  for (const [name, tensor] of Object.entries(tensors)) {
    if (!tensor || (sameShape(tensor.shape, [x.shape[axis]]) && tensor.dtype === 'float32')) continue;
    throw new ShapeError(
      `${prefix}${name} must be float32 [${x.shape[axis]}], the channels of ${showShape(x.shape)} on axis ${axis}; got ${tensor.dtype} ${showShape(tensor.shape)}`,
    );
  }
}

/** Numbers for each channel, in a shape that broadcasts against x. */
function alongAxis(tensor: Tensor, x: Tensor, axis: number): Tensor {
  return reshape(tensor, [tensor.size, ...x.shape.slice(axis + 1).map(() => 1)]);
}

/** Where the elements of a channel lie. */
function channelPlaces(shape: Shape, axis: number, channel: number): number[] {
  const { outer, size, inner } = lineOf(shape, axis);
  const places: number[] = [];
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) places.push((o * size + channel) * inner + i);
  }
  return places;
}
