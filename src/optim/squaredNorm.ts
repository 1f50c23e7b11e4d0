import source from '#shaders/squaredNorm.wgsl' with { type: 'text' };
import { DTypeError } from '../core/errors.ts';
import { sizeOf } from '../core/shape.ts';
import { applyOne, type Op, type Tensor } from '../graph/graph.ts';
import type { OffsetOf } from '../graph/kernel.ts';

/** Partial sums that `squaredNorm` gives: enough workgroups to be quick, few enough to be added up by every reader. */
export const normPartials = 32;
/** Elements that a workgroup takes at a time. */
const blockElements = 1024;

/** The blocks of tensors of these sizes: for each, which tensor and which place in it. */
export function blocksOf(sizes: readonly number[]): number[] {
  return sizes.flatMap((size, tensor) =>
    Array.from({ length: Math.ceil(size / blockElements) }, (_, place) => [tensor, place]).flat(),
  );
}

const squaredNormOp: Op<null> = {
  name: 'squaredNorm',
  infer(inputs) {
    const wrong = inputs.find((input) => input.dtype !== 'float32');
    if (wrong) throw new DTypeError(`expected float32, got ${wrong.dtype}`);
    return [{ shape: [normPartials], dtype: 'float32' }];
  },
  reference(inputs) {
    const result = new Float64Array(normPartials);
    const blocks = blocksOf(inputs.map((input) => input.length));
    for (let block = 0; block < blocks.length / 2; block++) {
      const values = inputs[blocks[2 * block]];
      const from = blocks[2 * block + 1] * blockElements;
      for (const value of values.subarray(from, from + blockElements))
        result[block % normPartials] += value * value;
    }
    return [result];
  },
  kernels({ inputs, target }) {
    const sizes = inputs.map((input) => sizeOf(input.shape));
    const blocks = blocksOf(sizes);
    const rows = sizes.flatMap((size, input): (number | OffsetOf)[] => [{ offsetOf: { input } }, size]);
    return [
      {
        label: 'squaredNorm',
        source,
        variant: { PARTIALS: normPartials, LANES: target.barrierLanes },
        params: { tensors: sizes.length, blocks: blocks.length / 2 },
        bindings: [{ inputs: inputs.map((_, i) => i) }, { words: [...rows, ...blocks] }, { output: 0 }],
        workgroups: [normPartials, 1, 1],
      },
    ];
  },
  flops: (inputs) => inputs.reduce((total, input) => total + 2 * sizeOf(input.shape), 0),
};

/** Partial sums, [32], of the squares of all elements of all tensors. Float32. One dispatch. */
export function squaredNorm(tensors: readonly Tensor[]): Tensor {
  return applyOne(squaredNormOp, tensors, null);
}
