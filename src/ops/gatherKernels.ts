import source from '#shaders/gather.wgsl' with { type: 'text' };
import type { DType } from '../core/dtype.ts';
import { DTypeError, ShapeError } from '../core/errors.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { applyOne, type Op, type Tensor } from '../graph/graph.ts';
import { type KernelCall, type KernelContext, linearGrid, storageType } from '../graph/kernel.ts';
import { epilogueText } from './strided.ts';

export interface GatherAttrs {
  readonly axis: number;
}

/** The op without its gradient, which needs kernels of its own; or with it. */
export function gatherWith(gradient?: Op<GatherAttrs>['gradient']): Op<GatherAttrs> {
  return {
    name: 'gather',
    infer([x, indices], { axis }) {
      checkIndices(indices.dtype);
      if (x.shape.length === 0) throw new ShapeError('x has no axis to take from, its shape is []');
      return [
        { shape: [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)], dtype: x.dtype },
      ];
    },
    reference([x, indices], { inputs, outputs }, { axis }) {
      const { size, inner } = lineOf(inputs[0].shape, axis);
      const result = new Float64Array(sizeOf(outputs[0].shape));
      for (let i = 0; i < result.length; i++) {
        const number = Math.floor(i / inner);
        const outer = Math.floor(number / indices.length);
        const row = rowOf(indices[number % indices.length], size);
        result[i] = x[(outer * size + row) * inner + (i % inner)];
      }
      return [result];
    },
    kernels: gatherKernels,
    epilogue: { bindings: () => 3 },
    gradient,
    flops: () => 0,
  };
}

const takeRowsOp = /* @__PURE__ */ gatherWith();

/** The rows of data that nobody differentiates: `gather` along axis 0 for those who have no use for its gradient. */
export function takeRows(data: Tensor, rows: Tensor): Tensor {
  return applyOne(takeRowsOp, [data, rows], { axis: 0 });
}

/** `path` begins the message where nobody else puts it there. */
export function checkIndices(dtype: DType, path?: string): void {
  if (dtype === 'int32' || dtype === 'uint32') return;
  throw new DTypeError(
    `${path === undefined ? '' : `${path}: `}indices must be int32 or uint32, got ${dtype}`,
  );
}

/** A tensor as [outer, size, inner], where `size` is the length of `axis`. */
export function lineOf(shape: Shape, axis: number): { outer: number; size: number; inner: number } {
  return { outer: sizeOf(shape.slice(0, axis)), size: shape[axis], inner: sizeOf(shape.slice(axis + 1)) };
}

/** Where an index leads: a negative one counts from the end, and what is then outside is clamped. */
export function rowOf(index: number, size: number): number {
  return Math.min(Math.max(index < 0 ? index + size : index, 0), size - 1);
}

/** The same in WGSL. */
export function rowOfText(dtype: DType): string {
  if (dtype === 'uint32') return 'fn rowOf(index: u32, size: u32) -> u32 { return min(index, size - 1u); }';
  return `fn rowOf(index: i32, size: u32) -> u32 {
  return u32(clamp(select(index, index + i32(size), index < 0), 0, i32(size) - 1));
}`;
}

function gatherKernels({
  inputs: [x, indices],
  outputs: [y],
  attrs,
  epilogue,
}: KernelContext<GatherAttrs>): KernelCall[] {
  const { outer, size, inner } = lineOf(x.shape, attrs.axis);
  const picked = sizeOf(indices.shape);
  const width = inner % 4 === 0 && epilogue.allowsVec4 ? 4 : 1;
  const count = (outer * picked * inner) / width;
  return [
    {
      label: 'gather',
      source,
      variant: {
        X: storageType(x.dtype, width),
        INDEX: storageType(indices.dtype),
        Y: storageType(y.dtype, width),
        EPILOGUE: epilogueText(epilogue, 4, width, y.dtype),
        ROW_OF: rowOfText(indices.dtype),
      },
      params: { count, picked, size, inner: inner / width },
      bindings: [{ input: 0 }, { input: 1 }, { output: 0 }, ...epilogue.bindings],
      workgroups: linearGrid(Math.ceil(count / 256)),
    },
  ];
}
