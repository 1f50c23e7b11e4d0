import { type Binding, storageType } from '../graph/kernel.ts';
import type { GateActivation } from './gateActivation.ts';
import type { CellRule } from './recurrentCell.ts';

// Pieces of WGSL that the forward and the backward loop are made of. A value F holds four neighbouring hidden units.

/** `line(0)`, `line(1)`, …, one under the other. */
export function lines(count: number, line: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => line(i))
    .filter((text) => text !== '')
    .join('\n    ');
}

/** A number of hidden units in whole quads. */
export function padded(hidden: number): number {
  return Math.ceil(hidden / 4) * 4;
}

/** Four neighbouring elements of an array of f32. */
export function quadText(name: string, at: string): string {
  return `F(${name}[${at}], ${name}[${at} + 1u], ${name}[${at} + 2u], ${name}[${at} + 3u])`;
}

/** Whether `direction` runs from the last step to the first. */
export function backwardsText(reversed: readonly boolean[]): string {
  return reversed.length === 2 ? 'direction == 1u' : String(reversed[0]);
}

/** A storage buffer of a recurrent kernel. */
export interface Buffer {
  readonly name: string;
  readonly binding: Binding;
  readonly dtype?: 'float32' | 'int32';
  readonly write?: boolean;
  /** Read one element at a time, whatever the hidden size. */
  readonly single?: boolean;
}

/**
 * Declares the buffers, and for each float buffer how four units of it are read (`xAt(index)`) and written
 * (`storeX(index, unit, value)`). Where rows are no whole number of quads, what lies beyond the last unit is read as it comes, used for
 * nothing, and never written.
 */
export function declareBuffers(buffers: readonly Buffer[], hidden: number): string {
  const texts = buffers.map(({ name, dtype = 'float32', write, single }, i) => {
    const vec4 = hidden % 4 === 0 && !single;
    const type = dtype === 'float32' && vec4 ? 'vec4<f32>' : storageType(dtype);
    const declared = `@group(0) @binding(${i}) var<storage, ${write ? 'read_write' : 'read'}> ${name}: array<${type}>;`;
    if (dtype !== 'float32' || single) return declared;
    const read = vec4
      ? `return ${name}[at / 4u];`
      : `return F(${name}[at], ${name}[at + 1u], ${name}[at + 2u], ${name}[at + 3u]);`;
    const stores = ['x', 'y', 'z', 'w'].map((part, k) =>
      k === 0
        ? `${name}[at] = value.x;`
        : `if (unit + ${k}u < ${hidden}u) { ${name}[at + ${k}u] = value.${part}; }`,
    );
    const store = vec4 ? `${name}[at / 4u] = value;` : stores.join(' ');
    const capital = name[0].toUpperCase() + name.slice(1);
    return [
      declared,
      `fn ${name}At(at: u32) -> F { ${read} }`,
      ...(write ? [`fn store${capital}(at: u32, unit: u32, value: F) { ${store} }`] : []),
    ].join('\n');
  });
  const params = `@group(0) @binding(${buffers.length}) var<uniform> params: Params;`;
  return [
    'alias F = vec4<f32>;',
    'alias I = vec4<i32>;',
    'alias U = vec4<u32>;',
    'alias B = vec4<bool>;',
    ...texts,
    params,
  ].join('\n');
}

export function hasBuffer(buffers: readonly Buffer[], name: string): boolean {
  return buffers.some((buffer) => buffer.name === name);
}

/** The WGSL functions of a rule with what they call. */
export function functionsOf({ wgsl }: CellRule): string {
  return ['var<private> nonFiniteBits: u32 = 0x7f800000u;', ...wgsl.functions].join('\n');
}

/** The same, and how a loop finds the steps of a sequence. */
export function loopFunctions(rule: CellRule, buffers: readonly Buffer[]): string {
  const length = hasBuffer(buffers, 'lengths')
    ? 'u32(clamp(lengths[sequence], 0, i32(params.steps)))'
    : 'params.steps';
  return `${functionsOf(rule)}\nfn lengthOf(sequence: u32) -> u32 { return ${length}; }\n${rowAt}`;
}

/** Padded steps have their own place; those before them run forwards or backwards. */
const rowAt = `fn rowAt(step: u32, length: u32, sequence: u32, backwards: bool) -> u32 {
  return select(step, length - 1u - step, backwards && step < length) * params.stepStride + sequence * params.sequenceStride;
}`;

/** Keeps what the backward pass wants of a step, the hidden state before it last. Padded steps keep zeros. */
export function storeKept(rule: CellRule, hidden: number): string {
  return lines(rule.kept + 1, (i) => {
    const value = i < rule.kept ? `kept${i}` : 'hidden';
    return `storeKept(${keptPlace(rule, hidden, i)}, unit, select(F(), ${value}, isValid));`;
  });
}

/** Declares what was kept of a step: `kept0`…, `hidden`. */
export function loadKept(rule: CellRule, hidden: number): string {
  return lines(
    rule.kept + 1,
    (i) => `let ${i < rule.kept ? `kept${i}` : 'hidden'} = keptAt(${keptPlace(rule, hidden, i)});`,
  );
}

function keptPlace(rule: CellRule, hidden: number, i: number): string {
  return `place * ${(rule.kept + 1) * hidden}u + ${i * hidden}u + unit`;
}

/** Texts of a rule's activations under the names that its equations use. */
export function activationTexts(activations: Readonly<Record<string, GateActivation>>): string[] {
  const all = Object.entries(activations);
  return [
    ...new Set(all.flatMap(([, activation]) => activation.helpers)),
    ...all.map(([name, activation]) => activation.wgsl(name)),
  ];
}

/** A product of the states of some sequences with a matrix, four columns of each block for one invocation. */
export interface QuadProduct {
  /** Names the sums: `{name}{row}_{block}`. */
  readonly name: string;
  /** Sequences of a workgroup, and quads of hidden units. */
  readonly rows: number;
  readonly quads: number;
  /** Blocks of columns: one for each gate. */
  readonly blocks: number;
  /** The inner dimension, in `slices` parts of `sliceLength`. */
  readonly length: number;
  readonly slices: number;
  readonly sliceLength: number;
  /** Whether four elements of the inner dimension can be read at a time. */
  readonly vec4: boolean;
  /** Declares what `state` reads by, once for each step. */
  readonly prelude: string;
  /** Four (or one) elements of sequence `row`, from `k` on. */
  state(row: number, k: string): string;
  /** Four columns of block `block`, at row `k` of the matrix. */
  weight(k: string, block: number): string;
  /** The name of an array in registers where each invocation keeps its part of the matrix, if it does. */
  readonly resident: string | false;
}

/** Where a `resident` product keeps its part of the matrix. All indexes into it are constants, but for those that fill it. */
export function residentDeclaration({ resident, sliceLength, blocks }: QuadProduct): string {
  return resident ? `var<private> ${resident}: array<F, ${sliceLength * blocks}>;` : '';
}

/** Fills it, before the loop over time. */
export function residentWeights({ resident, sliceLength, length, blocks, weight }: QuadProduct): string {
  if (!resident) return '';
  const loads = (i: string) =>
    lines(
      blocks,
      (g) =>
        `${resident}[${i} * ${blocks}u + ${g}u] = ${weight(`min(slice * ${sliceLength}u + ${i}, ${length - 1}u)`, g)};`,
    );
  // Few weights are written one by one, so that they become registers.
  if (sliceLength * blocks <= 16) return lines(sliceLength, (i) => loads(`${i}u`));
  return `for (var i = 0u; i < ${sliceLength}u; i++) {\n    ${loads('i')}\n  }`;
}

/** Declares the sums. */
export function zeroSums({ name, rows, blocks }: Pick<QuadProduct, 'name' | 'rows' | 'blocks'>): string {
  return lines(rows, (r) => lines(blocks, (g) => `var ${name}${r}_${g} = F();`));
}

/** Adds this slice's part of the product to the sums. */
export function productText(product: QuadProduct): string {
  const { name, rows, blocks, length, slices, sliceLength, vec4, prelude, state, weight, resident } = product;
  const width = vec4 ? 4 : 1;
  const parts = vec4 ? ['.x', '.y', '.z', '.w'] : [''];
  const multiply = (weightOf: (part: number, g: number) => string) =>
    parts
      .map((part, p) => {
        const loads = Array.from({ length: blocks }, (_, g) => `let w${g} = ${weightOf(p, g)};`);
        const sums = lines(rows, (r) =>
          lines(blocks, (g) => `${name}${r}_${g} = fma(F(h${r}${part}), w${g}, ${name}${r}_${g});`),
        );
        return `{ ${loads.join(' ')}\n    ${sums} }`;
      })
      .join('\n    ');
  if (resident) {
    const groups = lines(Math.ceil((slices === 1 ? length : sliceLength) / width), (i) => {
      // Constant indexes, where there is one slice: some compilers make one load of them for all invocations.
      const k = slices === 1 ? `${i * width}u` : `slice * ${sliceLength}u + ${i * width}u`;
      const states = lines(rows, (r) => `let h${r} = ${state(r, k)};`);
      const sums = `${states}\n    ${multiply((p, g) => `${resident}[${(i * width + p) * blocks + g}]`)}`;
      return slices === 1 ? `{ ${sums} }` : `if (${k} < ${length}u) { ${sums} }`;
    });
    return `${prelude}\n    ${groups}`;
  }
  return `${prelude}
    for (var k = slice * ${sliceLength}u; k < min((slice + 1u) * ${sliceLength}u, ${length}u); k += ${width}u) {
    ${lines(rows, (r) => `let h${r} = ${state(r, 'k')};`)}
    ${multiply((p, g) => weight(p === 0 ? 'k' : `(k + ${p}u)`, g))}
    }`;
}

/** Words of workgroup memory, as F, for the partial sums of all slices but the first. */
export function partialsOf({ rows, blocks, slices, quads }: QuadProduct): number {
  return Math.max(1, (slices - 1) * rows * blocks * quads);
}

/** Partial sums on their way to the first slice. */
export function storePartials(product: QuadProduct): string {
  const { name, rows, blocks } = product;
  return lines(rows, (r) =>
    lines(blocks, (g) => `${partial(product, '(slice - 1u)', r, g)} = ${name}${r}_${g};`),
  );
}

/** The whole sum, in the order of the slices. */
export function wholeSum(product: QuadProduct, row: number, block: number): string {
  const { name, slices } = product;
  const parts = Array.from({ length: slices - 1 }, (_, s) => partial(product, `${s}u`, row, block));
  return [`${name}${row}_${block}`, ...parts].join(' + ');
}

function partial({ name, rows, blocks, quads }: QuadProduct, slice: string, row: number, block: number) {
  return `${name}Partials[(${slice} * ${rows * blocks}u + ${row * blocks + block}u) * ${quads}u + local % ${quads}u]`;
}
