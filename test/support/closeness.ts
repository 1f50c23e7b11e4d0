import type { DType } from '../../src/core/dtype.ts';

export interface Tolerance {
  readonly relative: number;
  readonly absolute: number;
}

/**
 * How far a WebGPU result may lie from the float64 reference. float32: WGSL grants exp (3 + 2|x|) ULP, division 2.5 ULP and
 * sums one rounding per addition; 64 ULP (8e-6) covers a sum of a few thousand well-scaled terms and chains of such
 * functions. float16: 2 ULP of its 11 bits. Integers and bools are exact.
 */
export const tolerances: Readonly<Record<DType, Tolerance>> = {
  float32: { relative: 8e-6, absolute: 4e-6 },
  float16: { relative: 2e-3, absolute: 1e-3 },
  int32: { relative: 0, absolute: 0 },
  uint32: { relative: 0, absolute: 0 },
  bool: { relative: 0, absolute: 0 },
};

/** Analytic gradient against central differences, both float64: the error is that of the differences, h² f'''/6. */
export const differenceTolerance: Tolerance = { relative: 1e-5, absolute: 1e-6 };

/** Null where all elements agree; otherwise a sentence with the worst one and how many differ. NaN equals only NaN. */
export function compare(
  what: string,
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  { relative, absolute }: Tolerance,
): string | null {
  if (got.length !== want.length) return `${what}: ${got.length} elements, expected ${want.length}`;
  let differing = 0;
  let worst = 0;
  let worstAt = -1;
  for (let i = 0; i < want.length; i++) {
    if (Object.is(got[i], want[i]) || got[i] === want[i]) continue;
    const error = Math.abs(got[i] - want[i]);
    const excess = error / (absolute + relative * Math.abs(want[i]));
    if (excess <= 1) continue;
    differing++;
    if (worstAt < 0 || Number.isNaN(excess) || excess > worst) {
      worst = Number.isNaN(excess) ? Number.POSITIVE_INFINITY : excess;
      worstAt = i;
    }
  }
  if (worstAt < 0) return null;
  return `${what}: ${differing} of ${want.length} elements differ; worst at ${worstAt}: got ${got[worstAt]}, expected ${want[worstAt]} (${worst.toPrecision(3)} times the tolerance)`;
}
