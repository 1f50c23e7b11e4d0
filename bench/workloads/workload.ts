import type { TypedArray } from '../page/contender.ts';

/** One thing to measure. It is data: the contenders read `spec` and `inputs`. */
export interface Workload<Spec = unknown> {
  /** Such as `lstm-T64-B1-H128`. */
  readonly name: string;
  readonly spec: Spec;
  /** Part of a run without names. */
  readonly default: boolean;
  /** Floating-point operations of one step, and the bytes that it must at least read and write: what shares of the roof count. */
  readonly flops: number;
  readonly bytes: number;
  /** The ratio (best peer's time over ours) to reach. */
  readonly goal?: number;
  /** The same values for every contender. */
  inputs(): Record<string, TypedArray>;
  /**
   * What the outputs must be, in float64: all elements of each output, or those of `sampleIndices(size)` where all would take too long.
   */
  reference(inputs: Record<string, TypedArray>): Promise<Record<string, Reference>>;
  /** Steps after which the outputs are compared: more than one where a step changes something. Default 1. */
  readonly checkSteps?: number;
  /** Largest error allowed, relative to the largest element of an output. Default 1e-5. */
  readonly tolerance?: number;
}

export interface Reference {
  readonly size: number;
  /** The elements at `sampleIndices(size)`. */
  readonly samples: ArrayLike<number>;
}

const sampleCount = 1009;

/** Indices of the elements that are compared: all of them up to 1009, otherwise 1009 spread evenly, the first and last among them. */
export function sampleIndices(size: number): number[] {
  const count = Math.min(size, sampleCount);
  return Array.from({ length: count }, (_, i) =>
    count === 1 ? 0 : Math.round((i * (size - 1)) / (count - 1)),
  );
}

/** Picks the samples out of all elements. */
export function sampled(values: ArrayLike<number>): Reference {
  return { size: values.length, samples: sampleIndices(values.length).map((i) => values[i]) };
}

/** Values that depend only on `seed`, spread evenly over -`scale` to `scale`: the low-discrepancy sequence of the golden ratio, scrambled. */
export function fill(size: number, seed: number, scale = 1): Float32Array<ArrayBuffer> {
  const values = new Float32Array(size);
  let state = (seed * 0x9e3779b9 + 0x85ebca6b) | 0;
  for (let i = 0; i < size; i++) {
    // xorshift32 (Marsaglia, 2003)
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    values[i] = ((state >>> 0) / 0x80000000 - 1) * scale;
  }
  return values;
}
