import { ShapeError } from '../core/errors.ts';
import { checkShape, normalizeAxes, normalizeAxis, type Shape, sameShape, showShape } from '../core/shape.ts';
import { applyOne, type Op, type Tensor } from '../graph/graph.ts';
import { type Placement, padKernels, padReference } from './padKernels.ts';
import { reshape } from './reshape.ts';
import { checkRank, movementEpilogue, stridedKernels, stridedReference, windowMap } from './strided.ts';

// slice and place stand in one file because each is the other's gradient.

export interface SliceAttrs {
  readonly begin: readonly number[];
  /** The shape of the result. */
  readonly size: Shape;
  readonly steps: readonly number[];
}

export const sliceOp: Op<SliceAttrs> = {
  name: 'slice',
  infer([x], { begin, size, steps }) {
    checkRank(x.shape);
    checkWindow(x.shape, begin, size, steps);
    return [{ shape: size, dtype: x.dtype }];
  },
  reference: ([x], { inputs }, { begin, size, steps }) => [
    stridedReference(x, windowMap(inputs[0].shape, begin, size, steps)),
  ],
  kernels: (context) => {
    const { begin, size, steps } = context.attrs;
    return stridedKernels(context, windowMap(context.inputs[0].shape, begin, size, steps), 'slice');
  },
  epilogue: movementEpilogue,
  // y[i] = x[begin + i step]  =>  dx = dy put back into zeros
  gradient([dy], [x], _, { begin, steps }) {
    return [dy && place(dy, x.shape, { begin, steps })];
  },
  simplify: ([x], output) => (sameShape(x.spec.shape, output.shape) ? x : null),
  flops: () => 0,
};

export interface SliceOptions {
  /** Axes that the other options speak of, in their order; default all, or as many of the first as the others have entries. */
  axes?: readonly number[];
  /** The first element; negative counts from the end; default 0. */
  begin?: readonly number[];
  /** Where to stop, exclusive; negative counts from the end; default the length of the axis. */
  end?: readonly number[];
  /** How many elements the window covers, instead of `end`. */
  size?: readonly number[];
  /** Take every n-th element of the window; default 1. */
  steps?: readonly number[];
}

/**
 * A window of `x`. Any dtype. Windows may not leave the tensor or be empty; steps are positive (backwards: `reverse`).
 *
 * ```ts
 * slice(x, { begin: [0, 2], end: [3, -1] }); // x[0:3, 2:-1]
 * slice(x, { axes: [1], begin: [4], size: [8] }); // x[:, 4:12]
 * slice(x, { axes: [-1], steps: [2] }); // x[..., ::2]
 * ```
 *
 * @throws ShapeError where an option does not fit the shape.
 */
export function slice(x: Tensor, options: SliceOptions): Tensor {
  const path = x.graph.path('slice');
  const { begin, end, size, steps } = options;
  if (end && size) throw new ShapeError(`${path}: give end or size, not both`);
  const given = [begin, end, size, steps].filter((list) => list !== undefined);
  const count = options.axes?.length ?? Math.max(0, ...given.map((list) => list.length));
  const axes = (options.axes ?? Array.from({ length: count }, (_, i) => i)).map((axis) =>
    normalizeAxis(path, axis, x.rank),
  );
  normalizeAxes(path, axes, x.rank);
  const wrong = given.find((list) => list.length !== count);
  if (wrong)
    throw new ShapeError(
      `${path}: expected ${count} numbers for axes ${showShape(axes)}, got ${showShape(wrong)}`,
    );

  const attrs = { begin: x.shape.map(() => 0), size: [...x.shape], steps: x.shape.map(() => 1) };
  axes.forEach((axis, i) => {
    const length = x.shape[axis];
    const fromEnd = (value: number) => (value < 0 ? value + length : value);
    const first = fromEnd(begin?.[i] ?? 0);
    const stop = size ? first + size[i] : fromEnd(end?.[i] ?? length);
    const step = steps?.[i] ?? 1;
    if (!Number.isInteger(step) || step < 1) {
      throw new ShapeError(
        `${path}: steps must be whole numbers of at least 1, got ${step} for axis ${axis}; reverse(x) turns an axis`,
      );
    }
    if (
      !(Number.isInteger(first) && Number.isInteger(stop) && first >= 0 && first < stop && stop <= length)
    ) {
      const asked = size
        ? `begin ${begin?.[i] ?? 0}, size ${size[i]}`
        : `begin ${begin?.[i] ?? 0}, end ${end?.[i] ?? length}`;
      throw new ShapeError(`${path}: ${asked} is no window of axis ${axis} of ${showShape(x.shape)}`);
    }
    attrs.begin[axis] = first;
    attrs.steps[axis] = step;
    attrs.size[axis] = Math.ceil((stop - first) / step);
  });
  return sameShape(attrs.size, x.shape) ? x : applyOne(sliceOp, [x], attrs);
}

export interface PlaceAttrs {
  /** The shape of the result. */
  readonly shape: Shape;
  readonly begin: readonly number[];
  readonly steps: readonly number[];
}

export const placeOp: Op<PlaceAttrs> = {
  name: 'place',
  infer([x], { shape, begin, steps }) {
    checkShape('shape', shape);
    checkRank(shape);
    checkWindow(shape, begin, x.shape, steps);
    return [{ shape, dtype: x.dtype }];
  },
  reference: ([x], { inputs }, attrs) => [padReference(x, placementOf(inputs[0].shape, attrs))],
  kernels: (context) => padKernels(context, placementOf(context.inputs[0].shape, context.attrs), 'place'),
  epilogue: movementEpilogue,
  // y[begin + i step] = x[i], 0 elsewhere  =>  dx = the window of dy
  gradient([dy], [x], _, { begin, steps }) {
    return [dy && applyOne(sliceOp, [dy], { begin, steps, size: x.shape })];
  },
  simplify: ([x], output) => (sameShape(x.spec.shape, output.shape) ? x : null),
  flops: () => 0,
};

/** `x` within zeros of `shape`: its element i lies at begin + i step, on each axis. What `slice` does, undone; its gradient. */
export function place(
  x: Tensor,
  shape: Shape,
  options: { begin?: readonly number[]; steps?: readonly number[] } = {},
): Tensor {
  const { begin = shape.map(() => 0), steps = shape.map(() => 1) } = options;
  return sameShape(x.shape, shape) ? x : applyOne(placeOp, [x], { shape, begin, steps });
}

function placementOf(from: Shape, { shape, begin, steps }: PlaceAttrs): Placement {
  return { from, to: shape, begin, steps, mode: 'constant', fill: 0 };
}

/** Throws unless the places begin + i step, for i below `size`, lie within `shape`. */
function checkWindow(shape: Shape, begin: readonly number[], size: Shape, steps: readonly number[]): void {
  const sameRank = [begin, size, steps].every((list) => list.length === shape.length);
  const fits =
    sameRank &&
    shape.every((length, axis) => begin[axis] >= 0 && begin[axis] + (size[axis] - 1) * steps[axis] < length);
  if (fits) return;
  throw new ShapeError(
    `a window of ${showShape(size)} from ${showShape(begin)} in steps of ${showShape(steps)} does not lie within ${showShape(shape)}`,
  );
}

/**
 * Cuts `x` along `axis` (default 0): a number gives that many equal parts, a list gives their lengths. The inverse of `concat`.
 *
 * ```ts
 * const [query, key, value] = split(x, 3, -1); // [64, 96] -> three times [64, 32]
 * const [head, rest] = split(x, [1, 9]); // [10, 4] -> [1, 4] and [9, 4]
 * ```
 *
 * @throws ShapeError where the parts do not make up the axis.
 */
export function split(x: Tensor, parts: number | readonly number[], axis = 0): Tensor[] {
  const path = x.graph.path('split');
  const at = normalizeAxis(path, axis, x.rank);
  const length = x.shape[at];
  if (typeof parts === 'number' && (!Number.isInteger(parts) || parts < 1 || length % parts !== 0)) {
    throw new ShapeError(
      `${path}: axis ${at} of ${showShape(x.shape)} does not divide into ${parts} equal parts`,
    );
  }
  const lengths = typeof parts === 'number' ? new Array<number>(parts).fill(length / parts) : parts;
  const total = lengths.reduce((sum, each) => sum + each, 0);
  if (total !== length || lengths.some((each) => !Number.isInteger(each) || each < 1)) {
    throw new ShapeError(
      `${path}: parts ${showShape(lengths)} do not make up axis ${at} of ${showShape(x.shape)}`,
    );
  }
  let begin = 0;
  return lengths.map((size) => {
    begin += size;
    return slice(x, { axes: [at], begin: [begin - size], size: [size] });
  });
}

/** The slices of `x` along `axis` (default 0), without that axis: [3, 4] gives three times [4]. The inverse of `stack`. */
export function unstack(x: Tensor, axis = 0): Tensor[] {
  const at = normalizeAxis(x.graph.path('unstack'), axis, x.rank);
  const shape = x.shape.filter((_, i) => i !== at);
  return split(x, x.shape[at], at).map((part) => reshape(part, shape));
}
