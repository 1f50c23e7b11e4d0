import source from '#shaders/elementwise.wgsl' with { type: 'text' };
import type { DType } from '../core/dtype.ts';
import { broadcastStrides, type Shape, sizeOf } from '../core/shape.ts';
import type { Elementwise, TypeLetter } from './elementwise.ts';
import {
  type Binding,
  type Epilogue,
  type KernelCall,
  linearGrid,
  storageType,
  type TensorSpec,
} from './kernel.ts';

/** What a step of a chain works on. */
export type ChainArgument =
  /** The value that the kernel before the chain has just computed. */
  | { readonly kind: 'value' }
  | { readonly kind: 'step'; readonly index: number }
  | { readonly kind: 'operand'; readonly index: number }
  | { readonly kind: 'constant'; readonly value: number; readonly dtype: DType };

/** Elementwise ops that run one after another on each element, without going through memory. */
export interface Chain {
  /** Shape of every step's result. */
  readonly shape: Shape;
  readonly steps: readonly {
    readonly elementwise: Elementwise<unknown>;
    readonly attrs: unknown;
    readonly arguments: readonly ChainArgument[];
    readonly dtype: DType;
  }[];
  /** Tensors read from memory, broadcast to `shape`. */
  readonly operands: readonly { readonly spec: TensorSpec; readonly binding: Binding }[];
  /** Results that leave the chain. Behind a kernel, `main` is what that kernel stores itself. */
  readonly stores: readonly {
    readonly from: ChainArgument;
    readonly dtype: DType;
    readonly binding: Binding;
  }[];
  /** The argument whose value a kernel with this epilogue stores; null in a chain of its own. */
  readonly main: ChainArgument | null;
}

/** How the elements of an operand are found from the index of the output. */
type Access =
  | { readonly kind: 'same' }
  | { readonly kind: 'scalar' }
  /** The operand repeats every `length` elements: a bias along the last axes. */
  | { readonly kind: 'repeat'; readonly length: number }
  | { readonly kind: 'strided'; readonly shape: Shape; readonly strides: readonly number[] };

/** A chain as a kernel of its own. */
export function chainKernel(chain: Chain, label: string): KernelCall {
  const width = allowsVec4(chain) ? 4 : 1;
  const count = Math.ceil(sizeOf(chain.shape) / width);
  const { declarations, helpers, lines } = render(chain, 1, width);
  return {
    label,
    source,
    variant: { BINDINGS: declarations, HELPERS: `${aliases(width)}\n${helpers}`, BODY: lines.join('\n  ') },
    params: { count },
    bindings: chainBindings(chain),
    workgroups: linearGrid(Math.ceil(count / 256)),
  };
}

/** A chain as the epilogue of another kernel. */
export function chainEpilogue(chain: Chain): Epilogue {
  return {
    text(firstBinding, width) {
      const { declarations, helpers, lines, main } = render(chain, firstBinding, width);
      return `${aliases(width)}\n${declarations}\n${helpers}
fn finish(value: F, index: u32) -> F {
  ${lines.join('\n  ')}
  return ${main};
}`;
    },
    bindings: chainBindings(chain),
    allowsVec4: allowsVec4(chain),
  };
}

function chainBindings(chain: Chain): Binding[] {
  return [...chain.operands.map((operand) => operand.binding), ...chain.stores.map((store) => store.binding)];
}

function aliases(width: 1 | 4): string {
  const names = [
    ['F', 'f32'],
    ['I', 'i32'],
    ['U', 'u32'],
    ['B', 'bool'],
  ];
  const lines = names.map(([name, type]) => `alias ${name} = ${width === 4 ? `vec4<${type}>` : type};`);
  // A variable, because WGSL refuses constants that are infinite or NaN.
  return [...lines, 'var<private> nonFiniteBits: u32 = 0x7f800000u;'].join('\n');
}

function render(chain: Chain, firstBinding: number, width: 1 | 4) {
  const declarations: string[] = [];
  const lines: string[] = [];
  const operands = chain.operands.map(({ spec }, i) => {
    const access = accessOf(spec.shape, chain.shape);
    const splat = width === 4 && isSplat(access);
    declarations.push(
      `@group(0) @binding(${firstBinding + i}) var<storage, read> operand${i}: array<${storageType(spec.dtype, splat ? 1 : width)}>;`,
    );
    lines.push(`let loaded${i} = operand${i}[${indexText(access, width)}];`);
    return load(`loaded${i}`, spec.dtype, splat);
  });
  const textOf = (argument: ChainArgument): string => {
    switch (argument.kind) {
      case 'value':
        return 'value';
      case 'step':
        return `step${argument.index}`;
      case 'operand':
        return operands[argument.index];
      case 'constant':
        return literal(argument.value, argument.dtype);
    }
  };
  const dtypeOf = (argument: ChainArgument): DType => {
    switch (argument.kind) {
      case 'value':
        return 'float32';
      case 'step':
        return chain.steps[argument.index].dtype;
      case 'operand':
        return chain.operands[argument.index].spec.dtype;
      case 'constant':
        return argument.dtype;
    }
  };
  const helpers = new Set<string>();
  chain.steps.forEach((step, i) => {
    const types = {
      operands: step.arguments.map((argument) => letter(dtypeOf(argument))),
      result: letter(step.dtype),
    };
    for (const helper of step.elementwise.helpers ?? []) helpers.add(helper);
    let texts = step.arguments.map(textOf);
    if (step.arguments.every(({ kind }) => kind === 'constant')) {
      // WGSL computes an expression of constants when it compiles, and refuses a result that is infinite or NaN.
      texts.forEach((text, j) => {
        lines.push(`let constant${i}_${j} = ${text};`);
      });
      texts = texts.map((_, j) => `constant${i}_${j}`);
    }
    lines.push(`let step${i} = ${step.elementwise.expression(texts, step.attrs, types)};`);
  });
  chain.stores.forEach((store, i) => {
    declarations.push(
      `@group(0) @binding(${firstBinding + operands.length + i}) var<storage, read_write> result${i}: array<${storageType(store.dtype, width)}>;`,
    );
    lines.push(`result${i}[index] = ${stored(textOf(store.from), store.dtype, width)};`);
  });
  return {
    declarations: declarations.join('\n'),
    helpers: [...helpers].join('\n'),
    lines,
    main: chain.main ? textOf(chain.main) : '',
  };
}

function letter(dtype: DType): TypeLetter {
  return ({ float32: 'F', float16: 'F', int32: 'I', uint32: 'U', bool: 'B' } as const)[dtype];
}

/** A loaded word as a value to compute with. */
function load(text: string, dtype: DType, splat: boolean): string {
  if (dtype === 'bool') return splat ? `(U(${text}) != U(0))` : `(${text} != U(0))`;
  // A vector of f32 is not made from one f16.
  if (dtype === 'float16') return splat ? `F(f32(${text}))` : `F(${text})`;
  return splat ? `${letter(dtype)}(${text})` : text;
}

/** A value as what is kept in memory. */
function stored(text: string, dtype: DType, width: 1 | 4): string {
  if (dtype === 'bool') return `select(U(0), U(1), ${text})`;
  return dtype === 'float16' ? `${storageType(dtype, width)}(${text})` : text;
}

/** A WGSL literal. Infinity and NaN are no constants in WGSL: they are made from bits at run time. */
export function literal(value: number, dtype: DType): string {
  const type = letter(dtype);
  if (type === 'B') return `B(${value !== 0})`;
  if (type === 'I') return value === -2147483648 ? 'I(-2147483647 - 1)' : `I(${value})`;
  if (type === 'U') return `U(${value}u)`;
  const rounded = Math.fround(value);
  if (Number.isNaN(rounded)) return 'F(bitcast<f32>(nonFiniteBits | 0x400000u))';
  if (!Number.isFinite(rounded))
    return `F(bitcast<f32>(nonFiniteBits${rounded < 0 ? ' | 0x80000000u' : ''}))`;
  const text =
    Number.isInteger(rounded) && Math.abs(rounded) < 1e9 ? rounded.toFixed(1) : rounded.toExponential();
  return `F(${Object.is(rounded, -0) ? '-0.0' : text})`;
}

/** Drops axes of length 1 and joins axes that the operand runs through as one. */
function accessOf(from: Shape, to: Shape): Access {
  const size = sizeOf(from);
  if (size === 1) return { kind: 'scalar' };
  if (size === sizeOf(to)) return { kind: 'same' };
  const shape: number[] = [];
  const strides: number[] = [];
  const all = broadcastStrides(from, to);
  to.forEach((length, axis) => {
    if (length === 1) return;
    const last = shape.length - 1;
    if (last >= 0 && strides[last] === all[axis] * length) {
      shape[last] *= length;
      strides[last] = all[axis];
    } else {
      shape.push(length);
      strides.push(all[axis]);
    }
  });
  if (shape.length === 2 && strides[0] === 0) return { kind: 'repeat', length: shape[1] };
  return { kind: 'strided', shape, strides };
}

/** Along the innermost axis the operand stays at one element: four outputs share it. */
function isSplat(access: Access): boolean {
  return (
    access.kind === 'scalar' || (access.kind === 'strided' && access.strides[access.strides.length - 1] === 0)
  );
}

function allowsVec4(chain: Chain): boolean {
  return chain.operands.every(({ spec }) => {
    const access = accessOf(spec.shape, chain.shape);
    if (access.kind === 'repeat') return access.length % 4 === 0;
    if (access.kind !== 'strided') return true;
    const last = access.shape.length - 1;
    if (access.shape[last] % 4 !== 0) return false;
    return access.strides[last] === 0 || access.strides.slice(0, last).every((stride) => stride % 4 === 0);
  });
}

/** The operand's element (or group of four) for output `index`. */
function indexText(access: Access, width: 1 | 4): string {
  if (access.kind === 'same') return 'index';
  if (access.kind === 'scalar') return '0';
  if (access.kind === 'repeat') return `index % ${access.length / width}u`;
  const unit = isSplat(access) ? 1 : width;
  const terms: string[] = [];
  let below = 1;
  for (let axis = access.shape.length - 1; axis >= 0; axis--) {
    const length = axis === access.shape.length - 1 ? access.shape[axis] / width : access.shape[axis];
    const stride = axis === access.shape.length - 1 ? access.strides[axis] : access.strides[axis] / unit;
    if (stride !== 0) {
      const quotient = below === 1 ? 'index' : `(index / ${below}u)`;
      terms.push(
        `${axis === 0 ? quotient : `(${quotient} % ${length}u)`}${stride === 1 ? '' : ` * ${stride}u`}`,
      );
    }
    below *= length;
  }
  return terms.join(' + ');
}
