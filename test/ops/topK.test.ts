import { DTypeError, ShapeError } from '../../src/core/errors.ts';
import type { Graph, Tensor } from '../../src/graph/graph.ts';
import { topK } from '../../src/ops/topK.ts';
import { checkOp } from '../support/checkOp.ts';

const both = (x: Tensor, k: number, options?: Parameters<typeof topK>[2]) => {
  const { values, indices } = topK(x, k, options);
  return [values, indices];
};
const nan = Number.NaN;
const infinity = Number.POSITIVE_INFINITY;

checkOp('topK', {
  samples: [
    {
      name: 'the largest, equal ones by index',
      inputs: [{ shape: [2, 5], values: [1, 3, 2, 3, -1, 0, -0, 0, -2, 0] }],
      build: ([x]) => both(x, 3),
      expected: [
        [3, 3, 2, 0, 0, 0],
        [1, 3, 2, 0, 1, 2],
      ],
      gradient: false,
    },
    {
      name: 'the smallest',
      inputs: [{ shape: [5], values: [1, 3, -2, 3, -1] }],
      build: ([x]) => both(x, 2, { largest: false }),
      expected: [
        [-2, -1],
        [2, 4],
      ],
    },
    {
      name: 'NaN is largest, infinities are numbers',
      inputs: [{ shape: [5], values: [infinity, nan, -infinity, 4, nan] }],
      build: ([x]) => both(x, 5),
      expected: [
        [nan, nan, infinity, 4, -infinity],
        [1, 4, 0, 3, 2],
      ],
      gradient: false,
    },
    {
      name: 'int32, all of them',
      inputs: [
        {
          shape: [2, 3, 2],
          dtype: 'int32',
          values: [5, -1, -(2 ** 31), 7, 5, 2 ** 31 - 1, 0, 1, 2, 3, 4, 5],
        },
      ],
      build: ([x]) => both(x, 3, { axis: 1 }),
    },
    {
      name: 'uint32',
      inputs: [{ shape: [4], dtype: 'uint32', values: [0, 2 ** 32 - 1, 2 ** 31, 5] }],
      build: ([x]) => both(x, 2),
      expected: [
        [2 ** 32 - 1, 2 ** 31],
        [1, 2],
      ],
    },
    { name: 'float16', inputs: [{ shape: [3, 17], dtype: 'float16' }], build: ([x]) => both(x, 4) },
    ...[1, 3, 17, 63, 65, 130].map((length) => ({
      name: `${length} elements in the middle`,
      inputs: [{ shape: [2, length, 3] }],
      build: ([x]: Tensor[]) => both(x, Math.ceil(length / 2), { axis: 1 }),
    })),
    { name: 'many lines', inputs: [{ shape: [65, 33] }], build: ([x]) => both(x, 1, { largest: false }) },
  ],
  errors: [
    {
      name: 'more than there are',
      build: (graph: Graph) => topK(graph.input('x', [2, 3]), 4),
      error: ShapeError,
      message: /topK: k must be a whole number from 1 to the 3 elements of axis 1 of \[2, 3\], got 4/,
    },
    {
      name: 'bool',
      build: (graph: Graph) => topK(graph.input('x', [3], 'bool'), 1),
      error: DTypeError,
      message: /topK: expected float32, float16, int32 or uint32, got bool/,
    },
  ],
});
