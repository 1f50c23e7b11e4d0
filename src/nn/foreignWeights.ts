import type { TensorData } from '../core/dtype.ts';
import { FormatError, GraphError, ShapeError } from '../core/errors.ts';
import { forEachOffset, type Shape, sameShape, showShape, sizeOf, stridesOf } from '../core/shape.ts';
import type { Variable } from '../graph/graph.ts';
import type { StoredTensor } from '../io/safetensors.ts';
import type { LayerCall } from './layer.ts';

// What the names and layouts of other frameworks have in common.

/** How another framework calls and stores one variable of a layer. */
export interface ForeignRule {
  readonly name: string;
  /** Axis i of ours is axis `axes[i]` of theirs; default the same order. */
  readonly axes?: readonly number[];
  /** The shape under which they store it, where it is not just another order of axes. */
  readonly storedShape?: (ours: Shape) => Shape;
  /** Names of both directions, where ours has them on a leading axis. */
  readonly directions?: readonly [string, string];
  /** The last axis of ours is made of as many gates: ours at g is theirs at `gates[g]`. */
  readonly gates?: readonly number[];
  /** Theirs is one of several rows of a larger tensor: which one, and of how many. */
  readonly row?: readonly [number, number];
}

/** For each kind of layer, its variables by their own names. */
export type ForeignRules = Readonly<
  Record<string, Readonly<Record<string, ForeignRule>> | ((own: string) => ForeignRule | undefined)>
>;

export interface ForeignOptions {
  /**
   * What the other framework calls a layer, from its path here without the model's name: a function, or those names that differ,
   * such as `{ dense: 'fc1', 'block/conv2d2': 'block.conv2' }`.
   */
  rename?: Readonly<Record<string, string>> | ((path: string) => string);
  /** Whether names may be missing, and others left over; default false. */
  partial?: boolean;
}

/** A part of one of our variables, or all of it, with its place in the other framework's file. */
export interface ForeignPart {
  readonly variable: Variable;
  readonly name: string;
  /** What is ours: elements from `begin` on, in this shape. */
  readonly shape: Shape;
  readonly begin: number;
  /** What is theirs: elements from `storedBegin` on of a tensor of `storedShape`. */
  readonly storedShape: Shape;
  readonly storedBegin: number;
  /** For each of our axes, how many elements theirs lie apart. */
  readonly strides: readonly number[];
  readonly gates: readonly number[] | undefined;
}

/** The variables of a model that was called, each once, under their foreign names. */
export function foreignParts(
  framework: string,
  calls: readonly LayerCall[],
  rules: ForeignRules,
  separator: string,
  { rename = {} }: ForeignOptions,
): ForeignPart[] {
  const root = calls.find((call) => call.depth === 0)?.path;
  const seen = new Set<Variable>();
  return calls.flatMap(({ kind, path, variables }) =>
    variables.flatMap((variable) => {
      if (seen.has(variable)) return [];
      seen.add(variable);
      const slash = variable.name.lastIndexOf('/');
      const own = variable.name.slice(slash + 1);
      const ofKind = rules[kind];
      const rule = typeof ofKind === 'function' ? ofKind(own) : ofKind?.[own];
      if (!rule) {
        throw new GraphError(
          `${framework}: there is no rule for ${variable.name} of the layer ${path}, a ${kind}; kinds with rules: ${Object.keys(rules).join(', ')}`,
        );
      }
      const home = variable.name.slice(0, slash);
      const within = home === root ? '' : home.startsWith(`${root}/`) ? home.slice(`${root}/`.length) : home;
      const module =
        typeof rename === 'function' ? rename(within) : (rename[within] ?? within.replaceAll('/', separator));
      return partsOf(variable, rule, module === '' ? '' : `${module}${separator}`);
    }),
  );
}

function partsOf(variable: Variable, rule: ForeignRule, prefix: string): ForeignPart[] {
  const rank = rule.axes?.length ?? variable.rank;
  const split = rule.directions && variable.rank === rank + (rule.axes ? 1 : 0) && variable.shape[0] === 2;
  const names = split && rule.directions ? rule.directions : [rule.name];
  return names.map((name, direction) => {
    const shape = split ? variable.shape.slice(1) : variable.shape;
    const axes = rule.axes ?? shape.map((_, axis) => axis);
    const view = new Array<number>(axes.length);
    axes.forEach((axis, i) => {
      view[axis] = shape[i];
    });
    const [row, rows] = rule.row ?? [0, 0];
    return {
      variable,
      name: `${prefix}${name}`,
      shape,
      begin: direction * sizeOf(shape),
      storedShape: rows > 0 ? [rows, ...view] : (rule.storedShape?.(shape) ?? view),
      storedBegin: row * sizeOf(shape),
      strides: axes.map((axis) => stridesOf(view)[axis]),
      gates: rule.gates,
    };
  });
}

/** Their tensors under our names, in our layout. */
export function fromForeign(
  framework: string,
  parts: readonly ForeignPart[],
  tensors: Readonly<Record<string, StoredTensor>>,
  { partial = false, ignored }: { partial?: boolean; ignored: (name: string) => boolean },
): Record<string, StoredTensor> {
  const wanted = new Set(parts.map(({ name }) => name));
  const missing = parts.filter(({ name }) => !tensors[name]);
  const unexpected = Object.keys(tensors).filter((name) => !wanted.has(name) && !ignored(name));
  if (!partial && missing.length + unexpected.length > 0) {
    const lines = [
      ...missing.map(({ name, variable }) => `missing: ${name} (for ${variable.name})`),
      ...unexpected.map((name) => `unexpected: ${name} ${showShape(tensors[name].shape)}`),
    ];
    throw new FormatError(
      `${framework}: the weights do not belong to this model; use rename for other names of layers, or partial\n${lines.join('\n')}`,
    );
  }
  const incomplete = new Set(missing.map(({ variable }) => variable));
  const result: Record<string, StoredTensor> = {};
  for (const part of parts) {
    const { variable, name, storedShape } = part;
    if (incomplete.has(variable)) continue;
    const { shape, dtype, data } = tensors[name];
    if (!sameShape(shape, storedShape)) {
      throw new ShapeError(
        `${framework}: "${name}" is ${showShape(shape)}; ${variable.name} ${showShape(variable.shape)} asks for ${showShape(storedShape)}`,
      );
    }
    result[variable.name] ??= { shape: variable.shape, dtype, data: zeros(data, variable.size) };
    const ours = result[variable.name].data;
    forEachPlace(part, (own, theirs) => {
      ours[own] = data[theirs];
    });
  }
  return result;
}

/** Our tensors under their names, in their layout. */
export function toForeign(
  framework: string,
  parts: readonly ForeignPart[],
  tensors: Readonly<Record<string, StoredTensor>>,
): Record<string, StoredTensor> {
  const result: Record<string, StoredTensor> = {};
  for (const part of parts) {
    const { variable, name, storedShape } = part;
    const ours = tensors[variable.name];
    if (!ours) throw new FormatError(`${framework}: there is no value for the variable ${variable.name}`);
    if (!sameShape(ours.shape, variable.shape)) {
      throw new ShapeError(
        `${framework}: ${variable.name} is ${showShape(variable.shape)}, its value ${showShape(ours.shape)}`,
      );
    }
    result[name] ??= {
      shape: storedShape,
      dtype: ours.dtype,
      data: zeros(ours.data, sizeOf(storedShape)),
    };
    const { data } = result[name];
    forEachPlace(part, (own, theirs) => {
      data[theirs] = ours.data[own];
    });
  }
  return result;
}

/** Calls `visit` with the places of an element in our variable and in their tensor. */
function forEachPlace(part: ForeignPart, visit: (ours: number, theirs: number) => void): void {
  const { shape, strides, begin, storedBegin, gates } = part;
  const columns = shape[shape.length - 1] ?? 1;
  const stride = strides[strides.length - 1] ?? 1;
  const size = gates ? columns / gates.length : columns;
  forEachOffset(shape, [strides], (i, [offset]) => {
    const gate = Math.floor((i % columns) / size);
    const moved = gates ? (gates[gate] - gate) * size * stride : 0;
    visit(begin + i, storedBegin + offset + moved);
  });
}

/** An array of the same kind. */
function zeros(like: TensorData, length: number): TensorData {
  if (like instanceof Float32Array) return new Float32Array(length);
  if (like instanceof Int32Array) return new Int32Array(length);
  return like instanceof Uint32Array ? new Uint32Array(length) : new Uint8Array(length);
}
