import { type DType, isFloat, numberToHalf } from '../core/dtype.ts';

// How close two computations of the same number must come: the one table of the project. Tests, conformance suites and `verify`
// all judge by it.

/** |got - want| <= absolute + relative |want| */
export interface Tolerance {
  readonly relative: number;
  readonly absolute: number;
}

/** A tolerance, or a distance in units in the last place of the result's dtype. */
export type Bound = Tolerance | { readonly ulp: number };

/**
 * How far a WebGPU result may lie from the float64 reference, where `absolute` counts in units of the largest magnitude of the tensor (at
 * least 1), since terms of a sum cancel and what is left cannot be better than the sizes of its neighbours allow.
 *
 * float32 has 24 bits: one unit in the last place is 2^-23 = 1.2e-7 of a number at most. WGSL grants (chapter "Floating point
 * accuracy") a correctly rounded sum, difference and product, 2.5 ULP for a quotient, 3 + 2|x| for exp, 2^-21 absolute for log near
 * 1; our own functions keep within 5 ULP (`ops/mathWgsl.ts`). A sum of n terms adds one rounding a term, of which √n remain
 * where their signs vary: 64 ULP (7.6e-6) cover 4,096 terms and chains of a dozen such functions. Longer sums: `boundOf`.
 * float16 has 11 bits, and kernels compute in float32 and round once: 2 ULP of 2^-10. Integers and bools are exact.
 */
export const tolerances: Readonly<Record<DType, Tolerance>> = {
  float32: { relative: 8e-6, absolute: 4e-6 },
  float16: { relative: 2e-3, absolute: 1e-3 },
  int32: { relative: 0, absolute: 0 },
  uint32: { relative: 0, absolute: 0 },
  bool: { relative: 0, absolute: 0 },
};

/** Terms of a sum that `tolerances` allow for. */
const termsAllowed = 4096;

/** The tolerance for results of `dtype` that are sums of about `terms` terms and of which the largest is `scale`. */
export function boundOf(dtype: DType, scale: number, terms = 1): Tolerance {
  const { relative, absolute } = tolerances[dtype];
  const growth = dtype === 'float32' ? Math.sqrt(Math.max(1, terms / termsAllowed)) : 1;
  return { relative: relative * growth, absolute: absolute * growth * Math.max(1, scale) };
}

/** Analytic gradient against central differences, both float64: the error is that of the differences, h² f'''/6. */
export const differenceTolerance: Tolerance = { relative: 1e-5, absolute: 1e-6 };

/**
 * What a conformance case is judged by again where its own bound is tighter than WGSL grants: a kernel may divide with 2.5 ULP, add in
 * another order and fuse products. It is what the suites themselves grant to float32 results of float64 references.
 */
export const secondBound: Tolerance = { relative: 1e-5, absolute: 1e-6 };

/** float16 has 13 bits less than float32: one unit in the last place of 2^-10, and of the smallest normal number's neighbours. */
export const secondBoundFloat16: Tolerance = { relative: 2 ** -9, absolute: 2 ** -14 };

/** How two lists of numbers differ. */
export interface Difference {
  readonly elements: number;
  /** How many lie outside the bound. */
  readonly differing: number;
  /** The element that lies farthest outside, or nearest to it; -1 where all are equal. */
  readonly worstAt: number;
  readonly got: number;
  readonly want: number;
  /** The error of that element in units of the bound. */
  readonly excess: number;
  /** Largest errors of all elements. */
  readonly absolute: number;
  readonly relative: number;
  readonly ulp: number;
}

/** Compares element by element. NaN equals only NaN, infinities only themselves, and -0 equals 0. */
export function difference(
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  dtype: DType,
  bound: Bound,
): Difference {
  let [differing, worstAt, worst] = [0, -1, 0];
  const largest = { absolute: 0, relative: 0, ulp: 0 };
  for (let i = 0; i < want.length; i++) {
    if (Object.is(got[i], want[i]) || got[i] === want[i]) continue;
    const absolute = Math.abs(got[i] - want[i]);
    const known = Number.isFinite(absolute);
    const ulp = known ? ulpBetween(got[i], want[i], dtype) : Number.POSITIVE_INFINITY;
    const allowed = 'ulp' in bound ? bound.ulp : bound.absolute + bound.relative * Math.abs(want[i]);
    const error = 'ulp' in bound ? ulp : absolute;
    const excess = !known ? Number.POSITIVE_INFINITY : error === 0 ? 0 : error / allowed;
    if (excess > 1) differing++;
    if (worstAt < 0 || excess > worst) [worst, worstAt] = [excess, i];
    largest.absolute = Math.max(largest.absolute, known ? absolute : Number.POSITIVE_INFINITY);
    largest.relative = Math.max(
      largest.relative,
      known ? absolute / Math.abs(want[i]) : Number.POSITIVE_INFINITY,
    );
    largest.ulp = Math.max(largest.ulp, ulp);
  }
  return {
    elements: want.length,
    differing,
    worstAt,
    got: worstAt < 0 ? Number.NaN : got[worstAt],
    want: worstAt < 0 ? Number.NaN : want[worstAt],
    excess: worst,
    ...largest,
  };
}

/** Null where all elements agree; otherwise a sentence with the worst one and how many differ. */
export function compare(
  what: string,
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  bound: Bound,
  dtype: DType = 'float32',
): string | null {
  if (got.length !== want.length) return `${what}: ${got.length} elements, expected ${want.length}`;
  const found = difference(got, want, dtype, bound);
  return found.differing === 0 ? null : `${what}: ${describe(found)}`;
}

/** `3 of 8 elements differ; worst at 5: got 1.5, expected 1 (4.2 times the tolerance)` */
export function describe({ elements, differing, worstAt, got, want, excess }: Difference): string {
  return `${differing} of ${elements} elements differ; worst at ${worstAt}: got ${got}, expected ${want} (${excess.toPrecision(3)} times the tolerance)`;
}

/** How many numbers of the dtype lie from one to the other: the difference of their bits as ordered integers. */
export function ulpBetween(a: number, b: number, dtype: DType): number {
  if (!isFloat(dtype)) return Math.abs(a - b);
  return Math.abs(ordered(a, dtype) - ordered(b, dtype));
}

const float = /* @__PURE__ */ new Float32Array(1);
const word = /* @__PURE__ */ (() => new Uint32Array(float.buffer))();

/** Bits as an integer that grows with the number: 0 for both zeros, negative for negative numbers. */
function ordered(value: number, dtype: DType): number {
  if (dtype === 'float16') {
    const bits = numberToHalf(value);
    return bits & 0x8000 ? -(bits & 0x7fff) : bits;
  }
  float[0] = value;
  return word[0] & 0x80000000 ? -(word[0] & 0x7fffffff) : word[0];
}
