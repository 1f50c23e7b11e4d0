import { fill, sampled, type Workload } from './workload.ts';

/**
 * softmax over the last axis, or a sum over the last ('inner'), the first ('outer') or both axes.
 * inputs  x [rows, columns]
 * outputs y: [rows, columns] for softmax; [rows], [columns] or [1] for the sums
 */
export interface ReductionSpec {
  readonly kind: 'softmax' | 'inner' | 'outer' | 'all';
  readonly rows: number;
  readonly columns: number;
}

export const workloads: Workload<ReductionSpec>[] = [
  { kind: 'softmax' as const, rows: 4096, columns: 1000 },
  { kind: 'inner' as const, rows: 4096, columns: 1024 },
  { kind: 'outer' as const, rows: 4096, columns: 1024 },
  { kind: 'all' as const, rows: 4096, columns: 1024 },
].map(reduction);

function reduction(spec: ReductionSpec): Workload<ReductionSpec> {
  const { kind, rows, columns } = spec;
  const size = rows * columns;
  const softmax = kind === 'softmax';
  return {
    name: `${softmax ? 'softmax' : `sum-${kind}`}-${rows}x${columns}`,
    spec,
    default: true,
    goal: 1,
    flops: (softmax ? 4 : 1) * size,
    bytes: 4 * (softmax ? 2 : 1) * size,
    inputs: () => ({ x: Float32Array.from(fill(size, 1), (value) => value + 0.25) }),
    async reference({ x }) {
      if (softmax) {
        const y = new Float64Array(size);
        for (let row = 0; row < rows; row++) {
          let total = 0;
          for (let i = 0; i < columns; i++) total += Math.exp(x[row * columns + i]);
          for (let i = 0; i < columns; i++) y[row * columns + i] = Math.exp(x[row * columns + i]) / total;
        }
        return { y: sampled(y) };
      }
      const sums = new Float64Array({ inner: rows, outer: columns, all: 1 }[kind]);
      const place = {
        inner: (i: number) => Math.floor(i / columns),
        outer: (i: number) => i % columns,
        all: () => 0,
      }[kind];
      for (let i = 0; i < size; i++) sums[place(i)] += x[i];
      return { y: sampled(sums) };
    },
  };
}
