/**
 * WGSL for the functions that WGSL itself has not, or has only roughly: its tanh may be off by 1e-5 and overflow, its sin by
 * 2^-11, its log near 1 by all of the result, its exp by 3 + 2|x| units in the last place.
 *
 * Everything is written over the aliases `F`, `I`, `U`, `B` (f32, i32, u32, bool, or their vec4) and the variable
 * `nonFiniteBits` that chains declare, so that one text serves both widths. Compilers may reassociate and fuse:
 * where a step relies on an exact product or difference, losing that costs a few units in the last place, no more.
 * Polynomials are minimax fits for these ranges, with relative errors below 2e-8 (scaledErfc: 6e-8).
 *
 * Largest error measured, in units in the last place of float32, against float64, over all magnitudes, with Tint and with naga on
 * SwiftShader: exp, expm1, log, tanh, cosh, acos, erf 1; sigmoid, log1p, softplus, sinh, asinh, sin, cos 2; tan, asin, atan,
 * acosh, atanh 3; pow 4; normalCdf 5; the remainder is exact. Results below 1.2e-38 may be 0.
 *
 * A list holds the texts that a function needs, its own last; texts that two lists share are emitted once.
 */
type Helpers = readonly string[];

/** `text` with all that it calls. */
export function helpers(text: string, ...called: readonly Helpers[]): Helpers {
  return [...new Set(called.flat()), text];
}

/** Tests by bits, since compilers may assume that NaN does not occur. */
export const nonFiniteHelpers: Helpers = /* @__PURE__ */ helpers(/* wgsl */ `
fn isNanByBits(x: F) -> B { return (bitcast<U>(x) & U(0x7fffffffu)) > U(0x7f800000u); }
fn isInfiniteByBits(x: F) -> B { return (bitcast<U>(x) & U(0x7fffffffu)) == U(0x7f800000u); }
fn infinity() -> F { return bitcast<F>(U(nonFiniteBits)); }
fn notANumber() -> F { return bitcast<F>(U(nonFiniteBits | 0x400000u)); }`);

/** The magnitude of one number with the sign of another. */
const signHelpers: Helpers = /* @__PURE__ */ helpers(/* wgsl */ `
fn withSignOf(magnitude: F, x: F) -> F {
  return bitcast<F>((bitcast<U>(magnitude) & U(0x7fffffffu)) | (bitcast<U>(x) & U(0x80000000u)));
}`);

/** x 2^n for n from -252 to 254; two steps, so that results below 2^-126 and overflow come out right. */
const scaleHelpers: Helpers = /* @__PURE__ */ helpers(/* wgsl */ `
fn timesPowerOfTwo(x: F, n: I) -> F {
  let half = n >> U(1u);
  return (x * bitcast<F>((half + I(127)) << U(23u))) * bitcast<F>((n - half + I(127)) << U(23u));
}
// e^r - 1 for |r| <= 0.35
fn expm1OfSmall(r: F) -> F {
  let p = F(0.5) + r * (F(0.16666666) + r * (F(0.04166636) + r * (F(0.00833339) + r * (F(0.0013940892) + r * F(0.00019845899)))));
  return r + r * r * p;
}`);

/** `accurateExp(x)`, and `expOfSum(x, low, offset)` = e^(x + low) 2^offset for a small `low` that x has no room for. */
export const expHelpers: Helpers = /* @__PURE__ */ helpers(
  /* wgsl */ `
fn expOfSum(x: F, low: F, offset: I) -> F {
  // x = n ln 2 + r, ln 2 in two parts of which the first has 9 bits. The bounds keep NaN.
  let bounded = select(select(x, F(91.0), x > F(91.0)), F(-105.0), x < F(-105.0));
  let n = round((bounded + low) * F(1.442695));
  let r = ((bounded - n * F(0.693359375)) + n * F(2.1219444e-4)) + low;
  return timesPowerOfTwo(F(1.0) + expm1OfSmall(r), I(n) + offset);
}
fn accurateExp(x: F) -> F { return expOfSum(x, F(0.0), I(0)); }`,
  scaleHelpers,
);

/** `accurateExpm1(x)` = e^x - 1 */
export const expm1Helpers: Helpers = /* @__PURE__ */ helpers(
  /* wgsl */ `
fn accurateExpm1(x: F) -> F {
  // e^x - 1 = 2^n ((e^r - 1) + (1 - 2^-n))
  let bounded = select(select(x, F(91.0), x > F(91.0)), F(-20.0), x < F(-20.0));
  let n = round(bounded * F(1.442695));
  let r = (bounded - n * F(0.693359375)) + n * F(2.1219444e-4);
  let inverse = bitcast<F>((I(127) - min(I(n), I(64))) << U(23u));
  return timesPowerOfTwo(expm1OfSmall(r) + (F(1.0) - inverse), I(n));
}`,
  scaleHelpers,
);

/** `binaryParts(x)`: x = (1 + fraction) 2^exponent with 1 + fraction from sqrt(1/2) to sqrt(2), for x > 0. */
const binaryPartsHelpers: Helpers = /* @__PURE__ */ helpers(/* wgsl */ `
struct BinaryParts { fraction: F, exponent: F }
fn binaryParts(x: F) -> BinaryParts {
  // Subnormal numbers may count as 0 in arithmetic, but their bits, read as an integer, are x 2^149.
  let bits = bitcast<U>(x);
  let subnormal = bits < U(0x00800000u);
  let shifted = select(bits, bitcast<U>(F(bits)), subnormal) + U(0x004afb0du);
  let exponent = I(shifted >> U(23u)) - select(I(127), I(276), subnormal);
  return BinaryParts(bitcast<F>((shifted & U(0x007fffffu)) + U(0x3f3504f3u)) - F(1.0), F(exponent));
}`);

const logPartsHelpers: Helpers = /* @__PURE__ */ helpers(
  /* wgsl */ `
// log((1 + f) 2^n) for f from sqrt(1/2) - 1 to sqrt(2) - 1
fn logOfParts(f: F, n: F) -> F {
  let p = F(0.33333313) + f * (F(-0.2500001) + f * (F(0.20002125) + f * (F(-0.16667981) + f * (F(0.14219393)
    + f * (F(-0.124057375) + f * (F(0.11889609) + f * (F(-0.11675446) + f * F(0.06742981))))))));
  let square = f * f;
  return n * F(0.693359375) + (f + (square * (f * p - F(0.5)) - n * F(2.1219444e-4)));
}
// What log gives for x <= 0, infinity and NaN; \`regular\` for all others.
fn logOrSpecial(x: F, regular: F) -> F {
  let bits = bitcast<U>(x);
  let invalid = select(regular, notANumber(), bits > U(0x7f800000u));
  let large = select(invalid, x, ((bits & U(0x7fffffffu)) >= U(0x7f800000u)) & (bits != U(0xff800000u)));
  return select(large, -infinity(), (bits & U(0x7fffffffu)) == U(0u));
}`,
  nonFiniteHelpers,
);

/** `accurateLog(x)` */
export const logHelpers: Helpers = /* @__PURE__ */ helpers(
  /* wgsl */ `
fn accurateLog(x: F) -> F {
  let parts = binaryParts(x);
  return logOrSpecial(x, logOfParts(parts.fraction, parts.exponent));
}`,
  binaryPartsHelpers,
  logPartsHelpers,
);

/** `accurateLog1p(x)` = log(1 + x) */
export const log1pHelpers: Helpers = /* @__PURE__ */ helpers(
  /* wgsl */ `
fn accurateLog1p(x: F) -> F {
  let parts = binaryParts(F(1.0) + x);
  let near = (x > F(-0.2928)) & (x < F(0.4142));
  let regular = logOfParts(select(parts.fraction, x, near), select(parts.exponent, F(0.0), near));
  return select(logOrSpecial(F(1.0) + x, regular), regular, near);
}`,
  binaryPartsHelpers,
  logPartsHelpers,
);

/** `accurateSigmoid(x)` = 1 / (1 + e^-x) */
export const sigmoidHelpers: Helpers = /* @__PURE__ */ helpers(
  /* wgsl */ `
fn accurateSigmoid(x: F) -> F {
  let z = accurateExp(-abs(x));
  return select(z, F(1.0), x >= F(0.0)) / (F(1.0) + z);
}`,
  expHelpers,
);

/** `accurateTanh(x)`: exactly 1 or -1 from |x| = 10 on. */
export const tanhHelpers: Helpers = /* @__PURE__ */ helpers(
  /* wgsl */ `
fn accurateTanh(x: F) -> F {
  let a = abs(x);
  let q = x * x;
  let p = F(-0.3333328) + q * (F(0.13331442) + q * (F(-0.053739715) + q * (F(0.020639092) + q * F(-0.005704991))));
  let z = accurateExp(F(-2.0) * a);
  return select(withSignOf(F(1.0) - F(2.0) * z / (F(1.0) + z), x), x + x * q * p, a < F(0.625));
}`,
  expHelpers,
  signHelpers,
);

/** `accurateSoftplus(x)` = log(1 + e^x) */
export const softplusHelpers: Helpers = /* @__PURE__ */ helpers(
  /* wgsl */ `
fn accurateSoftplus(x: F) -> F {
  return select(x, F(0.0), x < F(0.0)) + accurateLog1p(accurateExp(-abs(x)));
}`,
  expHelpers,
  log1pHelpers,
);

/** `accurateSinh(x)` and `accurateCosh(x)` */
export const sinhHelpers: Helpers = /* @__PURE__ */ helpers(
  /* wgsl */ `
fn accurateSinh(x: F) -> F {
  let q = x * x;
  let p = F(0.16666667) + q * (F(0.00833335) + q * (F(0.0001983616) + q * F(2.8169513e-6)));
  let half = expOfSum(abs(x), F(0.0), I(-1));
  return select(withSignOf(half - F(0.25) / half, x), x + x * q * p, abs(x) < F(1.0));
}
fn accurateCosh(x: F) -> F {
  let half = expOfSum(abs(x), F(0.0), I(-1));
  return half + F(0.25) / half;
}`,
  expHelpers,
  signHelpers,
);

/** `accurateAsinh(x)`, `accurateAcosh(x)`, `accurateAtanh(x)` */
export const asinhHelpers: Helpers = /* @__PURE__ */ helpers(
  /* wgsl */ `
fn accurateAsinh(x: F) -> F {
  // log(a + sqrt(a² + 1)); for large a: log(2 a)
  let a = abs(x);
  let large = a > F(1e4);
  let argument = select(a + a * a / (F(1.0) + sqrt(a * a + F(1.0))), a - F(1.0), large);
  return withSignOf(accurateLog1p(argument) + select(F(0.0), F(0.6931472), large), x);
}
fn accurateAcosh(x: F) -> F {
  let t = x - F(1.0);
  let large = x > F(1e4);
  let argument = select(t + sqrt(t * (t + F(2.0))), t, large);
  return select(accurateLog1p(argument) + select(F(0.0), F(0.6931472), large), notANumber(), x < F(1.0));
}
fn accurateAtanh(x: F) -> F {
  let a = abs(x);
  let inside = F(0.5) * accurateLog1p(F(2.0) * a / (F(1.0) - a));
  return withSignOf(select(select(inside, infinity(), a == F(1.0)), notANumber(), a > F(1.0)), x);
}`,
  log1pHelpers,
  signHelpers,
);

/** `accurateSin(x)`, `accurateCos(x)`, `accurateTan(x)` */
export const sinHelpers: Helpers = /* @__PURE__ */ helpers(/* wgsl */ `
struct Angle { r: F, quarter: I }
// x = quarter π/2 + r, |r| <= π/4 (Cody and Waite): π/2 in four parts, the first three of 9 bits, so that their products with
// up to 2^15 quarters are exact. Beyond |x| = 50000 the error grows as x does.
fn reduceAngle(x: F) -> Angle {
  let n = round(x * F(0.63661975));
  let r = ((x - n * F(1.5703125)) - n * F(4.8351288e-4)) - n * F(3.1385571e-7) - n * F(6.0771006e-11);
  return Angle(r, I(n));
}
fn sinOfSmall(r: F) -> F {
  let q = r * r;
  return r + r * q * (F(-0.16666654) + q * (F(0.00833215) + q * F(-0.00019513788)));
}
fn cosOfSmall(r: F) -> F {
  let q = r * r;
  return F(1.0) - (F(0.5) * q - q * q * (F(0.041666646) + q * (F(-0.0013887354) + q * F(2.4436795e-5))));
}
fn sinOfQuarter(r: F, quarter: I) -> F {
  let value = select(sinOfSmall(r), cosOfSmall(r), (quarter & I(1)) == I(1));
  return select(value, -value, (quarter & I(2)) == I(2));
}
fn accurateSin(x: F) -> F {
  let angle = reduceAngle(x);
  return sinOfQuarter(angle.r, angle.quarter);
}
fn accurateCos(x: F) -> F {
  let angle = reduceAngle(x);
  return sinOfQuarter(angle.r, angle.quarter + I(1));
}
fn accurateTan(x: F) -> F {
  let angle = reduceAngle(x);
  let sine = sinOfSmall(angle.r);
  let cosine = cosOfSmall(angle.r);
  let odd = (angle.quarter & I(1)) == I(1);
  return select(sine, -cosine, odd) / select(cosine, sine, odd);
}`);

/** `accurateAsin(x)`, `accurateAcos(x)` */
export const asinHelpers: Helpers = /* @__PURE__ */ helpers(
  /* wgsl */ `
fn asinOfSmall(x: F) -> F {
  let q = x * x;
  return x + x * q * (F(0.16666752) + q * (F(0.074952975) + q * (F(0.04547037) + q * (F(0.024179528) + q * F(0.042166285)))));
}
// asin x = π/2 - 2 asin sqrt((1 - x) / 2)
fn accurateAsin(x: F) -> F {
  let a = abs(x);
  let steep = a > F(0.5);
  let small = asinOfSmall(select(a, sqrt(F(0.5) * max(F(1.0) - a, F(0.0))), steep));
  let value = withSignOf(select(small, F(1.5707963) - F(2.0) * small, steep), x);
  return select(value, notANumber(), (a > F(1.0)) | isNanByBits(x));
}
fn accurateAcos(x: F) -> F {
  let a = abs(x);
  let steep = a > F(0.5);
  let small = asinOfSmall(select(x, sqrt(F(0.5) * max(F(1.0) - a, F(0.0))), steep));
  let nearEnd = select(F(2.0) * small, F(3.1415927) - F(2.0) * small, x < F(0.0));
  let value = select(F(1.5707963) - small, nearEnd, steep);
  return select(value, notANumber(), (a > F(1.0)) | isNanByBits(x));
}`,
  nonFiniteHelpers,
  signHelpers,
);

/** `accurateAtan(x)` */
export const atanHelpers: Helpers = /* @__PURE__ */ helpers(
  /* wgsl */ `
fn accurateAtan(x: F) -> F {
  // atan a = π/4 + atan((a - 1) / (a + 1)) = π/2 - atan(1 / a)
  let a = abs(x);
  let middle = a > F(0.41421357);
  let high = a > F(2.4142135);
  let numerator = select(select(a, a - F(1.0), middle), F(-1.0), high);
  let denominator = select(select(F(1.0), a + F(1.0), middle), a, high);
  let t = numerator / denominator;
  let q = t * t;
  let p = F(-0.3333295) + q * (F(0.19977684) + q * (F(-0.13877384) + q * F(0.08052702)));
  return withSignOf(select(select(F(0.0), F(0.7853982), middle), F(1.5707963), high) + (t + t * q * p), x);
}`,
  signHelpers,
);

/** `accurateErf(x)`, and `normalCdf(x)` = (1 + erf(x / sqrt(2))) / 2, accurate in its lower tail. */
export const erfHelpers: Helpers = /* @__PURE__ */ helpers(
  /* wgsl */ `
// e^(t²) erfc(t) for t from 0 to 10.6, a polynomial in (t - 3) / (t + 3) (Shepherd and Laframboise, 1981)
fn scaledErfc(t: F) -> F {
  let q = (t - F(3.0)) / (t + F(3.0));
  let p = F(1.2530081) + q * (F(-0.13562101) + q * (F(-0.047566302) + q * (F(0.12964109) + q * (F(-0.1192182)
    + q * (F(0.06836875) + q * (F(-0.024016183) + q * (F(0.0021967574) + q * (F(0.0022042196) + q * F(-0.00017397777)))))))));
  return p / (F(1.0) + F(2.0) * t);
}
// e^(-factor a²) without the rounding of a²: a = high + rest, high² is exact
fn expOfNegativeSquare(a: F, factor: F) -> F {
  let high = bitcast<F>(bitcast<U>(a) & U(0xfffff000u));
  return expOfSum(-factor * (high * high), -factor * ((a - high) * (a + high)), I(0));
}
fn accurateErf(x: F) -> F {
  let a = select(abs(x), F(4.0), abs(x) > F(4.0));
  let q = a * a;
  let p = F(0.12837917) + q * (F(-0.37612626) + q * (F(0.112835854) + q * (F(-0.026853813) + q * (F(0.0051883277)
    + q * (F(-0.0008010194) + q * F(7.853865e-5))))));
  let tail = F(1.0) - scaledErfc(a) * expOfNegativeSquare(a, F(1.0));
  return withSignOf(select(tail, a + a * p, a < F(1.0)), x);
}
fn normalCdf(x: F) -> F {
  let a = select(abs(x), F(14.9), abs(x) > F(14.9));
  let tail = F(0.5) * scaledErfc(a * F(0.70710677)) * expOfNegativeSquare(a, F(0.5));
  return select(tail, F(1.0) - tail, x >= F(0.0));
}`,
  expHelpers,
  signHelpers,
);

/** `accuratePow(x, y)`: negative x with whole y, zero, infinity and NaN as C's `pow`. */
export const powHelpers: Helpers = /* @__PURE__ */ helpers(
  /* wgsl */ `
fn upperBits(x: F) -> F { return bitcast<F>(bitcast<U>(x) & U(0xfffff000u)); }
fn accuratePow(x: F, y: F) -> F {
  let a = abs(x);
  // log2 a = exponent + (2 / ln 2)(s + s³/3 + s⁵/5 + …), s = f / (2 + f), m = 1 + f. It is needed to 2^-31, so that y log2 a is
  // good to 2^-24: parts of 12 bits have exact products.
  let parts = binaryParts(a);
  let f = parts.fraction;
  let t = upperBits(f + F(2.0));
  let s = f / (f + F(2.0));
  let sHigh = upperBits(s);
  let sLow = ((f - sHigh * t) - sHigh * (f - (t - F(2.0)))) / (f + F(2.0));
  let q = s * s;
  let rest = s * q * (F(0.9617967) + q * (F(0.57707804) + q * (F(0.41219857) + q * F(0.325))));
  let high = sHigh * F(2.884765625);
  let low = sHigh * F(0.0006244568) + sLow * F(2.8853901) + rest;
  let logHigh = upperBits(parts.exponent + high);
  let logLow = (high - (logHigh - parts.exponent)) + low;
  // Beyond 4e9, a^y is 0, 1 or infinite.
  let bounded = clamp(y, F(-4e9), F(4e9));
  let yHigh = upperBits(bounded);
  let productHigh = yHigh * logHigh;
  let productLow = (bounded - yHigh) * logHigh + bounded * logLow;
  let n = round(clamp(productHigh + productLow, F(-160.0), F(160.0)));
  let r = clamp((productHigh - n) + productLow, F(-0.51), F(0.51));
  var power = timesPowerOfTwo(F(1.0) + expm1OfSmall(r * F(0.6931472)), I(n));

  power = select(power, select(F(0.0), infinity(), y < F(0.0)), a == F(0.0));
  power = select(power, select(infinity(), F(0.0), y < F(0.0)), isInfiniteByBits(x));
  let negative = (bitcast<U>(x) >> U(31u)) == U(1u);
  let whole = floor(y) == y;
  let odd = whole & (floor(F(0.5) * y) != F(0.5) * y);
  power = select(power, -power, negative & odd);
  power = select(power, notANumber(), (x < F(0.0)) & !whole & !isInfiniteByBits(x));
  power = select(power, notANumber(), isNanByBits(x) | isNanByBits(y));
  return select(power, F(1.0), (y == F(0.0)) | (x == F(1.0)));
}`,
  nonFiniteHelpers,
  scaleHelpers,
  binaryPartsHelpers,
);

/** `floatRemainder(a, b)`: the exact rest of a / b rounded towards zero, with the sign of a; NaN for b = 0. */
export const remainderHelpers: Helpers = /* @__PURE__ */ helpers(
  /* wgsl */ `
fn floatRemainder(a: F, b: F) -> F {
  let divisor = abs(b);
  var rest = abs(a);
  let valid = !isNanByBits(a) & !isNanByBits(b) & !isInfiniteByBits(a) & (divisor > F(0.0));
  // Long division, 11 bits of the quotient a turn: rest -= quotient (divisor 2^shift), with exact products.
  for (var turn = 0; turn < 26; turn++) {
    let open = valid & (rest >= divisor);
    if (!any(open)) {
      break;
    }
    let places = I(bitcast<U>(rest) >> U(23u)) - I(bitcast<U>(divisor) >> U(23u));
    let shifted = timesPowerOfTwo(divisor, max(places - I(10), I(0)));
    let quotient = max(floor(rest / shifted), F(1.0));
    let high = bitcast<F>(bitcast<U>(shifted) & U(0xfffff000u));
    let left = (rest - quotient * high) - quotient * (shifted - high);
    rest = select(rest, select(left, left + shifted, left < F(0.0)), open);
  }
  return select(notANumber(), withSignOf(rest, a), valid);
}`,
  nonFiniteHelpers,
  signHelpers,
  scaleHelpers,
);
