import source from '#shaders/pad.wgsl' with { type: 'text' };
import { type DType, isFloat, roundTo } from '../core/dtype.ts';
import { forEachOffset, type Shape, sizeOf, stridesOf } from '../core/shape.ts';
import { type KernelCall, type KernelContext, linearGrid, storageType } from '../graph/kernel.ts';
import { axesText, epilogueText, numbered } from './strided.ts';

/** What stands where x does not: one number, x mirrored at its border elements, or the nearest border element. */
export type PadMode = 'constant' | 'reflect' | 'edge';

/** How x lies in a larger tensor: its element i at begin + i step, on each axis. */
export interface Placement {
  readonly from: Shape;
  readonly to: Shape;
  readonly begin: readonly number[];
  /** All 1 unless the mode is constant. */
  readonly steps: readonly number[];
  readonly mode: PadMode;
  readonly fill: number;
}

export function padReference(
  x: Float64Array,
  { from, to, begin, steps, mode, fill }: Placement,
): Float64Array {
  const strides = stridesOf(from);
  const own = stridesOf(to);
  const result = new Float64Array(sizeOf(to)).fill(fill);
  if (mode === 'constant') {
    const base = own.reduce((offset, stride, axis) => offset + stride * begin[axis], 0);
    const places = own.map((stride, axis) => stride * steps[axis]);
    forEachOffset(from, [places], (i, [at]) => {
      result[base + at] = x[i];
    });
    return result;
  }
  for (let i = 0; i < result.length; i++) {
    let offset = 0;
    for (let axis = 0; axis < to.length; axis++) {
      const place = (Math.floor(i / own[axis]) % to[axis]) - begin[axis];
      offset += sourceOf(place, from[axis], mode) * strides[axis];
    }
    result[i] = x[offset];
  }
  return result;
}

/** Which element of an axis of `size` stands at `place`, which may lie outside. */
export function sourceOf(place: number, size: number, mode: 'reflect' | 'edge'): number {
  if (mode === 'edge') return Math.min(Math.max(place, 0), size - 1);
  return size - 1 - Math.abs(size - 1 - Math.abs(place));
}

/** One axis of the result, or several that are treated as one. */
interface Axis {
  length: number;
  size: number;
  begin: number;
  readonly step: number;
  stride: number;
}

/** The one dispatch of an op that places its input. */
export function padKernels(
  context: KernelContext<unknown>,
  placement: Placement,
  label: string,
): KernelCall[] {
  const { inputs, outputs, epilogue } = context;
  const [{ dtype }] = outputs;
  const axes = joinPlaced(placement);
  const last = axes[axes.length - 1];
  const whole = isWhole(last) || (placement.mode === 'constant' && last.step === 1);
  const aligned = [last.length, last.size, last.begin, ...axes.slice(0, -1).map(({ stride }) => stride)];
  const width = whole && aligned.every((value) => value % 4 === 0) && epilogue.allowsVec4 ? 4 : 1;
  for (const axis of axes) axis.stride = axis === last ? axis.stride : axis.stride / width;
  for (const key of ['length', 'size', 'begin'] as const) last[key] /= width;
  const count = sizeOf(axes.map(({ length }) => length));
  const values = <Key extends keyof Axis>(key: Key) => axes.map((axis) => axis[key]);
  const call: KernelCall = {
    label,
    source,
    variant: {
      X: storageType(inputs[0].dtype, width),
      Y: storageType(dtype, width),
      T: isFloat(dtype) ? 'f32' : storageType(dtype),
      EPILOGUE: epilogueText(epilogue, 3, width, dtype),
      AXES: axesText(axes.length, (axis, place) => axisText(axes[axis], axis, place, placement.mode)),
    },
    params: {
      count,
      fill: wordOf(placement.fill, dtype),
      ...numbered('length', values('length'), 1, 1),
      ...numbered('begin', values('begin'), 0, 0),
      ...numbered('step', values('step'), 1, 0),
      ...numbered('size', values('size'), 1, 0),
      ...numbered('stride', values('stride'), 0, 0),
    },
    bindings: [{ input: 0 }, { output: 0 }, ...epilogue.bindings],
    workgroups: linearGrid(Math.ceil(count / 256)),
  };
  return [call];
}

/** Joins axes into which nothing is put with their neighbours; in mode constant also one that is padded with those inside it. */
function joinPlaced({ from, to, begin, steps, mode }: Placement): Axis[] {
  const strides = stridesOf(from);
  const axes: Axis[] = [];
  to.forEach((length, i) => {
    const axis = { length, size: from[i], begin: begin[i], step: steps[i], stride: strides[i] };
    const outer = axes.at(-1);
    const joins = outer && isWhole(axis) && (isWhole(outer) || (mode === 'constant' && outer.step === 1));
    if (!joins) {
      axes.push(axis);
      return;
    }
    outer.length *= length;
    outer.size *= length;
    outer.begin *= length;
    outer.stride = axis.stride;
  });
  return axes.length > 0 ? axes : [{ length: 1, size: 1, begin: 0, step: 1, stride: 1 }];
}

function isWhole({ length, size }: Axis): boolean {
  return length === size;
}

/** Moves `offset` to the element of x for one axis, or tells that none lies there. */
function axisText(axis: Axis, i: number, place: string, mode: PadMode): string {
  if (isWhole(axis)) return `offset += i32(${place}) * params.stride${i};`;
  const lines = [`at = i32(${place}) - params.begin${i};`];
  if (mode === 'constant') {
    lines.push(`inside = inside && at >= 0 && at < params.size${i} * params.step${i};`);
    if (axis.step !== 1)
      lines.push(`inside = inside && at % params.step${i} == 0;`, `at /= params.step${i};`);
  } else if (mode === 'edge') {
    lines.push(`at = clamp(at, 0, params.size${i} - 1);`);
  } else {
    lines.push(`at = params.size${i} - 1 - abs(params.size${i} - 1 - abs(at));`);
  }
  return [...lines, `offset += at * params.stride${i};`].join('\n  ');
}

/** The 32 bits of a fill value as the shader computes with it. */
function wordOf(value: number, dtype: DType): number {
  const words = new DataView(new ArrayBuffer(4));
  if (isFloat(dtype)) words.setFloat32(0, value);
  else words.setInt32(0, roundTo(dtype, value));
  return words.getUint32(0);
}
