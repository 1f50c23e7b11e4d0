import { GraphError, ShapeError } from '../core/errors.ts';
import { normalizeAxis, type Shape, showShape } from '../core/shape.ts';
import type { Graph, Tensor } from '../graph/graph.ts';
import type { Attributes } from './attributes.ts';
import type { GraphProto } from './schema.ts';
import type { OnnxTensor } from './tensorData.ts';
import type { OnnxType } from './types.ts';
import type { Value } from './value.ts';

/**
 * An input of the model must be known when it is loaded, because shapes depend on it: `loadOnnx(file, { constants: { [input]: … } })`.
 */
export class ConstantInputError extends GraphError {
  override name = 'ConstantInputError';
  constructor(
    message: string,
    /** Inputs of the model of which the value is made. */
    readonly inputs: readonly string[],
  ) {
    super(message);
  }
}

/** What a handler may use besides inputs and attributes. */
export interface Context {
  readonly graph: Graph;
  /** The version of the operator set that the node's domain is used in. */
  readonly opset: number;
  /** Names of the node's outputs; '' for those that nobody wants. */
  readonly outputs: readonly string[];
  /** A value with its axes in order, or, with `order`, with axis i of the tensor being axis order[i] of the value. */
  value(type: OnnxType, tensor: Tensor, order?: readonly number[]): Value;
  /** A value whose numbers are known. */
  known(type: OnnxType, shape: Shape, numbers: ArrayLike<number>): Value;
  /** The node's first output as what a file holds: floats of more than one number become a variable, as an initializer does. */
  stored(tensor: OnnxTensor): Value;
  /** The numbers of an input that must be known now, because the result's shape depends on it. */
  numbers(value: Value, what: string): number[];
  /** The name of the element type with a code; throws where it is not supported. */
  typeOf(code: number): OnnxType;
  /** A value of the graph around the node, by name. */
  lookUp(name: string): Value;
  /** Imports a graph within the graph, such as a branch of `If`. */
  subgraph(graph: GraphProto): Value[];
}

/** The inputs of a node; optional ones may be missing. */
export class Inputs {
  constructor(private readonly values: readonly (Value | undefined)[]) {}

  get length(): number {
    return this.values.length;
  }

  /** Input `index`, which must be there. */
  get(index: number): Value {
    const value = this.values[index];
    if (!value) throw new GraphError(`input ${index} is missing`);
    return value;
  }

  optional(index: number): Value | undefined {
    return this.values[index];
  }

  /** All inputs, of an operator that takes any number of them. */
  get all(): Value[] {
    return this.values.map((_, index) => this.get(index));
  }
}

/** One operator: makes the outputs of a node. One value alone is the first output. */
export type Handler = (
  inputs: Inputs,
  attributes: Attributes,
  context: Context,
) => Value | readonly (Value | undefined)[];

/** Handlers by the operator's name; of another domain than ONNX' own, by `domain::name`. */
export type Handlers = Readonly<Record<string, Handler>>;

/** An axis attribute, which may count from the end. */
export function axisOf(value: Value, axis: number): number {
  return normalizeAxis('axis', axis, value.rank);
}

/** The axes that an attribute gave in early versions and an input gives now; undefined where none are given. */
export function axesFrom(
  inputs: Inputs,
  index: number,
  attributes: Attributes,
  context: Context,
): number[] | undefined {
  const given = inputs.optional(index);
  if (given) return context.numbers(given, 'axes');
  return attributes.ints('axes');
}

/** More are not made while a model is loaded: a file of a few bytes could ask for any number of them. */
const mostListed = 1 << 24;

/** Throws where a file asks for more than is sensible of what is made one by one. */
export function checkCount(what: string, count: number, most = mostListed): number {
  if (Number.isInteger(count) && count >= 0 && count <= most) return count;
  throw new GraphError(`${count} ${what} are not supported (at most ${most})`);
}

/** 0 … count - 1 */
export function countTo(count: number): number[] {
  return Array.from({ length: checkCount('numbers in a list', count) }, (_, i) => i);
}

/** Throws unless all lengths are whole numbers of at least 0. */
export function checkLengths(shape: Shape): Shape {
  if (shape.some((length) => !Number.isInteger(length) || length < 0))
    throw new ShapeError(`no shape: ${showShape(shape)}`);
  return shape;
}

/** A value of `shape` without elements. */
export function emptyValue(context: Context, type: OnnxType, shape: Shape): Value {
  return context.known(type, checkLengths(shape), []);
}
