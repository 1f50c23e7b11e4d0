import { ShapeError } from './errors.ts';

/** Lengths of the axes, outermost first. `[]` is a scalar. Every length is a whole number of at least 1. */
export type Shape = readonly number[];

/** `[2, 3]`, as it stands in every message. */
export function showShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const length of shape) size *= length;
  return size;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis]);
}

/** Row-major element strides. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

/** Throws unless every length is a whole number of at least 1. `what` begins the message. */
export function checkShape(what: string, shape: Shape): void {
  if (!Array.isArray(shape))
    throw new ShapeError(`${what}: expected a shape such as [2, 3], got ${String(shape)}`);
  for (const length of shape) {
    if (!Number.isInteger(length) || length < 1) {
      throw new ShapeError(
        `${what}: every axis needs a whole length of at least 1 (empty tensors are not supported), got ${showShape(shape)}`,
      );
    }
  }
}

/** A negative axis counts from the end, as in NumPy. */
export function normalizeAxis(what: string, axis: number, rank: number): number {
  if (rank === 0)
    throw new ShapeError(`${what}: axis ${axis} is out of range: a scalar, of shape [], has no axes`);
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw new ShapeError(
      `${what}: axis ${axis} is out of range for rank ${rank} (expected ${-rank} to ${rank - 1})`,
    );
  }
  return axis < 0 ? axis + rank : axis;
}

/** Sorted, without repetition; `undefined` means all axes. */
export function normalizeAxes(what: string, axes: readonly number[] | undefined, rank: number): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, axis) => axis);
  const sorted = axes.map((axis) => normalizeAxis(what, axis, rank)).sort((a, b) => a - b);
  const twice = sorted.find((axis, i) => i > 0 && axis === sorted[i - 1]);
  if (twice !== undefined)
    throw new ShapeError(`${what}: axis ${twice} is given twice in ${showShape(axes)}`);
  return sorted;
}

/** The NumPy broadcast of `shapes`: axes are aligned at the end, a length of 1 stretches. */
export function broadcastShapes(what: string, shapes: readonly Shape[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  const result = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    for (let axis = 0; axis < shape.length; axis++) {
      const at = rank - shape.length + axis;
      if (result[at] !== 1 && shape[axis] !== 1 && result[at] !== shape[axis]) {
        throw new ShapeError(
          `${what}: shapes ${shapes.map(showShape).join(' and ')} do not broadcast: axis ${at - rank} has both ${result[at]} and ${shape[axis]}`,
        );
      }
      if (shape[axis] !== 1) result[at] = shape[axis];
    }
  }
  return result;
}

/** Element strides with which `from` is read along the axes of `to`: 0 where it stretches. */
export function broadcastStrides(from: Shape, to: Shape): number[] {
  const own = stridesOf(from);
  const missing = to.length - from.length;
  return to.map((_, axis) => (axis < missing || from[axis - missing] === 1 ? 0 : own[axis - missing]));
}

/**
 * Calls `visit` once for every element of `shape`, in row-major order, with the offset that each list of `strides`
 * gives to it. This is the plain loop on which the references of strided ops stand.
 */
export function forEachOffset(
  shape: Shape,
  strides: readonly (readonly number[])[],
  visit: (index: number, offsets: readonly number[]) => void,
): void {
  const size = sizeOf(shape);
  const position = new Array<number>(shape.length).fill(0);
  const offsets = strides.map(() => 0);
  for (let index = 0; index < size; index++) {
    visit(index, offsets);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      position[axis]++;
      for (let s = 0; s < strides.length; s++) offsets[s] += strides[s][axis];
      if (position[axis] < shape[axis]) break;
      for (let s = 0; s < strides.length; s++) offsets[s] -= strides[s][axis] * shape[axis];
      position[axis] = 0;
    }
  }
}
