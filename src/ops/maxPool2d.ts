import source from '#shaders/maxPool2d.wgsl' with { type: 'text' };
import gradientSource from '#shaders/maxPool2dGradient.wgsl' with { type: 'text' };
import { ShapeError } from '../core/errors.ts';
import { sameShape, showShape, sizeOf } from '../core/shape.ts';
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
import type { Layout } from './spatial.ts';

// The pool, its gradient, and the gradient's gradient, which selects what lies at each window's maximum. All find the maximum
// again: the first of equal ones. Storing its place would cost as much memory as the result.

export const maxPool2dOp: Op<PoolAttrs> = {
  name: 'maxPool2d',
  infer([x], attrs) {
    checkPool(x.shape, [x], [], attrs);
    return [{ shape: pooledShape(x.shape, attrs), dtype: x.dtype }];
  },
  reference: ([x], { inputs, outputs }, attrs) => [
    selectMaxima(x, x, inputs[0].shape, outputs[0].shape, attrs),
  ],
  kernels: (context) => [forwardCall(context, 'maxPool2d')],
  epilogue: { bindings: () => 2 },
  // y = x at its window's first maximum  =>  dx there = dy, summed over the windows
  gradient: ([dy], [x], [y], attrs) => [dy && applyOne(maxPool2dGradientOp, [x, y, dy], attrs)],
  flops: (_, [y], { windowSize }) => sizeOf(y.shape) * windowSize[0] * windowSize[1],
};

/** Inputs: image, the pool's result, its gradient. */
export const maxPool2dGradientOp: Op<PoolAttrs> = {
  name: 'maxPool2dGradient',
  infer([x, y, dy], attrs) {
    checkPool(x.shape, [x, y, dy], [y, dy], attrs);
    return [{ shape: x.shape, dtype: dy.dtype }];
  },
  reference([x, y, dy], { inputs, outputs }, attrs) {
    const dx = new Float64Array(sizeOf(outputs[0].shape));
    const found = new Uint8Array(dy.length);
    const channels = inputs[0].shape[3];
    forEachWindowElement(inputs[0].shape, attrs, (imageAt, resultAt) => {
      for (let c = 0; c < channels; c++) {
        if (found[resultAt + c] === 1 || x[imageAt + c] !== y[resultAt + c]) continue;
        found[resultAt + c] = 1;
        dx[imageAt + c] += dy[resultAt + c];
      }
    });
    return [dx];
  },
  kernels: (context) => [gradientCall(context)],
  epilogue: { bindings: () => 4 },
  // dx = dy at each window's maximum; upstream g  =>  d(dy) = g at each window's maximum
  gradient: ([g], [x, y], _, attrs) => [null, null, g && applyOne(maxPool2dSelectOp, [x, g, y], attrs)],
  flops: ([x], _, { windowSize }) => sizeOf(x.shape) * windowSize[0] * windowSize[1],
};

/** Inputs: image, a tensor of its shape from which to select, the pool's result. */
export const maxPool2dSelectOp: Op<PoolAttrs> = {
  name: 'maxPool2dSelect',
  infer([x, selected, y], attrs) {
    checkPool(x.shape, [x, selected, y], [y], attrs);
    if (!sameShape(x.shape, selected.shape)) {
      throw new ShapeError(
        `expected the image's shape ${showShape(x.shape)}, got ${showShape(selected.shape)}`,
      );
    }
    return [{ shape: y.shape, dtype: selected.dtype }];
  },
  reference: ([x, selected], { inputs, outputs }, attrs) => [
    selectMaxima(x, selected, inputs[0].shape, outputs[0].shape, attrs),
  ],
  kernels: (context) => [forwardCall(context, 'maxPool2dSelect')],
  epilogue: { bindings: () => 3 },
  gradient: ([g], [x, , y], _, attrs) => [null, g && applyOne(maxPool2dGradientOp, [x, y, g], attrs), null],
  flops: (_, [y], { windowSize }) => sizeOf(y.shape) * windowSize[0] * windowSize[1],
};

/** For each window the element of `from` where `x` is first at its largest; 0 for windows that lie in the padding. NaN is largest. */
function selectMaxima(
  x: Float64Array,
  from: Float64Array,
  imageShape: readonly number[],
  resultShape: readonly number[],
  attrs: PoolAttrs,
): Float64Array {
  const largest = new Float64Array(sizeOf(resultShape)).fill(Number.NEGATIVE_INFINITY);
  const started = new Uint8Array(largest.length);
  const result = new Float64Array(largest.length);
  const channels = imageShape[3];
  forEachWindowElement(imageShape, attrs, (imageAt, resultAt) => {
    for (let c = 0; c < channels; c++) {
      const value = x[imageAt + c];
      if (started[resultAt + c] === 1 && value <= largest[resultAt + c]) continue;
      if (Number.isNaN(largest[resultAt + c]) && !Number.isNaN(value)) continue;
      started[resultAt + c] = 1;
      largest[resultAt + c] = value;
      result[resultAt + c] = from[imageAt + c];
    }
  });
  return result;
}

function forwardCall(
  { inputs, outputs, attrs, epilogue }: KernelContext<PoolAttrs>,
  label: string,
): KernelCall {
  const select = inputs.length > 1;
  const width = poolWidth(inputs[0].shape, epilogue);
  const params = poolParams(inputs[0].shape, outputs[0].shape, attrs, width);
  return {
    label,
    source,
    variant: {
      X: storageType(inputs[0].dtype, width),
      SELECT: select,
      VEC4: width === 4,
      POOL: poolWgsl,
      EPILOGUE: epilogue.text(select ? 4 : 3, width),
    },
    params,
    bindings: [{ input: 0 }, ...(select ? [{ input: 1 }] : []), { output: 0 }, ...epilogue.bindings],
    workgroups: linearGrid(Math.ceil(params.count / 64)),
  };
}

function gradientCall({ inputs, outputs, attrs, epilogue }: KernelContext<PoolAttrs>): KernelCall {
  const width = poolWidth(inputs[0].shape, epilogue);
  const params = poolParams(inputs[0].shape, outputs[0].shape, attrs, width);
  return {
    label: 'maxPool2dGradient',
    source: gradientSource,
    variant: {
      X: storageType(inputs[0].dtype, width),
      VEC4: width === 4,
      ANY: width === 4 ? 'any' : '',
      POOL: poolWgsl,
      EPILOGUE: epilogue.text(5, width),
    },
    params,
    bindings: [{ input: 0 }, { input: 1 }, { input: 2 }, { output: 0 }, ...epilogue.bindings],
    workgroups: linearGrid(Math.ceil(params.count / 64)),
  };
}

/**
 * Largest element of each window. `x` is [batch, height, width, channels], float32 or float16; the result is
 * [batch, outHeight, outWidth, channels] with outHeight = floor((height + padding - span) / stride) + 1, rounded up with
 * `ceilMode`. Padding never wins; a window that lies wholly in it gives 0. The gradient goes to the first of equal elements.
 *
 * ```ts
 * const y = maxPool2d(x, { windowSize: 2 }); // [1, 28, 28, 8] -> [1, 14, 14, 8]
 * const z = maxPool2d(x, { windowSize: 3, strides: 2, padding: 1, ceilMode: true });
 * ```
 *
 * @throws ShapeError for numbers out of range and windows larger than the padded input, DTypeError for other dtypes.
 */
export function maxPool2d(x: Tensor, options: Pool2dOptions): Tensor {
  return pooled('maxPool2d', x, options, (image, attrs) => applyOne(maxPool2dOp, [image], attrs));
}

/** Largest element of each channel: [batch, height, width, channels] gives [batch, 1, 1, channels]. */
export function globalMaxPool2d(x: Tensor, options: { layout?: Layout } = {}): Tensor {
  const [height, width] = options.layout === 'NCHW' ? x.shape.slice(2) : x.shape.slice(1);
  return pooled('globalMaxPool2d', x, { ...options, windowSize: [height, width] }, (image, attrs) =>
    applyOne(maxPool2dOp, [image], attrs),
  );
}
