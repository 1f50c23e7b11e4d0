import { DTypeError, ShapeError } from '../../src/core/errors.ts';
import { mul } from '../../src/ops/arithmetic.ts';
import { oneHot } from '../../src/ops/oneHot.ts';
import { checkOp } from '../support/checkOp.ts';

checkOp('oneHot', {
  samples: [
    {
      name: 'labels, two of them out of range',
      inputs: [{ shape: [4], dtype: 'int32', values: [1, 3, -1, 0] }],
      build: ([x]) => oneHot(x, 3),
      expected: [0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0],
    },
    {
      name: 'on and off, axis 0',
      inputs: [{ shape: [3], dtype: 'uint32', values: [1, 0, 2] }],
      build: ([x]) => oneHot(x, 2, { on: 0.9, off: -0.1, axis: 0 }),
      expected: [-0.1, 0.9, -0.1, 0.9, -0.1, -0.1].map(Math.fround),
    },
    {
      name: 'depth 1',
      inputs: [{ shape: [5], dtype: 'int32', values: [0, 1, 0, -1, 7] }],
      build: ([x]) => oneHot(x, 1),
    },
    { name: 'a scalar', inputs: [{ shape: [], dtype: 'int32', values: [2] }], build: ([x]) => oneHot(x, 4) },
    {
      name: 'two axes',
      inputs: [{ shape: [5, 3], dtype: 'int32', values: { low: 0, high: 8 } }],
      build: ([x]) => oneHot(x, 8),
    },
    {
      name: 'in the middle',
      inputs: [{ shape: [5, 3], dtype: 'uint32', values: { low: 0, high: 7 } }],
      build: ([x]) => oneHot(x, 7, { axis: 1 }),
    },
    {
      name: 'in a chain',
      inputs: [{ shape: [5], dtype: 'int32', values: { low: 0, high: 12 } }, { shape: [5, 12] }],
      build: ([labels, x]) => mul(oneHot(labels, 12), x),
    },
  ],
  errors: [
    {
      name: 'floats',
      build: (graph) => graph.scope('loss', () => oneHot(graph.input('x', [3]), 3)),
      error: DTypeError,
      message: /^loss\/oneHot: indices must be int32 or uint32, got float32$/,
    },
    {
      name: 'depth',
      build: (graph) => oneHot(graph.input('x', [3], 'int32'), 0),
      error: ShapeError,
      message: /depth must be a whole number of at least 1, got 0/,
    },
    {
      name: 'infinite',
      build: (graph) => oneHot(graph.input('x', [3], 'int32'), 2, { off: Number.NEGATIVE_INFINITY }),
      error: ShapeError,
      message: /on and off must be finite, got 1 and -Infinity/,
    },
  ],
});
