import source from '#shaders/reduce.wgsl' with { type: 'text' };
import { type DType, isFloat } from '../core/dtype.ts';
import { ShapeError } from '../core/errors.ts';
import { type Shape, showShape, sizeOf } from '../core/shape.ts';
import {
  type Binding,
  type Epilogue,
  type KernelCall,
  type KernelContext,
  linearGrid,
  noEpilogue,
  storageType,
  type Target,
} from '../graph/kernel.ts';
import type { Monoid } from './monoid.ts';
import { type Columns, isPlain, reduceTexts } from './reduceWgsl.ts';

/** What `params.scale` is, for a reduction of `count` elements. */
export type Scale = (count: number) => number;

/** The calls of a reduction op with one input and one output. */
export function reduceKernels<Attrs extends { readonly axes: readonly number[] }>(
  label: string,
  context: KernelContext<Attrs>,
  monoid: Monoid,
  scale: Scale = () => 1,
): KernelCall[] {
  const [x] = context.inputs;
  return reduceCalls({
    label,
    from: { binding: { input: 0 }, dtype: x.dtype },
    to: { binding: { output: 0 }, dtype: context.outputs[0].dtype },
    shape: x.shape,
    axes: context.attrs.axes,
    monoid,
    scale,
    epilogue: context.epilogue,
    target: context.target,
  });
}

export interface Reduction {
  readonly label: string;
  readonly from: { readonly binding: Binding; readonly dtype: DType };
  readonly to: { readonly binding: Binding; readonly dtype: DType };
  readonly shape: Shape;
  readonly axes: readonly number[];
  readonly monoid: Monoid;
  readonly scale: Scale;
  readonly epilogue: Epilogue;
  /** Its variant `reduce`: `parts` forces two calls, `whole` forbids them. */
  readonly target: Target;
}

/** Axes that memory runs through as one, outermost first. */
interface Axis {
  length: number;
  stride: number;
}

/** One call: what is kept, what is reduced, in units of `width` elements along the innermost axis. */
interface Pass {
  readonly kept: readonly Axis[];
  readonly reduced: readonly Axis[];
  /** Memory runs along a reduced axis. */
  readonly rows: boolean;
  readonly width: 1 | 4;
  readonly columns: Columns;
}

/** How the invocations of a workgroup share its work. All are powers of two. */
export interface Tiling {
  readonly threads: number;
  /** Invocations that share one output. */
  readonly lanes: number;
  /** Outputs of one workgroup. */
  readonly outputs: number;
}

/** The most axes, kept or reduced, that may remain when neighbours are joined. */
const maximumGroups = 4;

/** Throws where `axes` are so scattered that the kernel cannot address them: more than four runs of them, or between them. */
export function checkGroups(shape: Shape, axes: readonly number[]): void {
  const { kept, reduced } = joinAxes(shape, axes);
  if (Math.max(kept.length, reduced.length) > maximumGroups) {
    throw new ShapeError(
      `axes ${showShape(axes)} of ${showShape(shape)} form more than ${maximumGroups} separate runs; transpose or reduce in two steps`,
    );
  }
}

/**
 * The reduction as one call, or as two where one would leave most of the device idle: first every invocation reduces a part
 * of an output's elements to a state, without a barrier, then the states are combined in a fixed order.
 */
export function reduceCalls(reduction: Reduction): KernelCall[] {
  const { monoid, target } = reduction;
  const { pass, tiling } = choosePass(reduction);
  const parts = chooseParts(pass, tiling, target);
  const from = reduction.from.binding;
  if (parts === 1) return [call(reduction, pass, tiling, 'whole', from, reduction.to.binding)];

  const outputs = lengthOf(pass.kept);
  const { columns } = pass;
  // A row of four ends in states of one lane, a column of four in states of four.
  const width = pass.rows ? 1 : pass.width;
  const stateBytes = columns * monoid.bytes[width === 1 ? 0 : 1];
  const states = { scratch: 'partials', bytes: parts * outputs * stateBytes };
  const second: Pass = pass.rows
    ? {
        kept: [{ length: outputs, stride: parts }],
        reduced: [{ length: parts, stride: 1 }],
        rows: true,
        width,
        columns,
      }
    : {
        kept: [{ length: outputs, stride: columns }],
        reduced: [{ length: parts, stride: outputs * columns }],
        rows: false,
        width,
        columns,
      };
  return [
    call(reduction, pass, target.fastWorkgroupMemory ? shared(1, 256) : alone, 'parts', from, states, parts),
    call(reduction, second, share(target, second, outputs), 'combine', states, reduction.to.binding),
  ];
}

/** How many elements an invocation takes at once, and whether invocations share an output. */
function choosePass({ shape, axes, monoid, epilogue, target }: Reduction): { pass: Pass; tiling: Tiling } {
  const groups = joinAxes(shape, axes);
  const { rows } = groups;
  const length = (rows ? groups.reduced : groups.kept).at(-1)?.length ?? 1;
  const prepare = (width: 1 | 4, columns: Columns = 1) => {
    const kept = inUnits(groups.kept, width, columns);
    const pass = { kept, reduced: inUnits(groups.reduced, width, columns), rows, width, columns };
    return { pass, tiling: share(target, pass, rows ? 1 : length / width) };
  };
  if (length % 4 !== 0) return prepare(1);
  if (rows) return prepare(4);
  if (target.fastWorkgroupMemory) {
    // Columns are taken four at a time only by single invocations: states of vec4 in workgroup memory gain nothing over
    // neighbouring invocations that read neighbouring columns.
    const wide = prepare(4);
    return wide.tiling.lanes === 1 && epilogue.allowsVec4 ? wide : prepare(1);
  }
  // A CPU loads as far along a row as its registers reach. llvmpipe is slow where neighbours read 16 bytes each.
  const columns = ([4, 2] as const).find((each) => length % (4 * each) === 0);
  return columns && isPlain(monoid) && epilogue.allowsVec4 ? prepare(4, columns) : prepare(1);
}

function call(
  reduction: Reduction,
  pass: Pass,
  tiling: Tiling,
  task: 'whole' | 'parts' | 'combine',
  from: Binding,
  to: Binding,
  parts = 1,
): KernelCall {
  const { monoid } = reduction;
  const { rows, width, columns } = pass;
  const { dtype } = reduction.to;
  const lanes = rows ? 1 : width;
  const [outputs, elements] = [lengthOf(pass.kept), lengthOf(pass.reduced)];
  const kept = padded(pass.kept);
  const reduced = padded(pass.reduced);
  const epilogue = task === 'parts' ? noEpilogue : reduction.epilogue;
  const floats = isFloat(dtype) && !monoid.givesIndex;
  const scattered = pass.reduced.length > 1;
  return {
    label: `${reduction.label}/${task}`,
    source,
    variant: {
      MONOID: declarations(reduction, lanes),
      X: storageType(reduction.from.dtype, width),
      Y: storageType(dtype, lanes),
      EPILOGUE: floats
        ? epilogue.text(3, lanes)
        : 'fn finish(value: Result, index: u32) -> Result { return value; }',
      LANES: tiling.lanes,
      OUTPUTS: tiling.outputs,
      LANE_STEP: rows ? 1 : tiling.outputs,
      THREADS: tiling.threads,
      TREE: tiling.lanes > 1,
      ROWS: rows,
      ONE_KEPT: pass.kept.length <= 1,
      SCATTERED: scattered,
      PARTIALS_IN: task === 'combine',
      PARTIALS_OUT: task === 'parts',
      SLABS: !reduction.target.fastWorkgroupMemory,
      ...reduceTexts({
        monoid,
        rowOfFour: rows && width === 4,
        columns,
        partials: task === 'combine',
        scattered,
        to: task === 'parts' ? 'partials' : 'y',
        type: storageType(dtype, lanes),
      }),
    },
    params: {
      outputs,
      elements,
      parts,
      partLength: Math.ceil(elements / parts),
      ...Object.fromEntries(kept.slice(1).map(({ length }, i) => [`keptLength${i + 1}`, length])),
      ...Object.fromEntries(kept.map(({ stride }, i) => [`keptStride${i}`, stride])),
      ...Object.fromEntries(reduced.slice(1).map(({ length }, i) => [`reducedLength${i + 1}`, length])),
      ...Object.fromEntries(reduced.map(({ stride }, i) => [`reducedStride${i}`, stride])),
      scale: reduction.scale(sizeOf(reduction.axes.map((axis) => reduction.shape[axis]))),
    },
    bindings: [from, to, ...(floats ? epilogue.bindings : [])],
    workgroups: linearGrid(Math.ceil((outputs * parts) / tiling.outputs)),
  };
}

function declarations({ monoid, from }: Reduction, lanes: 1 | 4): string {
  const scalar = { float32: 'f32', float16: 'f32', int32: 'i32', uint32: 'u32', bool: 'u32' }[from.dtype];
  const typed = (type: string) => (lanes === 4 ? `vec4<${type}>` : type);
  return `alias V = ${typed(scalar)};
alias Index = ${typed('u32')};
alias Result = ${monoid.givesIndex ? 'Index' : 'V'};
${monoid.text}`;
}

/** Drops axes of length 1 and joins neighbours of one kind. */
export function joinAxes(shape: Shape, axes: readonly number[]) {
  const groups = { kept: [] as Axis[], reduced: [] as Axis[], rows: false };
  let last: Axis | undefined;
  let stride = sizeOf(shape);
  shape.forEach((length, axis) => {
    stride /= length;
    if (length === 1) return;
    const rows = axes.includes(axis);
    if (last && rows === groups.rows) {
      last.length *= length;
      last.stride = stride;
    } else {
      last = { length, stride };
      groups[rows ? 'reduced' : 'kept'].push(last);
      groups.rows = rows;
    }
  });
  return groups;
}

/**
 * Every stride other than the innermost axis' own is a multiple of that axis' length, and so of `width`. `columns` units of the
 * innermost axis, where it is kept, count as one.
 */
function inUnits(axes: readonly Axis[], width: 1 | 4, columns: Columns): Axis[] {
  return axes.map(({ length, stride }) =>
    stride === 1 ? { length: length / width / columns, stride: columns } : { length, stride: stride / width },
  );
}

function lengthOf(axes: readonly Axis[]): number {
  return sizeOf(axes.map(({ length }) => length));
}

function padded(axes: readonly Axis[]): Axis[] {
  return [...new Array<Axis>(maximumGroups - axes.length).fill({ length: 1, stride: 0 }), ...axes];
}

/** Invocations that keep a device busy. */
const enough = 32768;

/**
 * Lanes are what outputs alone leave idle, within limits: neighbouring invocations read 128 bytes that lie together, and none
 * has too little to do. Along rows the lanes of an output are neighbours, along columns the outputs are.
 */
export function tile(
  rows: boolean,
  outputs: number,
  elements: number,
  together: number,
  width: 1 | 4,
): Tiling {
  const wanted = powerOfTwo(enough / outputs);
  if (rows) {
    const least = Math.min(32 / width, powerOfTwo(elements / (width === 4 ? 4 : 8)));
    const lanes = Math.max(least, Math.min(wanted, 256, powerOfTwo(elements / (width === 4 ? 2 : 4))));
    return shared(lanes, Math.max(64, lanes));
  }
  const least = Math.min(32 / width, powerOfTwo(together));
  const lanes = Math.min(wanted, powerOfTwo(elements / 8), 256 / least);
  return shared(lanes, Math.max(64, lanes * least));
}

/**
 * Outputs that keep an adapter busy which computes on a CPU: one invocation then reduces each of them, for a barrier switches
 * between all invocations of a workgroup, one after the other.
 */
const busyOutputs = 64;
const alone: Tiling = { threads: 16, lanes: 1, outputs: 16 };

/** `together`: outputs side by side in memory. */
function share({ fastWorkgroupMemory }: Target, pass: Pass, together: number): Tiling {
  const { rows, width, columns } = pass;
  const outputs = lengthOf(pass.kept);
  const all = outputs * columns * (rows ? 1 : width);
  return !fastWorkgroupMemory && (columns > 1 || all >= busyOutputs)
    ? alone
    : tile(rows, outputs, lengthOf(pass.reduced), together, width);
}

function shared(lanes: number, threads: number): Tiling {
  return lanes === 1 ? { threads: 256, lanes, outputs: 256 } : { threads, lanes, outputs: threads / lanes };
}

function powerOfTwo(atLeast: number): number {
  let power = 1;
  while (power < atLeast) power *= 2;
  return power;
}

/** Into how many parts the elements of an output are divided; 1 where one call is enough. */
function chooseParts({ kept, reduced }: Pass, { lanes }: Tiling, target: Target): number {
  const [outputs, elements] = [lengthOf(kept), lengthOf(reduced)];
  const variant = target.variants?.reduce;
  if (variant === 'whole') return 1;
  if (variant === 'parts') return Math.min(3, elements);
  if (!target.fastWorkgroupMemory) {
    if (lanes > 1 ? elements <= 64 * lanes : elements <= 2048 && outputs * elements <= 32768) return 1;
    // Long parts, for each costs a partial result; but no chain of more than 2048 terms, for the sake of its last digits.
    return Math.ceil(Math.max(elements / 2048, Math.min(256 / outputs, elements / 64)));
  }
  if (elements / lanes <= 64 || outputs * lanes >= enough / 2) return 1;
  const invocations = Math.min(enough, Math.max(4096, (outputs * elements) / 32));
  return Math.max(1, Math.min(Math.ceil(invocations / outputs), Math.ceil(elements / 8)));
}
