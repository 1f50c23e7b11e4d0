import { DTypeError, GraphError } from '../../core/errors.ts';
import { broadcastShapes, sizeOf } from '../../core/shape.ts';
import type { Op, Tensor } from '../../graph/graph.ts';
import { applyOne } from '../../graph/graph.ts';
import { add, mod, round, sub } from '../../ops/arithmetic.ts';
import { cast, less, logicalAnd, where } from '../../ops/comparison.ts';
import { elementwise } from '../../ops/elementwise.ts';
import { type Context, emptyValue, type Handler } from '../handler.ts';
import { dtypeOf, elementType, isFloatType, type OnnxType, roundToType } from '../types.ts';
import { inOrder, operandIn, type Value } from '../value.ts';

// What elementwise operators share: broadcasting in whatever order the operands lie in memory, and types.

/** An elementwise result of `type`; the operands come with their axes in one order. */
export function combine(
  context: Context,
  type: OnnxType,
  values: readonly Value[],
  make: (tensors: Tensor[]) => Tensor,
): Value {
  const shape = broadcastShapes(
    'operands',
    values.map((value) => value.shape),
  );
  if (sizeOf(shape) === 0) return emptyValue(context, type, shape);
  const order = orderOf(values, shape.length);
  return context.value(type, make(values.map((value) => operandIn(value, order))), order);
}

/** The order of axes of the first operand that lies in one of its own; else they are in order. */
function orderOf(values: readonly Value[], rank: number): readonly number[] {
  for (const { layout } of values) {
    if (layout?.length === rank && layout.some((axis, i) => axis !== i)) return layout;
  }
  return inOrder(rank);
}

/** The type that all values have. */
export function oneType(values: readonly Value[]): OnnxType {
  if (values.length === 0) throw new GraphError('expected at least one input');
  const [{ type }] = values;
  const other = values.find((value) => value.type !== type);
  if (other) throw new DTypeError(`operands differ in type, ${type} and ${other.type}`);
  return type;
}

/** Integers narrower than 32 bits wrap after arithmetic. */
export function wrap(type: OnnxType, x: Tensor): Tensor {
  const { narrowBits, signed } = elementType(type);
  if (narrowBits === undefined) return x;
  const count = 2 ** narrowBits;
  return signed ? sub(mod(add(x, count / 2), count), count / 2) : mod(x, count);
}

export function requireFloat(value: Value): Value {
  if (!isFloatType(value.type)) throw new DTypeError(`expected a float type, got ${value.type}`);
  return value;
}

/** An operator of one float tensor. */
export function floatUnary(make: (x: Tensor) => Tensor): Handler {
  return (inputs, attributes, context) => {
    attributes.ignore('consumed_inputs');
    const x = requireFloat(inputs.get(0));
    return combine(context, x.type, [x], ([tensor]) => make(tensor));
  };
}

/** An operator of one tensor of numbers, whose results wrap in narrow integer types. */
export function numberUnary(make: (x: Tensor) => Tensor): Handler {
  return (inputs, attributes, context) => {
    attributes.ignore('consumed_inputs');
    const x = inputs.get(0);
    return combine(context, x.type, [x], ([tensor]) => wrap(x.type, make(tensor)));
  };
}

/** The kinds of rounding to 16 bits that keep the numbers in float32. */
const roundings = {
  float16: {
    helper: /* wgsl */ `
// To ten bits of mantissa, ties to even; below 2^-14 in steps of 2^-24.
fn roundToHalf(x: F) -> F {
  let magnitude = bitcast<U>(x) & U(0x7fffffffu);
  let sign = bitcast<U>(x) & U(0x80000000u);
  let normal = (magnitude + U(0xfffu) + ((magnitude >> U(13u)) & U(1u))) & U(0xffffe000u);
  let small = bitcast<U>(round(bitcast<F>(min(magnitude, U(0x38800000u))) * F(16777216.0)) * F(5.9604645e-8));
  let finite = select(normal, small, magnitude < U(0x38800000u));
  let bounded = select(finite, U(0x7f800000u), finite >= U(0x47800000u));
  return bitcast<F>(sign | select(bounded, magnitude, magnitude > U(0x7f800000u)));
}`,
    call: 'roundToHalf',
  },
  bfloat16: {
    helper: /* wgsl */ `
// To seven bits of mantissa, ties to even.
fn roundToBfloat(x: F) -> F {
  let bits = bitcast<U>(x);
  let rounded = (bits + U(0x7fffu) + ((bits >> U(16u)) & U(1u))) & U(0xffff0000u);
  return bitcast<F>(select(rounded, bits, (bits & U(0x7fffffffu)) > U(0x7f800000u)));
}`,
    call: 'roundToBfloat',
  },
};

function roundingOp(type: 'float16' | 'bfloat16'): Op<null> {
  const { helper, call } = roundings[type];
  return elementwise<null>({
    name: call,
    takes: 'float',
    scalar: () => (x) => roundToType(type, x),
    wgsl: ([x]) => `${call}(${x})`,
    helpers: [helper],
    // A step function that follows the identity: its gradient is taken to be that one's.
    gradient: (dy) => [dy],
  });
}

const halfOp = /* @__PURE__ */ roundingOp('float16');
const bfloatOp = /* @__PURE__ */ roundingOp('bfloat16');

/** Float numbers as `type` holds them. */
export function roundFloat(type: OnnxType, x: Tensor): Tensor {
  if (type === 'float16') return applyOne(halfOp, [x], null);
  return type === 'bfloat16' ? applyOne(bfloatOp, [x], null) : x;
}

/** `x` of one type as another: what ONNX' `Cast` does. */
export function castTo(x: Tensor, from: OnnxType, to: OnnxType): Tensor {
  if (from === to) return x;
  const dtype = dtypeOf(to);
  if (isFloatType(to)) return roundFloat(to, cast(x, dtype));
  if (to === 'bool') return cast(x, 'bool');
  const { narrowBits, signed } = elementType(to);
  // A float becomes an unsigned integer by way of a signed one, so that -1 becomes the largest, as C compilers do it.
  const whole =
    isFloatType(from) && narrowBits !== undefined && !signed ? cast(cast(x, 'int32'), dtype) : cast(x, dtype);
  return wrap(to, whole);
}

/** A float result as an integer: to the nearest whole number where it is off by rounding only, towards zero elsewhere. */
export function truncateNear(x: Tensor, dtype: 'int32' | 'uint32'): Tensor {
  const nearest = round(x);
  const distance = sub(x, nearest);
  const isNear = logicalAnd(less(distance, 1e-4), less(-1e-4, distance));
  return where(isNear, cast(nearest, dtype), cast(x, dtype));
}
