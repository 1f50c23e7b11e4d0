import { sampled, type Workload } from './workload.ts';

/**
 * What the adapter can do at best, by kernels that do nothing else: fused multiply-adds in registers, and a copy.
 * outputs y: fma [invocations * 4], copy [elements]
 */
export interface RoofSpec {
  readonly kind: 'fma' | 'copy';
  /** fma: invocations, each with `chains` independent vec4 chains of `rounds`; copy: vec4 elements. */
  readonly invocations: number;
  readonly rounds: number;
}

export const chains = 8;

function fma(name: string, invocations: number, rounds: number): Workload<RoofSpec> {
  return {
    name,
    spec: { kind: 'fma', invocations, rounds },
    default: false,
    flops: invocations * rounds * chains * 4 * 2,
    bytes: invocations * 16,
    inputs: () => ({}),
    // Each element of a chain: x <- x * 0.5 + k, from k on; its limit is 2k. The kernel adds the chains up.
    reference: async () => {
      let sum = 0;
      for (let chain = 1; chain <= chains; chain++) {
        let x = chain;
        for (let i = 0; i < rounds; i++) x = x * 0.5 + chain;
        sum += x;
      }
      return { y: sampled(new Float64Array(invocations * 4).fill(sum)) };
    },
  };
}

function copy(name: string, elements: number): Workload<RoofSpec> {
  return {
    name,
    spec: { kind: 'copy', invocations: elements, rounds: 1 },
    default: false,
    flops: 0,
    bytes: elements * 32,
    inputs: () => ({}),
    reference: async () => ({ y: sampled(Float32Array.from({ length: elements * 4 }, (_, i) => i & 1023)) }),
  };
}

// The small ones are long enough for an adapter that computes on the CPU.
export const roofs = {
  software: { fma: fma('fma-small', 1 << 14, 1 << 10), copy: copy('copy-small', 1 << 22) },
  hardware: { fma: fma('fma-large', 1 << 20, 1 << 12), copy: copy('copy-large', 1 << 23) },
};

export const workloads: Workload<RoofSpec>[] = Object.values(roofs).flatMap(({ fma, copy }) => [fma, copy]);
