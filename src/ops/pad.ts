import gradientSource from '#shaders/padGradient.wgsl' with { type: 'text' };
import { isFloat } from '../core/dtype.ts';
import { DTypeError, ShapeError } from '../core/errors.ts';
import { type Shape, showShape, sizeOf } from '../core/shape.ts';
import { applyOne, type Op, type Tensor } from '../graph/graph.ts';
import { type KernelCall, type KernelContext, linearGrid, storageType } from '../graph/kernel.ts';
import { gather, lineOf } from './gather.ts';
import { type PadMode, type Placement, padKernels, padReference, sourceOf } from './padKernels.ts';
import { slice } from './slice.ts';
import { checkRank, movementEpilogue } from './strided.ts';

export type { PadMode } from './padKernels.ts';

export interface PadAttrs {
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly mode: PadMode;
  readonly value: number;
}

export const padOp: Op<PadAttrs> = {
  name: 'pad',
  infer([x], { before, after, mode }) {
    checkRank(x.shape);
    if (before.length !== x.shape.length || after.length !== x.shape.length) {
      throw new ShapeError(
        `padding for ${before.length} axes does not fit ${showShape(x.shape)}; give a pair for each axis`,
      );
    }
    x.shape.forEach((length, axis) => {
      const [first, last] = [before[axis], after[axis]];
      checkCounts('', first, last, axis);
      if (mode === 'reflect' && Math.max(first, last) >= length) {
        throw new ShapeError(
          `axis ${axis} of ${showShape(x.shape)} is too short to reflect [${first}, ${last}] elements`,
        );
      }
    });
    return [{ shape: x.shape.map((length, axis) => before[axis] + length + after[axis]), dtype: x.dtype }];
  },
  reference: ([x], { inputs, outputs }, attrs) => [
    padReference(x, placementOf(inputs[0].shape, outputs[0].shape, attrs)),
  ],
  kernels: (context) =>
    padKernels(context, placementOf(context.inputs[0].shape, context.outputs[0].shape, context.attrs), 'pad'),
  epilogue: movementEpilogue,
  gradient([dy], [x], _, { before, after, mode }) {
    if (!dy) return [null];
    // y = value around x  =>  dx = the part of dy where x lies
    if (mode === 'constant') return [slice(dy, { begin: before, size: x.shape })];
    // y[i] = x[source(i)]  =>  dx[j] = sum of dy[i] over the i with source(i) = j, one axis after the other
    let dx = dy;
    x.shape.forEach((size, axis) => {
      if (before[axis] + after[axis] === 0) return;
      dx = applyOne(padGradientOp, [dx], { axis, size, before: before[axis], mode });
    });
    return [dx];
  },
  flops: () => 0,
};

export interface PadOptions {
  /**
   * What stands in the padding; default `constant`. `reflect` mirrors without repeating the border, `symmetric` mirrors with it,
   * `edge` repeats the border, `wrap` goes on at the other end.
   */
  mode?: PadMode | 'symmetric' | 'wrap';
  /** For mode `constant`; default 0. */
  value?: number;
}

/**
 * Adds elements around `x`: `padding` holds a pair [before, after] for each axis, or one number for all sides. Any dtype.
 *
 * ```ts
 * pad(images, [[0, 0], [1, 1], [1, 1], [0, 0]]); // [8, 28, 28, 1] -> [8, 30, 30, 1]
 * pad(row, [[2, 2]], { mode: 'reflect' }); // 1 2 3 -> 3 2 1 2 3 2 1
 * ```
 *
 * @throws ShapeError where `padding` does not fit the shape, or reflects more than there is.
 */
export function pad(
  x: Tensor,
  padding: number | readonly (readonly [number, number])[],
  options: PadOptions = {},
): Tensor {
  const pairs = typeof padding === 'number' ? x.shape.map(() => [padding, padding] as const) : padding;
  const { mode = 'constant', value = 0 } = options;
  if (mode === 'symmetric' || mode === 'wrap') return repeated(x, pairs, mode);
  const attrs = {
    before: pairs.map(([before]) => before),
    after: pairs.map(([, after]) => after),
    mode,
    value,
  };
  return applyOne(padOp, [x], attrs);
}

/** Padding whose elements are found by `gather`, one axis after the other. */
function repeated(
  x: Tensor,
  pairs: readonly (readonly [number, number])[],
  mode: 'symmetric' | 'wrap',
): Tensor {
  const path = x.graph.path('pad');
  if (pairs.length !== x.rank) {
    throw new ShapeError(
      `${path}: padding for ${pairs.length} axes does not fit ${showShape(x.shape)}; give a pair for each axis`,
    );
  }
  return x.shape.reduce((y, length, axis) => {
    const [before, after] = pairs[axis];
    checkCounts(`${path}: `, before, after, axis);
    if (mode === 'symmetric' && Math.max(before, after) > length) {
      throw new ShapeError(
        `${path}: axis ${axis} of ${showShape(x.shape)} is too short to mirror [${before}, ${after}] elements`,
      );
    }
    if (before + after === 0) return y;
    const places = Array.from({ length: before + length + after }, (_, i) => {
      const place = i - before;
      if (mode === 'wrap') return ((place % length) + length) % length;
      return place < 0 ? -1 - place : place < length ? place : 2 * length - 1 - place;
    });
    return gather(y, x.graph.constant(places, [places.length], 'int32'), axis);
  }, x);
}

function checkCounts(path: string, first: number, last: number, axis: number): void {
  if ([first, last].every((count) => Number.isInteger(count) && count >= 0)) return;
  throw new ShapeError(
    `${path}padding must be whole numbers of at least 0, got [${first}, ${last}] for axis ${axis}; slice cuts`,
  );
}

export interface PadGradientAttrs {
  readonly axis: number;
  /** Length of the axis before it was padded. */
  readonly size: number;
  readonly before: number;
  readonly mode: 'reflect' | 'edge';
}

/** The gradient of padding along one axis: each element gets the sum of what padding copied it to. */
export const padGradientOp: Op<PadGradientAttrs> = {
  name: 'padGradient',
  infer([dy], { axis, size }) {
    if (!isFloat(dy.dtype)) throw new DTypeError(`expected float32 or float16, got ${dy.dtype}`);
    return [{ shape: dy.shape.map((length, i) => (i === axis ? size : length)), dtype: dy.dtype }];
  },
  reference([dy], { inputs, outputs }, { axis, size, before, mode }) {
    const { size: padded, inner } = lineOf(inputs[0].shape, axis);
    const result = new Float64Array(sizeOf(outputs[0].shape));
    for (let i = 0; i < dy.length; i++) {
      const place = Math.floor(i / inner) % padded;
      const outer = Math.floor(i / (inner * padded));
      result[(outer * size + sourceOf(place - before, size, mode)) * inner + (i % inner)] += dy[i];
    }
    return [result];
  },
  kernels: padGradientKernels,
  epilogue: movementEpilogue,
  // dx[j] = sum of dy[i] with source(i) = j  =>  ddy[i] = ddx[source(i)]
  gradient([ddx], [dy], _, { axis, size, before, mode }) {
    if (!ddx) return [null];
    const only = (count: number) => dy.shape.map((__, i) => (i === axis ? count : 0));
    const after = dy.shape[axis] - size - before;
    return [applyOne(padOp, [ddx], { before: only(before), after: only(after), mode, value: 0 })];
  },
};

function placementOf(from: Shape, to: Shape, { before, mode, value }: PadAttrs): Placement {
  return { from, to, begin: before, steps: from.map(() => 1), mode, fill: value };
}

function padGradientKernels({
  inputs: [dy],
  outputs: [dx],
  attrs,
  epilogue,
}: KernelContext<PadGradientAttrs>): KernelCall[] {
  const { size: padded, inner } = lineOf(dy.shape, attrs.axis);
  const width = inner % 4 === 0 && epilogue.allowsVec4 ? 4 : 1;
  const count = sizeOf(dx.shape) / width;
  return [
    {
      label: 'padGradient',
      source: gradientSource,
      variant: {
        DY: storageType(dy.dtype, width),
        DX: storageType(dx.dtype, width),
        EDGE: attrs.mode === 'edge',
        EPILOGUE: epilogue.text(3, width),
      },
      params: { count, size: attrs.size, padded, inner: inner / width, before: attrs.before },
      bindings: [{ input: 0 }, { output: 0 }, ...epilogue.bindings],
      workgroups: linearGrid(Math.ceil(count / 256)),
    },
  ];
}
