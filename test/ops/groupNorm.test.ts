import { ShapeError } from '../../src/core/errors.ts';
import { mul } from '../../src/ops/arithmetic.ts';
import { grad } from '../../src/ops/gradient.ts';
import { groupNorm, instanceNorm } from '../../src/ops/layerNorm.ts';
import { sum } from '../../src/ops/sum.ts';
import { checkOp, type Sample } from '../support/checkOp.ts';

function sample(shape: number[], groups: number | 'instance', axis?: number): Sample {
  const parameter = { shape: [shape.at(axis ?? -1) ?? 0] };
  return {
    name: `[${shape}], groups ${groups}, axis ${axis ?? -1}`,
    inputs: [{ shape }, parameter, parameter],
    build: ([x, scale, offset]) =>
      groups === 'instance'
        ? instanceNorm(x, { scale, offset, axis })
        : groupNorm(x, { groups, scale, offset, axis }),
  };
}

checkOp('groupNorm', {
  samples: [
    {
      // Groups 1 3 5 7 (mean 4, variance 5) and 2 2 6 6 (mean 4, variance 4) of one sample, two pixels of four channels.
      name: 'by hand',
      inputs: [
        { shape: [1, 2, 4], values: [1, 3, 2, 6, 5, 7, 2, 6] },
        { shape: [4], values: [1, 1, 2, 1] },
      ],
      build: ([x, scale]) => groupNorm(x, { groups: 2, scale, epsilon: 0 }),
      expected: [-3 / Math.sqrt(5), -1 / Math.sqrt(5), -2, 1, 1 / Math.sqrt(5), 3 / Math.sqrt(5), -2, 1],
    },
    sample([2, 3, 5, 8], 2),
    sample([3, 7, 6], 2),
    sample([2, 5, 5, 12], 3),
    sample([2, 4, 4, 64], 2),
    sample([5, 16], 4),
    sample([2, 6, 3, 5], 2, 1),
    sample([2, 6, 4, 4], 3, 1),
    sample([2, 3, 4, 8], 2, 2),
    sample([2, 40, 9], 1),
    sample([2, 300, 4], 2),
    {
      name: 'the gradient of the gradient',
      inputs: [{ shape: [2, 3, 4] }, { shape: [4] }, { shape: [2, 3, 4] }],
      build: ([x, scale, weights]) => {
        const y = groupNorm(x, { groups: 2, scale, epsilon: 0.1 });
        return grad(sum(mul(mul(y, y), weights)), [x, scale]);
      },
    },
  ],
  errors: [
    {
      name: 'groups',
      build: (graph) => groupNorm(graph.input('x', [2, 3, 8]), { groups: 3 }),
      error: ShapeError,
      message: /^groupNorm: 8 channels of \[2, 3, 8\] do not divide into 3 groups$/,
    },
    {
      name: 'axis of the samples',
      build: (graph) => groupNorm(graph.input('x', [2, 8]), { groups: 2, axis: 0 }),
      error: ShapeError,
      message: /axis 0 of \[2, 8\] is that of the samples, not of channels/,
    },
    {
      name: 'scale of another length',
      build: (graph) => groupNorm(graph.input('x', [2, 8]), { groups: 2, scale: graph.input('s', [2]) }),
      error: ShapeError,
      message: /scale must be float32 \[8\], got float32 \[2\]/,
    },
  ],
});

checkOp('instanceNorm', {
  samples: [
    {
      // As ONNX' InstanceNormalization test: two channels of three values.
      name: 'channels first, by hand',
      inputs: [
        { shape: [1, 2, 1, 3], values: [-1, 0, 1, 2, 3, 4] },
        { shape: [2], values: [1, 1.5] },
        { shape: [2], values: [0, 1] },
      ],
      build: ([x, scale, offset]) => instanceNorm(x, { scale, offset, axis: 1, epsilon: 0 }),
      expected: [-Math.sqrt(1.5), 0, Math.sqrt(1.5), 1 - 1.5 * Math.sqrt(1.5), 1, 1 + 1.5 * Math.sqrt(1.5)],
    },
    sample([2, 5, 7, 3], 'instance'),
    sample([3, 17, 33], 'instance'),
    sample([2, 5, 4, 4], 'instance', 1),
    sample([2, 3, 7, 5], 'instance', 1),
    { name: 'without parameters', inputs: [{ shape: [2, 9, 4] }], build: ([x]) => instanceNorm(x) },
    {
      name: 'mean 1000, deviation 1',
      inputs: [{ shape: [2, 60, 4], values: { low: 998.3, high: 1001.7 } }],
      build: ([x]) => instanceNorm(x),
      tolerance: {
        relative: 8e-6,
        absolute: 3e-4,
        reason: 'a float32 mean near 1000 is off by up to 3e-5 deviations',
      },
    },
  ],
});
