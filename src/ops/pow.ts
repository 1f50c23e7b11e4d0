import { isFloat } from '../core/dtype.ts';
import { applyOne, Tensor, type TensorLike, toTensors } from '../graph/graph.ts';
import { dropNeutral, mul, reciprocal, rsqrt, sqrt, square, sub } from './arithmetic.ts';
import { equal, greater, where } from './comparison.ts';
import { elementwise } from './elementwise.ts';
import { log } from './math.ts';
import { helpers, powHelpers } from './mathWgsl.ts';

const powIntegerHelpers = /* @__PURE__ */ helpers(
  /* wgsl */ `
// Square and multiply. A negative exponent gives the whole part of the result: 0 but for a base of 1 or -1.
fn powU(base: U, exponent: U) -> U {
  var result = U(1u);
  var factor = base;
  for (var bit = 0u; bit < 32u; bit++) {
    result *= select(U(1u), factor, ((exponent >> U(bit)) & U(1u)) == U(1u));
    factor *= factor;
  }
  return result;
}
fn powI(base: I, exponent: I) -> I {
  let power = bitcast<I>(powU(bitcast<U>(base), bitcast<U>(abs(exponent))));
  let isUnit = (base == I(1)) | (base == I(-1));
  return select(power, I(0), (exponent < I(0)) & !isUnit);
}`,
  powHelpers,
);

const powOp = /* @__PURE__ */ elementwise<null>({
  name: 'pow',
  takes: 'number',
  scalar: (_, dtype) => (isFloat(dtype) ? powFloat : dtype === 'int32' ? powInt : powWrapping),
  wgsl: ([a, b], _, { result }) => `${result === 'F' ? 'accuratePow' : `pow${result}`}(${a}, ${b})`,
  helpers: powIntegerHelpers,
  // y = a^b  =>  da = dy b a^(b - 1), db = dy y log a; 0 where b = 0 and where a <= 0
  gradient: (dy, [a, b], y) => [
    where(equal(b, 0), 0, mul(dy, mul(b, pow(a, sub(b, 1))))),
    where(greater(a, 0), mul(dy, mul(y, log(where(greater(a, 0), a, 1)))), 0),
  ],
  simplify: (inputs, output) => dropNeutral(1, inputs, output, [1]),
  flops: 20,
});

/** C's pow, which JavaScript's differs from in 1^NaN and (±1)^±∞. */
function powFloat(a: number, b: number): number {
  if (a === 1 || (a === -1 && Math.abs(b) === Number.POSITIVE_INFINITY)) return 1;
  return a ** b;
}

function powInt(a: number, b: number): number {
  return b < 0 && Math.abs(a) !== 1 ? 0 : powWrapping(a, Math.abs(b));
}

function powWrapping(a: number, b: number): number {
  let result = 1;
  for (let factor = a, rest = b; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = Math.imul(result, factor);
    factor = Math.imul(factor, factor);
  }
  return result;
}

/**
 * base^exponent, elementwise, broadcast. A negative base is fine with a whole exponent and gives NaN otherwise; 0⁰ is 1; zero,
 * infinity and NaN are as in C. The numbers -1, -0.5, 0.5, 1 and 2 as exponents become cheaper ops. Integers wrap, and for a
 * negative exponent the fraction is dropped.
 */
export function pow(base: TensorLike, exponent: TensorLike): Tensor {
  if (base instanceof Tensor && typeof exponent === 'number') {
    if (exponent === 2) return square(base);
    if (isFloat(base.dtype)) {
      if (exponent === 0.5) return sqrt(base);
      if (exponent === -0.5) return rsqrt(base);
      if (exponent === -1) return reciprocal(base);
    }
  }
  return applyOne(powOp, toTensors('pow', [base, exponent]), null);
}
