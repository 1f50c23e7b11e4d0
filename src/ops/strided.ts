import source from '#shaders/strided.wgsl' with { type: 'text' };
import { type DType, isFloat } from '../core/dtype.ts';
import { ShapeError } from '../core/errors.ts';
import { forEachOffset, type Shape, showShape, sizeOf, stridesOf } from '../core/shape.ts';
import {
  type Binding,
  type Epilogue,
  type KernelCall,
  type KernelContext,
  linearGrid,
  storageType,
} from '../graph/kernel.ts';

// What the ops share that only move elements: y[c] = x[offset + sum over the axes of c[axis] stride[axis]].

/** Where the elements of a result come from. Strides may be 0 or negative. */
export interface StridedMap {
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly offset: number;
}

/** The most axes that may be left when neighbours are joined: the shader has as many parameters. */
export const maximumAxes = 8;

/** Drops axes of length 1 and joins axes that memory runs through as one. At least one axis is left. */
export function joinAxes({ shape, strides, offset }: StridedMap): StridedMap {
  const joined = { shape: [] as number[], strides: [] as number[], offset };
  shape.forEach((length, axis) => {
    if (length === 1) return;
    const last = joined.shape.length - 1;
    if (last >= 0 && joined.strides[last] === strides[axis] * length) {
      joined.shape[last] *= length;
      joined.strides[last] = strides[axis];
    } else {
      joined.shape.push(length);
      joined.strides.push(strides[axis]);
    }
  });
  return joined.shape.length > 0 ? joined : { shape: [1], strides: [1], offset };
}

/** Throws where a kernel has no parameters for so many axes. */
export function checkRank(shape: Shape): void {
  if (shape.length > maximumAxes) {
    throw new ShapeError(
      `expected at most ${maximumAxes} axes, got ${showShape(shape)}; join some with reshape`,
    );
  }
}

/** The map that takes `size` elements of each axis from `begin` on, every `steps`-th. */
export function windowMap(
  from: Shape,
  begin: readonly number[],
  size: Shape,
  steps: readonly number[],
): StridedMap {
  const own = stridesOf(from);
  return {
    shape: size,
    strides: own.map((stride, axis) => stride * steps[axis]),
    offset: own.reduce((offset, stride, axis) => offset + stride * begin[axis], 0),
  };
}

export function stridedReference(x: Float64Array, map: StridedMap): Float64Array {
  const result = new Float64Array(sizeOf(map.shape));
  forEachOffset(map.shape, [map.strides], (i, [from]) => {
    result[i] = x[map.offset + from];
  });
  return result;
}

/** Bindings of `stridedKernels` and of other kernels with one input. */
export const movementEpilogue = { bindings: () => 2 };

/** Storage, and the type of what lies in it. */
export interface Place {
  readonly binding: Binding;
  readonly dtype: DType;
}

/** The kernels of an op that copies its input by `map`. */
export function stridedKernels(
  context: KernelContext<unknown>,
  map: StridedMap,
  label: string,
): KernelCall[] {
  const from = { binding: { input: 0 }, dtype: context.inputs[0].dtype };
  const to = { binding: { output: 0 }, dtype: context.outputs[0].dtype };
  return [stridedCall(label, from, to, map, context.epilogue)];
}

/** One dispatch that copies by `map`, four elements at a time where memory allows. */
export function stridedCall(
  label: string,
  from: Place,
  to: Place,
  map: StridedMap,
  epilogue: Epilogue,
): KernelCall {
  const { shape, strides, offset } = joinAxes(map);
  const last = shape.length - 1;
  const aligned = [shape[last], offset, ...strides.slice(0, last)].every((value) => value % 4 === 0);
  const width = strides[last] === 1 && aligned && epilogue.allowsVec4 ? 4 : 1;
  const lengths = shape.map((length, axis) => (axis === last ? length / width : length));
  const units = strides.map((stride, axis) => (axis === last ? stride : stride / width));
  const count = sizeOf(lengths);
  return {
    label,
    source,
    variant: {
      X: storageType(from.dtype, width),
      Y: storageType(to.dtype, width),
      EPILOGUE: epilogueText(epilogue, 3, width, to.dtype),
      AXES: axesText(lengths.length, (axis, place) => `offset += i32(${place}) * params.stride${axis};`),
    },
    params: {
      count,
      offset: offset / width,
      ...numbered('length', lengths, 1, 1),
      ...numbered('stride', units, 0, 0),
    },
    bindings: [from.binding, to.binding, ...epilogue.bindings],
    workgroups: linearGrid(Math.ceil(count / 256)),
  };
}

/** WGSL that splits `rest`, an element of the result, into its place on each axis, innermost first. */
export function axesText(rank: number, use: (axis: number, place: string) => string): string {
  const lines: string[] = [];
  for (let axis = rank - 1; axis > 0; axis--) {
    lines.push(use(axis, `rest % params.length${axis}`), `rest /= params.length${axis};`);
  }
  return [...lines, use(0, 'rest')].join('\n  ');
}

/** `values` as the parameters `name0`, `name1`, …, from number `first` on; those for axes that are not there get `missing`. */
export function numbered(
  name: string,
  values: readonly number[],
  missing: number,
  first: number,
): Record<string, number> {
  const axes = Array.from({ length: maximumAxes }, (_, axis) => axis).slice(first);
  return Object.fromEntries(axes.map((axis) => [`${name}${axis}`, values[axis] ?? missing]));
}

/** The text of an epilogue whose `F` is the type of the elements. Chains are only ever given for float32 results. */
export function epilogueText(epilogue: Epilogue, firstBinding: number, width: 1 | 4, dtype: DType): string {
  if (isFloat(dtype)) return epilogue.text(firstBinding, width);
  return `alias F = ${storageType(dtype, width)};\nfn finish(value: F, index: u32) -> F { return value; }`;
}
