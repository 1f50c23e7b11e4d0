import { DTypeError, ShapeError } from '../../src/core/errors.ts';
import { add, mul } from '../../src/ops/arithmetic.ts';
import { embedding, gather, gatherGradient } from '../../src/ops/gather.ts';
import { checkOp } from '../support/checkOp.ts';

const both = [{ gatherGradient: 'scan' }, { gatherGradient: 'sorted' }];

checkOp('gather', {
  samples: [
    {
      name: 'rows by hand: repeated, negative, clamped on both sides',
      inputs: [
        { shape: [3, 2], values: [1, 2, 3, 4, 5, 6] },
        { shape: [6], dtype: 'int32', values: [1, 1, -1, 7, -9, 0] },
      ],
      build: ([x, indices]) => gather(x, indices),
      expected: [3, 4, 3, 4, 5, 6, 5, 6, 1, 2, 1, 2],
    },
    {
      name: 'columns by hand',
      inputs: [
        { shape: [2, 3], values: [1, 2, 3, 4, 5, 6] },
        { shape: [2, 2], dtype: 'uint32', values: [2, 0, 1, 4294967295] },
      ],
      build: ([x, indices]) => gather(x, indices, 1),
      expected: [3, 1, 2, 3, 6, 4, 5, 6],
    },
    {
      name: 'a scalar index',
      inputs: [{ shape: [5, 3] }, { shape: [], dtype: 'int32', values: [3] }],
      build: ([x, index]) => gather(x, index),
    },
    {
      name: 'a batch of images',
      inputs: [{ shape: [20, 6, 6, 1] }, { shape: [7], dtype: 'int32', values: { low: 0, high: 20 } }],
      build: ([x, indices]) => gather(x, indices),
    },
    {
      name: 'a middle axis',
      inputs: [{ shape: [3, 17, 5] }, { shape: [2, 3], dtype: 'int32', values: { low: -17, high: 17 } }],
      build: ([x, indices]) => gather(x, indices, -2),
    },
    {
      name: 'the last axis',
      inputs: [{ shape: [3, 7] }, { shape: [65], dtype: 'uint32', values: { low: 0, high: 7 } }],
      build: ([x, indices]) => gather(x, indices, 1),
    },
    {
      name: 'embedding, so many indices that the list is read in three stretches',
      inputs: [{ shape: [63, 8] }, { shape: [4, 700], dtype: 'uint32', values: { low: 0, high: 63 } }],
      build: ([table, indices]) => embedding(table, indices),
      variants: both,
    },
    {
      name: 'a chain behind it, and a square, so that the gradient has a gradient',
      inputs: [
        { shape: [9, 4] },
        { shape: [5], dtype: 'int32', values: { low: 0, high: 9 } },
        { shape: [4] },
      ],
      build: ([x, indices, bias]) => {
        const y = add(gather(x, indices), bias);
        return mul(y, y);
      },
    },
    {
      name: 'int32',
      inputs: [
        { shape: [9, 4], dtype: 'int32' },
        { shape: [5], dtype: 'int32', values: { low: 0, high: 9 } },
      ],
      build: ([x, indices]) => gather(x, indices),
    },
    {
      name: 'bool',
      inputs: [
        { shape: [9, 3], dtype: 'bool' },
        { shape: [5], dtype: 'int32', values: { low: 0, high: 9 } },
      ],
      build: ([x, indices]) => gather(x, indices),
    },
    {
      name: 'float16',
      inputs: [
        { shape: [9, 4], dtype: 'float16' },
        { shape: [5], dtype: 'int32', values: { low: 0, high: 9 } },
      ],
      build: ([x, indices]) => gather(x, indices),
    },
  ],
  errors: [
    {
      name: 'float indices',
      build: (graph) => graph.scope('words', () => gather(graph.input('x', [2, 3]), graph.input('i', [2]))),
      error: DTypeError,
      message: /^words\/gather: indices must be int32 or uint32, got float32$/,
    },
    {
      name: 'axis',
      build: (graph) => gather(graph.input('x', [2, 3]), graph.input('i', [2], 'int32'), 2),
      error: ShapeError,
      message: /axis 2 is out of range for rank 2/,
    },
  ],
});

checkOp('gatherGradient', {
  samples: [
    {
      name: 'repeated indices add up',
      inputs: [
        { shape: [4, 2], values: [1, 2, 3, 4, 5, 6, 7, 8] },
        { shape: [4], dtype: 'int32', values: [2, 0, 2, -1] },
      ],
      build: ([dy, indices]) => gatherGradient(dy, indices, 3),
      variants: both,
      expected: [3, 4, 0, 0, 13, 16],
    },
    {
      name: 'all indices the same',
      inputs: [{ shape: [130, 3] }, { shape: [130], dtype: 'int32', values: new Array(130).fill(1) }],
      build: ([dy, indices]) => gatherGradient(dy, indices, 3),
      variants: both,
    },
    {
      name: 'more columns than a workgroup has invocations',
      inputs: [{ shape: [5, 263] }, { shape: [5], dtype: 'uint32', values: [2, 0, 2, 1, 2] }],
      build: ([dy, indices]) => gatherGradient(dy, indices, 4),
      variants: both,
    },
    {
      name: 'more rows than a workgroup has invocations, and a square',
      inputs: [{ shape: [2, 33] }, { shape: [33], dtype: 'int32', values: { low: 0, high: 300 } }],
      build: ([dy, indices]) => {
        const dx = gatherGradient(dy, indices, 300, 1);
        return mul(dx, dx);
      },
      variants: both,
    },
    {
      name: 'more results than one dispatch is chosen for',
      inputs: [{ shape: [60, 8] }, { shape: [60], dtype: 'int32', values: { low: 0, high: 10000 } }],
      build: ([dy, indices]) => gatherGradient(dy, indices, 10000),
      gradient: false,
    },
    {
      name: 'float16',
      inputs: [
        { shape: [9, 4], dtype: 'float16' },
        { shape: [9], dtype: 'int32', values: { low: 0, high: 3 } },
      ],
      build: ([dy, indices]) => gatherGradient(dy, indices, 3),
      variants: both,
    },
    {
      name: 'int32',
      inputs: [
        { shape: [9], dtype: 'int32' },
        { shape: [9], dtype: 'int32', values: { low: 0, high: 3 } },
      ],
      build: ([dy, indices]) => gatherGradient(dy, indices, 3),
      variants: both,
    },
  ],
  errors: [
    {
      name: 'shapes',
      build: (graph) => gatherGradient(graph.input('dy', [2, 3]), graph.input('i', [3], 'int32'), 5),
      error: ShapeError,
      message: /\[2, 3\] does not have the axes of the indices \[3\] at axis 0/,
    },
  ],
});
