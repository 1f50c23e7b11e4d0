import { ShapeError } from '../core/errors.ts';
import { checkShape, type Shape, sameShape, showShape, sizeOf } from '../core/shape.ts';
import { applyOne, type Op, type Tensor, zeroSumAxisOf } from '../graph/graph.ts';

export interface ReshapeAttrs {
  readonly shape: Shape;
}

export const reshapeOp: Op<ReshapeAttrs> = {
  name: 'reshape',
  infer([x], { shape }) {
    checkShape('shape', shape);
    if (sizeOf(shape) !== sizeOf(x.shape)) {
      throw new ShapeError(
        `${showShape(x.shape)} has ${sizeOf(x.shape)} elements, ${showShape(shape)} has ${sizeOf(shape)}`,
      );
    }
    return [{ shape, dtype: x.dtype }];
  },
  reference: ([x]) => [x],
  view: true,
  zeroSumAxis([x], { shape }) {
    const keepsLast = shape.length > 0 && shape.at(-1) === x.shape.at(-1);
    return keepsLast && zeroSumAxisOf(x) === x.rank - 1 ? shape.length - 1 : null;
  },
  // the same elements under another shape  =>  so are their gradients
  gradient([dy], [x]) {
    return [dy && reshape(dy, x.shape)];
  },
  simplify: ([x], output) => (sameShape(x.spec.shape, output.shape) ? x : null),
  flops: () => 0,
};

/** The same elements, in the same order, under another shape. One length may be -1: it is worked out. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const known = sizeOf(shape.filter((length) => length !== -1));
  const full = shape.map((length) => (length === -1 ? x.size / known : length));
  if (shape.filter((length) => length === -1).length > 1) {
    throw new ShapeError(`${x.graph.path('reshape')}: only one length may be -1, got ${showShape(shape)}`);
  }
  if (full.some((length) => !Number.isInteger(length)) && shape.every(Number.isInteger)) {
    throw new ShapeError(
      `${x.graph.path('reshape')}: ${showShape(x.shape)} has ${x.size} elements, which ${showShape(shape)} cannot hold`,
    );
  }
  return sameShape(x.shape, full) ? x : applyOne(reshapeOp, [x], { shape: full });
}

/** Joins the axes from `axis` on into one: [64, 5, 5, 16] becomes [64, 400]. */
export function flatten(x: Tensor, axis = 1): Tensor {
  return reshape(x, [...x.shape.slice(0, axis), sizeOf(x.shape.slice(axis))]);
}
