import { isFloat } from '../core/dtype.ts';
import { sameShape } from '../core/shape.ts';
import {
  applyOne,
  type SimplifyValue,
  type Tensor,
  type TensorLike,
  type TensorSpec,
  toTensors,
} from '../graph/graph.ts';
import { equal, greater, less, where } from './comparison.ts';
import { elementwise } from './elementwise.ts';
import { helpers, nonFiniteHelpers, remainderHelpers } from './mathWgsl.ts';

// Integers wrap at 32 bits. Their division by zero gives 0, as in NumPy.

/** The input that is left when the other is the constant `neutral`: x + 0, x * 1. */
export function dropNeutral(
  neutral: number,
  inputs: readonly SimplifyValue[],
  output: TensorSpec,
  places: readonly number[] = [0, 1],
): SimplifyValue | null {
  for (const place of places) {
    const other = inputs[1 - place];
    const elements = constantElements(inputs[place]);
    if (elements?.every((element) => element === neutral) && sameShape(other.spec.shape, output.shape))
      return other;
  }
  return null;
}

/** The elements of a constant, or of one that was stretched: the slope of a sum is a 1 for each element. */
function constantElements({ constant, producer }: SimplifyValue): Float64Array | undefined {
  return constant ?? (producer?.op.repeats ? constantElements(producer.inputs[0]) : undefined);
}

const addOp = /* @__PURE__ */ elementwise<null>({
  name: 'add',
  takes: 'number',
  scalar: () => (a, b) => a + b,
  wgsl: ([a, b]) => `(${a} + ${b})`,
  // y = a + b  =>  da = dy, db = dy
  gradient: (dy) => [dy, dy],
  simplify: (inputs, output) => dropNeutral(0, inputs, output),
});

/** a + b, broadcast. */
export function add(a: TensorLike, b: TensorLike): Tensor {
  return applyOne(addOp, toTensors('add', [a, b]), null);
}

const subOp = /* @__PURE__ */ elementwise<null>({
  name: 'sub',
  takes: 'number',
  scalar: () => (a, b) => a - b,
  wgsl: ([a, b]) => `(${a} - ${b})`,
  // y = a - b  =>  da = dy, db = -dy
  gradient: (dy) => [dy, neg(dy)],
  simplify: (inputs, output) => dropNeutral(0, inputs, output, [1]),
});

/** a - b, broadcast. */
export function sub(a: TensorLike, b: TensorLike): Tensor {
  return applyOne(subOp, toTensors('sub', [a, b]), null);
}

const mulOp = /* @__PURE__ */ elementwise<null>({
  name: 'mul',
  takes: 'number',
  scalar: (_, dtype) => (isFloat(dtype) ? (a, b) => a * b : Math.imul),
  wgsl: ([a, b]) => `(${a} * ${b})`,
  // y = a b  =>  da = dy b, db = dy a
  gradient: (dy, [a, b]) => [mul(dy, b), mul(dy, a)],
  simplify: (inputs, output) => dropNeutral(1, inputs, output),
});

/** a · b elementwise, broadcast. */
export function mul(a: TensorLike, b: TensorLike): Tensor {
  return applyOne(mulOp, toTensors('mul', [a, b]), null);
}

const divOp = /* @__PURE__ */ elementwise<null>({
  name: 'div',
  takes: 'number',
  scalar: (_, dtype) => (isFloat(dtype) ? (a, b) => a / b : (a, b) => (b === 0 ? 0 : Math.trunc(a / b))),
  wgsl: ([a, b], _, { result: T }) =>
    T === 'F'
      ? `(${a} / ${b})`
      : `select(${a} / select(${b}, ${T}(1), ${b} == ${T}(0)), ${T}(0), ${b} == ${T}(0))`,
  // y = a / b  =>  da = dy / b, db = -dy y / b
  gradient: (dy, [, b], y) => [div(dy, b), neg(div(mul(dy, y), b))],
  simplify: (inputs, output) => dropNeutral(1, inputs, output, [1]),
});

/** a / b, broadcast. Integers are rounded towards zero; divided by zero they give 0. */
export function div(a: TensorLike, b: TensorLike): Tensor {
  return applyOne(divOp, toTensors('div', [a, b]), null);
}

const fmodHelpers = /* @__PURE__ */ helpers(
  /* wgsl */ `
fn remainderI(a: I, b: I) -> I {
  let divisor = select(b, I(1), b == I(0));
  return a - (a / divisor) * divisor;
}
fn remainderU(a: U, b: U) -> U {
  let divisor = select(b, U(1u), b == U(0u));
  return a - (a / divisor) * divisor;
}`,
  remainderHelpers,
);

const modHelpers = /* @__PURE__ */ helpers(
  /* wgsl */ `
fn floorModF(a: F, b: F) -> F {
  let rest = floatRemainder(a, b);
  return select(rest, rest + b, (rest != F(0.0)) & ((rest < F(0.0)) != (b < F(0.0))));
}
fn floorModI(a: I, b: I) -> I {
  let rest = remainderI(a, b);
  return select(rest, rest + b, (rest != I(0)) & ((rest ^ b) < I(0)));
}
fn floorModU(a: U, b: U) -> U { return remainderU(a, b); }`,
  fmodHelpers,
);

const modOp = /* @__PURE__ */ elementwise<null>({
  name: 'mod',
  takes: 'number',
  scalar: (_, dtype) => (a, b) => {
    if (!isFloat(dtype) && b === 0) return 0;
    const rest = a % b;
    return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
  },
  wgsl: ([a, b], _, { result }) => `floorMod${result}(${a}, ${b})`,
  helpers: modHelpers,
  // y = a - b floor(a / b)  =>  da = dy, db = -dy floor(a / b) = dy (y - a) / b
  gradient: (dy, [a, b], y) => [dy, mul(dy, div(sub(y, a), b))],
});

/** a - b floor(a / b), broadcast: the remainder with the sign of the divisor, as in Python. Integers modulo 0 give 0. */
export function mod(a: TensorLike, b: TensorLike): Tensor {
  return applyOne(modOp, toTensors('mod', [a, b]), null);
}

const fmodOp = /* @__PURE__ */ elementwise<null>({
  name: 'fmod',
  takes: 'number',
  scalar: (_, dtype) => (a, b) => (!isFloat(dtype) && b === 0 ? 0 : a % b),
  wgsl: ([a, b], _, { result }) => `${result === 'F' ? 'floatRemainder' : `remainder${result}`}(${a}, ${b})`,
  helpers: fmodHelpers,
  // y = a - b trunc(a / b)  =>  da = dy, db = -dy trunc(a / b) = dy (y - a) / b
  gradient: (dy, [a, b], y) => [dy, mul(dy, div(sub(y, a), b))],
});

/** a - b trunc(a / b), broadcast: the remainder with the sign of the dividend, as C's `fmod`. Integers modulo 0 give 0. */
export function fmod(a: TensorLike, b: TensorLike): Tensor {
  return applyOne(fmodOp, toTensors('fmod', [a, b]), null);
}

/** max and min of WGSL, which may drop NaN. */
const extremeHelpers = /* @__PURE__ */ helpers(
  /* wgsl */ `
fn maximumOf(a: F, b: F) -> F { return select(max(a, b), a + b, isNanByBits(a) | isNanByBits(b)); }
fn minimumOf(a: F, b: F) -> F { return select(min(a, b), a + b, isNanByBits(a) | isNanByBits(b)); }`,
  nonFiniteHelpers,
);

const maximumOp = /* @__PURE__ */ elementwise<null>({
  name: 'maximum',
  takes: 'number',
  scalar: () => Math.max,
  wgsl: ([a, b], _, { result }) => `${result === 'F' ? 'maximumOf' : 'max'}(${a}, ${b})`,
  helpers: extremeHelpers,
  // y = max(a, b)  =>  da = dy where a > b, dy / 2 where a = b; db likewise
  gradient: (dy, [a, b]) => [shareOf(dy, greater(a, b), equal(a, b)), shareOf(dy, less(a, b), equal(a, b))],
});

/** The greater of a and b, broadcast; NaN where one is NaN. Where they are equal, each gets half of the gradient. */
export function maximum(a: TensorLike, b: TensorLike): Tensor {
  return applyOne(maximumOp, toTensors('maximum', [a, b]), null);
}

const minimumOp = /* @__PURE__ */ elementwise<null>({
  name: 'minimum',
  takes: 'number',
  scalar: () => Math.min,
  wgsl: ([a, b], _, { result }) => `${result === 'F' ? 'minimumOf' : 'min'}(${a}, ${b})`,
  helpers: extremeHelpers,
  // y = min(a, b)  =>  da = dy where a < b, dy / 2 where a = b; db likewise
  gradient: (dy, [a, b]) => [shareOf(dy, less(a, b), equal(a, b)), shareOf(dy, greater(a, b), equal(a, b))],
});

/** The less of a and b, broadcast; NaN where one is NaN. Where they are equal, each gets half of the gradient. */
export function minimum(a: TensorLike, b: TensorLike): Tensor {
  return applyOne(minimumOp, toTensors('minimum', [a, b]), null);
}

function shareOf(dy: Tensor, wins: Tensor, ties: Tensor): Tensor {
  return where(wins, dy, where(ties, mul(dy, 0.5), 0));
}

const negOp = /* @__PURE__ */ elementwise<null>({
  name: 'neg',
  takes: 'number',
  scalar: () => (x) => -x,
  wgsl: ([x], _, { result }) => (result === 'U' ? `(U(0u) - ${x})` : `(-${x})`),
  // y = -x  =>  dx = -dy
  gradient: (dy) => [neg(dy)],
});

/** -x */
export function neg(x: Tensor): Tensor {
  return applyOne(negOp, [x], null);
}

const absOp = /* @__PURE__ */ elementwise<null>({
  name: 'abs',
  takes: 'number',
  scalar: () => Math.abs,
  wgsl: ([x], _, { result }) => (result === 'U' ? x : `abs(${x})`),
  // y = |x|  =>  dx = dy sign x
  gradient: (dy, [x]) => [mul(dy, sign(x))],
});

/** |x|. The gradient at 0 is 0. */
export function abs(x: Tensor): Tensor {
  return applyOne(absOp, [x], null);
}

const signOp = /* @__PURE__ */ elementwise<null>({
  name: 'sign',
  takes: 'number',
  scalar: () => Math.sign,
  wgsl: ([x], _, { result }) => {
    if (result === 'U') return `min(${x}, U(1u))`;
    return result === 'I' ? `sign(${x})` : `select(sign(${x}), ${x}, isNanByBits(${x}))`;
  },
  helpers: nonFiniteHelpers,
  gradient: () => [null],
});

/** -1, 0 or 1. No gradient. */
export function sign(x: Tensor): Tensor {
  return applyOne(signOp, [x], null);
}

const squareOp = /* @__PURE__ */ elementwise<null>({
  name: 'square',
  takes: 'number',
  scalar: (_, dtype) => (isFloat(dtype) ? (x) => x * x : (x) => Math.imul(x, x)),
  wgsl: ([x]) => `(${x} * ${x})`,
  // y = x²  =>  dx = 2 x dy
  gradient: (dy, [x]) => [mul(mul(dy, x), 2)],
});

/** x² */
export function square(x: Tensor): Tensor {
  return applyOne(squareOp, [x], null);
}

const sqrtOp = /* @__PURE__ */ elementwise<null>({
  name: 'sqrt',
  takes: 'float',
  scalar: () => Math.sqrt,
  wgsl: ([x]) => `sqrt(${x})`,
  // y = √x  =>  dx = dy / (2 y)
  gradient: (dy, _, y) => [div(mul(dy, 0.5), y)],
});

/** √x; NaN for negative x. The gradient at 0 is infinite. */
export function sqrt(x: Tensor): Tensor {
  return applyOne(sqrtOp, [x], null);
}

const rsqrtOp = /* @__PURE__ */ elementwise<null>({
  name: 'rsqrt',
  takes: 'float',
  scalar: () => (x) => 1 / Math.sqrt(x),
  wgsl: ([x]) => `inverseSqrt(${x})`,
  // y = x^(-1/2)  =>  dx = -dy y³ / 2
  gradient: (dy, _, y) => [mul(mul(dy, -0.5), mul(y, square(y)))],
});

/** 1 / √x. Numbers below 1.2e-38 may count as 0. */
export function rsqrt(x: Tensor): Tensor {
  return applyOne(rsqrtOp, [x], null);
}

const reciprocalOp = /* @__PURE__ */ elementwise<null>({
  name: 'reciprocal',
  takes: 'float',
  scalar: () => (x) => 1 / x,
  wgsl: ([x]) => `(F(1.0) / ${x})`,
  // y = 1 / x  =>  dx = -dy y²
  gradient: (dy, _, y) => [neg(mul(dy, square(y)))],
});

/** 1 / x */
export function reciprocal(x: Tensor): Tensor {
  return applyOne(reciprocalOp, [x], null);
}

const floorOp = /* @__PURE__ */ elementwise<null>({
  name: 'floor',
  takes: 'float',
  scalar: () => Math.floor,
  wgsl: ([x]) => `floor(${x})`,
  gradient: () => [null],
});

/** The greatest whole number not above x. No gradient. */
export function floor(x: Tensor): Tensor {
  return applyOne(floorOp, [x], null);
}

const ceilOp = /* @__PURE__ */ elementwise<null>({
  name: 'ceil',
  takes: 'float',
  scalar: () => Math.ceil,
  wgsl: ([x]) => `ceil(${x})`,
  gradient: () => [null],
});

/** The least whole number not below x. No gradient. */
export function ceil(x: Tensor): Tensor {
  return applyOne(ceilOp, [x], null);
}

const roundOp = /* @__PURE__ */ elementwise<null>({
  name: 'round',
  takes: 'float',
  scalar: () => (x) => {
    const below = Math.floor(x);
    const fraction = x - below;
    return fraction < 0.5 || (fraction === 0.5 && below % 2 === 0) ? below : Math.ceil(x);
  },
  wgsl: ([x]) => `round(${x})`,
  gradient: () => [null],
});

/** The nearest whole number; halves go to the even one, as in IEEE 754 and NumPy: 0.5 to 0, 1.5 to 2. No gradient. */
export function round(x: Tensor): Tensor {
  return applyOne(roundOp, [x], null);
}
