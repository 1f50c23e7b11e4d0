import { ShapeError } from '../../src/core/errors.ts';
import { add, mul } from '../../src/ops/arithmetic.ts';
import { transpose } from '../../src/ops/transpose.ts';
import { checkOp, type Sample } from '../support/checkOp.ts';

const both = [{ transpose: 'blocks' }, { transpose: 'strided' }];

function permuted(
  shape: number[],
  permutation?: number[],
  dtype?: 'int32' | 'uint32' | 'bool' | 'float16',
): Sample {
  return {
    name: `${dtype ?? ''}[${shape}] by [${permutation ?? 'reverse'}]`,
    inputs: [{ shape, dtype, values: dtype === 'uint32' ? { low: 0, high: 4e9 } : undefined }],
    build: ([x]) => transpose(x, permutation),
    variants: both,
  };
}

checkOp('transpose', {
  samples: [
    {
      name: 'a matrix by hand',
      inputs: [{ shape: [2, 3], values: [1, 2, 3, 4, 5, 6] }],
      build: ([x]) => transpose(x),
      expected: [1, 4, 2, 5, 3, 6],
      variants: both,
    },
    {
      name: 'three axes by hand',
      inputs: [{ shape: [2, 1, 3], values: [1, 2, 3, 4, 5, 6] }],
      build: ([x]) => transpose(x, [2, 0, 1]),
      expected: [1, 4, 2, 5, 3, 6],
      variants: both,
    },
    { name: 'a scalar', inputs: [{ shape: [] }], build: ([x]) => transpose(x) },
    permuted([7]),
    permuted([33, 65]),
    permuted([4, 4]),
    permuted([36, 68]),
    permuted([3, 12, 5, 40], [2, 3, 0, 1]),
    permuted([2, 4, 2, 8, 3, 12], [4, 1, 5, 2, 0, 3]),
    permuted([17, 130]),
    permuted([1, 5, 1], [2, 1, 0]),
    permuted([2, 5, 6, 3], [0, 2, 3, 1]),
    permuted([2, 3, 5, 7], [0, 3, 1, 2]),
    permuted([3, 4, 5], [1, 0, 2]),
    permuted([3, 4, 8], [1, 0, 2]),
    permuted([3, 33, 34], [0, 2, 1]),
    permuted([20, 3, 18], [2, 1, 0]),
    permuted([2, 3, 2, 2, 1, 2, 3, 2], [7, 6, 5, 4, 3, 2, 1, 0]),
    permuted([2, 2, 3, 2, 2, 3, 2, 2], [6, 1, 4, 3, 2, 5, 0, 7]),
    permuted([12, 20], undefined, 'int32'),
    permuted([17, 18], undefined, 'uint32'),
    permuted([12, 20], undefined, 'bool'),
    permuted([12, 20], undefined, 'float16'),
    permuted([3, 2, 4], [1, 0, 2], 'float16'),
    {
      name: 'there and back',
      inputs: [{ shape: [3, 4, 5] }],
      build: ([x]) => transpose(transpose(x, [2, 0, 1]), [1, 2, 0]),
    },
    {
      name: 'twice',
      inputs: [{ shape: [2, 3, 4] }],
      build: ([x]) => transpose(transpose(x, [2, 0, 1]), [2, 0, 1]),
    },
    {
      name: 'a chain behind it, and a square, so that the gradient has a gradient',
      inputs: [{ shape: [36, 20] }, { shape: [36] }],
      build: ([x, bias]) => {
        const y = add(transpose(x), bias);
        return mul(y, y);
      },
      variants: both,
    },
  ],
  errors: [
    {
      name: 'an axis twice',
      build: (graph) => graph.scope('head', () => transpose(graph.input('x', [2, 3]), [0, 0])),
      error: ShapeError,
      message: /^head\/transpose: permutation \[0, 0\] must hold each axis of \[2, 3\] once \(0, 1\)$/,
    },
    {
      name: 'too short',
      build: (graph) => transpose(graph.input('x', [2, 3, 4]), [1, 0]),
      error: ShapeError,
      message: /permutation \[1, 0\] must hold each axis of \[2, 3, 4\] once/,
    },
    {
      name: 'too many axes',
      build: (graph) => transpose(graph.input('x', [1, 2, 1, 2, 1, 2, 1, 2, 1])),
      error: ShapeError,
      message: /at most 8 axes/,
    },
  ],
});
