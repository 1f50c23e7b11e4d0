import { DTypeError, ShapeError } from '../../src/core/errors.ts';
import type { Tensor } from '../../src/graph/graph.ts';
import { add, mul } from '../../src/ops/arithmetic.ts';
import { linear, matmul } from '../../src/ops/matmul.ts';
import { checkOp, type Sample } from '../support/checkOp.ts';

const variants = [
  { matmul: 'direct' },
  { matmul: 'splitK' },
  { matmul: 'tiled' },
  { matmul: 'wide' },
  { matmul: 'shared' },
];

/** All four transpositions of [m, k] x [k, n]. */
function transposed(m: number, k: number, n: number): Sample[] {
  return [false, true].flatMap((transposeA) =>
    [false, true].map((transposeB) => ({
      name: `[${m}, ${k}] x [${k}, ${n}]${transposeA ? ' transposeA' : ''}${transposeB ? ' transposeB' : ''}`,
      inputs: [{ shape: transposeA ? [k, m] : [m, k] }, { shape: transposeB ? [n, k] : [k, n] }],
      build: ([a, b]) => matmul(a, b, { transposeA, transposeB }),
      variants,
    })),
  );
}

checkOp('matmul', {
  samples: [
    {
      name: 'a product worked out by hand',
      inputs: [
        { shape: [2, 3], values: [1, 2, 3, 4, 5, 6] },
        { shape: [3, 2], values: [7, 8, 9, 10, 11, 12] },
      ],
      build: ([a, b]) => matmul(a, b),
      expected: [58, 64, 139, 154],
    },
    ...transposed(1, 1, 1),
    ...transposed(3, 5, 7),
    ...transposed(17, 63, 65),
    ...transposed(4, 8, 12),
    ...transposed(65, 130, 3),
    ...transposed(68, 20, 132),
    ...transposed(17, 21, 72),
    ...transposed(9, 64, 136),
    {
      name: 'row times matrix',
      inputs: [{ shape: [1, 130] }, { shape: [130, 64] }],
      build: ([a, b]) => matmul(a, b),
      variants,
    },
    ...[1, 3, 20, 33].map((m) => ({
      name: `many columns, ${m} rows`,
      inputs: [{ shape: [m, 6] }, { shape: [6, 2048] }],
      build: ([a, b]: Tensor[]) => matmul(a, b),
      gradient: false,
      asGpu: true,
    })),
    {
      name: 'large enough for sixteen rows at once',
      inputs: [{ shape: [31, 1024] }, { shape: [1024, 2048] }],
      build: ([a, b]) => matmul(a, b),
      gradient: false,
    },
    {
      name: 'large enough for 32 rows at once',
      inputs: [{ shape: [64, 1024] }, { shape: [1024, 2056] }],
      build: ([a, b]) => matmul(a, b),
      gradient: false,
    },
    {
      name: 'few outputs, so many terms',
      inputs: [{ shape: [2052, 20] }, { shape: [2052, 40] }],
      build: ([a, b]) => matmul(a, b, { transposeA: true }),
      gradient: false,
    },
    {
      name: 'long inner dimension',
      inputs: [{ shape: [3, 1000] }, { shape: [1000, 5] }],
      build: ([a, b]) => matmul(a, b),
    },
    {
      name: 'batches',
      inputs: [{ shape: [3, 5, 4] }, { shape: [3, 4, 6] }],
      build: ([a, b]) => matmul(a, b),
      variants,
    },
    {
      name: 'one b for all batches',
      inputs: [{ shape: [3, 5, 4] }, { shape: [4, 6] }],
      build: ([a, b]) => matmul(a, b),
    },
    {
      name: 'one a for all batches, transposed',
      inputs: [{ shape: [4, 5] }, { shape: [2, 3, 4, 6] }],
      build: ([a, b]) => matmul(a, b, { transposeA: true }),
    },
    {
      name: 'batches that stretch both ways',
      inputs: [{ shape: [2, 1, 3, 1, 2, 3] }, { shape: [1, 2, 1, 2, 3, 2] }],
      build: ([a, b]) => matmul(a, b),
    },
    {
      name: 'vector times matrix',
      inputs: [{ shape: [5] }, { shape: [2, 5, 3] }],
      build: ([a, b]) => matmul(a, b),
    },
    {
      name: 'matrix times vector',
      inputs: [{ shape: [4, 5] }, { shape: [5] }],
      build: ([a, b]) => matmul(a, b),
    },
    { name: 'dot product', inputs: [{ shape: [7] }, { shape: [7] }], build: ([a, b]) => matmul(a, b) },
    {
      name: 'a chain behind the product',
      inputs: [{ shape: [6, 8] }, { shape: [8, 12] }, { shape: [12] }, { shape: [6, 12] }],
      build: ([a, b, bias, rest]) => mul(add(add(matmul(a, b), bias), rest), rest),
      variants,
    },
    {
      name: 'large values',
      inputs: [
        { shape: [5, 9], values: { low: -1e4, high: 1e4 } },
        { shape: [9, 5], values: { low: -1e4, high: 1e4 } },
      ],
      build: ([a, b]) => matmul(a, b),
      gradient: false,
      tolerance: { relative: 8e-6, absolute: 100, reason: 'terms of 1e8 cancel' },
    },
    {
      name: 'float16',
      inputs: [
        { shape: [5, 8], dtype: 'float16' },
        { shape: [8, 4], dtype: 'float16' },
      ],
      build: ([a, b]) => matmul(a, b),
    },
  ],
  errors: [
    {
      name: 'inner dimensions',
      build: (graph) =>
        graph.scope('dense1', () => matmul(graph.input('a', [2, 3]), graph.input('b', [4, 5]))),
      error: ShapeError,
      message: /^dense1\/matmul: inner dimensions differ, \[2, 3\] x \[4, 5\]: 3 and 4$/,
    },
    {
      name: 'batch axes',
      build: (graph) => matmul(graph.input('a', [2, 3, 4]), graph.input('b', [3, 4, 5])),
      error: ShapeError,
      message: /batch axes: shapes \[2\] and \[3\] do not broadcast/,
    },
    {
      name: 'integers',
      build: (graph) => matmul(graph.input('a', [2, 3], 'int32'), graph.input('b', [3, 2], 'int32')),
      error: DTypeError,
      message: /expected operands of one dtype, float32 or float16, got int32 and int32/,
    },
  ],
});

checkOp('linear', {
  samples: [
    {
      inputs: [{ shape: [5, 7] }, { shape: [7, 3] }, { shape: [3] }],
      build: ([x, w, b]) => linear(x, w, b),
      variants,
    },
    {
      inputs: [{ shape: [2, 3, 8] }, { shape: [8, 4] }, { shape: [4] }],
      build: ([x, w, b]) => linear(x, w, b),
      variants,
    },
    { inputs: [{ shape: [64, 9] }, { shape: [9, 10] }], build: ([x, w]) => linear(x, w) },
    {
      name: 'a square behind it, so that the gradient has a gradient',
      inputs: [{ shape: [4, 3] }, { shape: [3, 4] }, { shape: [4] }],
      build: ([x, w, b]) => mul(linear(x, w, b), linear(x, w, b)),
    },
  ],
  errors: [
    {
      name: 'features',
      build: (graph) => linear(graph.input('x', [2, 3]), graph.input('w', [4, 5])),
      error: ShapeError,
      message: /linear: x \[2, 3\] has 3 features, so the weight must be \[3, units\]; got \[4, 5\]/,
    },
    {
      name: 'bias',
      build: (graph) => linear(graph.input('x', [2, 3]), graph.input('w', [3, 5]), graph.input('b', [3])),
      error: ShapeError,
      message: /the bias must be \[5\], got \[3\]/,
    },
  ],
});
