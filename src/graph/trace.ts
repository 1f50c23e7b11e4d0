import { isFloat, roundTo } from '../core/dtype.ts';
import { GraphError } from '../core/errors.ts';
import { sizeOf } from '../core/shape.ts';
import { type Op, type SimplifyValue, Tensor, type TensorSpec, Variable } from './graph.ts';

/** A value of a program: an input, a variable, a constant, or an output of a step. */
export interface Value extends SimplifyValue {
  readonly id: number;
  readonly spec: TensorSpec;
  readonly constant?: Float64Array;
  readonly producer?: Step;
  readonly variable?: Variable;
  readonly inputName?: string;
  /** What messages call it. */
  readonly path: string;
}

/** One op to run. */
export interface Step {
  readonly op: Op<unknown>;
  readonly attrs: unknown;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly path: string;
}

/** What is to be computed. */
export interface Request {
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** Variables with their values after the run. All are computed from the values before it. */
  readonly updates: readonly (readonly [Variable, Tensor])[];
}

/** The steps of a program, inputs first, with nothing in them that does not matter to the result. */
export interface Trace {
  readonly steps: readonly Step[];
  readonly inputs: readonly Value[];
  readonly variables: readonly Value[];
  readonly outputs: ReadonlyMap<string, Value>;
  readonly updates: readonly (readonly [Variable, Value])[];
}

export interface TraceOptions {
  /** Keep every node as it is: what a search for the first NaN wants. */
  simplify?: boolean;
}

/** A folded constant larger than this is only kept where its inputs were as large. */
const foldedElements = 4096;

/** Drops what is dead, folds constants, merges equal steps and applies the ops' own simplifications. */
export function trace(request: Request, options: TraceOptions = {}): Trace {
  const simplify = options.simplify ?? true;
  const roots = checkRequest(request);
  const values = new Map<Tensor, Value>();
  const steps: Step[] = [];
  const seen = new Map<string, readonly Value[]>();
  const opIds = new Map<Op<unknown>, number>();
  let nextId = 0;

  for (const node of reachable(roots)) {
    if (!node.op) {
      const tensor = node.outputs[0];
      const leaf: Value = {
        id: nextId++,
        spec: tensor,
        path: node.path,
        constant: node.source?.kind === 'constant' ? node.source.values : undefined,
        inputName: node.source?.kind === 'input' ? node.source.name : undefined,
        variable: tensor instanceof Variable ? tensor : undefined,
      };
      values.set(tensor, leaf);
      continue;
    }
    const op = node.op;
    const inputs = node.inputs.map((input) => lookUp(values, input));

    const replacement = simplify ? op.simplify?.(inputs, node.outputs[0], node.attrs) : null;
    if (replacement) {
      values.set(node.outputs[0], replacement as Value);
      continue;
    }
    const key = simplify ? keyOf(op, opIds, node.attrs, inputs) : '';
    const before = simplify ? seen.get(key) : undefined;
    if (before) {
      for (const [i, output] of node.outputs.entries()) values.set(output, before[i]);
      continue;
    }
    const folded = simplify ? fold(op, node.attrs, inputs, node.outputs) : null;
    const outputs: Value[] = [];
    const step: Step = { op, attrs: node.attrs, inputs, outputs, path: node.path };
    node.outputs.forEach((output, i) => {
      const value: Value = folded
        ? { id: nextId++, spec: output, path: node.path, constant: folded[i] }
        : { id: nextId++, spec: output, path: node.path, producer: step };
      outputs.push(value);
      values.set(output, value);
    });
    if (!folded) steps.push(step);
    seen.set(key, outputs);
  }

  const outputs = new Map(
    Object.entries(request.outputs).map(([name, tensor]) => [name, lookUp(values, tensor)]),
  );
  const updates = request.updates.map(([variable, tensor]) => [variable, lookUp(values, tensor)] as const);
  const live = liveSteps(steps, [...outputs.values(), ...updates.map(([, value]) => value)]);
  const used = new Set([
    ...live.flatMap((step) => step.inputs),
    ...outputs.values(),
    ...updates.map(([, value]) => value),
  ]);
  const leaves = [...values.values()].filter((value) => used.has(value));
  return {
    steps: live,
    inputs: leaves.filter((value) => value.inputName !== undefined),
    variables: leaves.filter((value) => value.variable !== undefined),
    outputs,
    updates,
  };
}

/** What a program reads or updates. */
export function variablesOf({ variables, updates }: Trace): Variable[] {
  const read = variables.flatMap(({ variable }) => (variable ? [variable] : []));
  return [...new Set([...read, ...updates.map(([variable]) => variable)])];
}

/** Runs an op's reference; integers, bools and float16 are rounded to what their elements can hold. */
export function runReference(
  op: Op<unknown>,
  inputs: readonly Float64Array[],
  specs: { inputs: readonly TensorSpec[]; outputs: readonly TensorSpec[] },
  attrs: unknown,
): Float64Array[] {
  const results = op.reference(inputs, specs, attrs);
  specs.outputs.forEach(({ shape, dtype }, i) => {
    if (results[i].length !== sizeOf(shape)) {
      throw new GraphError(
        `${op.name}: the reference gives ${results[i].length} elements for shape [${shape}]`,
      );
    }
    if (op.view || dtype === 'float32') return;
    for (let j = 0; j < results[i].length; j++) results[i][j] = roundTo(dtype, results[i][j]);
  });
  return results;
}

function checkRequest(request: Request): Tensor[] {
  const roots = [...Object.values(request.outputs), ...request.updates.flat()];
  if (roots.length === 0)
    throw new GraphError('compile: there is nothing to compute; give outputs or updates');
  for (const [name, tensor] of Object.entries(request.outputs)) {
    if (!(tensor instanceof Tensor)) throw new GraphError(`compile: output "${name}" is not a tensor`);
  }
  const targets = new Set<Variable>();
  for (const [variable, tensor] of request.updates) {
    if (!(variable instanceof Variable))
      throw new GraphError(`compile: the target of an update is not a variable: ${variable}`);
    if (targets.has(variable)) throw new GraphError(`compile: variable "${variable.name}" is updated twice`);
    targets.add(variable);
    if (variable.dtype !== tensor.dtype || String(variable.shape) !== String(tensor.shape)) {
      throw new GraphError(
        `compile: variable ${variable} cannot take the value of ${tensor}: shape or dtype differ`,
      );
    }
  }
  for (const root of roots) {
    if (root.graph !== roots[0].graph) {
      throw new GraphError(`compile: ${roots[0]} and ${root} belong to two graphs`);
    }
  }
  return roots;
}

/** Nodes that `roots` depend on, in the order of creation; what lies behind a node is left out where `follow` says no. */
export function reachable(
  roots: readonly Tensor[],
  follow: (node: Tensor['node']) => boolean = () => true,
): Tensor['node'][] {
  const found = new Set<Tensor['node']>();
  const waiting = roots.map((root) => root.node);
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    if (found.has(node)) continue;
    found.add(node);
    if (!follow(node)) continue;
    for (const input of node.inputs) waiting.push(input.node);
  }
  return [...found].sort((a, b) => a.id - b.id);
}

function lookUp(values: ReadonlyMap<Tensor, Value>, tensor: Tensor): Value {
  const value = values.get(tensor);
  if (!value) throw new GraphError(`compile: ${tensor} was not reached`);
  return value;
}

function keyOf(
  op: Op<unknown>,
  ids: Map<Op<unknown>, number>,
  attrs: unknown,
  inputs: readonly Value[],
): string {
  const id = ids.get(op) ?? ids.size;
  ids.set(op, id);
  return `${id} ${JSON.stringify(attrs, exactly)} ${inputs.map((input) => constantKey(input)).join(' ')}`;
}

/** Numbers for which JSON has no sign of their own. */
function exactly(_: string, value: unknown): unknown {
  if (typeof value !== 'number') return value;
  return Number.isFinite(value) && !Object.is(value, -0) ? value : `number ${1 / value} ${value}`;
}

/** Equal small constants count as one value, so that `x + 1` twice is one step. */
function constantKey(value: Value): string {
  return value.constant?.length === 1
    ? `${value.spec.dtype}[${value.spec.shape}]${Object.is(value.constant[0], -0) ? '-0' : value.constant[0]}`
    : `#${value.id}`;
}

function fold(
  op: Op<unknown>,
  attrs: unknown,
  inputs: readonly Value[],
  outputs: readonly TensorSpec[],
): Float64Array[] | null {
  const constants: Float64Array[] = [];
  for (const input of inputs) {
    if (!input.constant) return null;
    constants.push(input.constant);
  }
  const given = constants.reduce((total, values) => total + values.length, 0);
  const made = outputs.reduce((total, { shape }) => total + sizeOf(shape), 0);
  if (made > Math.max(foldedElements, given)) return null;
  const results = runReference(op, constants, { inputs: inputs.map((input) => input.spec), outputs }, attrs);
  return results.map((values, i) =>
    isFloat(outputs[i].dtype) ? values.map((value) => roundTo(outputs[i].dtype, value)) : values,
  );
}

/** Folding and merging leave steps behind that nothing uses any more. */
function liveSteps(steps: readonly Step[], roots: readonly Value[]): Step[] {
  const needed = new Set<Value>(roots);
  const live: Step[] = [];
  for (const step of [...steps].reverse()) {
    if (!step.outputs.some((output) => needed.has(output))) continue;
    live.push(step);
    for (const input of step.inputs) needed.add(input);
  }
  return live.reverse();
}

/** Floating-point operations of a step: as its op tells, or one for each element of its first output. */
export function flopsOf(step: Step): number {
  const inputs = step.inputs.map((input) => input.spec);
  const outputs = step.outputs.map((output) => output.spec);
  return step.op.flops?.(inputs, outputs, step.attrs) ?? sizeOf(outputs[0].shape);
}
