import { GraphError } from '../../core/errors.ts';
import { sizeOf } from '../../core/shape.ts';
import { expand } from '../../ops/sum.ts';
import {
  type Context,
  checkLengths,
  countTo,
  emptyValue,
  type Handler,
  type Handlers,
  type Inputs,
} from '../handler.ts';
import { dtypeOf, type OnnxType } from '../types.ts';
import type { Value } from '../value.ts';

/** Up to this size a constant's numbers are kept as numbers; larger ones are made where they are used. */
const listed = 4096;

/** A tensor of one number. */
export function filled(context: Context, type: OnnxType, shape: readonly number[], value: number): Value {
  const size = sizeOf(checkLengths(shape));
  if (size <= listed) return context.known(type, shape, new Array<number>(size).fill(value));
  return context.value(type, expand(context.graph.constant(value, [], dtypeOf(type)), shape));
}

const constant: Handler = (_, attributes, context) => {
  const tensor = attributes.tensor('value');
  if (tensor) return context.stored(tensor);
  const [float, int] = [attributes.float('value_float'), attributes.int('value_int')];
  if (float !== undefined) return context.known('float', [], [float]);
  if (int !== undefined) return context.known('int64', [], [int]);
  const floats = attributes.floats('value_floats');
  if (floats) return context.known('float', [floats.length], floats);
  const ints = attributes.ints('value_ints');
  if (ints) return context.known('int64', [ints.length], ints);
  throw new GraphError('a constant of strings, or a sparse one, is not supported');
};

const constantOfShape: Handler = (inputs, attributes, context) => {
  const shape = context.numbers(inputs.get(0), 'the shape');
  const value = attributes.tensor('value');
  return filled(context, value?.type ?? 'float', shape, value?.numbers[0] ?? 0);
};

const shapeHandler: Handler = (inputs, attributes, context) => {
  const { shape } = inputs.get(0);
  const part = shape.slice(attributes.int('start', 0), attributes.int('end', shape.length));
  return context.known('int64', [part.length], part);
};

const range: Handler = (inputs, attributes, context) => {
  attributes.ignore('stash_type');
  const { type } = inputs.get(0);
  const [start, limit, delta] = [0, 1, 2].map(
    (index) => context.numbers(inputs.get(index), ['start', 'limit', 'delta'][index])[0],
  );
  const count = Math.max(Math.ceil((limit - start) / delta), 0);
  if (!Number.isSafeInteger(count)) throw new GraphError(`from ${start} to ${limit} in steps of ${delta}`);
  if (count === 0) return emptyValue(context, type, [0]);
  return context.known(
    type,
    [count],
    countTo(count).map((i) => start + i * delta),
  );
};

const eyeLike: Handler = (inputs, attributes, context) => {
  const { shape, type } = inputs.get(0);
  const code = attributes.int('dtype');
  const diagonal = attributes.int('k', 0);
  const [rows, columns] = shape;
  const numbers = Float64Array.from(countTo(sizeOf(shape)), () => 0);
  for (let row = 0; row < rows; row++) {
    const column = row + diagonal;
    if (column >= 0 && column < columns) numbers[row * columns + column] = 1;
  }
  return context.known(code === undefined ? type : context.typeOf(code), shape, numbers);
};

/** With a condition that is known, one of two graphs stands in its place. */
const ifHandler: Handler = (inputs, attributes, context) => {
  const [condition] = context.numbers(inputs.get(0), 'the condition of If');
  const [yes, no] = [attributes.graph('then_branch'), attributes.graph('else_branch')];
  return context.subgraph(condition !== 0 ? yes : no);
};

function first(inputs: Inputs): Value {
  return inputs.get(0);
}

export const constants: Handlers = {
  Constant: constant,
  ConstantOfShape: constantOfShape,
  EyeLike: eyeLike,
  Identity: first,
  If: ifHandler,
  Range: range,
  Shape: shapeHandler,
  Size: (inputs, _, context) => context.known('int64', [], [inputs.get(0).size]),
};
