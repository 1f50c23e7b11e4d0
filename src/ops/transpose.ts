import source from '#shaders/transpose.wgsl' with { type: 'text' };
import { ShapeError } from '../core/errors.ts';
import { type Shape, showShape, sizeOf, stridesOf } from '../core/shape.ts';
import { applyOne, type Op, type Tensor, type TensorSpec, zeroSumAxisOf } from '../graph/graph.ts';
import { type KernelCall, type KernelContext, linearGrid, storageType } from '../graph/kernel.ts';
import { reshape } from './reshape.ts';
import {
  axesText,
  checkRank,
  epilogueText,
  joinAxes,
  movementEpilogue,
  numbered,
  type StridedMap,
  stridedKernels,
  stridedReference,
} from './strided.ts';

export interface TransposeAttrs {
  /** Axis i of the result is axis permutation[i] of x. */
  readonly permutation: readonly number[];
}

export const transposeOp: Op<TransposeAttrs> = {
  name: 'transpose',
  infer([x], { permutation }) {
    const sorted = [...permutation].sort((a, b) => a - b);
    if (sorted.length !== x.shape.length || sorted.some((axis, i) => axis !== i)) {
      throw new ShapeError(
        `permutation ${showShape(permutation)} must hold each axis of ${showShape(x.shape)} once (${x.shape.map((_, axis) => axis).join(', ')})`,
      );
    }
    checkRank(x.shape);
    return [{ shape: permutation.map((axis) => x.shape[axis]), dtype: x.dtype }];
  },
  reference: ([x], { inputs }, attrs) => [stridedReference(x, transposeMap(inputs[0], attrs))],
  kernels: transposeKernels,
  epilogue: movementEpilogue,
  zeroSumAxis([x], { permutation }) {
    const axis = zeroSumAxisOf(x);
    return axis === null ? null : permutation.indexOf(axis);
  },
  // y[c] = x[c permuted]  =>  dx = dy, permuted back
  gradient([dy], _, __, { permutation }) {
    return [dy && transpose(dy, inverse(permutation))];
  },
  simplify([x], _, { permutation }) {
    if (permutation.every((axis, i) => axis === i)) return x;
    const before = x.producer;
    if (!before || before.op !== transposeOp) return null;
    const { permutation: first } = before.attrs as TransposeAttrs;
    return permutation.every((axis, i) => first[axis] === i) ? before.inputs[0] : null;
  },
  flops: () => 0,
};

/**
 * Reorders the axes: axis i of the result is axis `permutation[i]` of `x`; without a permutation their order is reversed.
 * Any dtype. Where only axes of length 1 move it is a `reshape`, which costs nothing; so does a transpose that undoes another.
 *
 * ```ts
 * transpose(matrix); // [2, 3] -> [3, 2]
 * transpose(images, [0, 2, 3, 1]); // [batch, channels, height, width] -> [batch, height, width, channels]
 * ```
 *
 * @throws ShapeError where `permutation` does not hold each axis once.
 */
export function transpose(
  x: Tensor,
  permutation: readonly number[] = x.shape.map((_, axis) => axis).reverse(),
): Tensor {
  const sorted = [...permutation].sort((a, b) => a - b);
  const valid = sorted.length === x.rank && sorted.every((axis, i) => axis === i);
  const long = permutation.filter((axis) => x.shape[axis] !== 1);
  if (valid && long.every((axis, i) => i === 0 || axis > long[i - 1])) {
    const shape = permutation.map((axis) => x.shape[axis]);
    return reshape(x, shape);
  }
  return applyOne(transposeOp, [x], { permutation: [...permutation] });
}

function inverse(permutation: readonly number[]): number[] {
  return permutation.map((_, axis) => permutation.indexOf(axis));
}

function transposeMap(x: TensorSpec, { permutation }: TransposeAttrs): StridedMap {
  const strides = stridesOf(x.shape);
  return {
    shape: permutation.map((axis) => x.shape[axis]),
    strides: permutation.map((axis) => strides[axis]),
    offset: 0,
  };
}

/**
 * In blocks of four by four where the innermost axis changes, so that neither reads nor writes jump; element by element where
 * the lengths do not divide by four, and where the innermost axis stays.
 */
function transposeKernels(context: KernelContext<TransposeAttrs>): KernelCall[] {
  const map = transposeMap(context.inputs[0], context.attrs);
  const { shape, strides } = joinAxes(map);
  const inner = shape.length - 1;
  const a = strides.indexOf(1);
  const inBlocks =
    a !== inner &&
    shape[a] % 4 === 0 &&
    shape[inner] % 4 === 0 &&
    context.epilogue.allowsVec4 &&
    context.target.variants?.transpose !== 'strided';
  return inBlocks ? [blocksCall(context, shape, strides, a)] : stridedKernels(context, map, 'transpose');
}

/** `a` is the axis of the result along which x runs. Every stride but its own is a multiple of its length in x, or of b's in y. */
function blocksCall(
  { inputs, outputs, epilogue }: KernelContext<TransposeAttrs>,
  shape: Shape,
  strides: readonly number[],
  a: number,
): KernelCall {
  const b = shape.length - 1;
  const to = stridesOf(shape);
  const others = shape.map((_, axis) => axis).filter((axis) => axis !== a && axis !== b);
  const [aLength, bLength] = [shape[a] / 4, shape[b] / 4];
  const [aTiles, bTiles] = [Math.ceil(aLength / 8), Math.ceil(bLength / 8)];
  const lengths = others.map((axis) => shape[axis]);
  const tiles = aTiles * bTiles * sizeOf(lengths);
  const step = (axis: number, place: string) =>
    `xBase += (${place}) * params.xStride${axis}; yBase += (${place}) * params.yStride${axis};`;
  const inFours = (all: readonly number[]) => others.map((axis) => all[axis] / 4);
  return {
    label: 'transpose/blocks',
    source,
    variant: {
      X: storageType(inputs[0].dtype, 4),
      Y: storageType(outputs[0].dtype, 4),
      EPILOGUE: epilogueText(epilogue, 3, 4, outputs[0].dtype),
      AXES: others.length > 0 ? axesText(others.length, step) : '',
    },
    params: {
      tiles,
      aTiles,
      bTiles,
      aLength,
      bLength,
      bStride: strides[b] / 4,
      aStride: to[a] / 4,
      ...numbered('length', lengths, 1, 1),
      ...numbered('xStride', inFours(strides), 0, 0),
      ...numbered('yStride', inFours(to), 0, 0),
    },
    bindings: [{ input: 0 }, { output: 0 }, ...epilogue.bindings],
    workgroups: linearGrid(tiles),
  };
}
