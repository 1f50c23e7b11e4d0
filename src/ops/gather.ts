import gradientSource from '#shaders/gatherGradient.wgsl' with { type: 'text' };
import sortedSource from '#shaders/gatherGradientSorted.wgsl' with { type: 'text' };
import sortSource from '#shaders/sortIndices.wgsl' with { type: 'text' };
import { DTypeError, ShapeError } from '../core/errors.ts';
import { normalizeAxis, showShape, sizeOf } from '../core/shape.ts';
import { applyOne, type Op, type Tensor } from '../graph/graph.ts';
import {
  type Binding,
  type KernelCall,
  type KernelContext,
  linearGrid,
  storageType,
  type Variant,
} from '../graph/kernel.ts';
import { checkIndices, type GatherAttrs, gatherWith, lineOf, rowOf, rowOfText } from './gatherKernels.ts';
import { epilogueText } from './strided.ts';

export { checkIndices, type GatherAttrs, lineOf, rowOf, rowOfText } from './gatherKernels.ts';

// gather and gatherGradient stand in one file because each is the other's gradient.

export const gatherOp: Op<GatherAttrs> = /* @__PURE__ */ gatherWith(
  // y[i] = x[indices[i]]  =>  dx[r] = sum of dy[i] over the i with indices[i] = r
  ([dy], [x, indices], _, { axis }) => [dy && gatherGradient(dy, indices, x.shape[axis], axis), null],
);

/**
 * Takes the slices of `x` along `axis` (default 0) that `indices` name: the result has the axes of `indices` in place of that
 * axis. `x` has any dtype, `indices` are int32 or uint32 of any shape. A negative index counts from the end; what then lies
 * outside the axis is clamped to its first or last slice, as in WebNN.
 *
 * ```ts
 * const batch = gather(images, indices); // [8000, 28, 28, 1] and [64] -> [64, 28, 28, 1]
 * ```
 *
 * @throws ShapeError where `axis` is out of range; DTypeError where `indices` are not integers.
 */
export function gather(x: Tensor, indices: Tensor, axis = 0): Tensor {
  return applyOne(gatherOp, [x, indices], { axis: normalizeAxis(x.graph.path('gather'), axis, x.rank) });
}

/**
 * The rows of `table` [vocabulary, features] that `indices` name: [batch, length] gives [batch, length, features].
 * `gather` with axis 0 under the name that layers use.
 */
export function embedding(table: Tensor, indices: Tensor): Tensor {
  return gather(table, indices);
}

export interface GatherGradientAttrs extends GatherAttrs {
  /** Length of the axis from which was taken. */
  readonly size: number;
}

export const gatherGradientOp: Op<GatherGradientAttrs> = {
  name: 'gatherGradient',
  infer([dy, indices], { axis, size }) {
    checkIndices(indices.dtype);
    if (dy.dtype === 'bool') throw new DTypeError('expected numbers to add up, got bool; use cast');
    const end = axis + indices.shape.length;
    if (showShape(dy.shape.slice(axis, end)) !== showShape(indices.shape)) {
      throw new ShapeError(
        `${showShape(dy.shape)} does not have the axes of the indices ${showShape(indices.shape)} at axis ${axis}`,
      );
    }
    return [{ shape: [...dy.shape.slice(0, axis), size, ...dy.shape.slice(end)], dtype: dy.dtype }];
  },
  reference([dy, indices], { outputs }, { axis }) {
    const { size, inner } = lineOf(outputs[0].shape, axis);
    const result = new Float64Array(sizeOf(outputs[0].shape));
    for (let i = 0; i < dy.length; i++) {
      const number = Math.floor(i / inner);
      const outer = Math.floor(number / indices.length);
      const row = rowOf(indices[number % indices.length], size);
      result[(outer * size + row) * inner + (i % inner)] += dy[i];
    }
    return [result];
  },
  kernels: gatherGradientKernels,
  epilogue: { bindings: () => 3 },
  // dx[r] = sum of dy[i] with indices[i] = r  =>  ddy[i] = ddx[indices[i]]
  gradient([ddx], [, indices], _, { axis }) {
    return [ddx && gather(ddx, indices, axis), null];
  },
  flops: ([dy]) => sizeOf(dy.shape),
};

/**
 * Adds up the slices of `dy` by index: slice r of the result, along an axis of length `size`, is the sum of the slices of `dy`
 * whose index is r. The gradient of `gather`; indices mean the same. Sums run in the order of the indices, without atomics
 * on floats, so that every run gives the same bits.
 *
 * With N indices, V rows and D features: small results, and those of more than 16384 indices, take one dispatch in which each
 * workgroup looks through all indices, N D additions and about V D N / 1024 looks; others take two, in which the indices
 * are sorted by counting, N D additions, N² comparisons and V D log N looks.
 */
export function gatherGradient(dy: Tensor, indices: Tensor, size: number, axis = 0): Tensor {
  return applyOne(gatherGradientOp, [dy, indices], { axis, size });
}

/** Results above which sorting the indices first is worth a second dispatch. */
const fewResults = 16384;
/** Indices above which counting, for each, those before it is too much work. */
const manyIndices = 16384;

/** Either each block of results looks through all indices, or these are sorted first and each result finds its own. */
function gatherGradientKernels(context: KernelContext<GatherGradientAttrs>): KernelCall[] {
  const { inputs, outputs, attrs, target, epilogue } = context;
  const [dy, indices] = inputs;
  const { outer, size, inner } = lineOf(outputs[0].shape, attrs.axis);
  const width = inner % 4 === 0 && epilogue.allowsVec4 ? 4 : 1;
  const units = inner / width;
  const picked = sizeOf(indices.shape);
  const variant = {
    DY: storageType(dy.dtype, width),
    DX: storageType(outputs[0].dtype, width),
    EPILOGUE: epilogueText(epilogue, 4, width, outputs[0].dtype),
  };
  const choice = target.variants?.gatherGradient;
  if (
    choice === 'sorted' ||
    (choice !== 'scan' && outer * size * units > fewResults && picked <= manyIndices)
  ) {
    return sortedCalls(context, variant, { count: outer * size * units, picked, size, inner: units });
  }
  // Neighbouring invocations take neighbouring columns; what is left of a workgroup takes further rows.
  const lanes = target.barrierLanes;
  const columnBlocks = Math.ceil(units / lanes);
  const columns = Math.ceil(units / columnBlocks);
  const rows = Math.min(Math.floor(lanes / columns), size);
  const rowBlocks = Math.ceil(size / rows);
  const blocks = outer * rowBlocks * columnBlocks;
  return [
    {
      label: 'gatherGradient/scan',
      source: gradientSource,
      variant: {
        ...variant,
        LANES: lanes,
        INDEX: storageType(indices.dtype),
        ROW_OF: rowOfText(indices.dtype),
      },
      params: { blocks, rowBlocks, columnBlocks, rows, columns, picked, size, inner: units },
      bindings: [{ input: 0 }, { input: 1 }, { output: 0 }, ...epilogue.bindings],
      workgroups: linearGrid(blocks),
    },
  ];
}

function sortedCalls(
  { inputs: [, indices], epilogue }: KernelContext<GatherGradientAttrs>,
  variant: Variant,
  params: { count: number; picked: number; size: number; inner: number },
): KernelCall[] {
  const { picked, size } = params;
  const sorted: Binding = { scratch: 'sorted', bytes: 8 * picked };
  return [
    {
      label: 'gatherGradient/sort',
      source: sortSource,
      variant: { INDEX: storageType(indices.dtype), ROW_OF: rowOfText(indices.dtype) },
      params: { picked, size },
      bindings: [{ input: 1 }, sorted],
      workgroups: linearGrid(Math.ceil(picked / 64)),
    },
    {
      label: 'gatherGradient/sorted',
      source: sortedSource,
      variant,
      params,
      bindings: [{ input: 0 }, { output: 0 }, sorted, ...epilogue.bindings],
      workgroups: linearGrid(Math.ceil(params.count / 256)),
    },
  ];
}
