import { isFloat } from '../core/dtype.ts';
import { DTypeError, ShapeError } from '../core/errors.ts';
import { normalizeAxes, normalizeAxis, sameShape, showShape, sizeOf } from '../core/shape.ts';
import { apply, applyOne, type Op, type Tensor, type TensorSpec } from '../graph/graph.ts';
import { add, mul, rsqrt, square, sub } from './arithmetic.ts';
import { composedGradient } from './composedGradient.ts';
import {
  type LayerNormAttrs,
  layerNormGradientKernels,
  layerNormKernels,
  layerNormParameterKernels,
} from './layerNormKernels.ts';
import { mean } from './reduce.ts';
import { reshape } from './reshape.ts';
import { sum } from './sum.ts';
import { transpose } from './transpose.ts';

// layerNorm, rmsNorm, groupNorm and instanceNorm are one op: a row is what shares a mean and a variance.

/**
 * Inputs x, scale and offset [groups * groupChannels]; outputs y and the statistics of the rows: [2, samples * groups], means and
 * inverse standard deviations.
 */
export const layerNormOp: Op<LayerNormAttrs> = {
  name: 'layerNorm',
  infer([x, scale, offset], attrs) {
    checkParameters(x, attrs, { scale, offset });
    return [
      { shape: x.shape, dtype: x.dtype },
      { shape: [2, attrs.samples * attrs.groups], dtype: 'float32' },
    ];
  },
  reference([x, scale, offset], _, attrs) {
    const y = new Float64Array(x.length);
    const rows = attrs.samples * attrs.groups;
    const statistics = new Float64Array(2 * rows);
    for (let row = 0; row < rows; row++) {
      const elements = elementsOf(row, attrs);
      const average = attrs.centered
        ? elements.reduce((total, { at }) => total + x[at], 0) / elements.length
        : 0;
      const variance =
        elements.reduce((total, { at }) => total + (x[at] - average) ** 2, 0) / elements.length;
      const inverse = 1 / Math.sqrt(variance + attrs.epsilon);
      for (const { at, channel } of elements)
        y[at] = (x[at] - average) * inverse * scale[channel] + offset[channel];
      statistics[row] = average;
      statistics[rows + row] = inverse;
    }
    return [y, statistics];
  },
  kernels: layerNormKernels,
  epilogue: { bindings: () => 5 },
  gradient([dy], [x, scale], [, statistics], attrs) {
    if (!dy) return [null, null, null];
    const dx = applyOne(layerNormGradientOp, [x, dy, scale, statistics], attrs);
    const [dScale, dOffset] = apply(layerNormParameterGradientOp, [x, dy, statistics], attrs);
    return [dx, dScale, dOffset];
  },
  flops: ([x]) => 8 * sizeOf(x.shape),
};

/** Inputs x, dy, scale and the rows' statistics; output dx. */
export const layerNormGradientOp: Op<LayerNormAttrs> = {
  name: 'layerNormGradient',
  infer([x, dy, scale], attrs) {
    checkParameters(x, attrs, { scale });
    checkSame(x, dy);
    return [{ shape: x.shape, dtype: x.dtype }];
  },
  // xhat = (x - mean) inverse, y = xhat scale + offset, g = dy scale
  // =>  dx = inverse (g - mean(g) - xhat mean(g xhat)), without mean(g) where no mean is subtracted
  reference([x, dy, scale, statistics], _, attrs) {
    const dx = new Float64Array(x.length);
    const rows = attrs.samples * attrs.groups;
    for (let row = 0; row < rows; row++) {
      const elements = elementsOf(row, attrs);
      const [average, inverse] = [statistics[row], statistics[rows + row]];
      const normalized = (at: number) => (x[at] - average) * inverse;
      let [slopes, products] = [0, 0];
      for (const { at, channel } of elements) {
        slopes += (dy[at] * scale[channel]) / elements.length;
        products += (dy[at] * scale[channel] * normalized(at)) / elements.length;
      }
      if (!attrs.centered) slopes = 0;
      for (const { at, channel } of elements) {
        dx[at] = inverse * (dy[at] * scale[channel] - slopes - normalized(at) * products);
      }
    }
    return [dx];
  },
  kernels: layerNormGradientKernels,
  epilogue: { bindings: () => 5 },
  // The statistics depend on x: their share is part of the gradient with respect to x.
  gradient(outputGradients, [x, dy, scale], _, attrs) {
    const gradients = composedGradient([x, dy, scale], outputGradients, ([x, dy, scale]) => {
      const { normalized, inverse } = normalize(x, attrs);
      const slope = mul(apart(dy, attrs), apartChannels(scale, attrs));
      const centered = attrs.centered ? sub(slope, mean(slope, overRow)) : slope;
      const dx = mul(sub(centered, mul(normalized, mean(mul(slope, normalized), overRow))), inverse);
      return [reshape(dx, x.shape)];
    });
    return [...gradients, null];
  },
  flops: ([x]) => 12 * sizeOf(x.shape),
};

/** Inputs x, dy and the rows' statistics; outputs dScale and dOffset. */
export const layerNormParameterGradientOp: Op<LayerNormAttrs> = {
  name: 'layerNormParameterGradient',
  infer([x, dy], attrs) {
    checkParameters(x, attrs, {});
    checkSame(x, dy);
    const channels = { shape: [attrs.groups * attrs.groupChannels], dtype: 'float32' as const };
    return [channels, channels];
  },
  // y = xhat scale + offset  =>  dScale = sum(dy xhat), dOffset = sum(dy), for each channel
  reference([x, dy, statistics], { outputs }, attrs) {
    const dScale = new Float64Array(sizeOf(outputs[0].shape));
    const dOffset = new Float64Array(dScale.length);
    const rows = attrs.samples * attrs.groups;
    for (let row = 0; row < rows; row++) {
      for (const { at, channel } of elementsOf(row, attrs)) {
        dScale[channel] += dy[at] * (x[at] - statistics[row]) * statistics[rows + row];
        dOffset[channel] += dy[at];
      }
    }
    return [dScale, dOffset];
  },
  kernels: layerNormParameterKernels,
  gradient(outputGradients, [x, dy], outputs, attrs) {
    const gradients = composedGradient([x, dy], outputGradients, ([x, dy]) => {
      const rest = { axes: [0, 1, 4] };
      const { normalized } = normalize(x, attrs);
      const sums = [sum(mul(apart(dy, attrs), normalized), rest), sum(apart(dy, attrs), rest)];
      return sums.map((each) => reshape(each, outputs[0].shape));
    });
    return [...gradients, null];
  },
  flops: ([x]) => 5 * sizeOf(x.shape),
};

export interface LayerNormOptions {
  /** float32, of the lengths of `axes`, in the order of the axes of x; default 1. */
  scale?: Tensor;
  /** As `scale`; default 0. */
  offset?: Tensor;
  /** The axes that share a mean and a variance; default the last. */
  axes?: readonly number[];
  /** Added to the variance; default 1e-5. */
  epsilon?: number;
}

/**
 * Layer normalisation (Ba, Kiros, Hinton, 2016): (x - mean) / sqrt(variance + epsilon) over `axes`, then `scale` and
 * `offset`. float32 or float16; the result has the shape of `x`. One dispatch where `axes` are the last ones, two transposes
 * more elsewhere.
 *
 * ```ts
 * const y = layerNorm(x, { scale, offset }); // [64, 128], both parameters [128]
 * ```
 *
 * @throws ShapeError where `axes`, `scale` or `offset` do not fit; DTypeError where x is not float.
 */
export function layerNorm(x: Tensor, options: LayerNormOptions = {}): Tensor {
  return overAxes('layerNorm', x, options, true);
}

/**
 * Layer normalisation without a mean (Zhang, Sennrich, 2019): x / sqrt(mean(x²) + epsilon) over `axes`, then `scale`.
 *
 * @throws ShapeError where `axes` or `scale` do not fit; DTypeError where x is not float.
 */
export function rmsNorm(x: Tensor, options: Omit<LayerNormOptions, 'offset'> = {}): Tensor {
  return overAxes('rmsNorm', x, options, false);
}

function overAxes(name: string, x: Tensor, options: LayerNormOptions, centered: boolean): Tensor {
  const path = x.graph.path(name);
  const axes = normalizeAxes(path, options.axes ?? [-1], x.rank);
  const kept = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const shape = axes.map((axis) => x.shape[axis]);
  const attrs = {
    samples: sizeOf(kept.map((axis) => x.shape[axis])),
    spatial: 1,
    groups: 1,
    groupChannels: sizeOf(shape),
    inner: 1,
    epsilon: options.epsilon ?? 1e-5,
    centered,
  };
  for (const [parameter, tensor] of Object.entries({ scale: options.scale, offset: options.offset })) {
    if (!tensor || sameShape(tensor.shape, shape)) continue;
    throw new ShapeError(
      `${path}: ${parameter} must be ${showShape(shape)}, axes ${showShape(axes)} of ${showShape(x.shape)}; got ${showShape(tensor.shape)}`,
    );
  }
  const order = [...kept, ...axes];
  const y = normalized(transpose(x, order), options, attrs);
  return transpose(
    y,
    x.shape.map((_, axis) => order.indexOf(axis)),
  );
}

export interface GroupNormOptions extends InstanceNormOptions {
  /** How many groups the channels are divided into. */
  groups: number;
}

export interface InstanceNormOptions {
  /** float32 [channels]; default 1. */
  scale?: Tensor;
  /** float32 [channels]; default 0. */
  offset?: Tensor;
  /** The axis of the channels; default -1. Axis 0 is that of the samples. */
  axis?: number;
  /** Added to the variance; default 1e-5. */
  epsilon?: number;
}

/**
 * Group normalisation (Wu, He, 2018): mean and variance of each sample are those of a group of channels and all that is not
 * a channel; `scale` and `offset` belong to channels. `x` is [samples, …, channels], or has its channels on `axis`.
 *
 * ```ts
 * const y = groupNorm(x, { groups: 8, scale, offset }); // [16, 32, 32, 64], both parameters [64]
 * ```
 *
 * @throws ShapeError where groups do not divide the channels or a parameter does not fit; DTypeError where x is not float.
 */
export function groupNorm(x: Tensor, options: GroupNormOptions): Tensor {
  return overGroups('groupNorm', x, options, (channels, path) => {
    if (channels % options.groups === 0) return options.groups;
    throw new ShapeError(
      `${path}: ${channels} channels of ${showShape(x.shape)} do not divide into ${options.groups} groups`,
    );
  });
}

/** Instance normalisation (Ulyanov, Vedaldi, Lempitsky, 2016): `groupNorm` in which each channel is a group. */
export function instanceNorm(x: Tensor, options: InstanceNormOptions = {}): Tensor {
  return overGroups('instanceNorm', x, options, (channels) => channels);
}

function overGroups(
  name: string,
  x: Tensor,
  options: InstanceNormOptions,
  groupsOf: (channels: number, path: string) => number,
): Tensor {
  const path = x.graph.path(name);
  const axis = normalizeAxis(path, options.axis ?? -1, x.rank);
  if (axis === 0)
    throw new ShapeError(`${path}: axis 0 of ${showShape(x.shape)} is that of the samples, not of channels`);
  const channels = x.shape[axis];
  const groups = groupsOf(channels, path);
  return normalized(x, options, {
    samples: x.shape[0],
    spatial: sizeOf(x.shape.slice(1, axis)),
    groups,
    groupChannels: channels / groups,
    inner: sizeOf(x.shape.slice(axis + 1)),
    epsilon: options.epsilon ?? 1e-5,
    centered: true,
  });
}

function normalized(
  x: Tensor,
  parameters: { scale?: Tensor; offset?: Tensor },
  attrs: LayerNormAttrs,
): Tensor {
  const channels = attrs.groups * attrs.groupChannels;
  const filled = (value: number) => x.graph.constant(value, [channels]);
  const { scale = filled(1), offset = filled(0) } = parameters;
  const flat = [scale, offset].map((tensor) =>
    tensor.size === channels ? reshape(tensor, [channels]) : tensor,
  );
  return applyOne(layerNormOp, [x, ...flat], attrs);
}

function checkParameters(x: TensorSpec, attrs: LayerNormAttrs, tensors: Record<string, TensorSpec>): void {
  if (!isFloat(x.dtype)) throw new DTypeError(`expected float32 or float16, got ${x.dtype}`);
  const channels = attrs.groups * attrs.groupChannels;
  for (const [name, tensor] of Object.entries(tensors)) {
    if (sameShape(tensor.shape, [channels]) && tensor.dtype === 'float32') continue;
    throw new ShapeError(
      `${name} must be float32 [${channels}], got ${tensor.dtype} ${showShape(tensor.shape)}`,
    );
  }
}

function checkSame(x: TensorSpec, dy: TensorSpec): void {
  if (!sameShape(x.shape, dy.shape))
    throw new ShapeError(`x ${showShape(x.shape)} and dy ${showShape(dy.shape)} differ`);
}

/** Where the elements of a row lie, and their channels. */
function elementsOf(
  row: number,
  { spatial, groups, groupChannels, inner }: LayerNormAttrs,
): { at: number; channel: number }[] {
  const [sample, group] = [Math.floor(row / groups), row % groups];
  const elements: { at: number; channel: number }[] = [];
  for (let s = 0; s < spatial; s++) {
    for (let c = 0; c < groupChannels; c++) {
      const channel = group * groupChannels + c;
      const start = ((sample * spatial + s) * groups * groupChannels + channel) * inner;
      for (let i = 0; i < inner; i++) elements.push({ at: start + i, channel });
    }
  }
  return elements;
}

/** The axes of a row in x as [samples, spatial, groups, groupChannels, inner]. */
const overRow = { axes: [1, 3, 4], keepDimensions: true };

function apart(x: Tensor, { samples, spatial, groups, groupChannels, inner }: LayerNormAttrs): Tensor {
  return reshape(x, [samples, spatial, groups, groupChannels, inner]);
}

function apartChannels(parameter: Tensor, { groups, groupChannels }: LayerNormAttrs): Tensor {
  return reshape(parameter, [groups, groupChannels, 1]);
}

/** What the kernels compute, in differentiable ops. */
function normalize(x: Tensor, attrs: LayerNormAttrs): { normalized: Tensor; inverse: Tensor } {
  const split = apart(x, attrs);
  const centered = attrs.centered ? sub(split, mean(split, overRow)) : split;
  const inverse = rsqrt(add(mean(square(centered), overRow), attrs.epsilon));
  return { normalized: mul(centered, inverse), inverse };
}
