import { isFloat } from '../core/dtype.ts';
import { ShapeError } from '../core/errors.ts';
import { showShape, sizeOf } from '../core/shape.ts';
import { applyOne, type Tensor } from '../graph/graph.ts';
import { div, mul, neg, sign, sub } from './arithmetic.ts';
import { cast, equal, where } from './comparison.ts';
import { exp } from './math.ts';
import { additive, type Monoid, plainMonoid } from './monoid.ts';
import { attrsOf, reduceBy, reduction } from './reduction.ts';
import { type ReduceAttrs, type ReduceOptions, sum } from './sum.ts';

function total(values: Float64Array, term: (value: number) => number = (value) => value): number {
  return values.reduce((before, value) => before + term(value), 0);
}

function lengthAlong(x: Tensor, axes: readonly number[]): number {
  return sizeOf(axes.map((axis) => x.shape[axis]));
}

const meanOp = /* @__PURE__ */ reduction<ReduceAttrs>({
  name: 'mean',
  takes: 'float',
  reduce: (values) => total(values) / values.length,
  monoid: /* @__PURE__ */ additive({ result: 'state * params.scale' }),
  scale: (count) => 1 / count,
  // y = sum(x) / n  =>  dx = dy / n
  gradient: (dy, x, _, { axes }) => mul(dy, 1 / lengthAlong(x, axes)),
});

/**
 * Mean over `axes`, default all. Float dtypes. Shapes: [2, 3, 4] over axes [0, 2] gives [3], with keepDimensions [1, 3, 1].
 *
 * ```ts
 * const loss = mean(square(sub(prediction, target)));
 * ```
 *
 * @throws ShapeError where an axis is out of range or given twice, DTypeError where `x` is not a float tensor.
 */
export function mean(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduceBy(meanOp, x, options);
}

// y = max(x)  =>  dx = dy / k where x is one of the k elements that equal y, else 0
function shareAmongTies(dy: Tensor, x: Tensor, y: Tensor, { axes }: ReduceAttrs): Tensor {
  const ties = cast(equal(x, y), x.dtype);
  return mul(ties, div(dy, sum(ties, { axes, keepDimensions: true })));
}

const maxOp = /* @__PURE__ */ reduction<ReduceAttrs>({
  name: 'max',
  takes: 'number',
  reduce: (values) => values.reduce((a, b) => Math.max(a, b)),
  monoid: /* @__PURE__ */ plainMonoid({ combine: 'max(a, b)' }),
  gradient: shareAmongTies,
});

/**
 * Largest element over `axes`, default all. Float and integer dtypes. Equal largest elements share the gradient equally,
 * as in PyTorch's `amax`. For the larger of two tensors see `maximum`.
 *
 * @throws ShapeError where an axis is out of range or given twice, DTypeError for bool.
 */
export function max(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduceBy(maxOp, x, options);
}

const minOp = /* @__PURE__ */ reduction<ReduceAttrs>({
  name: 'min',
  takes: 'number',
  reduce: (values) => values.reduce((a, b) => Math.min(a, b)),
  monoid: /* @__PURE__ */ plainMonoid({ combine: 'min(a, b)' }),
  gradient: shareAmongTies,
});

/** Smallest element over `axes`; else as `max`. */
export function min(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduceBy(minOp, x, options);
}

const prodOp = /* @__PURE__ */ reduction<ReduceAttrs>({
  name: 'prod',
  takes: 'number',
  // Integers wrap after each factor: their full product has more digits than float64.
  reduce: (values, _, dtype) => values.reduce((a, b) => (isFloat(dtype) ? a * b : Math.imul(a, b)), 1),
  monoid: /* @__PURE__ */ plainMonoid({ empty: 'V(1)', combine: 'a * b' }),
  // dx[i] = dy prod of x[j] over j != i: without zeros y / x[i]; where x[i] is the only zero the product of the others;
  // where another one is zero 0
  gradient(dy, x, _, { axes }) {
    const isZero = equal(x, 0);
    const zeros = sum(cast(isZero, x.dtype), { axes, keepDimensions: true });
    const nonZero = where(isZero, 1, x);
    const rest = div(prod(nonZero, { axes, keepDimensions: true }), nonZero);
    return mul(dy, where(equal(zeros, cast(isZero, x.dtype)), rest, 0));
  },
});

/**
 * Product over `axes`, default all. Float and integer dtypes; integers wrap. The gradient holds where elements are zero, too;
 * second derivatives hold only where none is.
 *
 * @throws ShapeError where an axis is out of range or given twice, DTypeError for bool.
 */
export function prod(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduceBy(prodOp, x, options);
}

const sumOfSquaresOp = /* @__PURE__ */ reduction<ReduceAttrs>({
  name: 'sumOfSquares',
  takes: 'number',
  reduce: (values, _, dtype) => total(values, (x) => (isFloat(dtype) ? x * x : Math.imul(x, x))),
  monoid: /* @__PURE__ */ additive({ lift: 'x * x' }),
  // y = sum x²  =>  dx = 2 x dy
  gradient: (dy, x) => mul(mul(x, 2), dy),
});

/** Sum of squares over `axes`, default all. Float and integer dtypes; integers wrap. Errors as of `sum`. */
export function sumOfSquares(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduceBy(sumOfSquaresOp, x, options);
}

const l1NormOp = /* @__PURE__ */ reduction<ReduceAttrs>({
  name: 'l1Norm',
  takes: 'number',
  reduce: (values) => total(values, Math.abs),
  monoid: /* @__PURE__ */ additive({ lift: 'abs(x)' }),
  // y = sum |x|  =>  dx = sign(x) dy
  gradient: (dy, x) => mul(sign(x), dy),
});

/** Sum of absolute values over `axes`, default all. Float and integer dtypes. The gradient at 0 is 0. Errors as of `sum`. */
export function l1Norm(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduceBy(l1NormOp, x, options);
}

const l2NormOp = /* @__PURE__ */ reduction<ReduceAttrs>({
  name: 'l2Norm',
  takes: 'float',
  reduce: (values) => Math.sqrt(total(values, (x) => x * x)),
  monoid: /* @__PURE__ */ additive({ lift: 'x * x', result: 'sqrt(state)' }),
  // y = sqrt(sum x²)  =>  dx = dy x / y, and 0 where y = 0
  gradient: (dy, x, y) => mul(x, div(dy, where(equal(y, 0), 1, y))),
});

/**
 * Euclidean norm over `axes`, default all: the square root of the sum of squares. Float dtypes. The gradient of a zero
 * vector is 0. Errors as of `mean`.
 */
export function l2Norm(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduceBy(l2NormOp, x, options);
}

const logSumOp = /* @__PURE__ */ reduction<ReduceAttrs>({
  name: 'logSum',
  takes: 'float',
  reduce: (values) => Math.log(total(values)),
  monoid: /* @__PURE__ */ additive({ result: 'log(state)' }),
  // y = log(sum x)  =>  dx = dy / sum x = dy exp(-y)
  gradient: (dy, _, y) => mul(dy, exp(neg(y))),
});

/** Logarithm of the sum over `axes`, default all. Float dtypes; the sums must be positive. Errors as of `mean`. */
export function logSum(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduceBy(logSumOp, x, options);
}

const logSumExpOp = /* @__PURE__ */ reduction<ReduceAttrs>({
  name: 'logSumExp',
  takes: 'float',
  reduce(values) {
    const largest = values.reduce((a, b) => Math.max(a, b));
    return Number.isFinite(largest)
      ? largest + Math.log(total(values, (x) => Math.exp(x - largest)))
      : largest;
  },
  // The largest element so far and the sum of exp(x - largest).
  monoid: {
    text: `struct State { largest: V, sum: V }
fn start(first: V) -> State { return State(V(-3.4028234e38), V()); }
fn empty(any: State) -> State { return State(V(-3.4028234e38), V()); }
fn combine(a: State, b: State) -> State {
  let largest = max(a.largest, b.largest);
  return State(largest, a.sum * exp(a.largest - largest) + b.sum * exp(b.largest - largest));
}
fn accumulate(state: State, x: V, index: u32) -> State {
  let change = x - state.largest;
  let scaled = exp(-abs(change));
  return State(max(state.largest, x), select(state.sum + scaled, state.sum * scaled + V(1.0), change > V()));
}
fn result(state: State) -> Result { return state.largest + log(state.sum); }`,
    bytes: [8, 32],
  },
  // y = log(sum exp(x))  =>  dx = dy exp(x - y). Where y is large, its rounding is a factor that all of them share; they add up to 1.
  gradient(dy, x, y, { axes }) {
    const shares = exp(sub(x, y));
    return mul(shares, div(dy, sum(shares, { axes, keepDimensions: true })));
  },
});

/**
 * log(sum(exp(x))) over `axes`, default all, computed so that no exp overflows. Float dtypes. Errors as of `mean`.
 *
 * ```ts
 * const logProbability = sub(logits, logSumExp(logits, { axes: [-1], keepDimensions: true }));
 * ```
 */
export function logSumExp(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduceBy(logSumExpOp, x, options);
}

export interface VarianceAttrs extends ReduceAttrs {
  readonly correction: number;
}

export interface VarianceOptions extends ReduceOptions {
  /** What is taken off the number of elements before dividing: 0 (default), or 1 for the unbiased estimate. */
  correction?: number;
}

function varianceOf(values: Float64Array, correction: number): number {
  const center = total(values) / values.length;
  return total(values, (x) => (x - center) ** 2) / (values.length - correction);
}

/**
 * State: number of elements, their mean, the sum of squared deviations from it. All of it is of the difference to the first
 * element, so that no digits are lost where the mean is much larger than the deviations.
 */
function moments(finish: string): Monoid {
  return {
    // Welford, 1962, for one more element; Chan, Golub and LeVeque, 1983, for two parts.
    text: `struct State { count: f32, mean: V, squares: V }
var<private> origin: V;
fn start(first: V) -> State {
  origin = first;
  return State(0.0, V(), V());
}
fn empty(any: State) -> State { return State(0.0, V(), V()); }
fn combine(a: State, b: State) -> State {
  let count = a.count + b.count;
  let share = b.count / max(count, 1.0);
  let delta = b.mean - a.mean;
  return State(count, a.mean + delta * share, a.squares + b.squares + delta * delta * (a.count * share));
}
fn accumulate(state: State, x: V, index: u32) -> State {
  let count = state.count + 1.0;
  let delta = x - origin - state.mean;
  let step = delta / count;
  return State(count, state.mean + step, state.squares + delta * (delta - step));
}
fn result(state: State) -> Result { return ${finish}; }`,
    bytes: [12, 48],
  };
}

const varianceOp = /* @__PURE__ */ reduction<VarianceAttrs>({
  name: 'variance',
  takes: 'float',
  reduce: (values, { correction }) => varianceOf(values, correction),
  monoid: /* @__PURE__ */ moments('state.squares * params.scale'),
  scale: (count, { correction }) => 1 / (count - correction),
  // y = sum (x - m)² / (n - c)  =>  dx = 2 dy (x - m) / (n - c); the terms through m cancel
  gradient(dy, x, _, { axes, correction }) {
    const deviation = sub(x, mean(x, { axes, keepDimensions: true }));
    return mul(mul(deviation, 2 / (lengthAlong(x, axes) - correction)), dy);
  },
});

/**
 * Mean squared deviation from the mean over `axes`, default all. Float dtypes. Stable where the mean is much larger than the
 * deviations.
 *
 * @throws ShapeError where an axis is out of range or given twice, or fewer elements fall together than `correction` leaves
 *   any of; DTypeError where `x` is not a float tensor.
 */
export function variance(x: Tensor, options: VarianceOptions = {}): Tensor {
  return applyOne(varianceOp, [x], varianceAttrs('variance', x, options));
}

const standardDeviationOp = /* @__PURE__ */ reduction<VarianceAttrs>({
  name: 'standardDeviation',
  takes: 'float',
  reduce: (values, { correction }) => Math.sqrt(varianceOf(values, correction)),
  monoid: /* @__PURE__ */ moments('sqrt(state.squares * params.scale)'),
  scale: (count, { correction }) => 1 / (count - correction),
  // y = sqrt(v)  =>  dx = dy (x - m) / ((n - c) y), and 0 where y = 0
  gradient(dy, x, y, { axes, correction }) {
    const deviation = sub(x, mean(x, { axes, keepDimensions: true }));
    return mul(mul(deviation, 1 / (lengthAlong(x, axes) - correction)), div(dy, where(equal(y, 0), 1, y)));
  },
});

/** Square root of the variance. The gradient of equal elements is 0. Errors as of `variance`. */
export function standardDeviation(x: Tensor, options: VarianceOptions = {}): Tensor {
  return applyOne(standardDeviationOp, [x], varianceAttrs('standardDeviation', x, options));
}

function varianceAttrs(name: string, x: Tensor, options: VarianceOptions): VarianceAttrs {
  const attrs = attrsOf(name, x, options);
  const correction = options.correction ?? 0;
  const count = lengthAlong(x, attrs.axes);
  if (!(correction < count)) {
    throw new ShapeError(
      `${x.graph.path(name)}: correction ${correction} needs more than ${correction} elements, axes ${showShape(attrs.axes)} of ${showShape(x.shape)} have ${count}`,
    );
  }
  return { ...attrs, correction };
}

const anyOp = /* @__PURE__ */ reduction<ReduceAttrs>({
  name: 'any',
  takes: 'bool',
  reduce: (values) => Number(values.some((value) => value !== 0)),
  monoid: /* @__PURE__ */ plainMonoid({ combine: 'a | b' }),
});

/** Whether any element over `axes`, default all, is true. bool in, bool out; DTypeError for other dtypes. */
export function any(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduceBy(anyOp, x, options);
}

const allOp = /* @__PURE__ */ reduction<ReduceAttrs>({
  name: 'all',
  takes: 'bool',
  reduce: (values) => Number(values.every((value) => value !== 0)),
  monoid: /* @__PURE__ */ plainMonoid({ combine: 'a & b' }),
});

/** Whether all elements over `axes`, default all, are true. bool in, bool out; DTypeError for other dtypes. */
export function all(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduceBy(allOp, x, options);
}
