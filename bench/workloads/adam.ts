import { adamStep } from '../reference/adam.ts';
import { fill, sampleIndices, type Workload } from './workload.ts';

/**
 * A step of Adam with `adamOptions`, the gradients being given.
 * inputs  parameter, gradient [size]
 * outputs parameter [size]: after the step
 */
export interface AdamSpec {
  readonly size: number;
}

const checkSteps = 2;

export const workloads: Workload<AdamSpec>[] = [adam('10M', 10_000_000), adam('100k', 100_000)];

function adam(name: string, size: number): Workload<AdamSpec> {
  return {
    name: `adam-${name}`,
    spec: { size },
    default: true,
    goal: 3,
    flops: 14 * size,
    // Reads the parameter, the gradient and two moments, writes all but the gradient.
    bytes: 4 * 7 * size,
    checkSteps,
    inputs: () => ({ parameter: fill(size, 1), gradient: fill(size, 2, 0.1) }),
    async reference({ parameter, gradient }) {
      const at = sampleIndices(size);
      const samples = Float64Array.from(at, (i) => parameter[i]);
      const mean = new Float64Array(at.length);
      const square = new Float64Array(at.length);
      const gradients = at.map((i) => gradient[i]);
      for (let step = 1; step <= checkSteps; step++) adamStep(samples, gradients, mean, square, step);
      return { parameter: { size, samples } };
    },
  };
}
