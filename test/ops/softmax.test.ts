import { DTypeError, ShapeError } from '../../src/core/errors.ts';
import type { Tensor } from '../../src/graph/graph.ts';
import { mul } from '../../src/ops/arithmetic.ts';
import { grad } from '../../src/ops/gradient.ts';
import { logSoftmax, softmax } from '../../src/ops/softmax.ts';
import { sum } from '../../src/ops/sum.ts';
import { checkOp, type Sample } from '../support/checkOp.ts';

type Activation = typeof softmax;

const lengths = (op: Activation): Sample[] => [
  ...[1, 3, 17, 63, 64, 65, 130, 1000, 4099].map((n) => ({
    inputs: [{ shape: [3, n] }],
    build: ([x]: Tensor[]) => op(x),
    // Differences of a sum of 12 thousand logarithms have too few digits.
    gradient: n < 4000 || op === softmax,
  })),
  {
    name: 'other axes',
    inputs: [{ shape: [3, 5, 7] }],
    build: ([x]) => [op(x, { axis: 0 }), op(x, { axis: -2 })],
  },
  { name: 'columns, four at once', inputs: [{ shape: [2, 6, 8] }], build: ([x]) => op(x, { axis: 1 }) },
  { name: 'long columns', inputs: [{ shape: [130, 8] }], build: ([x]) => op(x, { axis: 0 }) },
  { name: 'rank 1', inputs: [{ shape: [5] }], build: ([x]) => op(x) },
  {
    name: 'float16',
    inputs: [{ shape: [3, 12], dtype: 'float16' }],
    build: ([x]) => [op(x), op(x, { axis: 0 })],
  },
  {
    name: 'what follows joins the kernel',
    inputs: [{ shape: [4, 12] }, { shape: [4, 12] }],
    build: ([x, mask]) => mul(op(x), mask),
  },
  {
    name: 'twice differentiated',
    inputs: [{ shape: [3, 5] }, { shape: [3, 5] }],
    // With y² the gradient also goes through the incoming gradient.
    build: ([x, weights]) => {
      const y = op(x);
      return grad(sum(mul(mul(y, y), weights)), [x])[0];
    },
  },
];

const errors = (op: Activation, name: string) => [
  {
    name: 'axis out of range',
    build: (graph: Parameters<Sample['build']>[1]) => op(graph.input('x', [2, 3]), { axis: 5 }),
    error: ShapeError,
    message: new RegExp(`${name}: axis 5 is out of range for rank 2`),
  },
  {
    name: 'int32',
    build: (graph: Parameters<Sample['build']>[1]) => op(graph.input('x', [2], 'int32')),
    error: DTypeError,
    message: new RegExp(`${name}: expected float32 or float16, got int32`),
  },
];

checkOp('softmax', {
  samples: [
    ...lengths(softmax),
    {
      inputs: [{ shape: [2, 3], values: [1, 2, 3, 0, 0, 0] }],
      build: ([x]) => softmax(x),
      expected: [0.09003057317, 0.24472847105, 0.66524095577, 1 / 3, 1 / 3, 1 / 3],
    },
    {
      name: 'large logits',
      inputs: [{ shape: [3, 3], values: [1e4, -1e4, 0, -1e4, -1e4, -1e4, 1e4, 1e4, -1e4] }],
      build: ([x]) => softmax(x),
      expected: [1, 0, 0, 1 / 3, 1 / 3, 1 / 3, 0.5, 0.5, 0],
      gradient: false,
    },
    {
      name: 'masked by a very negative number',
      inputs: [{ shape: [1, 4], values: [-3.4e38, 1, -3.4e38, 1] }],
      build: ([x]) => softmax(x),
      expected: [0, 0.5, 0, 0.5],
      gradient: false,
    },
  ],
  errors: errors(softmax, 'softmax'),
});

checkOp('logSoftmax', {
  samples: [
    ...lengths(logSoftmax),
    {
      inputs: [{ shape: [1, 3], values: [1, 2, 3] }],
      build: ([x]) => logSoftmax(x),
      expected: [-2.40760596444, -1.40760596444, -0.40760596444],
    },
    {
      name: 'large logits',
      inputs: [{ shape: [2, 3], values: [1e4, -1e4, 0, 1e4, 1e4, -1e4] }],
      build: ([x]) => logSoftmax(x),
      expected: [0, -2e4, -1e4, -Math.LN2, -Math.LN2, -2e4 - Math.LN2],
      gradient: false,
    },
  ],
  errors: errors(logSoftmax, 'logSoftmax'),
});
