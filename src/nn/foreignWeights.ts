import type { TensorData } from '../core/dtype.ts';
import { FormatError, GraphError, ShapeError } from '../core/errors.ts';
import { forEachOffset, type Shape, sameShape, showShape, stridesOf } from '../core/shape.ts';
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
}

/** Layers whose variables are converted together. Names are those within the layer, ours and theirs. */
export interface ForeignLayer {
  to(what: string, own: Named<StoredTensor>): Record<string, StoredTensor>;
  /** @param own shapes of the layer's variables. What has no variable there must be 0. */
  from(tensors: Named<StoredTensor>, own: Named<Shape>): Record<string, StoredTensor>;
}

type Named<Value> = Readonly<Record<string, Value>>;

/** For each kind of layer, its variables by their own names, or how all are converted at once. */
export type ForeignRules = Named<{ variables: Named<ForeignRule> } | { layer: ForeignLayer }>;

export interface ForeignOptions {
  /**
   * What the other framework calls a layer, from its path here without the model's name: a function, or those names that differ,
   * such as `{ dense: 'fc1', 'block/conv2d2': 'block.conv2' }`.
   */
  rename?: Readonly<Record<string, string>> | ((path: string) => string);
  /**
   * Whether names may be missing, and others left over; default false. A variable without a value is left out, and so is a recurrent layer
   * that is not there as a whole.
   */
  partial?: boolean;
}

/** Variables with their tensors in the other framework's file. */
export interface ForeignPart {
  readonly variables: readonly Variable[];
  /** Shapes there. */
  readonly stored: Named<Shape>;
  from(tensors: Named<StoredTensor>): Record<string, StoredTensor>;
  to(values: Named<StoredTensor>): Record<string, StoredTensor>;
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
  const prefixOf = (home: string) => {
    const within = home === root ? '' : home.startsWith(`${root}/`) ? home.slice(`${root}/`.length) : home;
    const module =
      typeof rename === 'function' ? rename(within) : (rename[within] ?? within.replaceAll('/', separator));
    return module === '' ? '' : `${module}${separator}`;
  };
  return calls.flatMap(({ kind, path, variables }) => {
    const own = variables.filter((variable) => !seen.has(variable));
    if (own.length === 0) return [];
    for (const variable of own) seen.add(variable);
    const rule = rules[kind];
    if (rule && 'layer' in rule) {
      return [layerPart(`${framework}: ${path}`, own, rule.layer, prefixOf(homeOf(own[0])))];
    }
    return own.map((variable) => {
      const found = rule?.variables[ownName(variable)];
      if (found) return variablePart(variable, found, prefixOf(homeOf(variable)));
      throw new GraphError(
        `${framework}: there is no rule for ${variable.name} of the layer ${path}, a ${kind}; kinds with rules: ${Object.keys(rules).join(', ')}`,
      );
    });
  });
}

const ownName = ({ name }: Variable) => name.slice(name.lastIndexOf('/') + 1);
const homeOf = ({ name }: Variable) => name.slice(0, name.lastIndexOf('/'));

function variablePart(variable: Variable, rule: ForeignRule, prefix: string): ForeignPart {
  const { name: own, shape, size } = variable;
  const name = `${prefix}${rule.name}`;
  const axes = rule.axes ?? shape.map((_, axis) => axis);
  const view = new Array<number>(axes.length);
  axes.forEach((axis, i) => {
    view[axis] = shape[i];
  });
  const storedShape = rule.storedShape?.(shape) ?? view;
  const strides = axes.map((axis) => stridesOf(view)[axis]);
  return {
    variables: [variable],
    stored: { [name]: storedShape },
    from({ [name]: { dtype, data } }) {
      const ours = zeros(data, size);
      forEachOffset(shape, [strides], (i, [offset]) => {
        ours[i] = data[offset];
      });
      return { [own]: { shape, dtype, data: ours } };
    },
    to({ [own]: { dtype, data } }) {
      const theirs = zeros(data, size);
      forEachOffset(shape, [strides], (i, [offset]) => {
        theirs[offset] = data[i];
      });
      return { [name]: { shape: storedShape, dtype, data: theirs } };
    },
  };
}

function layerPart(
  what: string,
  variables: readonly Variable[],
  layer: ForeignLayer,
  prefix: string,
): ForeignPart {
  const renamed = <Value>(values: Named<Value>, change: (name: string) => string) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [change(name), value]));
  const to = (take: (variable: Variable) => StoredTensor) => {
    const own = Object.fromEntries(variables.map((variable) => [ownName(variable), take(variable)]));
    return renamed(layer.to(what, own), (name) => `${prefix}${name}`);
  };
  const empty = to(({ shape, size }) => ({ shape, dtype: 'float32', data: new Float32Array(size) }));
  const stored = Object.fromEntries(Object.entries(empty).map(([name, { shape }]) => [name, shape]));
  return {
    variables,
    stored,
    from(tensors) {
      const theirs = Object.fromEntries(Object.keys(stored).map((name) => [name, tensors[name]]));
      const shapes = Object.fromEntries(variables.map((variable) => [ownName(variable), variable.shape]));
      const ours = layer.from(
        renamed(theirs, (name) => name.slice(prefix.length)),
        shapes,
      );
      for (const [name, { data }] of Object.entries(ours)) {
        if (Object.hasOwn(shapes, name) || data.every((value) => value === 0)) continue;
        throw new FormatError(`${what}: the file has values for a ${name}, the layer has none`);
      }
      return Object.fromEntries(variables.map((variable) => [variable.name, ours[ownName(variable)]]));
    },
    to: (values) => to(({ name }) => values[name]),
  };
}

/** Their tensors under our names, in our layout. */
export function fromForeign(
  framework: string,
  parts: readonly ForeignPart[],
  tensors: Named<StoredTensor>,
  { partial = false, ignored }: { partial?: boolean; ignored: (name: string) => boolean },
): Record<string, StoredTensor> {
  const wanted = new Set(parts.flatMap(({ stored }) => Object.keys(stored)));
  const missing = (part: ForeignPart) => Object.keys(part.stored).filter((name) => !tensors[name]);
  const lines = [
    ...parts.flatMap((part) => missing(part).map((name) => `missing: ${name} (for ${show(part, true)})`)),
    ...Object.keys(tensors)
      .filter((name) => !wanted.has(name) && !ignored(name))
      .map((name) => `unexpected: ${name} ${showShape(tensors[name].shape)}`),
  ];
  if (!partial && lines.length > 0) {
    throw new FormatError(
      `${framework}: the weights do not belong to this model; use rename for other names of layers, or partial\n${lines.join('\n')}`,
    );
  }
  const result: Record<string, StoredTensor> = {};
  for (const part of parts.filter((each) => missing(each).length === 0)) {
    for (const [name, shape] of Object.entries(part.stored)) {
      if (sameShape(tensors[name].shape, shape)) continue;
      throw new ShapeError(
        `${framework}: "${name}" is ${showShape(tensors[name].shape)}; ${show(part)} asks for ${showShape(shape)}`,
      );
    }
    Object.assign(result, part.from(tensors));
  }
  return result;
}

const show = ({ variables }: ForeignPart, namesOnly = false) =>
  variables.map(({ name, shape }) => (namesOnly ? name : `${name} ${showShape(shape)}`)).join(', ');

/** Our tensors under their names, in their layout. */
export function toForeign(
  framework: string,
  parts: readonly ForeignPart[],
  tensors: Named<StoredTensor>,
): Record<string, StoredTensor> {
  const result: Record<string, StoredTensor> = {};
  for (const part of parts) {
    for (const { name, shape } of part.variables) {
      const ours = tensors[name];
      if (!ours) throw new FormatError(`${framework}: there is no value for the variable ${name}`);
      if (sameShape(ours.shape, shape)) continue;
      throw new ShapeError(
        `${framework}: ${name} is ${showShape(shape)}, its value ${showShape(ours.shape)}`,
      );
    }
    Object.assign(result, part.to(tensors));
  }
  return result;
}

/** An array of the same kind. */
function zeros(like: TensorData, length: number): TensorData {
  if (like instanceof Float32Array) return new Float32Array(length);
  if (like instanceof Int32Array) return new Int32Array(length);
  return like instanceof Uint32Array ? new Uint32Array(length) : new Uint8Array(length);
}
