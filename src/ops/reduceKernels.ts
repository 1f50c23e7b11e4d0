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
} from '../graph/kernel.ts';

/**
 * An associative operation in WGSL, with what comes before and after it: lift each element to a `State`, combine states,
 * turn the last one into the result. `V` is the type of the elements: f32, i32 or u32, or a vec4 of it.
 */
export interface Monoid {
  /**
   * Declares `State` and the functions
   *
   * - `start(first: V) -> State`: what a lane begins with; `first` is the output's first element, which will come once more
   * - `accumulate(state: State, x: V, index: u32) -> State`: with one more element
   * - `empty(any: State) -> State`: a state that adds nothing to `any`
   * - `combine(a: State, b: State) -> State`
   * - `result(state: State) -> Result`
   */
  readonly text: string;
  /** Bytes of a State where V has one lane, and where it has four. */
  readonly bytes: readonly [number, number];
  /** The type of a result is that of an element unless it is an index. */
  readonly givesIndex?: boolean;
}

/**
 * A monoid whose state is one element, by WGSL expressions: `x`, the element; `a` and `b`, states; `state`, the last one.
 * Without `empty` elements may count twice: combine(a, a) = a.
 */
export function plainMonoid(rules: { empty?: string; lift?: string; combine: string; result?: string }): Monoid {
  const { empty, lift = 'x', combine, result = 'state' } = rules;
  return {
    text: `alias State = V;
fn lift(x: V) -> State { return ${lift}; }
fn start(first: V) -> State { return ${empty ?? 'lift(first)'}; }
fn empty(any: State) -> State { return ${empty ?? 'any'}; }
fn combine(a: State, b: State) -> State { return ${combine}; }
fn accumulate(state: State, x: V, index: u32) -> State { return combine(state, lift(x)); }
fn result(state: State) -> Result { return ${result}; }`,
    bytes: [4, 16],
  };
}

/** Addition, in the order of a tree. `result` may use `state` and `params.scale`. */
export function additive(rules: { lift?: string; result?: string } = {}): Monoid {
  return plainMonoid({ empty: 'V()', combine: 'a + b', ...rules });
}

/** What `params.scale` is, for a reduction of `count` elements. */
export type Scale = (count: number) => number;

/** The calls of a reduction op with one input and one output. */
export function reduceKernels<Attrs extends { readonly axes: readonly number[] }>(
  context: KernelContext<Attrs>,
  monoid: Monoid,
  scale: Scale = () => 1,
): KernelCall[] {
  const [x] = context.inputs;
  return reduceCalls({
    label: 'reduce',
    from: { binding: { input: 0 }, dtype: x.dtype },
    to: { binding: { output: 0 }, dtype: context.outputs[0].dtype },
    shape: x.shape,
    axes: context.attrs.axes,
    monoid,
    scale,
    epilogue: context.epilogue,
    variant: context.target.variants?.reduce,
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
  /** `slabs` forces two calls, `whole` forbids them. */
  readonly variant?: string;
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
}

/** How 256 invocations share the work. All are powers of two. */
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
 * The reduction as one call, or as two where one would leave most of the device idle: slabs to partial states, then those
 * in a fixed order to the results.
 */
export function reduceCalls(reduction: Reduction): KernelCall[] {
  const { monoid, epilogue, to } = reduction;
  const groups = joinAxes(reduction.shape, reduction.axes);
  const innermost = groups.rows ? groups.reduced.at(-1) : groups.kept.at(-1);
  const divisible = innermost !== undefined && innermost.length % 4 === 0;
  const width = divisible && (groups.rows || epilogue.allowsVec4) ? 4 : 1;
  const pass: Pass = { ...groups, kept: inUnits(groups.kept, width), reduced: inUnits(groups.reduced, width), width };

  const outputs = lengthOf(pass.kept);
  const elements = lengthOf(pass.reduced);
  const tiling = tile(pass.rows, outputs, elements, pass.rows ? 1 : (innermost?.length ?? 1) / width, width);
  const slabLength = chooseSlab(outputs, elements, tiling, reduction.variant);
  const slabs = Math.ceil(elements / slabLength);
  if (slabs === 1) return [call(reduction, pass, tiling, slabLength, reduction.from.binding, 'whole')];

  // A row of four ends in states of one lane, a column of four in states of four.
  const wide = !pass.rows && width === 4;
  const scratch = { scratch: 'partials', bytes: slabs * outputs * monoid.bytes[wide ? 1 : 0] };
  const second: Pass = {
    kept: [{ length: outputs, stride: 1 }],
    reduced: [{ length: slabs, stride: outputs }],
    rows: false,
    width: wide ? 4 : 1,
  };
  const secondTiling = tile(false, outputs, slabs, outputs, second.width);
  return [
    call({ ...reduction, to: { binding: scratch, dtype: to.dtype } }, pass, tiling, slabLength, reduction.from.binding, 'slabs'),
    call(reduction, second, secondTiling, slabs, scratch, 'combine'),
  ];
}

function call(
  reduction: Reduction,
  pass: Pass,
  tiling: Tiling,
  slabLength: number,
  from: Binding,
  part: 'whole' | 'slabs' | 'combine',
): KernelCall {
  const { monoid, to, epilogue } = reduction;
  const { rows, width } = pass;
  const lanes = rows ? 1 : width;
  const [outputs, elements] = [lengthOf(pass.kept), lengthOf(pass.reduced)];
  const slabs = Math.ceil(elements / slabLength);
  const kept = padded(pass.kept);
  const reduced = padded(pass.reduced);
  const finishing = part === 'slabs' ? noEpilogue : epilogue;
  const floats = isFloat(to.dtype) && !monoid.givesIndex;
  return {
    label: `${reduction.label}/${part}`,
    source,
    variant: {
      MONOID: declarations(reduction, lanes),
      X: storageType(reduction.from.dtype, width),
      Y: storageType(to.dtype, lanes),
      EPILOGUE: floats
        ? finishing.text(3, lanes)
        : 'fn finish(value: Result, index: u32) -> Result { return value; }',
      LANES: tiling.lanes,
      OUTPUTS: tiling.outputs,
      THREADS: tiling.threads,
      TREE: tiling.lanes > 1,
      ROWS: rows,
      ROW_OF_FOUR: rows && width === 4,
      ONE_KEPT: pass.kept.length <= 1,
      ONE_REDUCED: pass.reduced.length <= 1,
      PARTIALS_IN: part === 'combine',
      PARTIALS_OUT: part === 'slabs',
    },
    params: {
      outputs,
      elements,
      slabs,
      slabLength,
      ...Object.fromEntries(kept.slice(1).map(({ length }, i) => [`keptLength${i + 1}`, length])),
      ...Object.fromEntries(kept.map(({ stride }, i) => [`keptStride${i}`, stride])),
      ...Object.fromEntries(reduced.slice(1).map(({ length }, i) => [`reducedLength${i + 1}`, length])),
      ...Object.fromEntries(reduced.map(({ stride }, i) => [`reducedStride${i}`, stride])),
      scale: reduction.scale(sizeOf(reduction.axes.map((axis) => reduction.shape[axis]))),
    },
    bindings: [from, to.binding, ...(floats ? finishing.bindings : [])],
    workgroups: linearGrid(Math.ceil(outputs / tiling.outputs) * slabs),
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

/** Every stride other than the innermost axis' own is a multiple of that axis' length, and so of `width`. */
function inUnits(axes: readonly Axis[], width: 1 | 4): Axis[] {
  return axes.map(({ length, stride }) =>
    stride === 1 ? { length: length / width, stride } : { length, stride: stride / width },
  );
}

function lengthOf(axes: readonly Axis[]): number {
  return sizeOf(axes.map(({ length }) => length));
}

function padded(axes: readonly Axis[]): Axis[] {
  return [...new Array<Axis>(maximumGroups - axes.length).fill({ length: 1, stride: 0 }), ...axes];
}

/**
 * Eight elements for an invocation, where there are as many. Along rows the lanes of an output are neighbours; along columns
 * the outputs are, as many as lie together in memory, up to 128 bytes.
 */
export function tile(rows: boolean, outputs: number, elements: number, together: number, width: 1 | 4): Tiling {
  const threads = outputs * elements <= 256 ? 64 : 256;
  const least = rows ? 1 : Math.min(powerOfTwo(together), 32 / width);
  let lanes = Math.min(powerOfTwo(elements / (rows ? 8 / width : 8)), threads / least);
  // Enough workgroups without them: spare the barriers.
  while (!rows && lanes > 1 && (outputs * lanes) / threads > 1024) lanes /= 2;
  return { threads, lanes, outputs: threads / lanes };
}

function powerOfTwo(atLeast: number): number {
  let power = 1;
  while (power < atLeast) power *= 2;
  return power;
}

/** How many elements a workgroup takes of each of its outputs. */
function chooseSlab(outputs: number, elements: number, { lanes, outputs: perWorkgroup }: Tiling, variant?: string): number {
  if (variant === 'whole') return elements;
  if (variant === 'slabs') return Math.ceil(elements / 3);
  const tiles = Math.ceil(outputs / perWorkgroup);
  const rounds = Math.ceil(elements / lanes);
  if (rounds <= 64 || tiles >= 128) return elements;
  const slabs = Math.min(Math.ceil(512 / tiles), Math.ceil(rounds / 8));
  return Math.ceil(rounds / slabs) * lanes;
}
