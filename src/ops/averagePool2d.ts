import source from '#shaders/averagePool2d.wgsl' with { type: 'text' };
import gradientSource from '#shaders/averagePool2dGradient.wgsl' with { type: 'text' };
import { sizeOf } from '../core/shape.ts';
import { applyOne, type Op, type Tensor } from '../graph/graph.ts';
import { type KernelCall, type KernelContext, linearGrid, storageType } from '../graph/kernel.ts';
import {
  checkPool,
  forEachWindowElement,
  type Pool2dOptions,
  type PoolAttrs,
  pooled,
  pooledShape,
  poolParams,
  poolWgsl,
  poolWidth,
} from './poolWindows.ts';
import { mean } from './reduce.ts';
import type { Layout, Pair } from './spatial.ts';
import { fromLayout, toLayout } from './spatial.ts';

/** What the sum over a window is divided by: nothing, its elements inside the image, or also those in the padding. */
export type Divisor = 'one' | 'inside' | 'padded';

export interface AveragePoolAttrs extends PoolAttrs {
  readonly divisor: Divisor;
}

export interface AverageGradientAttrs extends AveragePoolAttrs {
  readonly imageSize: Pair;
}

export interface AveragePool2dOptions extends Pool2dOptions {
  /** Divide by the window's elements in the padding, too; what `ceilMode` adds beyond it never counts. Default false. */
  countIncludePad?: boolean;
}

/** Mean, or sum, of each window. */
export const averagePool2dOp: Op<AveragePoolAttrs> = {
  name: 'averagePool2d',
  infer([x], attrs) {
    checkPool(x.shape, [x], [], attrs);
    return [{ shape: pooledShape(x.shape, attrs), dtype: x.dtype }];
  },
  reference([x], { inputs, outputs }, attrs) {
    const { shape } = inputs[0];
    const y = new Float64Array(sizeOf(outputs[0].shape));
    const divisors = divisorsOf([shape[1], shape[2]], attrs);
    const channels = shape[3];
    forEachWindowElement(shape, attrs, (imageAt, resultAt) => {
      const divisor = divisors[(resultAt / channels) % divisors.length];
      for (let c = 0; c < channels; c++) y[resultAt + c] += x[imageAt + c] / divisor;
    });
    return [y];
  },
  kernels: (context) => [poolCall(context, 'averagePool2d', context.attrs.divisor)],
  epilogue: { bindings: () => 2 },
  // y = sum of x over a window / n  =>  dx = sum of dy / n over the windows
  gradient([dy], [x], _, attrs) {
    return [
      dy &&
        applyOne(averagePool2dGradientOp, [dy], { ...attrs, imageSize: [x.shape[1], x.shape[2]] as const }),
    ];
  },
  flops: (_, [y], { windowSize }) => sizeOf(y.shape) * windowSize[0] * windowSize[1],
};

export const averagePool2dGradientOp: Op<AverageGradientAttrs> = {
  name: 'averagePool2dGradient',
  infer([dy], attrs) {
    const shape = [dy.shape[0], ...attrs.imageSize, dy.shape[3]];
    checkPool(shape, [dy], [dy], attrs);
    return [{ shape, dtype: dy.dtype }];
  },
  reference([dy], { outputs }, attrs) {
    const { shape } = outputs[0];
    const dx = new Float64Array(sizeOf(shape));
    const divisors = divisorsOf(attrs.imageSize, attrs);
    const channels = shape[3];
    forEachWindowElement(shape, attrs, (imageAt, resultAt) => {
      const divisor = divisors[(resultAt / channels) % divisors.length];
      for (let c = 0; c < channels; c++) dx[imageAt + c] += dy[resultAt + c] / divisor;
    });
    return [dx];
  },
  kernels: (context) => [poolGradientCall(context, 'averagePool2dGradient', context.attrs.divisor)],
  epilogue: { bindings: () => 2 },
  // The gradient of a linear map's transpose is the map.
  gradient([g], _, __, { imageSize, ...attrs }) {
    return [g && applyOne(averagePool2dOp, [g], attrs)];
  },
  flops: ([dy], _, { windowSize }) => sizeOf(dy.shape) * windowSize[0] * windowSize[1],
};

/** The divisor of each window of an image; 1 for windows without elements. */
function divisorsOf(
  imageSize: Pair,
  { windowSize, strides, dilations, padding, outputSize, divisor }: AveragePoolAttrs,
): Float64Array {
  const counts = ([0, 1] as const).map((axis) => {
    const end = imageSize[axis] + (divisor === 'padded' ? padding[axis][1] : 0);
    const start = divisor === 'padded' ? -padding[axis][0] : 0;
    return Array.from({ length: outputSize[axis] }, (_, window) => {
      let count = 0;
      for (let tap = 0; tap < windowSize[axis]; tap++) {
        const position = window * strides[axis] - padding[axis][0] + tap * dilations[axis];
        if (position >= start && position < end) count++;
      }
      return count;
    });
  });
  const divisors = new Float64Array(outputSize[0] * outputSize[1]);
  return divisors.map((_, i) => {
    const count = counts[0][Math.floor(i / outputSize[1])] * counts[1][i % outputSize[1]];
    return divisor === 'one' ? 1 : Math.max(1, count);
  });
}

/** The same in WGSL, worked out from where the window starts. */
function divisorWgsl(divisor: Divisor): string {
  if (divisor === 'one') return 'fn divisor(row: i32, column: i32) -> F { return F(1.0); }';
  const around = (side: string, sign: string) =>
    divisor === 'padded' ? ` ${sign} params.padding${side}` : '';
  return `
// Taps t < window with low <= start + t dilation < high.
fn tapsBetween(low: i32, high: i32, start: i32, window: i32, dilation: i32) -> i32 {
  let first = max(0, (low - start + dilation - 1) / dilation);
  let end = min(window, max(0, high - start + dilation - 1) / dilation);
  return max(0, end - first);
}
fn divisor(row: i32, column: i32) -> F {
  let rows = tapsBetween(0${around('Top', '-')}, params.imageHeight${around('Bottom', '+')}, row, params.windowHeight, params.dilationHeight);
  let columns = tapsBetween(0${around('Left', '-')}, params.imageWidth${around('Right', '+')}, column, params.windowWidth, params.dilationWidth);
  return F(f32(max(1, rows * columns)));
}`;
}

/** A pool that sums; without a divisor it is the root of the sum of squares. */
export function poolCall(
  { inputs, outputs, attrs, epilogue }: KernelContext<PoolAttrs>,
  label: string,
  divisor: Divisor | null,
): KernelCall {
  const width = poolWidth(inputs[0].shape, epilogue);
  const params = poolParams(inputs[0].shape, outputs[0].shape, attrs, width);
  return {
    label,
    source,
    variant: {
      X: storageType(inputs[0].dtype, width),
      SQUARED: divisor === null,
      POOL: poolWgsl,
      DIVISOR: divisor === null ? '' : divisorWgsl(divisor),
      EPILOGUE: epilogue.text(3, width),
    },
    params,
    bindings: [{ input: 0 }, { output: 0 }, ...epilogue.bindings],
    workgroups: linearGrid(Math.ceil(params.count / 64)),
  };
}

/** The gradient of such a pool. Inputs: dy, or x, y, dy without a divisor. */
export function poolGradientCall(
  { inputs, outputs, attrs, epilogue }: KernelContext<PoolAttrs>,
  label: string,
  divisor: Divisor | null,
): KernelCall {
  const { shape } = outputs[0];
  const width = poolWidth(shape, epilogue);
  const params = poolParams(shape, shape, attrs, width);
  return {
    label,
    source: gradientSource,
    variant: {
      X: storageType(inputs[0].dtype, width),
      SQUARED: divisor === null,
      POOL: poolWgsl,
      DIVISOR: divisor === null ? '' : divisorWgsl(divisor),
      EPILOGUE: epilogue.text(inputs.length + 2, width),
    },
    params,
    bindings: [...inputs.map((_, input) => ({ input })), { output: 0 }, ...epilogue.bindings],
    workgroups: linearGrid(Math.ceil(params.count / 64)),
  };
}

/**
 * Mean of each window. `x` is [batch, height, width, channels], float32 or float16; the result is
 * [batch, outHeight, outWidth, channels] with outHeight = floor((height + padding - span) / stride) + 1, rounded up with
 * `ceilMode`. Elements in the padding do not count unless `countIncludePad` is set; a window that lies wholly in it gives 0.
 *
 * ```ts
 * const y = averagePool2d(x, { windowSize: 2 }); // [1, 28, 28, 8] -> [1, 14, 14, 8]
 * ```
 *
 * @throws ShapeError for numbers out of range and windows larger than the padded input, DTypeError for other dtypes.
 */
export function averagePool2d(x: Tensor, options: AveragePool2dOptions): Tensor {
  const divisor = options.countIncludePad ? 'padded' : 'inside';
  return pooled('averagePool2d', x, options, (image, attrs) =>
    applyOne(averagePool2dOp, [image], { ...attrs, divisor }),
  );
}

/** Mean of each channel: [batch, height, width, channels] gives [batch, 1, 1, channels]. */
export function globalAveragePool2d(x: Tensor, options: { layout?: Layout } = {}): Tensor {
  const { layout = 'NHWC' } = options;
  const image = fromLayout(x.graph.path('globalAveragePool2d'), x, layout);
  return toLayout(mean(image, { axes: [1, 2], keepDimensions: true }), layout);
}
