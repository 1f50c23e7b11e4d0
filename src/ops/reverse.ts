import { normalizeAxes, stridesOf } from '../core/shape.ts';
import { applyOne, type Op, type Tensor, type TensorSpec } from '../graph/graph.ts';
import { checkRank, movementEpilogue, type StridedMap, stridedKernels, stridedReference } from './strided.ts';

export interface ReverseAttrs {
  /** Sorted, not negative. */
  readonly axes: readonly number[];
}

export const reverseOp: Op<ReverseAttrs> = {
  name: 'reverse',
  infer([x]) {
    checkRank(x.shape);
    return [{ shape: x.shape, dtype: x.dtype }];
  },
  reference: ([x], { inputs }, attrs) => [stridedReference(x, reverseMap(inputs[0], attrs))],
  kernels: (context) => stridedKernels(context, reverseMap(context.inputs[0], context.attrs), 'reverse'),
  epilogue: movementEpilogue,
  // y[i] = x[n - 1 - i]  =>  dx[i] = dy[n - 1 - i]
  gradient([dy], _, __, { axes }) {
    return [dy && reverse(dy, axes)];
  },
  simplify: ([x], output, { axes }) => (axes.every((axis) => output.shape[axis] === 1) ? x : null),
  flops: () => 0,
};

/** Turns the order of the elements along `axes`, by default all: [[1, 2], [3, 4]] along axis 1 gives [[2, 1], [4, 3]]. Any dtype. */
export function reverse(x: Tensor, axes?: readonly number[]): Tensor {
  return applyOne(reverseOp, [x], { axes: normalizeAxes(x.graph.path('reverse'), axes, x.rank) });
}

function reverseMap(x: TensorSpec, { axes }: ReverseAttrs): StridedMap {
  const own = stridesOf(x.shape);
  return {
    shape: x.shape,
    strides: own.map((stride, axis) => (axes.includes(axis) ? -stride : stride)),
    offset: axes.reduce((offset, axis) => offset + (x.shape[axis] - 1) * own[axis], 0),
  };
}
