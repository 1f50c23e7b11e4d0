import { DTypeError, FormatError, GraphError, TensorloomError } from '../core/errors.ts';
import { sameShape, showShape, sizeOf } from '../core/shape.ts';
import { Graph, type Tensor } from '../graph/graph.ts';
import { reachable } from '../graph/trace.ts';
import { Attributes } from './attributes.ts';
import { Evaluator } from './evaluate.ts';
import { ConstantInputError, type Context, Inputs } from './handler.ts';
import { findHandler } from './operators.ts';
import {
  type AttributeProto,
  type FunctionProto,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  standardDomain,
} from './schema.ts';
import { type ExternalBytes, readTensor } from './tensorData.ts';
import { dtypeOf, elementTypeOf, type OnnxType, supportedTypes, typeName } from './types.ts';
import { Value, type ValueSource } from './value.ts';

/** A node as the summary lists it. */
export interface ImportedNode {
  readonly name: string;
  readonly operator: string;
  readonly outputs: readonly Value[];
}

/** Values by name; a graph within a graph sees those around it. */
export interface Scope {
  readonly values: Map<string, Value>;
  readonly around: Scope | null;
  readonly opsets: ReadonlyMap<string, number>;
  /** What stands before the names of this graph's variables. */
  readonly prefix: string;
}

/** Whether an initializer becomes a parameter. */
export type TrainableRule = (name: string, shape: readonly number[]) => boolean;

/** What `work` returns, without pauses. */
function runThrough<Result>(work: Generator<undefined, Result>): Result {
  let step = work.next();
  while (!step.done) step = work.next();
  return step.value;
}

/** Turns the nodes of ONNX graphs into nodes of ours. */
export class Importer {
  readonly graph: Graph;
  readonly nodes: ImportedNode[] = [];
  private readonly evaluator = new Evaluator();
  private readonly names = new Set<string>();
  private readonly functions: ReadonlyMap<string, FunctionProto>;

  constructor(
    model: ModelProto,
    seed: number,
    private readonly isTrainable: TrainableRule,
    private readonly external: ExternalBytes,
  ) {
    this.graph = new Graph({ seed });
    this.functions = new Map(model.functions.map((made) => [keyOf(made.domain, made.name), made]));
  }

  value(
    name: string,
    type: OnnxType,
    shape: readonly number[],
    source: ValueSource,
    trainable = false,
  ): Value {
    return new Value(this.graph, this.evaluator, name, type, shape, source, { trainable });
  }

  /** Imports what a graph holds into `scope` and gives its outputs. Its inputs must be in the scope already. */
  importGraph(proto: GraphProto, scope: Scope): Value[] {
    return runThrough(this.importing(proto, scope));
  }

  /** The same, node by node: what imports a large graph can pause in between. */
  *importing(proto: GraphProto, scope: Scope): Generator<undefined, Value[]> {
    if (proto.sparse) throw new FormatError('sparse initializers are not supported');
    this.checkOperators(proto.nodes, scope.opsets);
    for (const tensor of proto.initializers) {
      if (scope.values.has(tensor.name)) continue;
      scope.values.set(tensor.name, this.initializer(readTensor(tensor, this.external), scope));
      yield;
    }
    yield* this.importNodes(proto.nodes, scope);
    return proto.outputs.map(({ name }) => this.lookUp(scope, name, 'the graph'));
  }

  private initializer({ name, type, shape, numbers }: ReturnType<typeof readTensor>, scope: Scope): Value {
    const variable = dtypeOf(type) === 'float32' && shape.length > 0 && sizeOf(shape) > 1;
    const path = this.uniqueName(scope.prefix + name);
    const source = variable ? { numbers, variable: path } : { numbers };
    return this.value(name, type, shape, source, variable && this.isTrainable(path, shape));
  }

  /** Nodes may share a name, and with it what stands before the names in a function that they call. */
  private uniqueName(path: string): string {
    let name = path;
    for (let number = 2; this.names.has(name); number++) name = `${path}#${number}`;
    this.names.add(name);
    return name;
  }

  /** Throws where nodes have operators that nobody knows: all of them at once. */
  private checkOperators(nodes: readonly NodeProto[], opsets: ReadonlyMap<string, number>): void {
    const unknown = nodes.filter(({ domain, opType }) => {
      const isKnown =
        findHandler(standardDomain(domain), opType) || this.functions.has(keyOf(domain, opType));
      return !isKnown;
    });
    if (unknown.length > 0) {
      const listed = unknown.map(
        (node) => `${operatorName(node)} (node ${labelOf(node, nodes.indexOf(node))})`,
      );
      throw new GraphError(`loadOnnx: operators that are not supported: ${listed.join(', ')}`);
    }
    const missing = nodes.find(({ domain }) => !opsets.has(standardDomain(domain)));
    if (missing) {
      throw new FormatError(
        `loadOnnx: the file does not say which version of the operators of "${missing.domain || 'ai.onnx'}" it uses`,
      );
    }
  }

  private *importNodes(nodes: readonly NodeProto[], scope: Scope): Generator<undefined, void> {
    if (this.nodes.length + nodes.length > mostNodes)
      throw new GraphError(`loadOnnx: more than ${mostNodes} nodes are not supported`);
    for (const [index, node] of nodes.entries()) {
      const label = labelOf(node, index);
      const what = `node ${label} (${operatorName(node)})`;
      const results = this.graph.scope(label, () => {
        try {
          return this.importNode(node, scope, label);
        } catch (error) {
          throw inNode(what, error);
        }
      });
      const outputs: Value[] = [];
      for (const [i, name] of node.outputs.entries()) {
        if (name === '') continue;
        const result = results[i];
        if (!result) throw new GraphError(`loadOnnx: ${what}: output ${i}, "${name}", is not supported`);
        if (scope.values.has(name)) throw new FormatError(`loadOnnx: ${what}: the name "${name}" is taken`);
        scope.values.set(name, result);
        outputs.push(result);
      }
      this.nodes.push({ name: scope.prefix + label, operator: operatorName(node), outputs });
      yield;
    }
  }

  private importNode(node: NodeProto, scope: Scope, label: string): readonly (Value | undefined)[] {
    const inputs = node.inputs.map((name) =>
      name === '' ? undefined : this.lookUp(scope, name, `node ${label}`),
    );
    const domain = standardDomain(node.domain);
    const made = this.functions.get(keyOf(domain, node.opType));
    if (made) return this.callFunction(made, node, inputs, scope.prefix + label);
    const handler = findHandler(domain, node.opType);
    if (!handler) throw new GraphError('the operator is not supported');
    const attributes = new Attributes(node.attributes);
    const context = this.contextOf(node, scope, label);
    const results = handler(new Inputs(inputs), attributes, context);
    const { unread } = attributes;
    if (unread.length > 0)
      throw new GraphError(
        `attributes that are not supported in opset ${context.opset}: ${unread.join(', ')}`,
      );
    return results instanceof Value ? [results] : results;
  }

  /** The body of a function of the model, in place of the node that calls it. */
  private callFunction(
    made: FunctionProto,
    node: NodeProto,
    inputs: readonly (Value | undefined)[],
    path: string,
  ): (Value | undefined)[] {
    const given = new Map([...made.defaults, ...node.attributes].map((each) => [each.name, each]));
    const values = new Map<string, Value>();
    made.inputs.forEach((name, i) => {
      const value = inputs[i];
      if (value) values.set(name, value);
    });
    const scope: Scope = { values, around: null, opsets: made.opsets, prefix: `${path}/` };
    const nodes = made.nodes.map((each) => ({
      ...each,
      inputs: each.inputs.map((name) => (made.inputs.includes(name) && !values.has(name) ? '' : name)),
      attributes: each.attributes.flatMap((attribute): AttributeProto[] => {
        if (attribute.refAttrName === '') return [attribute];
        const value = given.get(attribute.refAttrName);
        return value ? [{ ...value, name: attribute.name }] : [];
      }),
    }));
    this.checkOperators(nodes, made.opsets);
    runThrough(this.importNodes(nodes, scope));
    return made.outputs.map((name) => scope.values.get(name));
  }

  private contextOf(node: NodeProto, scope: Scope, label: string): Context {
    return {
      graph: this.graph,
      opset: scope.opsets.get(standardDomain(node.domain)) ?? 0,
      outputs: node.outputs,
      value: (type, tensor, order) => {
        const shape = order ? tensor.shape.map((_, axis) => tensor.shape[order.indexOf(axis)]) : tensor.shape;
        // Asked now, while the inputs' answers are at hand.
        this.evaluator.isConstant(tensor.node);
        return this.value(label, type, shape, { tensor, permutation: order });
      },
      known: (type, shape, numbers) => {
        if (numbers.length !== sizeOf(shape))
          throw new GraphError(`${numbers.length} numbers for ${showShape(shape)}`);
        return this.value(label, type, shape, { numbers });
      },
      stored: (tensor) => this.initializer({ ...tensor, name: node.outputs[0] ?? label }, scope),
      numbers: (value, what) => this.numbersOf(value, what),
      typeOf: (code) => {
        const type = elementTypeOf(code);
        if (!type) throw new DTypeError(`${typeName(code)} is not supported (supported: ${supportedTypes})`);
        return type.name;
      },
      lookUp: (name) => this.lookUp(scope, name, `node ${label}`),
      subgraph: (proto) =>
        this.importGraph(proto, {
          values: new Map(),
          around: scope,
          opsets: scope.opsets,
          prefix: `${scope.prefix}${label}/`,
        }),
    };
  }

  private numbersOf(value: Value, what: string): number[] {
    const { numbers } = value;
    if (numbers) return Array.from(numbers);
    const names = inputNames(value.tensor);
    throw new ConstantInputError(
      `${what} must be known when the model is loaded, and depends on ${names.map((name) => `the input "${name}"`).join(' and ')}; give its numbers: loadOnnx(file, { constants: { ${names.map((name) => `'${name}': […]`).join(', ')} } })`,
      names,
    );
  }

  private lookUp(scope: Scope, name: string, who: string): Value {
    for (let at: Scope | null = scope; at; at = at.around) {
      const value = at.values.get(name);
      if (value) return value;
    }
    throw new FormatError(`loadOnnx: ${who} uses "${name}", which nothing before it makes`);
  }
}

/** Functions that call functions could ask for any number of nodes. */
const mostNodes = 100_000;

/** An error with the node's name. What a handler did not expect of a file becomes a typed error, too. */
function inNode(what: string, error: unknown): unknown {
  if (!(error instanceof TensorloomError))
    return new GraphError(`loadOnnx: ${what}: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  if (!error.message.startsWith('loadOnnx: ')) error.message = `loadOnnx: ${what}: ${error.message}`;
  return error;
}

/** Names of the inputs that `tensor` depends on. */
function inputNames(tensor: Tensor): string[] {
  return reachable([tensor]).flatMap(({ source }) => (source?.kind === 'input' ? [source.name] : []));
}

function keyOf(domain: string, name: string): string {
  return `${standardDomain(domain)}::${name}`;
}

function operatorName({ domain, opType }: NodeProto): string {
  return standardDomain(domain) === '' ? opType : `${domain}::${opType}`;
}

/** The node's name, or one made of its operator and place; without the slashes at its start that PyTorch writes. */
function labelOf({ name, opType }: NodeProto, index: number): string {
  return name.replace(/^\/+/, '') || `${opType}_${index}`;
}

/** Throws unless a value that is given has the shape that the file declares. */
export function checkDeclared(what: string, declared: readonly number[], given: readonly number[]): void {
  if (!sameShape(declared, given))
    throw new GraphError(`loadOnnx: ${what} has the shape ${showShape(declared)}, got ${showShape(given)}`);
}
