import { erf as erfScalar } from '../core/errorFunction.ts';
import { applyOne, type Op, type Tensor } from '../graph/graph.ts';
import { add, div, mul, neg, reciprocal, rsqrt, square, sub } from './arithmetic.ts';
import { elementwise } from './elementwise.ts';
import {
  asinHelpers,
  asinhHelpers,
  atanHelpers,
  erfHelpers,
  expHelpers,
  expm1Helpers,
  log1pHelpers,
  logHelpers,
  sinHelpers,
  sinhHelpers,
  tanhHelpers,
} from './mathWgsl.ts';

// Functions of one float, NaN outside their domain. On the GPU all are within 5 units in the last place of float32 of the exact
// value (measured, see mathWgsl.ts); results below 1.2e-38 may be 0.

function math(
  name: string,
  scalar: (x: number) => number,
  /** The WGSL function and what it needs. */
  call: string,
  helpers: readonly string[],
  gradient: (dy: Tensor, x: Tensor, y: Tensor) => Tensor,
): Op<null> {
  return elementwise<null>({
    name,
    takes: 'float',
    scalar: () => scalar,
    wgsl: ([x]) => `${call}(${x})`,
    helpers,
    gradient: (dy, [x], y) => [gradient(dy, x, y)],
    flops: 10,
  });
}

// y = e^x  =>  dx = dy y
const expOp = /* @__PURE__ */ math('exp', Math.exp, 'accurateExp', expHelpers, (dy, _, y) => mul(dy, y));

/** e^x */
export function exp(x: Tensor): Tensor {
  return applyOne(expOp, [x], null);
}

// y = e^x - 1  =>  dx = dy (y + 1)
const expm1Op = /* @__PURE__ */ math('expm1', Math.expm1, 'accurateExpm1', expm1Helpers, (dy, _, y) =>
  mul(dy, add(y, 1)),
);

/** e^x - 1, accurate for small x. */
export function expm1(x: Tensor): Tensor {
  return applyOne(expm1Op, [x], null);
}

// y = log x  =>  dx = dy / x
const logOp = /* @__PURE__ */ math('log', Math.log, 'accurateLog', logHelpers, (dy, x) => div(dy, x));

/** Natural logarithm: -∞ at 0, NaN below. */
export function log(x: Tensor): Tensor {
  return applyOne(logOp, [x], null);
}

// y = log(1 + x)  =>  dx = dy / (1 + x)
const log1pOp = /* @__PURE__ */ math('log1p', Math.log1p, 'accurateLog1p', log1pHelpers, (dy, x) =>
  div(dy, add(x, 1)),
);

/** log(1 + x), accurate for small x. */
export function log1p(x: Tensor): Tensor {
  return applyOne(log1pOp, [x], null);
}

// y = sin x  =>  dx = dy cos x
const sinOp = /* @__PURE__ */ math('sin', Math.sin, 'accurateSin', sinHelpers, (dy, x) => mul(dy, cos(x)));

/** sin x. Accurate up to |x| = 50000; from there on as if x had a relative error of 1e-7. */
export function sin(x: Tensor): Tensor {
  return applyOne(sinOp, [x], null);
}

// y = cos x  =>  dx = -dy sin x
const cosOp = /* @__PURE__ */ math('cos', Math.cos, 'accurateCos', sinHelpers, (dy, x) =>
  neg(mul(dy, sin(x))),
);

/** cos x. Accurate up to |x| = 50000; from there on as if x had a relative error of 1e-7. */
export function cos(x: Tensor): Tensor {
  return applyOne(cosOp, [x], null);
}

// y = tan x  =>  dx = dy (1 + y²)
const tanOp = /* @__PURE__ */ math('tan', Math.tan, 'accurateTan', sinHelpers, (dy, _, y) =>
  mul(dy, add(square(y), 1)),
);

/** tan x. Accurate up to |x| = 50000; from there on as if x had a relative error of 1e-7. */
export function tan(x: Tensor): Tensor {
  return applyOne(tanOp, [x], null);
}

/** 1 / √(1 - x²), with the difference taken where nothing cancels. */
function slopeOfAsin(x: Tensor): Tensor {
  return rsqrt(mul(sub(1, x), add(x, 1)));
}

// y = asin x  =>  dx = dy / √(1 - x²)
const asinOp = /* @__PURE__ */ math('asin', Math.asin, 'accurateAsin', asinHelpers, (dy, x) =>
  mul(dy, slopeOfAsin(x)),
);

/** asin x, from -π/2 to π/2; NaN beyond |x| = 1. */
export function asin(x: Tensor): Tensor {
  return applyOne(asinOp, [x], null);
}

// y = acos x  =>  dx = -dy / √(1 - x²)
const acosOp = /* @__PURE__ */ math('acos', Math.acos, 'accurateAcos', asinHelpers, (dy, x) =>
  neg(mul(dy, slopeOfAsin(x))),
);

/** acos x, from 0 to π; NaN beyond |x| = 1. */
export function acos(x: Tensor): Tensor {
  return applyOne(acosOp, [x], null);
}

// y = atan x  =>  dx = dy / (1 + x²)
const atanOp = /* @__PURE__ */ math('atan', Math.atan, 'accurateAtan', atanHelpers, (dy, x) =>
  div(dy, add(square(x), 1)),
);

/** atan x, from -π/2 to π/2. */
export function atan(x: Tensor): Tensor {
  return applyOne(atanOp, [x], null);
}

// y = sinh x  =>  dx = dy cosh x
const sinhOp = /* @__PURE__ */ math('sinh', Math.sinh, 'accurateSinh', sinhHelpers, (dy, x) =>
  mul(dy, cosh(x)),
);

/** sinh x = (e^x - e^-x) / 2 */
export function sinh(x: Tensor): Tensor {
  return applyOne(sinhOp, [x], null);
}

// y = cosh x  =>  dx = dy sinh x
const coshOp = /* @__PURE__ */ math('cosh', Math.cosh, 'accurateCosh', sinhHelpers, (dy, x) =>
  mul(dy, sinh(x)),
);

/** cosh x = (e^x + e^-x) / 2 */
export function cosh(x: Tensor): Tensor {
  return applyOne(coshOp, [x], null);
}

// y = tanh x  =>  dx = dy (1 - y²)
const tanhOp = /* @__PURE__ */ math('tanh', Math.tanh, 'accurateTanh', tanhHelpers, (dy, _, y) =>
  mul(dy, sub(1, square(y))),
);

/** tanh x; exactly ±1 for large |x|. */
export function tanh(x: Tensor): Tensor {
  return applyOne(tanhOp, [x], null);
}

// y = asinh x  =>  dx = dy / √(1 + x²)
const asinhOp = /* @__PURE__ */ math('asinh', Math.asinh, 'accurateAsinh', asinhHelpers, (dy, x) =>
  mul(dy, rsqrt(add(square(x), 1))),
);

/** asinh x = log(x + √(x² + 1)) */
export function asinh(x: Tensor): Tensor {
  return applyOne(asinhOp, [x], null);
}

// y = acosh x  =>  dx = dy / √(x² - 1)
const acoshOp = /* @__PURE__ */ math('acosh', Math.acosh, 'accurateAcosh', asinhHelpers, (dy, x) =>
  mul(dy, rsqrt(mul(sub(x, 1), add(x, 1)))),
);

/** acosh x = log(x + √(x² - 1)); NaN below 1. */
export function acosh(x: Tensor): Tensor {
  return applyOne(acoshOp, [x], null);
}

// y = atanh x  =>  dx = dy / (1 - x²)
const atanhOp = /* @__PURE__ */ math('atanh', Math.atanh, 'accurateAtanh', asinhHelpers, (dy, x) =>
  mul(dy, reciprocal(mul(sub(1, x), add(x, 1)))),
);

/** atanh x = log((1 + x) / (1 - x)) / 2; infinite at ±1, NaN beyond. */
export function atanh(x: Tensor): Tensor {
  return applyOne(atanhOp, [x], null);
}

// y = erf x  =>  dx = dy 2/√π e^(-x²)
const erfOp = /* @__PURE__ */ math('erf', erfScalar, 'accurateErf', erfHelpers, (dy, x) =>
  mul(dy, mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI))),
);

/** The error function, 2/√π ∫₀ˣ e^(-t²) dt. */
export function erf(x: Tensor): Tensor {
  return applyOne(erfOp, [x], null);
}
