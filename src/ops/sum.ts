import { DTypeError, ShapeError } from '../core/errors.ts';
import {
  broadcastStrides,
  checkShape,
  forEachOffset,
  normalizeAxes,
  type Shape,
  sameShape,
  showShape,
  sizeOf,
} from '../core/shape.ts';
import { applyOne, type Op, type Tensor } from '../graph/graph.ts';
import { additive } from './monoid.ts';
import { checkGroups, reduceKernels } from './reduceKernels.ts';
import { reshape } from './reshape.ts';

// sum and expand stand in one file because each is the other's gradient.

export interface ReduceAttrs {
  /** Sorted, not negative. */
  readonly axes: readonly number[];
  /** Whether reduced axes stay with length 1. */
  readonly keepDimensions: boolean;
}

export interface ReduceOptions {
  /** Axes to reduce, negative ones counted from the end; default all. */
  axes?: readonly number[];
  /** Keep reduced axes with length 1; default false. */
  keepDimensions?: boolean;
}

/** The shape that is left. */
export function reducedShape(shape: Shape, { axes, keepDimensions }: ReduceAttrs): number[] {
  const kept = shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
  return keepDimensions ? kept : kept.filter((_, axis) => !axes.includes(axis));
}

const addition = /* @__PURE__ */ additive();

export const sumOp: Op<ReduceAttrs> = {
  name: 'sum',
  infer([x], attrs) {
    if (x.dtype === 'bool')
      throw new DTypeError('expected float32, float16, int32 or uint32, got bool; use cast');
    checkGroups(x.shape, attrs.axes);
    return [{ shape: reducedShape(x.shape, attrs), dtype: x.dtype }];
  },
  reference([x], specs, { axes }) {
    const { shape } = specs.inputs[0];
    const result = new Float64Array(sizeOf(specs.outputs[0].shape));
    const kept = reducedShape(shape, { axes, keepDimensions: true });
    forEachOffset(shape, [broadcastStrides(kept, shape)], (i, [to]) => {
      result[to] += x[i];
    });
    return [result];
  },
  kernels: (context) => reduceKernels('sum', context, addition),
  epilogue: { bindings: () => 2 },
  // y = sum x  =>  dx = dy, stretched over the reduced axes
  gradient([dy], [x], _, { axes }) {
    return [dy && expand(reshape(dy, reducedShape(x.shape, { axes, keepDimensions: true })), x.shape)];
  },
  simplify: ([x], output) => (sameShape(x.spec.shape, output.shape) ? x : null),
  flops: ([x]) => sizeOf(x.shape),
};

/** Sum over `axes`. Integers wrap. Shapes: [2, 3, 4] over axes [1] gives [2, 4]. */
export function sum(x: Tensor, options: ReduceOptions = {}): Tensor {
  const axes = normalizeAxes(x.graph.path('sum'), options.axes, x.rank);
  return applyOne(sumOp, [x], { axes, keepDimensions: options.keepDimensions ?? false });
}

export interface ExpandAttrs {
  readonly shape: Shape;
}

export const expandOp: Op<ExpandAttrs> = {
  name: 'expand',
  infer([x], { shape }) {
    checkShape('shape', shape);
    const fits =
      shape.length >= x.shape.length &&
      x.shape.every((length, i) => length === 1 || length === shape[shape.length - x.shape.length + i]);
    if (!fits) throw new ShapeError(`${showShape(x.shape)} does not broadcast to ${showShape(shape)}`);
    return [{ shape, dtype: x.dtype }];
  },
  reference([x], specs) {
    const { shape } = specs.outputs[0];
    const result = new Float64Array(sizeOf(shape));
    forEachOffset(shape, [broadcastStrides(specs.inputs[0].shape, shape)], (i, [from]) => {
      result[i] = x[from];
    });
    return [result];
  },
  // y = x stretched  =>  dx = sum of dy over the stretched axes
  gradient([dy], [x]) {
    return [dy && sumTo(dy, x.shape)];
  },
  repeats: true,
  elementwise: { expression: ([x]) => x },
  simplify: ([x], output) => (sameShape(x.spec.shape, output.shape) ? x : null),
};

/** Stretches axes of length 1, and adds leading axes, until the shape is `shape`, as NumPy's `broadcast_to` does. */
export function expand(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : applyOne(expandOp, [x], { shape: [...shape] });
}

/** Sums a gradient over the axes along which an operand of `shape` was stretched. */
export function sumTo(gradient: Tensor, shape: Shape): Tensor {
  if (sameShape(gradient.shape, shape)) return gradient;
  const missing = gradient.rank - shape.length;
  const axes = gradient.shape
    .map((_, axis) => axis)
    .filter((axis) => axis < missing || (shape[axis - missing] === 1 && gradient.shape[axis] !== 1));
  return reshape(axes.length === 0 ? gradient : sum(gradient, { axes, keepDimensions: true }), shape);
}
