import { ShapeError } from '../../src/core/errors.ts';
import type { Tensor } from '../../src/graph/graph.ts';
import { grad } from '../../src/ops/gradient.ts';
import {
  binaryCrossEntropyWithLogits,
  huber,
  meanAbsoluteError,
  meanSquaredError,
} from '../../src/ops/losses.ts';
import { sum } from '../../src/ops/sum.ts';
import { checkOp, type Sample } from '../support/checkOp.ts';

type Loss = (prediction: Tensor, target: Tensor, options?: { reduction?: 'mean' | 'sum' | 'none' }) => Tensor;

const everyReduction = (loss: Loss, x: Tensor, target: Tensor) =>
  (['mean', 'sum', 'none'] as const).map((reduction) => loss(x, target, { reduction }));

const sizes = (loss: Loss): Sample[] =>
  [[1], [3, 17], [65, 2], [7, 3, 2]].map((shape) => ({
    inputs: [{ shape }, { shape }],
    build: ([x, target]) => everyReduction(loss, x, target),
  }));

const shapeError = (loss: Loss, name: string) => ({
  name: `${name}: shapes that would broadcast`,
  build: (graph: Parameters<Sample['build']>[1]) =>
    loss(graph.input('x', [4, 1]), graph.input('target', [4])),
  error: ShapeError,
  message: new RegExp(`${name}: prediction \\[4, 1\\] and target \\[4\\] must have the same shape`),
});

const pair = (x: number[], target: number[]) => [
  { shape: [x.length], values: x },
  { shape: [x.length], values: target, differentiable: false },
];

checkOp('meanSquaredError', {
  samples: [
    ...sizes(meanSquaredError),
    {
      inputs: pair([1, 2, 5], [1, 4, 1]),
      build: ([x, target]) => [
        ...everyReduction(meanSquaredError, x, target),
        grad(meanSquaredError(x, target), [x])[0],
      ],
      expected: [[20 / 3], [20], [0, 4, 16], [0, -4 / 3, 8 / 3]],
    },
  ],
  errors: [shapeError(meanSquaredError, 'meanSquaredError')],
});

checkOp('meanAbsoluteError', {
  samples: [
    ...sizes(meanAbsoluteError),
    {
      inputs: pair([1, 2, 5], [1, 4, 1]),
      build: ([x, target]) => [
        ...everyReduction(meanAbsoluteError, x, target),
        grad(meanAbsoluteError(x, target), [x])[0],
      ],
      expected: [[2], [6], [0, 2, 4], [0, -1 / 3, 1 / 3]],
      // The gradient jumps where both are equal, so it has no differences.
      gradient: false,
    },
  ],
  errors: [shapeError(meanAbsoluteError, 'meanAbsoluteError')],
});

checkOp('huber', {
  samples: [
    ...sizes(huber),
    ...sizes((x, target, options) => huber(x, target, { ...options, delta: 0.3 })),
    {
      inputs: pair([0, 0.5, 3, -3], [0, 0, 0, 0]),
      build: ([x, target]) => [
        huber(x, target, { reduction: 'none' }),
        huber(x, target, { reduction: 'none', delta: 2 }),
        grad(huber(x, target, { reduction: 'sum' }), [x])[0],
      ],
      expected: [
        [0, 0.125, 2.5, 2.5],
        [0, 0.125, 4, 4],
        [0, 0.5, 1, -1],
      ],
      gradient: false,
    },
  ],
  errors: [
    shapeError(huber, 'huber'),
    {
      name: 'delta',
      build: (graph) => huber(graph.input('x', [2]), graph.input('target', [2]), { delta: 0 }),
      error: ShapeError,
      message: /huber: delta must be positive, got 0/,
    },
  ],
});

checkOp('binaryCrossEntropyWithLogits', {
  samples: [
    ...sizes(binaryCrossEntropyWithLogits),
    {
      inputs: pair([0, 0, Math.log(3), Math.log(3)], [0, 1, 1, 0]),
      // sigmoid(log 3) = 3/4
      build: ([x, target]) => [
        binaryCrossEntropyWithLogits(x, target, { reduction: 'none' }),
        binaryCrossEntropyWithLogits(x, target, { reduction: 'none', positiveWeight: 3 }),
        grad(binaryCrossEntropyWithLogits(x, target), [x])[0],
      ],
      expected: [
        [Math.LN2, Math.LN2, Math.log(4 / 3), Math.log(4)],
        [Math.LN2, 3 * Math.LN2, 3 * Math.log(4 / 3), Math.log(4)],
        [0.125, -0.125, -0.0625, 0.1875],
      ],
    },
    {
      name: 'large logits',
      inputs: pair([1e4, 1e4, -1e4, -1e4, 30, -30], [1, 0, 1, 0, 1, 0]),
      build: ([x, target]) => [
        binaryCrossEntropyWithLogits(x, target, { reduction: 'none' }),
        grad(sum(binaryCrossEntropyWithLogits(x, target, { reduction: 'none' })), [x])[0],
      ],
      expected: [
        [0, 1e4, 1e4, 0, Math.exp(-30), Math.exp(-30)],
        [0, 1, -1, 0, 0, 0],
      ],
      gradient: false,
    },
    {
      name: 'weights',
      inputs: [
        { shape: [5, 3] },
        { shape: [5, 3], values: { low: 0, high: 1 } },
        { shape: [3], values: [1, 2, 0.5], differentiable: false },
        { shape: [5, 1], values: { low: 0, high: 1 } },
      ],
      build: ([x, target, positiveWeight, weights]) => [
        binaryCrossEntropyWithLogits(x, target, { positiveWeight, weights }),
        binaryCrossEntropyWithLogits(x, target, { weights, reduction: 'none' }),
      ],
    },
    {
      name: 'twice differentiated',
      inputs: [{ shape: [3, 4] }, { shape: [3, 4], values: { low: 0, high: 1 } }],
      build: ([x, target]) => grad(binaryCrossEntropyWithLogits(x, target), [x])[0],
    },
  ],
  errors: [
    shapeError(binaryCrossEntropyWithLogits, 'binaryCrossEntropyWithLogits'),
    {
      name: 'weights that do not fit',
      build: (graph) =>
        binaryCrossEntropyWithLogits(graph.input('x', [3]), graph.input('target', [3]), {
          weights: graph.constant(1, [2, 3]),
        }),
      error: ShapeError,
      message: /weights must broadcast to the logits' shape \[3\]/,
    },
  ],
});
