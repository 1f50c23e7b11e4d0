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

/** For each kind of layer, its variables by their own names. */
export type ForeignRules = Readonly<Record<string, Readonly<Record<string, ForeignRule>>>>;

export interface ForeignOptions {
  /**
   * What the other framework calls a layer, from its path here without the model's name: a function, or those names that differ,
   * such as `{ dense: 'fc1', 'block/conv2d2': 'block.conv2' }`.
   */
  rename?: Readonly<Record<string, string>> | ((path: string) => string);
  /** Whether names may be missing, and others left over; default false. */
  partial?: boolean;
}

/** One variable with its place in the other framework's file. */
export interface ForeignVariable {
  readonly variable: Variable;
  readonly name: string;
  readonly axes: readonly number[];
  /** Shape of theirs in which the axes are counted, and the one that they store. */
  readonly shape: Shape;
  readonly storedShape: Shape;
}

/** The variables of a model that was called, each once, under their foreign names. */
export function foreignVariables(
  framework: string,
  calls: readonly LayerCall[],
  rules: ForeignRules,
  separator: string,
  { rename = {} }: ForeignOptions,
): ForeignVariable[] {
  const root = calls.find((call) => call.depth === 0)?.path;
  const found = new Map<Variable, ForeignVariable>();
  for (const { kind, path, variables } of calls) {
    for (const variable of variables) {
      if (found.has(variable)) continue;
      const slash = variable.name.lastIndexOf('/');
      const rule = rules[kind]?.[variable.name.slice(slash + 1)];
      if (!rule) {
        throw new GraphError(
          `${framework}: no rule says how ${framework} stores ${variable.name} of the layer ${path} (${kind}); layers with such rules: ${Object.keys(rules).join(', ')}`,
        );
      }
      const home = variable.name.slice(0, slash);
      const within = home === root ? '' : home.startsWith(`${root}/`) ? home.slice(`${root}/`.length) : home;
      const module =
        typeof rename === 'function' ? rename(within) : (rename[within] ?? within.replaceAll('/', separator));
      const axes = rule.axes ?? variable.shape.map((_, axis) => axis);
      const shape = new Array<number>(axes.length);
      axes.forEach((axis, i) => {
        shape[axis] = variable.shape[i];
      });
      const name = module === '' ? rule.name : `${module}${separator}${rule.name}`;
      const storedShape = rule.storedShape?.(variable.shape) ?? shape;
      found.set(variable, { variable, name, axes, shape, storedShape });
    }
  }
  return [...found.values()];
}

/** Their tensors under our names, in our layout. */
export function fromForeign(
  framework: string,
  variables: readonly ForeignVariable[],
  tensors: Readonly<Record<string, StoredTensor>>,
  { partial = false, ignored }: { partial?: boolean; ignored: (name: string) => boolean },
): Record<string, StoredTensor> {
  const wanted = new Set(variables.map(({ name }) => name));
  const missing = variables.filter(({ name }) => !tensors[name]);
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
  const result: Record<string, StoredTensor> = {};
  for (const { variable, name, axes, shape, storedShape } of variables) {
    const stored = tensors[name];
    if (!stored) continue;
    if (!sameShape(stored.shape, storedShape)) {
      throw new ShapeError(
        `${framework}: "${name}" is ${showShape(stored.shape)}; ${variable.name} ${showShape(variable.shape)} asks for ${showShape(storedShape)}`,
      );
    }
    const data = emptyLike(stored.data);
    forEachOffset(variable.shape, [axes.map((axis) => stridesOf(shape)[axis])], (i, [from]) => {
      data[i] = stored.data[from];
    });
    result[variable.name] = { shape: variable.shape, dtype: stored.dtype, data };
  }
  return result;
}

/** Our tensors under their names, in their layout. */
export function toForeign(
  framework: string,
  variables: readonly ForeignVariable[],
  tensors: Readonly<Record<string, StoredTensor>>,
): Record<string, StoredTensor> {
  const result: Record<string, StoredTensor> = {};
  for (const { variable, name, axes, shape, storedShape } of variables) {
    const ours = tensors[variable.name];
    if (!ours) throw new FormatError(`${framework}: there is no value for the variable ${variable.name}`);
    if (!sameShape(ours.shape, variable.shape)) {
      throw new ShapeError(
        `${framework}: ${variable.name} is ${showShape(variable.shape)}, its value ${showShape(ours.shape)}`,
      );
    }
    const data = emptyLike(ours.data);
    forEachOffset(variable.shape, [axes.map((axis) => stridesOf(shape)[axis])], (i, [to]) => {
      data[to] = ours.data[i];
    });
    result[name] = { shape: storedShape, dtype: ours.dtype, data };
  }
  return result;
}

function emptyLike(data: TensorData): TensorData {
  const copy = data.slice();
  copy.fill(0);
  return copy;
}
