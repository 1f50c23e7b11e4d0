import gatherSource from '#shaders/gatherElements.wgsl' with { type: 'text' };
import linesSource from '#shaders/scatterLines.wgsl' with { type: 'text' };
import scatterSource from '#shaders/scatterSum.wgsl' with { type: 'text' };
import { isFloat } from '../core/dtype.ts';
import { DTypeError, ShapeError } from '../core/errors.ts';
import { normalizeAxis, type Shape, sameShape, showShape, sizeOf } from '../core/shape.ts';
import { applyOne, type Op, type Tensor } from '../graph/graph.ts';
import {
  type Binding,
  type KernelCall,
  type KernelContext,
  linearGrid,
  noEpilogue,
  storageType,
} from '../graph/kernel.ts';
import { add } from './arithmetic.ts';
import { checkIndices, gatherGradient, lineOf, rowOf, rowOfText } from './gather.ts';
import { place, slice } from './slice.ts';
import { epilogueText, stridedCall } from './strided.ts';

// gatherElements and scatterSum stand in one file because each is the other's gradient.

export interface ElementsAttrs {
  readonly axis: number;
}

export const gatherElementsOp: Op<ElementsAttrs> = {
  name: 'gatherElements',
  infer([x, indices], { axis }) {
    checkIndices(indices.dtype);
    if (!sameShape(without(x.shape, axis), without(indices.shape, axis))) {
      throw new ShapeError(
        `x ${showShape(x.shape)} and indices ${showShape(indices.shape)} differ on another axis than ${axis}`,
      );
    }
    return [{ shape: indices.shape, dtype: x.dtype }];
  },
  reference([x, indices], { inputs, outputs }, { axis }) {
    const { inner, size } = lineOf(inputs[0].shape, axis);
    const picked = outputs[0].shape[axis];
    const result = new Float64Array(indices.length);
    for (let i = 0; i < result.length; i++) {
      const outer = Math.floor(i / (inner * picked));
      result[i] = x[(outer * size + rowOf(indices[i], size)) * inner + (i % inner)];
    }
    return [result];
  },
  kernels({ inputs: [x, indices], outputs: [y], attrs, epilogue }) {
    const { size, inner } = lineOf(x.shape, attrs.axis);
    const count = sizeOf(y.shape);
    return [
      {
        label: 'gatherElements',
        source: gatherSource,
        variant: {
          X: storageType(x.dtype),
          INDEX: storageType(indices.dtype),
          Y: storageType(y.dtype),
          EPILOGUE: epilogueText(epilogue, 4, 1, y.dtype),
          ROW_OF: rowOfText(indices.dtype),
        },
        params: { count, picked: y.shape[attrs.axis], size, inner },
        bindings: [{ input: 0 }, { input: 1 }, { output: 0 }, ...epilogue.bindings],
        workgroups: linearGrid(Math.ceil(count / 256)),
      },
    ];
  },
  epilogue: { bindings: () => 3 },
  // y[i] = x[indices[i]]  =>  dx[r] = sum of dy[i] over the i with indices[i] = r, line by line
  gradient([dy], [x, indices], _, { axis }) {
    return [dy && applyOne(scatterSumOp, [indices, dy], { axis, size: x.shape[axis] }), null];
  },
  flops: () => 0,
};

/**
 * Takes one element of `x` for each of `indices`: result[i][j][k] = x[i][indices[i][j][k]][k] for axis 1. `indices` (int32 or
 * uint32) have the rank of `x` and are no longer than `x` on the other axes; indices out of range mean what they mean for
 * `gather`. As PyTorch's `gather` and ONNX' `GatherElements`.
 *
 * ```ts
 * const chosen = gatherElements(logits, labels, 1); // [64, 10] and [64, 1] -> [64, 1]
 * ```
 *
 * @throws ShapeError where shapes or axis do not fit; DTypeError where `indices` are not integers.
 */
export function gatherElements(x: Tensor, indices: Tensor, axis = 0): Tensor {
  const path = x.graph.path('gatherElements');
  const at = normalizeAxis(path, axis, x.rank);
  checkElements(path, x.shape, indices.shape, at);
  const size = indices.shape.map((length, i) => (i === at ? x.shape[at] : length));
  return applyOne(gatherElementsOp, [slice(x, { size }), indices], { axis: at });
}

export interface ScatterSumAttrs extends ElementsAttrs {
  /** Length of the axis in the result. */
  readonly size: number;
}

export const scatterSumOp: Op<ScatterSumAttrs> = {
  name: 'scatterSum',
  infer([indices, updates], { axis, size }) {
    checkIndices(indices.dtype);
    if (updates.dtype === 'bool') throw new DTypeError('expected numbers to add up, got bool; use cast');
    if (!sameShape(indices.shape, updates.shape)) {
      throw new ShapeError(
        `indices ${showShape(indices.shape)} and updates ${showShape(updates.shape)} differ`,
      );
    }
    return [{ shape: indices.shape.map((length, i) => (i === axis ? size : length)), dtype: updates.dtype }];
  },
  reference([indices, updates], { inputs, outputs }, { axis, size }) {
    const { inner, size: picked } = lineOf(inputs[0].shape, axis);
    const result = new Float64Array(sizeOf(outputs[0].shape));
    for (let i = 0; i < updates.length; i++) {
      const outer = Math.floor(i / (inner * picked));
      result[(outer * size + rowOf(indices[i], size)) * inner + (i % inner)] += updates[i];
    }
    return [result];
  },
  kernels: scatterKernels,
  epilogue: { bindings: () => 3 },
  // y[r] = sum of u[i] with indices[i] = r  =>  du[i] = dy[indices[i]], line by line
  gradient([dy], [indices], _, { axis }) {
    return [null, dy && applyOne(gatherElementsOp, [dy, indices], { axis })];
  },
  flops: ([, updates]) => sizeOf(updates.shape),
};

/**
 * `x` plus, for each of `indices`, the update at the same place: result[i][indices[i][j][k]][k] += updates[i][j][k] for axis 1.
 * Updates with the same index add up, in their order and without atomics on floats, so that every run gives the same bits.
 * `indices` (int32 or uint32) and `updates` have one shape, of the rank of `x` and no longer than `x` on the other axes.
 * As PyTorch's `scatter_add` and ONNX' `ScatterElements` with reduction `add`; indices out of range mean what they mean for
 * `gather`. The work is the smaller of two: each element reads all indices of its line, or each line is one invocation's.
 *
 * ```ts
 * const counts = scatterAdd(graph.constant(new Float32Array(10), [10]), labels, ones); // how often each label occurs
 * ```
 *
 * @throws ShapeError where shapes or axis do not fit; DTypeError where `indices` are not integers or dtypes differ.
 */
export function scatterAdd(x: Tensor, indices: Tensor, updates: Tensor, axis = 0): Tensor {
  const path = x.graph.path('scatterAdd');
  const at = normalizeAxis(path, axis, x.rank);
  checkElements(path, x.shape, indices.shape, at);
  if (updates.dtype !== x.dtype)
    throw new DTypeError(`${path}: x is ${x.dtype}, updates are ${updates.dtype}; use cast`);
  if (x.rank === 1 && sameShape(indices.shape, updates.shape))
    return add(x, gatherGradient(updates, indices, x.size));
  const sums = applyOne(scatterSumOp, [indices, updates], { axis: at, size: x.shape[at] });
  return add(x, place(sums, x.shape));
}

/** Throws unless `indices` name elements of `x` along `axis`. */
export function checkElements(path: string, x: Shape, indices: Shape, axis: number): void {
  const fits = indices.length === x.length && indices.every((length, i) => i === axis || length <= x[i]);
  if (fits) return;
  throw new ShapeError(
    `${path}: indices ${showShape(indices)} must have the rank of x ${showShape(x)} and be no longer on axes other than ${axis}`,
  );
}

function without(shape: Shape, axis: number): number[] {
  return shape.filter((_, i) => i !== axis);
}

/** Each element reads its line's indices, or, where that is much more work in all, each line is summed by one invocation. */
function scatterKernels({
  inputs: [indices, updates],
  outputs: [y],
  attrs,
  target,
  epilogue,
}: KernelContext<ScatterSumAttrs>): KernelCall[] {
  const { outer, size, inner } = lineOf(y.shape, attrs.axis);
  const picked = indices.shape[attrs.axis];
  const [lines, count] = [outer * inner, sizeOf(y.shape)];
  // A GPU runs thousands of invocations at a time, but one with a line of its own waits for memory at each update.
  const [atATime, wait] = target.fastWorkgroupMemory ? [16384, 32] : [16, 1];
  const scanTime = Math.ceil(count / atATime) * picked;
  const lineTime = Math.ceil(lines / atATime) * (size + picked * wait);
  const choice = target.variants?.scatterSum;
  const variant = {
    INDEX: storageType(indices.dtype),
    X: storageType(updates.dtype),
    ROW_OF: rowOfText(indices.dtype),
  };
  const to = { binding: { output: 0 }, dtype: y.dtype };
  if (choice !== 'lines' && (choice === 'scan' || scanTime <= lineTime)) {
    return [
      {
        label: 'scatterSum/scan',
        source: scatterSource,
        variant: { ...variant, Y: storageType(y.dtype), EPILOGUE: epilogueText(epilogue, 4, 1, y.dtype) },
        params: { count, picked, size, inner },
        bindings: [{ input: 0 }, { input: 1 }, to.binding, ...epilogue.bindings],
        workgroups: linearGrid(Math.ceil(count / 256)),
      },
    ];
  }
  const summed = isFloat(y.dtype) ? 'float32' : y.dtype;
  const direct = epilogue === noEpilogue && summed === y.dtype;
  const sums: Binding = direct ? to.binding : { scratch: 'sums', bytes: 4 * count };
  const call: KernelCall = {
    label: 'scatterSum/lines',
    source: linesSource,
    variant: { ...variant, T: storageType(summed) },
    params: { lines, picked, size, inner },
    bindings: [{ input: 0 }, { input: 1 }, sums],
    workgroups: linearGrid(Math.ceil(lines / 64)),
  };
  if (direct) return [call];
  const whole = { shape: [count], strides: [1], offset: 0 };
  return [call, stridedCall('scatterSum/finish', { binding: sums, dtype: summed }, to, whole, epilogue)];
}
