import source from '#shaders/softmax.wgsl' with { type: 'text' };
import gradientSource from '#shaders/softmaxGradient.wgsl' with { type: 'text' };
import { isFloat } from '../core/dtype.ts';
import { DTypeError } from '../core/errors.ts';
import { normalizeAxis, sizeOf } from '../core/shape.ts';
import {
  applyOne,
  type KernelCall,
  type KernelContext,
  type Op,
  type Tensor,
  type TensorSpec,
} from '../graph/graph.ts';
import { linearGrid, storageType } from '../graph/kernel.ts';
import { mul, sub } from './arithmetic.ts';
import { forEachLine, linesOf, planLines } from './lines.ts';
import { exp } from './math.ts';
import { sum } from './sum.ts';

// softmax and logSoftmax stand in one file with their gradients: the four share their kernels' plan.

export interface SoftmaxAttrs {
  /** Not negative. */
  readonly axis: number;
}

export interface SoftmaxOptions {
  /** The axis whose elements share one distribution, negative ones counted from the end; default -1. */
  axis?: number;
}

function inferFloat(inputs: readonly TensorSpec[]): TensorSpec[] {
  const [x] = inputs;
  if (!isFloat(x.dtype)) throw new DTypeError(`expected float32 or float16, got ${x.dtype}; use cast`);
  return [{ shape: x.shape, dtype: x.dtype }];
}

/** One workgroup for some lines, in one call. The last input's shape and dtype are those of the output. */
function lineKernel(
  { inputs, outputs, attrs, epilogue }: KernelContext<SoftmaxAttrs>,
  label: string,
  text: string,
  logarithm: boolean,
): KernelCall[] {
  const lines = linesOf(inputs[0].shape, attrs.axis);
  const { rows, width, tiling, params } = planLines(lines, epilogue.allowsVec4);
  const vector = storageType('float32', width);
  const variant = {
    X: storageType(inputs[0].dtype, width),
    Y: storageType(outputs[0].dtype, width),
    EPILOGUE: epilogue.text(inputs.length + 2, width),
    V: vector,
    SHARED: rows ? 'f32' : vector,
    LANES: tiling.lanes,
    LINES: tiling.outputs,
    THREADS: tiling.threads,
    TREE: tiling.lanes > 1,
    LANE_STEP: rows ? 1 : tiling.outputs,
    ROW_OF_FOUR: rows && width === 4,
    LOGARITHM: logarithm,
  };
  return [
    {
      label,
      source: text,
      variant: inputs.length === 2 ? { ...variant, DY: storageType(inputs[1].dtype, width) } : variant,
      params,
      bindings: [...inputs.map((_, input) => ({ input })), { output: 0 }, ...epilogue.bindings],
      workgroups: linearGrid(Math.ceil(params.lines / tiling.outputs)),
    },
  ];
}

/** Reference of a gradient: `element(y, dy, total)` for every element, where `total` sums `term(y, dy)` over its line. */
function gradientReference(
  term: (y: number, dy: number) => number,
  element: (y: number, dy: number, total: number) => number,
): Op<SoftmaxAttrs>['reference'] {
  return ([y, dy], specs, { axis }) => {
    const dx = new Float64Array(y.length);
    const lines = linesOf(specs.inputs[0].shape, axis);
    forEachLine(lines, (_, start) => {
      const end = start + lines.length * lines.inner;
      let total = 0;
      for (let i = start; i < end; i += lines.inner) total += term(y[i], dy[i]);
      for (let i = start; i < end; i += lines.inner) dx[i] = element(y[i], dy[i], total);
    });
    return [dx];
  };
}

/** Reference of softmax and its logarithm: `element(x - largest, sum of exp(x - largest))`. */
function softmaxReference(
  element: (difference: number, total: number) => number,
): Op<SoftmaxAttrs>['reference'] {
  return ([x], specs, { axis }) => {
    const y = new Float64Array(x.length);
    const lines = linesOf(specs.inputs[0].shape, axis);
    forEachLine(lines, (_, start) => {
      const end = start + lines.length * lines.inner;
      let largest = Number.NEGATIVE_INFINITY;
      for (let i = start; i < end; i += lines.inner) largest = Math.max(largest, x[i]);
      let total = 0;
      for (let i = start; i < end; i += lines.inner) total += Math.exp(x[i] - largest);
      for (let i = start; i < end; i += lines.inner) y[i] = element(x[i] - largest, total);
    });
    return [y];
  };
}

export const softmaxGradientOp: Op<SoftmaxAttrs> = {
  name: 'softmaxGradient',
  infer: inferFloat,
  reference: /* @__PURE__ */ gradientReference(
    (y, dy) => y * dy,
    (y, dy, total) => y * (dy - total),
  ),
  kernels: (context) => lineKernel(context, 'softmaxGradient', gradientSource, false),
  epilogue: { bindings: () => 3 },
  // dx = y (g - s), s = sum(y g), with h the gradient that comes in for dx
  // =>  dg = y (h - sum(y h)),  dy = h (g - s) - g sum(y h)
  gradient([h], [y, g], _, { axis }) {
    if (!h) return [null, null];
    const s = sum(mul(y, g), { axes: [axis], keepDimensions: true });
    const t = sum(mul(y, h), { axes: [axis], keepDimensions: true });
    return [sub(mul(h, sub(g, s)), mul(g, t)), softmaxGradient(y, h, axis)];
  },
  flops: ([y]) => 4 * sizeOf(y.shape),
};

/** dx of y = softmax(x) for the incoming gradient dy: y (dy - sum(y dy)). */
export function softmaxGradient(y: Tensor, dy: Tensor, axis: number): Tensor {
  return applyOne(softmaxGradientOp, [y, dy], { axis });
}

export const softmaxOp: Op<SoftmaxAttrs> = {
  name: 'softmax',
  infer: inferFloat,
  reference: /* @__PURE__ */ softmaxReference((difference, total) => Math.exp(difference) / total),
  kernels: (context) => lineKernel(context, 'softmax', source, false),
  epilogue: { bindings: () => 2 },
  // y = softmax(x)  =>  dx = y (dy - sum(y dy))
  gradient([dy], _, [y], { axis }) {
    return [dy && softmaxGradient(y, dy, axis)];
  },
  flops: ([x]) => 5 * sizeOf(x.shape),
};

/**
 * exp(x) / sum(exp(x)) along `axis`: positive numbers that add up to 1. The largest element is taken off first, so that no
 * exp overflows. Float dtypes, any shape of rank 1 or more; the result has the shape of `x`.
 *
 * ```ts
 * const attention = softmax(scores, { axis: -1 });
 * ```
 *
 * @throws ShapeError where the axis is out of range, DTypeError where `x` is not a float tensor.
 */
export function softmax(x: Tensor, options: SoftmaxOptions = {}): Tensor {
  return applyOne(softmaxOp, [x], {
    axis: normalizeAxis(x.graph.path('softmax'), options.axis ?? -1, x.rank),
  });
}

export const logSoftmaxGradientOp: Op<SoftmaxAttrs> = {
  name: 'logSoftmaxGradient',
  infer: inferFloat,
  reference: /* @__PURE__ */ gradientReference(
    (_, dy) => dy,
    (y, dy, total) => dy - Math.exp(y) * total,
  ),
  kernels: (context) => lineKernel(context, 'logSoftmaxGradient', gradientSource, true),
  epilogue: { bindings: () => 3 },
  // dx = g - exp(y) s, s = sum(g), with h the gradient that comes in for dx
  // =>  dg = h - sum(exp(y) h),  dy = -h exp(y) s
  gradient([h], [y, g], _, { axis }) {
    if (!h) return [null, null];
    const weighted = mul(exp(y), h);
    const s = sum(g, { axes: [axis], keepDimensions: true });
    const t = sum(weighted, { axes: [axis], keepDimensions: true });
    return [mul(mul(weighted, s), -1), sub(h, t)];
  },
  flops: ([y]) => 4 * sizeOf(y.shape),
};

export const logSoftmaxOp: Op<SoftmaxAttrs> = {
  name: 'logSoftmax',
  infer: inferFloat,
  reference: /* @__PURE__ */ softmaxReference((difference, total) => difference - Math.log(total)),
  kernels: (context) => lineKernel(context, 'logSoftmax', source, true),
  epilogue: { bindings: () => 2 },
  // y = logSoftmax(x)  =>  dx = dy - exp(y) sum(dy)
  gradient([dy], _, [y], attrs) {
    return [dy && applyOne(logSoftmaxGradientOp, [y, dy], attrs)];
  },
  flops: ([x]) => 5 * sizeOf(x.shape),
};

/**
 * log(softmax(x)) along `axis`, without the loss of digits that the logarithm of a tiny probability would bring.
 * Float dtypes, any shape of rank 1 or more; the result has the shape of `x`.
 *
 * @throws ShapeError where the axis is out of range, DTypeError where `x` is not a float tensor.
 */
export function logSoftmax(x: Tensor, options: SoftmaxOptions = {}): Tensor {
  return applyOne(logSoftmaxOp, [x], {
    axis: normalizeAxis(x.graph.path('logSoftmax'), options.axis ?? -1, x.rank),
  });
}
