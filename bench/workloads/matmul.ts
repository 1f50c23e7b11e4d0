import { fill, sampleIndices, type Workload } from './workload.ts';

/**
 * y = op(a) op(b)
 * inputs  a [M, K] (transposeA: [K, M]), b [K, N] (transposeB: [N, K])
 * outputs y [M, N]
 */
export interface MatmulSpec {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

export const workloads: Workload<MatmulSpec>[] = [
  square(256),
  square(512),
  square(1024),
  square(2048),
  square(4096, false),
  matmul('1x4096x4096', 1, 4096, 4096),
  matmul('64x784x256', 64, 784, 256),
  matmul('3x5x7', 3, 5, 7, 3),
  matmul('63x65x67', 63, 65, 67, 3),
  matmul('301x399x257', 301, 399, 257, 3),
  matmul('512-transposeA', 512, 512, 512, 3, true, false),
  matmul('512-transposeB', 512, 512, 512, 3, false, true),
  matmul('512-transposeAB', 512, 512, 512, 3, true, true),
];

function square(size: number, inTable = true): Workload<MatmulSpec> {
  return { ...matmul(String(size), size, size, size, 2), default: inTable };
}

function matmul(
  name: string,
  m: number,
  k: number,
  n: number,
  goal?: number,
  transposeA = false,
  transposeB = false,
): Workload<MatmulSpec> {
  return {
    name: `matmul-${name}`,
    spec: { m, k, n, transposeA, transposeB },
    default: true,
    goal,
    flops: 2 * m * k * n,
    bytes: 4 * (m * k + k * n + m * n),
    inputs: () => ({ a: fill(m * k, 1), b: fill(k * n, 2) }),
    async reference({ a, b }) {
      const samples = sampleIndices(m * n).map((index) => {
        const row = Math.floor(index / n);
        const column = index % n;
        let sum = 0;
        for (let i = 0; i < k; i++) {
          sum += a[transposeA ? i * m + row : row * k + i] * b[transposeB ? column * k + i : i * n + column];
        }
        return sum;
      });
      return { y: { size: m * n, samples } };
    },
  };
}
