import { type DType, dtypes, isFloat } from '../core/dtype.ts';
import { DTypeError, ShapeError } from '../core/errors.ts';
import { literal } from '../graph/chain.ts';
import type { Elementwise } from '../graph/elementwise.ts';
import { applyOne, type Op, Tensor, type TensorLike, toTensors } from '../graph/graph.ts';
import { elementwise, type Takes } from './elementwise.ts';
import { helpers, nonFiniteHelpers } from './mathWgsl.ts';

// Results are bool. NaN is unequal to everything, itself included, and neither greater nor less than anything.

function comparison(
  name: string,
  takes: Takes,
  scalar: (a: number, b: number) => boolean,
  wgsl: Elementwise<null>['expression'],
): Op<null> {
  return elementwise<null>({
    name,
    takes,
    dtype: () => 'bool',
    scalar: () => (a, b) => Number(scalar(a, b)),
    wgsl,
  });
}

const equalOp = /* @__PURE__ */ comparison(
  'equal',
  'any',
  (a, b) => a === b,
  ([a, b]) => `(${a} == ${b})`,
);

/** a = b, elementwise, broadcast: bool. Takes any dtype. */
export function equal(a: TensorLike, b: TensorLike): Tensor {
  return applyOne(equalOp, toTensors('equal', [a, b]), null);
}

const notEqualOp = /* @__PURE__ */ comparison(
  'notEqual',
  'any',
  (a, b) => a !== b,
  // Tint's != is false where one side is NaN.
  ([a, b]) => `!(${a} == ${b})`,
);

/** a ≠ b, elementwise, broadcast: bool. Takes any dtype. */
export function notEqual(a: TensorLike, b: TensorLike): Tensor {
  return applyOne(notEqualOp, toTensors('notEqual', [a, b]), null);
}

const greaterOp = /* @__PURE__ */ comparison(
  'greater',
  'number',
  (a, b) => a > b,
  ([a, b]) => `(${a} > ${b})`,
);

/** a > b, elementwise, broadcast: bool. */
export function greater(a: TensorLike, b: TensorLike): Tensor {
  return applyOne(greaterOp, toTensors('greater', [a, b]), null);
}

const greaterOrEqualOp = /* @__PURE__ */ comparison(
  'greaterOrEqual',
  'number',
  (a, b) => a >= b,
  ([a, b]) => `(${a} >= ${b})`,
);

/** a ≥ b, elementwise, broadcast: bool. */
export function greaterOrEqual(a: TensorLike, b: TensorLike): Tensor {
  return applyOne(greaterOrEqualOp, toTensors('greaterOrEqual', [a, b]), null);
}

const lessOp = /* @__PURE__ */ comparison(
  'less',
  'number',
  (a, b) => a < b,
  ([a, b]) => `(${a} < ${b})`,
);

/** a < b, elementwise, broadcast: bool. */
export function less(a: TensorLike, b: TensorLike): Tensor {
  return applyOne(lessOp, toTensors('less', [a, b]), null);
}

const lessOrEqualOp = /* @__PURE__ */ comparison(
  'lessOrEqual',
  'number',
  (a, b) => a <= b,
  ([a, b]) => `(${a} <= ${b})`,
);

/** a ≤ b, elementwise, broadcast: bool. */
export function lessOrEqual(a: TensorLike, b: TensorLike): Tensor {
  return applyOne(lessOrEqualOp, toTensors('lessOrEqual', [a, b]), null);
}

const logicalAndOp = /* @__PURE__ */ comparison(
  'logicalAnd',
  'bool',
  (a, b) => a !== 0 && b !== 0,
  ([a, b]) => `(${a} & ${b})`,
);

/** Whether both are true, elementwise, broadcast. Takes bool; make it from numbers with `notEqual(x, 0)`. */
export function logicalAnd(a: Tensor, b: Tensor): Tensor {
  return applyOne(logicalAndOp, [a, b], null);
}

const logicalOrOp = /* @__PURE__ */ comparison(
  'logicalOr',
  'bool',
  (a, b) => a !== 0 || b !== 0,
  ([a, b]) => `(${a} | ${b})`,
);

/** Whether one or both are true, elementwise, broadcast. Takes bool. */
export function logicalOr(a: Tensor, b: Tensor): Tensor {
  return applyOne(logicalOrOp, [a, b], null);
}

const logicalXorOp = /* @__PURE__ */ comparison(
  'logicalXor',
  'bool',
  (a, b) => a !== b,
  ([a, b]) => `(${a} != ${b})`,
);

/** Whether exactly one is true, elementwise, broadcast. Takes bool. */
export function logicalXor(a: Tensor, b: Tensor): Tensor {
  return applyOne(logicalXorOp, [a, b], null);
}

const logicalNotOp = /* @__PURE__ */ comparison(
  'logicalNot',
  'bool',
  (x) => x === 0,
  ([x]) => `!${x}`,
);

/** Whether it is false, elementwise. Takes bool. */
export function logicalNot(x: Tensor): Tensor {
  return applyOne(logicalNotOp, [x], null);
}

const isNaNOp = /* @__PURE__ */ elementwise<null>({
  name: 'isNaN',
  takes: 'float',
  dtype: () => 'bool',
  scalar: () => (x) => Number(Number.isNaN(x)),
  wgsl: ([x]) => `isNanByBits(${x})`,
  helpers: nonFiniteHelpers,
});

/** Where x is NaN: bool. Takes floats. */
// biome-ignore lint/suspicious/noShadowRestrictedNames: it is called so everywhere, and it is imported by name
export function isNaN(x: Tensor): Tensor {
  return applyOne(isNaNOp, [x], null);
}

const isInfiniteOp = /* @__PURE__ */ elementwise<null>({
  name: 'isInfinite',
  takes: 'float',
  dtype: () => 'bool',
  scalar: () => (x) => Number(Math.abs(x) === Number.POSITIVE_INFINITY),
  wgsl: ([x]) => `isInfiniteByBits(${x})`,
  helpers: nonFiniteHelpers,
});

/** Where x is infinite, of either sign: bool. Takes floats. */
export function isInfinite(x: Tensor): Tensor {
  return applyOne(isInfiniteOp, [x], null);
}

const whereOp = /* @__PURE__ */ elementwise<null>({
  name: 'where',
  takes: 'any',
  mixed: ([condition, a, b]) => {
    if (condition !== 'bool') return `the condition must be bool, got ${condition}; compare it, or use cast`;
    return a === b ? null : `operands differ in dtype, ${a} and ${b}; use cast`;
  },
  dtype: ([, a]) => a,
  scalar: () => (condition, a, b) => (condition !== 0 ? a : b),
  wgsl: ([condition, a, b]) => `select(${b}, ${a}, ${condition})`,
  // y = c ? a : b  =>  da = c ? dy : 0, db = c ? 0 : dy
  gradient: (dy, [condition]) => [null, where(condition, dy, 0), where(condition, 0, dy)],
});

/**
 * a where the condition is true, b elsewhere; all three broadcast. The value and the gradient of the side not taken do not
 * matter, even where they are NaN.
 *
 * ```ts
 * const y = where(greater(x, 0), x, 0);
 * ```
 *
 * @throws DTypeError where `condition` is not bool, or `a` and `b` differ in dtype.
 */
export function where(condition: Tensor, a: TensorLike, b: TensorLike): Tensor {
  const choices =
    a instanceof Tensor || b instanceof Tensor
      ? toTensors('where', [a, b])
      : [condition.graph.constant(a), condition.graph.constant(b)];
  return applyOne(whereOp, [condition, ...choices], null);
}

export interface ClampAttrs {
  readonly min: number | null;
  readonly max: number | null;
}

const clampOp = /* @__PURE__ */ elementwise<ClampAttrs>({
  name: 'clamp',
  takes: 'number',
  scalar:
    ({ min, max }) =>
    (x) =>
      Math.min(Math.max(x, min ?? Number.NEGATIVE_INFINITY), max ?? Number.POSITIVE_INFINITY),
  wgsl: ([x], { min, max }, { result }) => {
    const dtype = result === 'I' ? 'int32' : result === 'U' ? 'uint32' : 'float32';
    const raised = min === null ? x : `max(${x}, ${literal(min, dtype)})`;
    const bounded = max === null ? raised : `min(${raised}, ${literal(max, dtype)})`;
    return result === 'F' ? `select(${bounded}, ${x}, isNanByBits(${x}))` : bounded;
  },
  helpers: nonFiniteHelpers,
  // y = min(max(x, low), high)  =>  dx = dy where low <= x <= high, else 0
  gradient: (dy, [x], _, { min, max }) => {
    const above = min === null ? null : greaterOrEqual(x, min);
    const below = max === null ? null : lessOrEqual(x, max);
    const inside = above && below ? logicalAnd(above, below) : (above ?? below);
    return [inside ? where(inside, dy, 0) : dy];
  },
  simplify: ([x], _, { min, max }) => (min === null && max === null ? x : null),
});

/**
 * x, raised to `min` and then lowered to `max` (each optional): where `min` is greater than `max`, all is `max`. NaN stays.
 * The gradient passes where `min` ≤ x ≤ `max`.
 *
 * @throws ShapeError for a bound that is NaN, or that an integer x cannot take.
 */
export function clamp(x: Tensor, options: { min?: number; max?: number }): Tensor {
  const [lowest, highest] =
    { int32: [-(2 ** 31), 2 ** 31 - 1], uint32: [0, 2 ** 32 - 1] }[x.dtype as string] ?? [];
  const bound = (name: 'min' | 'max', ignored: number): number | null => {
    const value = options[name];
    if (value === undefined || value === ignored) return null;
    const fits =
      lowest === undefined
        ? !Number.isNaN(value)
        : Number.isInteger(value) && value >= lowest && value <= highest;
    if (!fits)
      throw new ShapeError(
        `${x.graph.path('clamp')}: ${name} is ${value}, which a tensor of ${x.dtype} cannot be`,
      );
    return value;
  };
  const attrs = { min: bound('min', Number.NEGATIVE_INFINITY), max: bound('max', Number.POSITIVE_INFINITY) };
  return applyOne(clampOp, [x], attrs);
}

const castHelpers = /* @__PURE__ */ helpers(
  /* wgsl */ `
fn truncateToI(x: F) -> I {
  let low = x < F(-2147483648.0);
  let high = x >= F(2147483648.0);
  let inside = I(select(x, F(0.0), low | high | isNanByBits(x)));
  return select(select(inside, I(-2147483647 - 1), low), I(2147483647), high);
}
fn truncateToU(x: F) -> U {
  let high = x >= F(4294967296.0);
  let inside = U(select(x, F(0.0), (x < F(0.0)) | high | isNanByBits(x)));
  return select(inside, U(4294967295u), high);
}
fn isNonzero(x: F) -> B { return (bitcast<U>(x) & U(0x7fffffffu)) != U(0u); }`,
  nonFiniteHelpers,
);

const castOp = /* @__PURE__ */ elementwise<{ readonly dtype: DType }>({
  name: 'cast',
  takes: 'any',
  dtype: (_, { dtype }) => dtype,
  scalar: ({ dtype }, from) => {
    if (!isFloat(from) || isFloat(dtype) || dtype === 'bool') return (x) => x;
    const [low, high] = dtype === 'int32' ? [-(2 ** 31), 2 ** 31 - 1] : [0, 2 ** 32 - 1];
    return (x) => (Number.isNaN(x) ? 0 : Math.trunc(Math.min(Math.max(x, low), high)));
  },
  wgsl: ([x], _, { operands: [from], result: to }) => {
    if (from === to) return x;
    if (from === 'B') return `select(${to}(0), ${to}(1), ${x})`;
    if (to === 'B') return from === 'F' ? `isNonzero(${x})` : `(${x} != ${from}(0))`;
    if (from === 'F') return `truncateTo${to}(${x})`;
    return to === 'F' ? `F(${x})` : `bitcast<${to}>(${x})`;
  },
  helpers: castHelpers,
  // y = x in another float type  =>  dx = dy
  gradient: (dy, [x]) => [isFloat(x.dtype) && isFloat(dy.dtype) ? cast(dy, x.dtype) : null],
  simplify: ([x], output) => (x.spec.dtype === output.dtype ? x : null),
});

/**
 * x as another dtype. A float becomes an integer by dropping its fraction; what is too large or too small becomes the largest or
 * smallest integer, NaN 0. int32 and uint32 share their 32 bits, so -1 becomes 4294967295. bool is 0 or 1, and everything
 * but 0 is true.
 *
 * @throws DTypeError where there is no such dtype.
 */
export function cast(x: Tensor, dtype: DType): Tensor {
  if (!dtypes.includes(dtype)) {
    throw new DTypeError(`${x.graph.path('cast')}: unknown dtype "${dtype}" (expected ${dtypes.join(', ')})`);
  }
  return x.dtype === dtype ? x : applyOne(castOp, [x], { dtype });
}

const stopGradientOp = /* @__PURE__ */ elementwise<null>({
  name: 'stopGradient',
  takes: 'any',
  scalar: () => (x) => x,
  wgsl: ([x]) => x,
  gradient: () => [null],
  stopsGradient: true,
  simplify: ([x]) => x,
});

/** x, through which no gradient flows. */
export function stopGradient(x: Tensor): Tensor {
  return applyOne(stopGradientOp, [x], null);
}
