import { DTypeError, GraphError } from '../core/errors.ts';
import { Graph, type Tensor } from '../graph/graph.ts';
import {
  computedType,
  type MLNumbers,
  MLOperand,
  type MLOperandDataType,
  type MLOperandDescriptor,
  toNumbers,
} from './operand.ts';

/** What all parts of the builder share: the graph, its inputs and constants, and the way from operands to tensors and back. */
export class OperandBuilder {
  /** Inputs by name, with their WebNN types. */
  readonly inputs = new Map<string, MLOperand>();

  constructor(
    /** The graph that the operators are put into. */
    readonly graph: Graph = new Graph(),
  ) {}

  /** An operand that each computation is fed with. */
  input(name: string, descriptor: MLOperandDescriptor): MLOperand {
    const { dataType, shape } = descriptor;
    const operand = new MLOperand(this.graph.input(name, shape, computedType(dataType)), dataType);
    this.inputs.set(name, operand);
    return operand;
  }

  /**
   * An operand whose values never change: a descriptor with its numbers, or a type with one number.
   *
   * @throws FeedError where an integer lies outside the range that its type is computed with.
   */
  constant(type: MLOperandDescriptor, values: MLNumbers): MLOperand;
  constant(type: MLOperandDataType, value: number | bigint): MLOperand;
  constant(type: MLOperandDescriptor | MLOperandDataType, values: MLNumbers | number | bigint): MLOperand {
    const { dataType, shape } = typeof type === 'string' ? { dataType: type, shape: [] } : type;
    const list = typeof values === 'object' ? values : ([values] as MLNumbers);
    const numbers = toNumbers('constant', dataType, list);
    return new MLOperand(this.graph.constant(numbers, shape, computedType(dataType)), dataType);
  }

  /** A result of the type of `like`. */
  protected made(tensor: Tensor, like: MLOperand): MLOperand {
    return new MLOperand(tensor, like.dataType);
  }

  /** The result of `op` for one operand, of the operand's type. */
  protected unary(op: (x: Tensor) => Tensor, input: MLOperand): MLOperand {
    return this.made(op(input.numbers), input);
  }

  /** The result of `op` for two operands of one type. */
  protected binary(
    name: string,
    op: (a: Tensor, b: Tensor) => Tensor,
    a: MLOperand,
    b: MLOperand,
  ): MLOperand {
    if (a.dataType !== b.dataType)
      throw new DTypeError(
        `${this.graph.path(name)}: operands are ${a.dataType} and ${b.dataType}; use cast`,
      );
    return this.made(op(a.numbers, b.numbers), a);
  }
}

/** One of the strings in `allowed`, which map to what they mean here. */
export function choose<Meaning>(
  what: string,
  given: string,
  allowed: Readonly<Record<string, Meaning>>,
): Meaning {
  if (Object.hasOwn(allowed, given)) return allowed[given];
  throw new GraphError(`${what} must be one of ${Object.keys(allowed).join(', ')}, got '${given}'`);
}
