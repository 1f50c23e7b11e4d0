import { fill, sampled, type Workload } from './workload.ts';

/**
 * Batch normalisation of a training step, forward and backward, over all axes but the last; epsilon 1e-5.
 * inputs  x, dy [N, H, W, C], scale, offset [C]
 * outputs y, dx [N, H, W, C], dScale, dOffset [C]
 */
export interface BatchNormSpec {
  readonly shape: readonly [number, number, number, number];
}

export const epsilon = 1e-5;

export const workloads: Workload<BatchNormSpec>[] = [batchNorm([32, 28, 28, 128])];

function batchNorm(shape: BatchNormSpec['shape']): Workload<BatchNormSpec> {
  const size = shape.reduce((a, b) => a * b, 1);
  const channels = shape[3];
  return {
    name: `batch-norm-${shape.join('x')}`,
    spec: { shape },
    default: true,
    goal: 3,
    flops: 12 * size,
    // x twice forward and once backward, dy twice, y and dx once.
    bytes: 4 * 7 * size,
    tolerance: 2e-5,
    inputs: () => ({
      x: fill(size, 1),
      dy: fill(size, 2),
      scale: fill(channels, 3),
      offset: fill(channels, 4),
    }),
    async reference({ x, dy, scale, offset }) {
      const count = size / channels;
      const perChannel = (value: (i: number, c: number) => number) => {
        const sums = new Float64Array(channels);
        for (let i = 0; i < size; i++) sums[i % channels] += value(i, i % channels);
        return sums;
      };
      const mean = perChannel((i) => x[i] / count);
      const variance = perChannel((i, c) => (x[i] - mean[c]) ** 2 / count);
      const normalized = Float64Array.from(x, (value, i) => {
        const c = i % channels;
        return (value - mean[c]) / Math.sqrt(variance[c] + epsilon);
      });
      const dScale = perChannel((i) => dy[i] * normalized[i]);
      const dOffset = perChannel((i) => dy[i]);
      const y = normalized.map((value, i) => value * scale[i % channels] + offset[i % channels]);
      const dx = normalized.map((value, i) => {
        const c = i % channels;
        const centred = dy[i] - dOffset[c] / count - (value * dScale[c]) / count;
        return (centred * scale[c]) / Math.sqrt(variance[c] + epsilon);
      });
      return { y: sampled(y), dx: sampled(dx), dScale: sampled(dScale), dOffset: sampled(dOffset) };
    },
  };
}
