import { GraphError } from '../core/errors.ts';
import { forEachOffset, type Shape, showShape, sizeOf, stridesOf } from '../core/shape.ts';
import type { Graph, Tensor } from '../graph/graph.ts';
import { gather } from '../ops/gather.ts';
import { reshape } from '../ops/reshape.ts';
import { transpose } from '../ops/transpose.ts';
import type { Evaluator } from './evaluate.ts';
import { dtypeOf, intoRange, type OnnxType } from './types.ts';

/** What a value comes from. */
export type ValueSource =
  /** A tensor of the graph. Its axis i is axis permutation[i] of the value; left out, they are in order. */
  | { readonly tensor: Tensor; readonly permutation?: readonly number[] }
  /** Numbers that are known now. */
  | { readonly numbers: ArrayLike<number> }
  /** Numbers that a variable of that name starts with. */
  | { readonly numbers: ArrayLike<number>; readonly variable: string };

/**
 * A tensor of an ONNX graph: its type, its shape as ONNX sees it, and what it comes from. It may lie in memory with its axes in another
 * order, so that a row of convolutions needs no transpose between them: `form` gives the order that an op wants, and makes it at most
 * once. A value with an axis of length 0 has no tensor; its numbers are known to be none.
 */
export class Value {
  private readonly forms = new Map<string, Tensor>();
  /** Order of the axes in which the tensor was made. */
  private order: readonly number[];
  private made: Tensor | null = null;
  /** Whether the variable that is made of it is trainable. */
  private trainable: boolean;

  constructor(
    private readonly graph: Graph,
    private readonly evaluator: Evaluator,
    readonly name: string,
    readonly type: OnnxType,
    readonly shape: Shape,
    private readonly source: ValueSource,
    options: { trainable?: boolean } = {},
  ) {
    this.order = inOrder(shape.length);
    this.trainable = options.trainable ?? false;
    if ('tensor' in source) {
      this.order = source.permutation ?? this.order;
      this.keep(source.tensor, this.order);
    }
  }

  get rank(): number {
    return this.shape.length;
  }

  get size(): number {
    return sizeOf(this.shape);
  }

  get isEmpty(): boolean {
    return this.size === 0;
  }

  /** The tensor with its axes in order. */
  get tensor(): Tensor {
    return this.form(inOrder(this.rank));
  }

  /** The tensor with its second axis, the channels, last: [batch, …, channels]. */
  get channelsLast(): Tensor {
    return this.form(channelsLastOrder(this.rank));
  }

  /** The order of the axes in which it lies in memory; null where that does not matter, since nothing has been made of it yet. */
  get layout(): readonly number[] | null {
    return this.made ? this.order : null;
  }

  /** The tensor with its axes in the order of `permutation`: axis i of the result is axis permutation[i]. */
  form(permutation: readonly number[]): Tensor {
    if (this.isEmpty) {
      throw new GraphError(
        `"${this.name}" has the shape ${showShape(this.shape)}; empty tensors are supported only where their shape is all that matters`,
      );
    }
    const before = this.forms.get(String(permutation));
    if (before) return before;
    if (!this.made) return this.make(permutation);
    const { order } = this;
    return this.keep(
      transpose(
        this.made,
        permutation.map((axis) => order.indexOf(axis)),
      ),
      permutation,
    );
  }

  /**
   * As `form`, with the slices along the last axis in the order of `places`: gates, for instance. The variable of an initializer is made
   * in that order, so that no run has to reorder it.
   */
  reordered(permutation: readonly number[], places: readonly number[]): Tensor {
    if (this.made || !('variable' in this.source)) return taken(this.form(permutation), places);
    const shape = permutation.map((axis) => this.shape[axis]);
    const numbers = permute(this.source.numbers, this.shape, permutation);
    const length = places.length;
    const reordered = Float32Array.from(numbers, (_, i) => numbers[i - (i % length) + places[i % length]]);
    const variable = this.variable(this.source.variable, shape, reordered);
    this.order = permutation;
    this.keep(
      taken(
        variable,
        places.map((_, i) => places.indexOf(i)),
      ),
      permutation,
    );
    return variable;
  }

  /** Same as `form`; the variable that is made of an initializer is no parameter: running statistics, for instance. */
  get state(): Tensor {
    if (!this.made) this.trainable = false;
    return this.tensor;
  }

  /** Numbers that it was made of, and that are no variable's. */
  get known(): ArrayLike<number> | null {
    return 'numbers' in this.source && !('variable' in this.source) ? this.source.numbers : null;
  }

  /** What is known now, without a run; null where it depends on an input. */
  get numbers(): ArrayLike<number> | null {
    return 'numbers' in this.source ? this.source.numbers : this.evaluator.valueOf(this.tensor);
  }

  private make(permutation: readonly number[]): Tensor {
    if ('tensor' in this.source) return this.source.tensor;
    const shape = permutation.map((axis) => this.shape[axis]);
    const dtype = dtypeOf(this.type);
    const given = permute(this.source.numbers, this.shape, permutation);
    this.order = permutation;
    if (!('variable' in this.source)) {
      const numbers = Float64Array.from(given, (value) => intoRange(dtype, value));
      return this.keep(this.graph.constant(numbers, shape, dtype), permutation);
    }
    return this.keep(this.variable(this.source.variable, shape, given), permutation);
  }

  private variable(name: string, shape: Shape, numbers: ArrayLike<number>): Tensor {
    const initializer = numbers instanceof Float32Array ? numbers : Float32Array.from(numbers);
    const options = { initializer, trainable: this.trainable };
    return this.graph.unscoped(() => this.graph.variable(name, shape, options));
  }

  private keep(tensor: Tensor, permutation: readonly number[]): Tensor {
    this.made ??= tensor;
    this.forms.set(String(permutation), tensor);
    return tensor;
  }
}

/** [0, 1, 2, …] */
export function inOrder(rank: number): number[] {
  return Array.from({ length: rank }, (_, axis) => axis);
}

/** [0, 2, 3, …, 1] */
export function channelsLastOrder(rank: number): number[] {
  return rank < 3 ? inOrder(rank) : [0, ...inOrder(rank).slice(2), 1];
}

/** `numbers` of `shape` with the axes in the order of `permutation`. */
function permute(
  numbers: ArrayLike<number>,
  shape: Shape,
  permutation: readonly number[],
): ArrayLike<number> {
  const moved = permutation.filter((axis) => shape[axis] !== 1);
  if (moved.every((axis, i) => i === 0 || axis > moved[i - 1])) return numbers;
  const strides = stridesOf(shape);
  const result =
    numbers instanceof Float32Array ? new Float32Array(numbers.length) : new Float64Array(numbers.length);
  forEachOffset(
    permutation.map((axis) => shape[axis]),
    [permutation.map((axis) => strides[axis])],
    (i, [at]) => {
      result[i] = numbers[at];
    },
  );
  return result;
}

/** `value`, of a rank up to that of `order`, as an operand of a tensor whose axes lie in that order. */
export function operandIn(value: Value, order: readonly number[]): Tensor {
  if (value.rank === order.length) return value.form(order);
  const { tensor } = value;
  if (tensor.size === 1) return reshape(tensor, []);
  const ones = new Array<number>(order.length - value.rank).fill(1);
  return transpose(reshape(tensor, [...ones, ...value.shape]), order);
}

/** The slices of `x` along its last axis that `places` name. */
function taken(x: Tensor, places: readonly number[]): Tensor {
  if (places.every((place, i) => place === i)) return x;
  return gather(x, x.graph.constant(places, [places.length], 'int32'), x.rank - 1);
}
