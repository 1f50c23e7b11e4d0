import source from '#shaders/transpose.wgsl' with { type: 'text' };
import { ShapeError } from '../core/errors.ts';
import { showShape, sizeOf, stridesOf } from '../core/shape.ts';
import { applyOne, type Op, type Tensor, type TensorSpec } from '../graph/graph.ts';
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
 * Any dtype. Where only axes of length 1 move it is a `reshape`, which costs nothing; two transposes in a row become one.
 *
 * ```ts
 * transpose(matrix); // [2, 3] -> [3, 2]
 * transpose(images, [0, 2, 3, 1]); // [batch, channels, height, width] -> [batch, height, width, channels]
 * ```
 *
 * @throws ShapeError where `permutation` does not hold each axis once.
 */
export function transpose(x: Tensor, permutation: readonly number[] = x.shape.map((_, axis) => axis).reverse()): Tensor {
  const { op, attrs, inputs } = x.node;
  if (op === transposeOp && permutation.length === x.rank && permutation.every((axis) => axis in x.shape)) {
    const { permutation: first } = attrs as TransposeAttrs;
    return transpose(inputs[0], permutation.map((axis) => first[axis]));
  }
  const long = permutation.filter((axis) => x.shape[axis] !== 1);
  const result = applyOne(transposeOp, [x], { permutation: [...permutation] });
  return long.every((axis, i) => i === 0 || axis > long[i - 1]) ? reshape(x, result.shape) : result;
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

/** Axes shorter than this leave too much of a tile empty. */
const shortestTiled = 16;

/** Through tiles in workgroup memory where the innermost axis changes and memory would be read or written in jumps. */
function transposeKernels(context: KernelContext<TransposeAttrs>): KernelCall[] {
  const map = transposeMap(context.inputs[0], context.attrs);
  const joined = joinAxes(map);
  const inner = joined.shape.length - 1;
  const runs = joined.strides.indexOf(1);
  const choice = context.target.variants?.transpose;
  const wide = Math.min(joined.shape[inner], joined.shape[runs]) >= shortestTiled;
  const tiled = runs >= 0 && runs !== inner && choice !== 'strided' && (wide || choice === 'tiled');
  return tiled ? [tiledCall(context, joined, runs)] : stridedKernels(context, map, 'transpose');
}

/** `a` is the axis of the result along which x runs. */
function tiledCall({ inputs, outputs, epilogue }: KernelContext<TransposeAttrs>, { shape, strides }: StridedMap, a: number): KernelCall {
  const b = shape.length - 1;
  const to = stridesOf(shape);
  const others = shape.map((_, axis) => axis).filter((axis) => axis !== a && axis !== b);
  const [aTiles, bTiles] = [Math.ceil(shape[a] / 32), Math.ceil(shape[b] / 32)];
  const tiles = aTiles * bTiles * sizeOf(others.map((axis) => shape[axis]));
  const each = (axis: number, place: string) => `xBase += (${place}) * params.xStride${axis}; yBase += (${place}) * params.yStride${axis};`;
  return {
    label: 'transpose/tiled',
    source,
    variant: {
      X: storageType(inputs[0].dtype),
      Y: storageType(outputs[0].dtype),
      EPILOGUE: epilogueText(epilogue, 3, 1, outputs[0].dtype),
      AXES: others.length > 0 ? axesText(others.length, each) : '',
    },
    params: {
      tiles,
      aTiles,
      bTiles,
      aLength: shape[a],
      bLength: shape[b],
      bStride: strides[b],
      aStride: to[a],
      ...numbered('length', others.map((axis) => shape[axis]), 1, 1),
      ...numbered('xStride', others.map((axis) => strides[axis]), 0, 0),
      ...numbered('yStride', others.map((axis) => to[axis]), 0, 0),
    },
    bindings: [{ input: 0 }, { output: 0 }, ...epilogue.bindings],
    workgroups: linearGrid(tiles),
  };
}
