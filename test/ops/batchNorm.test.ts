import { DTypeError, ShapeError } from '../../src/core/errors.ts';
import { apply, type Graph, type Tensor } from '../../src/graph/graph.ts';
import { relu } from '../../src/ops/activations.ts';
import { add, mul } from '../../src/ops/arithmetic.ts';
import {
  type BatchNormOptions,
  batchNorm,
  batchNormInference,
  batchNormTrainingOp,
} from '../../src/ops/batchNorm.ts';
import { grad } from '../../src/ops/gradient.ts';
import { sum } from '../../src/ops/sum.ts';
import { checkOp, type InputSample, type Sample } from '../support/checkOp.ts';

/** Running statistics that start as one number each. */
function running(graph: Graph, channels: number) {
  return {
    runningMean: graph.variable('runningMean', [channels], { trainable: false, initializer: 0.25 }),
    runningVariance: graph.variable('runningVariance', [channels], { trainable: false, initializer: 1.5 }),
  };
}

/** Output and new running statistics. */
function normalized(
  x: Tensor,
  scale: Tensor | undefined,
  offset: Tensor | undefined,
  options: Partial<BatchNormOptions> = {},
) {
  const channels = x.shape.at(options.axis ?? -1) ?? 0;
  const { output, updates } = batchNorm(x, { ...running(x.graph, channels), scale, offset, ...options });
  return [output, ...updates.map(([, value]) => value)];
}

/** The output with gradients; then all outputs, since no gradient flows through running statistics. */
function both(
  shape: number[],
  options: { axis?: number; momentum?: number; epsilon?: number } = {},
): Sample[] {
  const channels = shape.at(options.axis ?? -1) ?? 0;
  const inputs = [{ shape }, { shape: [channels] }, { shape: [channels] }];
  const name = `[${shape}], axis ${options.axis ?? -1}`;
  return [
    { name, inputs, build: ([x, scale, offset]) => normalized(x, scale, offset, options)[0] },
    {
      name: `${name}, running statistics`,
      inputs,
      build: ([x, scale, offset]) => normalized(x, scale, offset, options),
      gradient: false,
    },
  ];
}

const far: InputSample = { shape: [40, 3, 4], values: { low: 1000 - 1.7, high: 1000 + 1.7 } };

checkOp('batchNormTraining', {
  samples: [
    {
      // mean 2.5, variance 1.25, unbiased 5/3; without epsilon
      name: 'one channel by hand',
      inputs: [{ shape: [4, 1], values: [1, 2, 3, 4] }],
      build: ([x]) => normalized(x, undefined, undefined, { epsilon: 0, momentum: 0.5 }),
      gradient: false,
      expected: [
        [-1.5, -0.5, 0.5, 1.5].map((value) => value / Math.sqrt(1.25)),
        [0.5 * 0.25 + 0.5 * 2.5],
        [0.5 * 1.5 + (0.5 * 5) / 3],
      ],
    },
    // One channel in four, and the only one of a row: its squares overflow, or it holds an infinity or NaN.
    ...[1e25, Number.POSITIVE_INFINITY, Number.NaN].flatMap((bad) => [
      {
        name: `a channel with ${bad} keeps its running statistics`,
        inputs: [{ shape: [2, 4], values: [1, 2, bad, 4, 3, 2, 1, 0] }],
        build: ([x]: Tensor[]) => normalized(x, undefined, undefined, { momentum: 0.5 }).slice(1),
        gradient: false,
        expected: [
          [0.125 + 1, 0.125 + 1, 0.25, 0.125 + 1],
          [0.75 + 1, 0.75, 1.5, 0.75 + 4],
        ],
      },
      {
        name: `the only channel, with ${bad}, keeps its running statistics`,
        inputs: [{ shape: [3, 1], values: [1, bad, 3] }],
        build: ([x]: Tensor[]) => normalized(x, undefined, undefined).slice(1),
        gradient: false,
        expected: [[0.25], [1.5]],
      },
    ]),
    ...both([5, 3]),
    ...both([2, 1]),
    ...both([64, 8]),
    {
      name: 'eight slabs of rows',
      inputs: [{ shape: [16, 16, 16, 8] }, { shape: [8] }, { shape: [8] }],
      build: ([x, scale, offset]) => normalized(x, scale, offset),
      gradient: false,
    },
    ...both([3, 2, 2, 4], { momentum: 1 }),
    ...both([2, 5, 7, 130]),
    ...both([130, 200]),
    ...both([9, 17, 33], { epsilon: 0.1 }),
    ...both([3, 5, 7], { axis: 1 }),
    ...both([3, 5, 2, 2], { axis: 1 }),
    ...both([5, 3, 16, 17], { axis: -3 }),
    ...both([4, 3, 5], { axis: 0 }),
    ...both([7], { axis: 0 }),
    ...both([1, 6]),
    {
      name: 'slabs that differ: most of the deviation lies between them',
      inputs: [
        {
          shape: [700, 3],
          values: Array.from({ length: 2100 }, (_, i) => Math.floor(i / 700) * 50 + Math.sin(i)),
        },
      ],
      build: ([x]) => normalized(x, undefined, undefined),
      gradient: false,
    },
    {
      name: 'mean 1000, deviation 1',
      inputs: [far],
      build: ([x]) => normalized(x, undefined, undefined)[0],
      tolerance: {
        relative: 8e-6,
        absolute: 3e-4,
        reason: 'a float32 mean near 1000 is off by up to 3e-5 deviations',
      },
    },
    {
      name: 'mean 1000, deviation 1, channels first',
      inputs: [{ ...far, shape: [10, 4, 12] }],
      build: ([x]) => normalized(x, undefined, undefined, { axis: 1 })[0],
      tolerance: {
        relative: 8e-6,
        absolute: 3e-4,
        reason: 'a float32 mean near 1000 is off by up to 3e-5 deviations',
      },
    },
    {
      name: 'channels without deviation',
      inputs: [{ shape: [50, 2], values: Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? 3 : -1000)) }],
      build: ([x]) => normalized(x, undefined, undefined)[0],
      expected: new Array(100).fill(0),
      gradient: false,
    },
    {
      name: 'a relu behind it',
      inputs: [{ shape: [6, 5, 8] }, { shape: [8] }, { shape: [8] }],
      build: ([x, scale, offset]) => relu(normalized(x, scale, offset)[0]),
    },
    {
      name: 'more behind it than fits',
      inputs: [{ shape: [6, 3, 8] }, { shape: [8] }, { shape: [6, 3, 8] }],
      build: ([x, scale, rest]) => {
        const y = normalized(x, scale, undefined)[0];
        return mul(add(y, rest), y);
      },
    },
    {
      name: 'the gradient of the gradient',
      inputs: [{ shape: [6, 2, 3] }, { shape: [3] }, { shape: [6, 2, 3] }],
      build: ([x, scale, weights]) => {
        const y = normalized(x, scale, undefined, { epsilon: 0.1 })[0];
        return grad(sum(mul(mul(y, y), weights)), [x, scale]);
      },
    },
    {
      name: 'the gradient of the gradient, channels first',
      inputs: [{ shape: [3, 2, 4] }, { shape: [2] }, { shape: [2] }, { shape: [3, 2, 4] }],
      build: ([x, scale, offset, weights]) => {
        const y = normalized(x, scale, offset, { axis: 1, epsilon: 0.1 })[0];
        return grad(sum(mul(mul(y, y), weights)), [x, scale, offset]);
      },
    },
    {
      name: 'float16',
      inputs: [{ shape: [6, 5, 8], dtype: 'float16' }, { shape: [8] }],
      build: ([x, scale]) => normalized(x, scale, undefined)[0],
    },
  ],
  errors: [
    {
      name: 'scale of another length',
      build: (graph) =>
        graph.scope('block1', () =>
          batchNorm(graph.input('x', [8, 4]), { ...running(graph, 4), scale: graph.input('scale', [8]) }),
        ),
      error: ShapeError,
      message:
        /^block1\/batchNormTraining: scale must be float32 \[4\], the channels of \[8, 4\] on axis 1; got float32 \[8\]$/,
    },
    {
      name: 'axis',
      build: (graph) => batchNorm(graph.input('x', [8, 4]), { ...running(graph, 4), axis: 2 }),
      error: ShapeError,
      message: /batchNorm: axis 2 is out of range for rank 2/,
    },
    {
      name: 'integers',
      build: (graph) => batchNorm(graph.input('x', [8, 4], 'int32'), running(graph, 4)),
      error: DTypeError,
      message: /expected float32 or float16, got int32/,
    },
    {
      name: 'running statistics of another length',
      build: (graph) => {
        const x = graph.input('x', [8, 4]);
        const channels = graph.constant(0, [4]);
        return apply(batchNormTrainingOp, [x, channels, channels, channels, graph.constant(1, [2])], {
          axis: 1,
          epsilon: 0,
          momentum: 0,
        });
      },
      error: ShapeError,
      message: /runningVariance must be float32 \[4\]/,
    },
  ],
});

checkOp('batchNormInference', {
  samples: [
    {
      name: 'by hand',
      inputs: [
        { shape: [2, 2], values: [1, 2, 3, 4] },
        { shape: [2], values: [1, 2] },
        { shape: [2], values: [4, 0.25] },
        { shape: [2], values: [1, 3] },
        { shape: [2], values: [0.5, -1] },
      ],
      build: ([x, mean, variance, scale, offset]) =>
        batchNormInference(x, { mean, variance, scale, offset, epsilon: 0 }),
      expected: [0.5, -1, 1.5, 11],
    },
    {
      name: 'channels first',
      inputs: [{ shape: [2, 3, 5] }, { shape: [3] }, { shape: [3], values: { low: 0.5, high: 2 } }],
      build: ([x, mean, variance]) => batchNormInference(x, { mean, variance, axis: 1 }),
    },
    {
      name: 'far from zero, with all options',
      inputs: [
        far,
        { shape: [4], values: { low: 999, high: 1001 } },
        { shape: [4], values: { low: 0.5, high: 2 } },
        { shape: [4] },
        { shape: [4] },
      ],
      build: ([x, mean, variance, scale, offset]) =>
        batchNormInference(x, { mean, variance, scale, offset, epsilon: 1e-3 }),
    },
    {
      name: 'batchNorm without training',
      inputs: [
        { shape: [3, 4], values: [0.25, 1.25, 2.25, 3.25, 0.25, 0.25, 0.25, 0.25, -0.75, 1.25, 1.25, 1.25] },
      ],
      build: ([x]) => normalized(x, undefined, undefined, { training: false, epsilon: 0 }),
      expected: [0, 1, 2, 3, 0, 0, 0, 0, -1, 1, 1, 1].map((value) => value / Math.sqrt(1.5)),
    },
    {
      name: 'float16',
      inputs: [
        { shape: [3, 4], dtype: 'float16' },
        { shape: [4] },
        { shape: [4], values: { low: 0.5, high: 2 } },
      ],
      build: ([x, mean, variance]) => batchNormInference(x, { mean, variance }),
    },
  ],
  errors: [
    {
      name: 'mean of another length',
      build: (graph) =>
        batchNormInference(graph.input('x', [8, 4]), {
          mean: graph.input('m', [8]),
          variance: graph.input('v', [4]),
        }),
      error: ShapeError,
      message:
        /batchNormInference: mean must be float32 \[4\], the channels of \[8, 4\] on axis 1; got float32 \[8\]/,
    },
  ],
});
