import { isFloat } from '../../core/dtype.ts';
import { GraphError } from '../../core/errors.ts';
import type { Tensor } from '../../graph/graph.ts';
import {
  abs,
  add,
  ceil,
  div,
  floor,
  fmod,
  maximum,
  minimum,
  mod,
  mul,
  neg,
  reciprocal,
  round,
  sign,
  sqrt,
  sub,
} from '../../ops/arithmetic.ts';
import { cast } from '../../ops/comparison.ts';
import {
  acos,
  acosh,
  asin,
  asinh,
  atan,
  atanh,
  cos,
  cosh,
  erf,
  exp,
  log,
  sin,
  sinh,
  tan,
  tanh,
} from '../../ops/math.ts';
import { pow } from '../../ops/pow.ts';
import type { Attributes } from '../attributes.ts';
import type { Context, Handler, Handlers, Inputs } from '../handler.ts';
import type { Value } from '../value.ts';
import { castTo, combine, floatUnary, numberUnary, oneType, truncateNear, wrap } from './elementwise.ts';
import { unsqueezed } from './reshaping.ts';

// https://onnx.ai/onnx/operators. Broadcasting is NumPy's since opset 7.

/** The two operands; before opset 7 the second's axes begin at `axis` of the first, where `broadcast` asks for it. */
export function operands(inputs: Inputs, attributes: Attributes, context: Context): [Value, Value] {
  const [a, b] = [inputs.get(0), inputs.get(1)];
  attributes.ignore('consumed_inputs');
  if (context.opset >= 7) return [a, b];
  const [axis, broadcast] = [attributes.int('axis'), attributes.flag('broadcast')];
  if (!broadcast || axis === undefined || b.rank === 0) return [a, b];
  const first = axis < 0 ? axis + a.rank : axis;
  const trailing = a.rank - first - b.rank;
  if (trailing < 0)
    throw new GraphError(`axis ${axis} leaves no room for ${b.rank} axes of the second operand`);
  const axes = Array.from({ length: trailing }, (_, i) => b.rank + i);
  return [a, unsqueezed(b, axes, context)];
}

function binary(make: (a: Tensor, b: Tensor) => Tensor): Handler {
  return (inputs, attributes, context) => {
    const pair = operands(inputs, attributes, context);
    const type = oneType(pair);
    return combine(context, type, pair, ([a, b]) => wrap(type, make(a, b)));
  };
}

function variadic(
  make: (a: Tensor, b: Tensor) => Tensor,
  finish: (x: Tensor, count: number) => Tensor = (x) => x,
): Handler {
  return (inputs, attributes, context) => {
    attributes.ignore('consumed_inputs');
    const values = inputs.all;
    const type = oneType(values);
    return combine(context, type, values, (tensors) =>
      wrap(type, finish(tensors.reduce(make), tensors.length)),
    );
  };
}

const powHandler: Handler = (inputs, attributes, context) => {
  const pair = operands(inputs, attributes, context);
  const [base, exponent] = pair;
  const { type } = base;
  // A known exponent may become a cheaper op: pow(tensor, number) looks after that.
  const known = exponent.size === 1 && exponent.rank <= base.rank ? exponent.numbers?.[0] : undefined;
  return combine(context, type, pair, ([a, b]) => {
    if (isFloat(a.dtype)) {
      return known !== undefined && Number.isFinite(known) ? pow(a, known) : pow(a, cast(b, a.dtype));
    }
    if (!isFloat(b.dtype)) return wrap(type, pow(a, cast(b, a.dtype)));
    return wrap(type, truncateNear(pow(cast(a, 'float32'), b), a.dtype === 'int32' ? 'int32' : 'uint32'));
  });
};

const modHandler: Handler = (inputs, attributes, context) => {
  const pair = operands(inputs, attributes, context);
  const type = oneType(pair);
  const make = attributes.flag('fmod') ? fmod : mod;
  return combine(context, type, pair, ([a, b]) => make(a, b));
};

/** Before opset 11 the bounds are attributes. */
const clip: Handler = (inputs, attributes, context) => {
  const x = inputs.get(0);
  attributes.ignore('consumed_inputs');
  const bound = (index: number, name: 'min' | 'max'): Value | undefined => {
    const given = attributes.float(name);
    return given === undefined ? inputs.optional(index) : context.known(x.type, [], [given]);
  };
  const [low, high] = [bound(1, 'min'), bound(2, 'max')];
  const bounds = [low, high].filter((value) => value !== undefined);
  return combine(context, oneType([x, ...bounds]), [x, ...bounds], ([tensor, ...rest]) => {
    const raised = low ? maximum(tensor, rest[0]) : tensor;
    return high ? minimum(raised, rest[rest.length - 1]) : raised;
  });
};

const castHandler: Handler = (inputs, attributes, context) => {
  const x = inputs.get(0);
  attributes.ignore('saturate', 'round_mode');
  const type = context.typeOf(attributes.int('to', 0));
  return combine(context, type, [x], ([tensor]) => castTo(tensor, x.type, type));
};

const castLike: Handler = (inputs, attributes, context) => {
  const [x, { type }] = [inputs.get(0), inputs.get(1)];
  attributes.ignore('saturate', 'round_mode');
  return combine(context, type, [x], ([tensor]) => castTo(tensor, x.type, type));
};

export const arithmetic: Handlers = {
  Abs: numberUnary((x) => (x.dtype === 'uint32' ? x : abs(x))),
  Acos: floatUnary(acos),
  Acosh: floatUnary(acosh),
  Add: binary(add),
  Asin: floatUnary(asin),
  Asinh: floatUnary(asinh),
  Atan: floatUnary(atan),
  Atanh: floatUnary(atanh),
  Cast: castHandler,
  CastLike: castLike,
  Ceil: floatUnary(ceil),
  Clip: clip,
  Cos: floatUnary(cos),
  Cosh: floatUnary(cosh),
  Div: binary(div),
  Erf: floatUnary(erf),
  Exp: floatUnary(exp),
  Floor: floatUnary(floor),
  Log: floatUnary(log),
  Max: variadic(maximum),
  Mean: variadic(add, (x, count) => mul(x, 1 / count)),
  Min: variadic(minimum),
  Mod: modHandler,
  Mul: binary(mul),
  Neg: numberUnary(neg),
  Pow: powHandler,
  Reciprocal: floatUnary(reciprocal),
  Round: floatUnary(round),
  Sign: numberUnary(sign),
  Sin: floatUnary(sin),
  Sinh: floatUnary(sinh),
  Sqrt: floatUnary(sqrt),
  Sub: binary(sub),
  Sum: variadic(add),
  Tan: floatUnary(tan),
  Tanh: floatUnary(tanh),
};
