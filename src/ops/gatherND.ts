import { DTypeError, ShapeError } from '../core/errors.ts';
import { showShape, sizeOf, stridesOf } from '../core/shape.ts';
import type { Tensor } from '../graph/graph.ts';
import { add, maximum, minimum, mul } from './arithmetic.ts';
import { less, where } from './comparison.ts';
import { checkIndices, gather } from './gather.ts';
import { reshape } from './reshape.ts';
import { split } from './slice.ts';

export interface GatherNDOptions {
  /** How many leading axes `x` and `indices` have in common: each of their places is a gather of its own. Default 0. */
  batchDimensions?: number;
}

/**
 * Takes the slices of `x` that the tuples on the last axis of `indices` name. With `indices` [...p, k] and `x` [...a, ...s], where a
 * are k axes, the result is [...p, ...s]. `x` has any dtype, `indices` are int32 or uint32; a negative index counts from the
 * end of its axis, and what then lies outside is clamped. As TensorFlow's `gather_nd`, ONNX' `GatherND` and WebNN's `gatherND`.
 *
 * ```ts
 * const corners = gatherND(image, graph.constant([0, 0, 27, 27], [2, 2], 'int32')); // [28, 28, 3] -> [2, 3]
 * ```
 *
 * It is made of elementwise ops, which work out the number of each slice, and `gather`.
 *
 * @throws ShapeError where a tuple is longer than `x` has axes, or the batch axes differ; DTypeError where `indices` are no integers.
 */
export function gatherND(x: Tensor, indices: Tensor, options: GatherNDOptions = {}): Tensor {
  const path = x.graph.path('gatherND');
  const batch = options.batchDimensions ?? 0;
  const { numbers, slices, rest } = sliceNumbers(path, x, indices, batch);
  const y = gather(reshape(x, [slices, ...rest]), numbers);
  return reshape(y, [...indices.shape.slice(0, -1), ...rest]);
}

/**
 * `indices` [...p, k] as the numbers [...p] of slices of `x`, whose first batch + k axes are joined into one of length
 * `slices`; `rest` is the shape of a slice.
 */
export function sliceNumbers(
  path: string,
  x: Tensor,
  indices: Tensor,
  batch: number,
): { numbers: Tensor; slices: number; rest: number[] } {
  checkIndices(indices.dtype, path);
  if (indices.rank === 0)
    throw new ShapeError(`${path}: indices need an axis whose elements are the places on the axes of x`);
  if (!Number.isInteger(batch) || batch < 0 || batch >= indices.rank || batch > x.rank) {
    throw new ShapeError(
      `${path}: batchDimensions must be a whole number that x ${showShape(x.shape)} and indices ${showShape(indices.shape)} both have room for, got ${batch}`,
    );
  }
  const depth = indices.shape[indices.rank - 1];
  if (batch + depth > x.rank) {
    throw new ShapeError(
      `${path}: indices ${showShape(indices.shape)} name places on ${depth} axes after ${batch} batch axes, x ${showShape(x.shape)} has ${x.rank}`,
    );
  }
  const common = x.shape.slice(0, batch);
  if (showShape(common) !== showShape(indices.shape.slice(0, batch))) {
    throw new ShapeError(
      `${path}: the first ${batch} axes of x ${showShape(x.shape)} and indices ${showShape(indices.shape)} differ`,
    );
  }
  const joined = x.shape.slice(0, batch + depth);
  if (sizeOf(joined) > 2 ** 31 - 1) throw new DTypeError(`${path}: x has more slices than int32 can number`);
  const strides = stridesOf(joined);
  const places = indices.shape.slice(0, -1);
  const parts = depth === 1 ? [indices] : split(indices, depth, -1);
  const terms = parts.map((part, axis) => {
    const length = joined[batch + axis];
    const column = reshape(part, places);
    const fromStart =
      indices.dtype === 'int32' ? where(less(column, 0), add(column, length), column) : column;
    const inside = minimum(indices.dtype === 'int32' ? maximum(fromStart, 0) : fromStart, length - 1);
    return mul(inside, strides[batch + axis]);
  });
  let numbers = terms.reduce((total, term) => add(total, term));
  if (batch > 0) {
    // The k-th place of the batch begins at slice k times the slices of one place.
    const count = sizeOf(common);
    const each = sizeOf(joined) / count;
    const starts = Array.from({ length: count }, (_, i) => i * each);
    const shape = [...common, ...places.slice(batch).map(() => 1)];
    numbers = add(numbers, x.graph.constant(starts, shape, indices.dtype));
  }
  return { numbers, slices: sizeOf(joined), rest: x.shape.slice(batch + depth) };
}
