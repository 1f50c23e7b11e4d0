import { sizeOf } from '../core/shape.ts';
import { applyOne, type Op, type Tensor } from '../graph/graph.ts';
import { div, mul } from './arithmetic.ts';
import { averagePool2dGradientOp, poolCall, poolGradientCall } from './averagePool2d.ts';
import { greater, where } from './comparison.ts';
import { composedGradient } from './composedGradient.ts';
import {
  checkPool,
  forEachWindowElement,
  type Pool2dOptions,
  type PoolAttrs,
  pooled,
  pooledShape,
} from './poolWindows.ts';

export const l2Pool2dOp: Op<PoolAttrs> = {
  name: 'l2Pool2d',
  infer([x], attrs) {
    checkPool(x.shape, [x], [], attrs);
    return [{ shape: pooledShape(x.shape, attrs), dtype: x.dtype }];
  },
  reference([x], { inputs, outputs }, attrs) {
    const y = new Float64Array(sizeOf(outputs[0].shape));
    const channels = inputs[0].shape[3];
    forEachWindowElement(inputs[0].shape, attrs, (imageAt, resultAt) => {
      for (let c = 0; c < channels; c++) y[resultAt + c] += x[imageAt + c] ** 2;
    });
    return [y.map(Math.sqrt)];
  },
  kernels: (context) => [poolCall(context, 'l2Pool2d', null)],
  epilogue: { bindings: () => 2 },
  // y = sqrt(sum of x²)  =>  dx = x Σ dy / y over the windows, where y is 0 none
  gradient: ([dy], [x], [y], attrs) => [dy && applyOne(l2Pool2dGradientOp, [x, y, dy], attrs)],
  flops: (_, [y], { windowSize }) => 2 * sizeOf(y.shape) * windowSize[0] * windowSize[1],
};

/** Inputs: image, the pool's result, its gradient. */
export const l2Pool2dGradientOp: Op<PoolAttrs> = {
  name: 'l2Pool2dGradient',
  infer([x, y, dy], attrs) {
    checkPool(x.shape, [x, y, dy], [y, dy], attrs);
    return [{ shape: x.shape, dtype: dy.dtype }];
  },
  reference([x, y, dy], { inputs, outputs }, attrs) {
    const dx = new Float64Array(sizeOf(outputs[0].shape));
    const channels = inputs[0].shape[3];
    forEachWindowElement(inputs[0].shape, attrs, (imageAt, resultAt) => {
      for (let c = 0; c < channels; c++) {
        if (y[resultAt + c] !== 0) dx[imageAt + c] += (x[imageAt + c] * dy[resultAt + c]) / y[resultAt + c];
      }
    });
    return [dx];
  },
  kernels: (context) => [poolGradientCall(context, 'l2Pool2dGradient', null)],
  epilogue: { bindings: () => 4 },
  gradient([g], inputs, _, attrs) {
    if (!g) return [null, null, null];
    return composedGradient(inputs, [g], ([x, y, dy]) => {
      const positive = greater(y, 0);
      const share = div(where(positive, dy, 0), where(positive, y, 1));
      const imageSize = [x.shape[1], x.shape[2]] as const;
      return [mul(x, applyOne(averagePool2dGradientOp, [share], { ...attrs, divisor: 'one', imageSize }))];
    });
  },
  flops: ([, y], _, { windowSize }) => 3 * sizeOf(y.shape) * windowSize[0] * windowSize[1],
};

/**
 * Root of the sum of squares of each window (WebNN's l2Pool2d, ONNX's LpPool with p = 2). `x` is
 * [batch, height, width, channels], float32 or float16; sizes, padding and errors as for `averagePool2d`. A window that lies
 * wholly in the padding gives 0.
 *
 * ```ts
 * const norms = l2Pool2d(x, { windowSize: 2 }); // [1, 28, 28, 8] -> [1, 14, 14, 8]
 * ```
 */
export function l2Pool2d(x: Tensor, options: Pool2dOptions): Tensor {
  return pooled('l2Pool2d', x, options, (image, attrs) => applyOne(l2Pool2dOp, [image], attrs));
}
