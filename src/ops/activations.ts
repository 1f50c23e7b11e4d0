import { erfc } from '../core/errorFunction.ts';
import { literal } from '../graph/chain.ts';
import { applyOne, type Op, type Tensor, type TensorLike, toTensors } from '../graph/graph.ts';
import { abs, add, mul, neg, reciprocal, square, sub } from './arithmetic.ts';
import { clamp, greater, less, logicalAnd, where } from './comparison.ts';
import { elementwise } from './elementwise.ts';
import { erf, exp, tanh } from './math.ts';
import {
  erfHelpers,
  expHelpers,
  expm1Helpers,
  helpers,
  nonFiniteHelpers,
  sigmoidHelpers,
  softplusHelpers,
} from './mathWgsl.ts';

// Activations of one float. Where the gradient can be told from the output, it is, so that the input need not be kept.

/** An activation with numbers as attributes; `wgsl` and `gradient` are written for x. */
function activation<Attrs>(
  name: string,
  scalar: (attrs: Attrs) => (x: number) => number,
  wgsl: (x: string, attrs: Attrs) => string,
  helperTexts: readonly string[],
  gradient: (dy: Tensor, x: Tensor, y: Tensor, attrs: Attrs) => Tensor | null,
): Op<Attrs> {
  return elementwise<Attrs>({
    name,
    takes: 'float',
    scalar,
    wgsl: ([x], attrs) => wgsl(x, attrs),
    helpers: helperTexts,
    gradient: (dy, [x], y, attrs) => [gradient(dy, x, y, attrs)],
    flops: 10,
  });
}

function number(value: number): string {
  return literal(value, 'float32');
}

interface Alpha {
  readonly alpha: number;
}

interface AlphaBeta extends Alpha {
  readonly beta: number;
}

const identityOp = /* @__PURE__ */ elementwise<null>({
  name: 'identity',
  takes: 'any',
  scalar: () => (x) => x,
  wgsl: ([x]) => x,
  // y = x  =>  dx = dy
  gradient: (dy) => [dy],
  simplify: ([x]) => x,
});

/** x */
export function identity(x: Tensor): Tensor {
  return applyOne(identityOp, [x], null);
}

const stepOp = /* @__PURE__ */ activation<null>(
  'step',
  () => (x) => (x > 0 ? 1 : 0),
  (x) => `select(F(0.0), F(1.0), ${x} > F(0.0))`,
  [],
  () => null,
);

/** 1 where x > 0, else 0. No gradient. */
export function step(x: Tensor): Tensor {
  return applyOne(stepOp, [x], null);
}

const sigmoidOp = /* @__PURE__ */ activation<null>(
  'sigmoid',
  () => (x) => 1 / (1 + Math.exp(-x)),
  (x) => `accurateSigmoid(${x})`,
  sigmoidHelpers,
  // y = 1 / (1 + e^-x)  =>  dx = dy y (1 - y)
  (dy, _, y) => mul(dy, mul(y, sub(1, y))),
);

/** 1 / (1 + e^-x) */
export function sigmoid(x: Tensor): Tensor {
  return applyOne(sigmoidOp, [x], null);
}

const logSigmoidOp = /* @__PURE__ */ activation<null>(
  'logSigmoid',
  () => (x) => -softplusScalar(-x),
  (x) => `(-accurateSoftplus(-${x}))`,
  softplusHelpers,
  // y = -log(1 + e^-x)  =>  dx = dy / (1 + e^x)
  (dy, x) => mul(dy, sigmoid(neg(x))),
);

/** log sigmoid(x) = -softplus(-x) */
export function logSigmoid(x: Tensor): Tensor {
  return applyOne(logSigmoidOp, [x], null);
}

const reluOp = /* @__PURE__ */ elementwise<null>({
  name: 'relu',
  takes: 'number',
  scalar: () => (x) => Math.max(x, 0),
  wgsl: ([x], _, { result }) => {
    if (result !== 'F') return result === 'I' ? `max(${x}, I(0))` : x;
    // As bits, so that no compiler makes a max of it, which drops NaN.
    return `bitcast<F>(select(bitcast<U>(${x}), U(0u), ${x} < F(0.0)))`;
  },
  // y = max(x, 0)  =>  dx = dy where y > 0, else 0
  gradient: (dy, _, y) => [where(greater(y, 0), dy, 0)],
});

/** max(x, 0), of floats or integers. The gradient at 0 is 0. */
export function relu(x: Tensor): Tensor {
  return applyOne(reluOp, [x], null);
}

const leakyReluOp = /* @__PURE__ */ activation<Alpha>(
  'leakyRelu',
  ({ alpha }) =>
    (x) =>
      x < 0 ? alpha * x : x,
  (x, { alpha }) => `(${x} * select(F(1.0), ${number(alpha)}, ${x} < F(0.0)))`,
  [],
  // y = x where x > 0, else α x  =>  dx = dy or α dy; for α > 0, y has the sign of x
  (dy, x, y, { alpha }) => where(greater(alpha > 0 ? y : x, 0), dy, mul(dy, alpha)),
);

/** x where x ≥ 0, `alpha` x (default 0.01) elsewhere. The gradient at 0 is `alpha`. */
export function leakyRelu(x: Tensor, options: { alpha?: number } = {}): Tensor {
  return applyOne(leakyReluOp, [x], { alpha: options.alpha ?? 0.01 });
}

/** scale · (x where x > 0, else alpha (e^x - 1)): elu and selu. */
interface EluAttrs extends Alpha {
  readonly scale: number;
}

function eluLike(name: string): Op<EluAttrs> {
  return activation<EluAttrs>(
    name,
    ({ alpha, scale }) =>
      (x) =>
        scale * (x > 0 ? x : alpha * Math.expm1(x)),
    (x, { alpha, scale }) =>
      `(${number(scale)} * select(${number(alpha)} * accurateExpm1(${x}), ${x}, ${x} > F(0.0)))`,
    expm1Helpers,
    // y = s x where x > 0, else s α (e^x - 1)  =>  dx = s dy, else dy s α e^x = dy (y + s α); for s, α > 0, y has the sign of x
    (dy, x, y, { alpha, scale }) =>
      alpha > 0 && scale > 0
        ? where(greater(y, 0), mul(dy, scale), mul(dy, add(y, scale * alpha)))
        : where(greater(x, 0), mul(dy, scale), mul(dy, mul(exp(where(greater(x, 0), 0, x)), scale * alpha))),
  );
}

const eluOp = /* @__PURE__ */ eluLike('elu');

/** x where x > 0, `alpha` (e^x - 1) elsewhere; `alpha` is 1 by default (Clevert, Unterthiner, Hochreiter, 2015). */
export function elu(x: Tensor, options: { alpha?: number } = {}): Tensor {
  return applyOne(eluOp, [x], { alpha: options.alpha ?? 1, scale: 1 });
}

const seluOp = /* @__PURE__ */ eluLike('selu');

/** 1.0507… times elu with alpha 1.6732… (Klambauer et al., "Self-Normalizing Neural Networks", 2017); ONNX calls the factor gamma. */
export function selu(x: Tensor, options: { alpha?: number; gamma?: number } = {}): Tensor {
  const { alpha = 1.6732632423543772, gamma = 1.0507009873554805 } = options;
  return applyOne(seluOp, [x], { alpha, scale: gamma });
}

const celuOp = /* @__PURE__ */ activation<Alpha>(
  'celu',
  ({ alpha }) =>
    (x) =>
      x > 0 ? x : alpha * Math.expm1(x / alpha),
  (x, { alpha }) => `select(${number(alpha)} * accurateExpm1(${x} / ${number(alpha)}), ${x}, ${x} > F(0.0))`,
  expm1Helpers,
  // y = x where x > 0, else α (e^(x/α) - 1)  =>  dx = dy, else dy e^(x/α) = dy (y / α + 1); y has the sign of x
  (dy, _, y, { alpha }) => where(greater(y, 0), dy, mul(dy, add(mul(y, 1 / alpha), 1))),
);

/** x where x > 0, `alpha` (e^(x / `alpha`) - 1) elsewhere; `alpha` is 1 by default (Barron, 2017). */
export function celu(x: Tensor, options: { alpha?: number } = {}): Tensor {
  return applyOne(celuOp, [x], { alpha: options.alpha ?? 1 });
}

/** √(2/π) and the factor of x³ in the tanh approximation. */
const geluRoot = 0.7978845608028654;
const geluCube = 0.044715;

const geluOp = /* @__PURE__ */ activation<null>(
  'gelu',
  () => (x) => 0.5 * x * erfc(-x * Math.SQRT1_2),
  (x) => `(${x} * normalCdf(${x}))`,
  erfHelpers,
  // y = x Φ(x)  =>  dx = dy (Φ(x) + x φ(x)), Φ = (1 + erf(x / √2)) / 2, φ = e^(-x²/2) / √(2π)
  (dy, x) => {
    const cumulative = mul(add(erf(mul(x, Math.SQRT1_2)), 1), 0.5);
    const density = mul(exp(mul(square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return mul(dy, add(cumulative, mul(x, density)));
  },
);

const geluTanhOp = /* @__PURE__ */ activation<null>(
  'geluTanh',
  // (1 + tanh u) / 2 = 1 / (1 + e^(-2 u))
  () => (x) => x / (1 + Math.exp(-2 * geluRoot * (x + geluCube * x ** 3))),
  (x) => `(${x} * accurateSigmoid(F(1.5957691) * ${x} * (F(1.0) + F(0.044715) * ${x} * ${x})))`,
  sigmoidHelpers,
  // t = tanh u  =>  dx = dy ((1 + t) / 2 + x (1 - t²) u' / 2), u = r (x + c x³), u' = r (1 + 3 c x²). Beyond |x| = 30, t is ±1.
  (dy, x) => {
    const near = clamp(x, { min: -30, max: 30 });
    const squared = square(near);
    const t = tanh(mul(mul(near, add(mul(squared, geluCube), 1)), geluRoot));
    const slope = mul(add(mul(squared, 3 * geluCube), 1), geluRoot);
    return mul(dy, mul(add(add(t, 1), mul(near, mul(sub(1, square(t)), slope))), 0.5));
  },
);

/**
 * x Φ(x), where Φ is the normal distribution function (Hendrycks and Gimpel, 2016). `approximate: 'tanh'` is
 * x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2, as GPT-2 and BERT use it; 'none' is the default.
 */
export function gelu(x: Tensor, options: { approximate?: 'none' | 'tanh' } = {}): Tensor {
  return applyOne(options.approximate === 'tanh' ? geluTanhOp : geluOp, [x], null);
}

const siluOp = /* @__PURE__ */ activation<null>(
  'silu',
  () => (x) => x / (1 + Math.exp(-x)),
  (x) => `(${x} * accurateSigmoid(${x}))`,
  sigmoidHelpers,
  // y = x s, s = sigmoid(x)  =>  dx = dy s (1 + x (1 - s))
  (dy, x) => {
    const s = sigmoid(x);
    return mul(dy, mul(s, add(mul(x, sub(1, s)), 1)));
  },
);

/** x sigmoid(x), also called swish. */
export function silu(x: Tensor): Tensor {
  return applyOne(siluOp, [x], null);
}

const mishHelpers = /* @__PURE__ */ helpers(
  /* wgsl */ `
// tanh(log(1 + e)) = n / (n + 2), n = e (e + 2)
fn accurateMish(x: F) -> F {
  let e = accurateExp(min(x, F(20.0)));
  let n = e * (e + F(2.0));
  return x * (n / (n + F(2.0)));
}`,
  expHelpers,
);

const mishOp = /* @__PURE__ */ activation<null>(
  'mish',
  () => (x) => x * Math.tanh(softplusScalar(x)),
  (x) => `accurateMish(${x})`,
  mishHelpers,
  // y = x t, t = tanh(softplus(x))  =>  dx = dy (t + x (1 - t²) sigmoid(x))
  (dy, x) => {
    const t = tanh(softplus(x));
    return mul(dy, add(t, mul(x, mul(sub(1, square(t)), sigmoid(x)))));
  },
);

/** x tanh(softplus(x)) (Misra, 2019) */
export function mish(x: Tensor): Tensor {
  return applyOne(mishOp, [x], null);
}

function softplusScalar(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

const softplusOp = /* @__PURE__ */ activation<null>(
  'softplus',
  () => softplusScalar,
  (x) => `accurateSoftplus(${x})`,
  softplusHelpers,
  // y = log(1 + e^x)  =>  dx = dy sigmoid(x)
  (dy, x) => mul(dy, sigmoid(x)),
);

/** log(1 + e^x) */
export function softplus(x: Tensor): Tensor {
  return applyOne(softplusOp, [x], null);
}

const softsignOp = /* @__PURE__ */ activation<null>(
  'softsign',
  () => (x) => x / (1 + Math.abs(x)),
  (x) => `(${x} / (F(1.0) + abs(${x})))`,
  [],
  // y = x / (1 + |x|)  =>  dx = dy / (1 + |x|)²
  (dy, x) => mul(dy, square(reciprocal(add(abs(x), 1)))),
);

/** x / (1 + |x|) */
export function softsign(x: Tensor): Tensor {
  return applyOne(softsignOp, [x], null);
}

const hardSigmoidOp = /* @__PURE__ */ activation<AlphaBeta>(
  'hardSigmoid',
  ({ alpha, beta }) =>
    (x) =>
      Math.min(Math.max(alpha * x + beta, 0), 1),
  (x, { alpha, beta }) =>
    `select(clamp(${number(alpha)} * ${x} + ${number(beta)}, F(0.0), F(1.0)), ${x}, isNanByBits(${x}))`,
  nonFiniteHelpers,
  // y = min(max(α x + β, 0), 1)  =>  dx = α dy where 0 < y < 1, else 0
  (dy, _, y, { alpha }) => where(logicalAnd(greater(y, 0), less(y, 1)), mul(dy, alpha), 0),
);

/** `alpha` x + `beta` kept between 0 and 1; 0.2 and 0.5 by default, as in ONNX and WebNN (PyTorch: 1/6). */
export function hardSigmoid(x: Tensor, options: { alpha?: number; beta?: number } = {}): Tensor {
  return applyOne(hardSigmoidOp, [x], { alpha: options.alpha ?? 0.2, beta: options.beta ?? 0.5 });
}

const hardSwishOp = /* @__PURE__ */ activation<null>(
  'hardSwish',
  () => (x) => (x * Math.min(Math.max(x + 3, 0), 6)) / 6,
  (x) => `(${x} * (clamp(${x} + F(3.0), F(0.0), F(6.0)) * F(0.16666667)))`,
  [],
  // y = x (x + 3) / 6 for |x| < 3, else x or 0  =>  dx = dy (x / 3 + 1 / 2), else dy or 0
  (dy, x) => where(greater(x, -3), where(less(x, 3), mul(dy, add(mul(x, 1 / 3), 0.5)), dy), 0),
);

/** x min(max(x + 3, 0), 6) / 6 */
export function hardSwish(x: Tensor): Tensor {
  return applyOne(hardSwishOp, [x], null);
}

/** x kept between `min` (default -1) and `max` (default 1). */
export function hardTanh(x: Tensor, options: { min?: number; max?: number } = {}): Tensor {
  return clamp(x, { min: options.min ?? -1, max: options.max ?? 1 });
}

const thresholdedReluOp = /* @__PURE__ */ activation<Alpha>(
  'thresholdedRelu',
  ({ alpha }) =>
    (x) =>
      x <= alpha ? 0 : x,
  (x, { alpha }) => `select(${x}, F(0.0), ${x} <= ${number(alpha)})`,
  [],
  // y = x where x > α, else 0  =>  dx = dy or 0
  (dy, x, _, { alpha }) => where(greater(x, alpha), dy, 0),
);

/** x where x > `alpha` (default 1), 0 elsewhere. */
export function thresholdedRelu(x: Tensor, options: { alpha?: number } = {}): Tensor {
  return applyOne(thresholdedReluOp, [x], { alpha: options.alpha ?? 1 });
}

const preluOp = /* @__PURE__ */ elementwise<null>({
  name: 'prelu',
  takes: 'float',
  scalar: () => (x, slope) => (x < 0 ? slope * x : x),
  wgsl: ([x, slope]) => `select(${x}, ${slope} * ${x}, ${x} < F(0.0))`,
  // y = x where x > 0, else s x  =>  dx = dy or s dy, ds = 0 or dy x
  gradient: (dy, [x, slope]) => [
    where(greater(x, 0), dy, mul(dy, slope)),
    where(greater(x, 0), 0, mul(dy, x)),
  ],
});

/** x where x ≥ 0, `slope` x elsewhere; `slope` is learnt and broadcasts, [channels] against [batch, height, width, channels]. */
export function prelu(x: Tensor, slope: TensorLike): Tensor {
  return applyOne(preluOp, toTensors('prelu', [x, slope]), null);
}
