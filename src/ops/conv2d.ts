import { isFloat } from '../core/dtype.ts';
import { DTypeError, ShapeError } from '../core/errors.ts';
import { sameShape, showShape, sizeOf } from '../core/shape.ts';
import { apply, applyOne, type Op, type Tensor, type TensorSpec, zeroSumAxisOf } from '../graph/graph.ts';
import { filterGradientCalls, filterGradientVariants } from './conv2dFilterKernels.ts';
import { gatherCalls, gatherVariants } from './conv2dKernels.ts';
import {
  type ConvolutionAttrs,
  referenceFilter,
  referenceImage,
  referenceResult,
  sumOfPixels,
} from './conv2dReference.ts';
import { fromLayout, type Layout, placeWindows, reorder, toLayout, type WindowOptions } from './spatial.ts';
import { expand, sum } from './sum.ts';

// conv2d, conv2dInputGradient and conv2dFilterGradient stand in one file because each is made of the others' gradients.

/** Axes of a convolution's filter: height and width, input channels of a group, output channels. */
export type FilterLayout = 'HWIO' | 'OIHW' | 'OHWI' | 'IHWO';

export interface Conv2dOptions extends WindowOptions {
  /** Added to every pixel: shape [outChannels]. */
  bias?: Tensor;
  /** Input and output channels are cut into as many parts, each of which sees only its own; default 1. */
  groups?: number;
  /** Default 'NHWC', in which the kernels work; 'NCHW' costs a transpose before and after. */
  layout?: Layout;
  /** Default 'HWIO', in which the kernels work. */
  filterLayout?: FilterLayout;
}

const filterLayouts: readonly FilterLayout[] = ['HWIO', 'OIHW', 'OHWI', 'IHWO'];

export const conv2dOp: Op<ConvolutionAttrs> = {
  name: 'conv2d',
  variants: { entry: 'conv2d', names: gatherVariants },
  infer([x, filter, ...rest], { groups, size }) {
    checkTensors({ x, filter }, rest);
    const [depth, features] = filter.shape.slice(2);
    checkGroups(filter, groups);
    if (x.shape[3] !== depth * groups) {
      throw new ShapeError(
        `x ${showShape(x.shape)} has ${x.shape[3]} channels, filter ${showShape(filter.shape)} (HWIO) takes ${depth} in each of ${groups} groups`,
      );
    }
    checkBias(rest[0], features);
    return [{ shape: [x.shape[0], ...size, features], dtype: x.dtype }];
  },
  reference([x, filter, bias], { inputs, outputs }, attrs) {
    const extents = { image: inputs[0].shape, filter: inputs[1].shape, result: outputs[0].shape };
    return [referenceResult(x, filter, bias, extents, attrs)];
  },
  kernels: (context) => gatherCalls(context, false),
  epilogue: { bindings: (inputCount) => inputCount + 1 },
  // y = x * w + b  =>  dx = dy spread by w, dw = x correlated with dy, db = sum of dy over the pixels
  gradient([dy], [x, filter, bias], _, attrs) {
    if (!dy) return [null, null, null];
    const withoutBias = bias && zeroSumAxisOf(dy) === 3;
    const [dw, db] = filterGradient(x, dy, filter, attrs, bias !== undefined && !withoutBias);
    const dBias = withoutBias ? dy.graph.constant(0, bias.shape, bias.dtype) : (db ?? null);
    return [conv2dInputGradient(dy, filter, x, attrs), dw, dBias];
  },
  flops: ([, filter, bias], [y]) =>
    2 * sizeOf(y.shape) * sizeOf(filter.shape.slice(0, 3)) + (bias ? sizeOf(y.shape) : 0),
};

/** Inputs: gradient of a convolution's result (or what a transposed convolution spreads), filter, bias of the image's channels. */
export const conv2dInputGradientOp: Op<ConvolutionAttrs> = {
  name: 'conv2dInputGradient',
  variants: { entry: 'conv2dInputGradient', names: gatherVariants },
  infer([dy, filter, ...rest], { groups, size }) {
    checkTensors({ dy, filter }, rest);
    const [depth, features] = filter.shape.slice(2);
    checkGroups(filter, groups);
    if (dy.shape[3] !== features) {
      throw new ShapeError(
        `dy ${showShape(dy.shape)} has ${dy.shape[3]} channels, filter ${showShape(filter.shape)} (HWIO) makes ${features}`,
      );
    }
    checkBias(rest[0], depth * groups);
    return [{ shape: [dy.shape[0], ...size, depth * groups], dtype: dy.dtype }];
  },
  reference([dy, filter, bias], { inputs, outputs }, attrs) {
    const extents = { image: outputs[0].shape, filter: inputs[1].shape, result: inputs[0].shape };
    return [referenceImage(dy, filter, bias, extents, attrs)];
  },
  kernels: (context) => gatherCalls(context, true),
  epilogue: { bindings: (inputCount) => inputCount + 1 },
  // z = dy spread by w, + b; upstream g  =>  d(dy) = g * w, dw = g correlated with dy, db = sum of g over the pixels
  gradient([g], [dy, filter, bias], _, attrs) {
    if (!g) return [null, null, null];
    const [dw] = filterGradient(g, dy, filter, attrs, false);
    const ddy = applyOne(conv2dOp, [g, filter], { ...attrs, size: [dy.shape[1], dy.shape[2]] });
    return [ddy, dw, bias ? sum(g, { axes: [0, 1, 2] }) : null];
  },
  flops: ([dy, filter, bias], [dx]) =>
    2 * sizeOf(dy.shape) * sizeOf(filter.shape.slice(0, 3)) + (bias ? sizeOf(dx.shape) : 0),
};

export interface FilterGradientAttrs extends ConvolutionAttrs {
  /** Whether there is a second output: the bias's gradient, which the same kernel sums up. */
  readonly bias: boolean;
}

/** Inputs: image, gradient of the result. Outputs: gradients of the filter and, where wanted, of the bias. */
export const conv2dFilterGradientOp: Op<FilterGradientAttrs> = {
  name: 'conv2dFilterGradient',
  variants: { entry: 'conv2dFilterGradient', names: filterGradientVariants },
  infer([x, dy], { groups, size, bias }) {
    checkTensors({ x, dy }, []);
    const [channels, features] = [x.shape[3], dy.shape[3]];
    if (x.shape[0] !== dy.shape[0] || channels % groups !== 0 || features % groups !== 0) {
      throw new ShapeError(
        `x ${showShape(x.shape)} and dy ${showShape(dy.shape)} do not fit for ${groups} groups`,
      );
    }
    const filter = { shape: [...size, channels / groups, features], dtype: dy.dtype };
    return bias ? [filter, { shape: [features], dtype: dy.dtype }] : [filter];
  },
  reference([x, dy], { inputs, outputs }, attrs) {
    const extents = { image: inputs[0].shape, filter: outputs[0].shape, result: inputs[1].shape };
    const gradient = referenceFilter(x, dy, extents, attrs);
    return attrs.bias ? [gradient, sumOfPixels(dy, inputs[1].shape[3])] : [gradient];
  },
  kernels: filterGradientCalls,
  // F = x correlated with dy, f = sum of dy; upstream G and h  =>  dx = dy spread by G, d(dy) = x * G + h
  gradient([g, h], [x, dy], _, { bias, ...attrs }) {
    if (!g) return [null, h && expand(h, dy.shape)];
    const size = [dy.shape[1], dy.shape[2]] as const;
    return [
      conv2dInputGradient(dy, g, x, attrs),
      applyOne(conv2dOp, h ? [x, g, h] : [x, g], { ...attrs, size }),
    ];
  },
  flops: ([, dy], [filter], { bias }) =>
    2 * sizeOf(dy.shape) * sizeOf(filter.shape.slice(0, 3)) + (bias ? sizeOf(dy.shape) : 0),
};

function conv2dInputGradient(dy: Tensor, filter: Tensor, x: Tensor, attrs: ConvolutionAttrs): Tensor {
  return applyOne(conv2dInputGradientOp, [dy, filter], { ...attrs, size: [x.shape[1], x.shape[2]] });
}

function filterGradient(
  x: Tensor,
  dy: Tensor,
  filter: Tensor,
  attrs: ConvolutionAttrs,
  bias: boolean,
): Tensor[] {
  return apply(conv2dFilterGradientOp, [x, dy], { ...attrs, size: [filter.shape[0], filter.shape[1]], bias });
}

function checkTensors(named: Readonly<Record<string, TensorSpec>>, rest: readonly TensorSpec[]): void {
  for (const [name, { shape }] of Object.entries(named)) {
    if (shape.length !== 4) throw new ShapeError(`${name} must have 4 axes, got ${showShape(shape)}`);
  }
  const dtypes = [...Object.values(named), ...rest].map(({ dtype }) => dtype);
  if (dtypes.some((dtype) => dtype !== dtypes[0] || !isFloat(dtype))) {
    throw new DTypeError(`expected tensors of one dtype, float32 or float16, got ${dtypes.join(', ')}`);
  }
}

function checkGroups(filter: TensorSpec, groups: number): void {
  if (!Number.isInteger(groups) || groups < 1 || filter.shape[3] % groups !== 0) {
    throw new ShapeError(
      `groups must divide the ${filter.shape[3]} output channels of filter ${showShape(filter.shape)} (HWIO), got ${groups}`,
    );
  }
}

function checkBias(bias: TensorSpec | undefined, channels: number): void {
  if (bias && !sameShape(bias.shape, [channels])) {
    throw new ShapeError(`bias must have the shape [${channels}], got ${showShape(bias.shape)}`);
  }
}

/**
 * 2-D convolution (cross-correlation, as everywhere in deep learning):
 * y[n, i, j, o] = bias[o] + Σ x[n, i·stride + k·dilation - top, j·stride + l·dilation - left, c] filter[k, l, c, o].
 *
 * `x` is [batch, height, width, inChannels], `filter` [filterHeight, filterWidth, inChannels / groups, outChannels]; the result
 * is [batch, outHeight, outWidth, outChannels] with outHeight = floor((height + padding - span) / stride) + 1 and
 * span = (filterHeight - 1)·dilation + 1. float32 or float16, all of one dtype.
 *
 * ```ts
 * const y = relu(conv2d(images, filter, { bias, padding: 'same' })); // bias and relu cost nothing more
 * const z = conv2d(x, w, { strides: 2, padding: [[1, 2], [1, 2]], layout: 'NCHW', filterLayout: 'OIHW' });
 * ```
 *
 * @throws ShapeError for channels that do not fit, numbers out of range, or a filter larger than the padded input.
 */
export function conv2d(x: Tensor, filter: Tensor, options: Conv2dOptions = {}): Tensor {
  const path = x.graph.path('conv2d');
  const { layout = 'NHWC', filterLayout = 'HWIO', groups = 1, bias } = options;
  const image = fromLayout(path, x, layout);
  const weights = reorder(path, 'filter', filter, filterLayout, 'HWIO', filterLayouts);
  const windows = placeWindows(path, [image.shape[1], image.shape[2]], [weights.shape[0], weights.shape[1]], {
    ...options,
    windowName: 'filter',
  });
  const { strides, dilations, padding, outputSize } = windows;
  const y = applyOne(conv2dOp, bias ? [image, weights, bias] : [image, weights], {
    strides,
    dilations,
    padding: [padding[0][0], padding[1][0]],
    groups,
    size: outputSize,
  });
  return toLayout(y, layout);
}
