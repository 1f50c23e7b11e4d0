import { ShapeError } from '../../src/core/errors.ts';
import { mul } from '../../src/ops/arithmetic.ts';
import { triangular } from '../../src/ops/triangular.ts';
import { checkOp } from '../support/checkOp.ts';

const nine = [1, 2, 3, 4, 5, 6, 7, 8, 9];

checkOp('triangular', {
  samples: [
    {
      name: 'upper',
      inputs: [{ shape: [3, 3], values: nine }],
      build: ([x]) => triangular(x),
      expected: [1, 2, 3, 0, 5, 6, 0, 0, 9],
    },
    {
      name: 'lower',
      inputs: [{ shape: [3, 3], values: nine }],
      build: ([x]) => triangular(x, { upper: false }),
      expected: [1, 0, 0, 4, 5, 0, 7, 8, 9],
    },
    {
      name: 'above the diagonal',
      inputs: [{ shape: [3, 3], values: nine }],
      build: ([x]) => triangular(x, { diagonal: 1 }),
      expected: [0, 2, 3, 0, 0, 6, 0, 0, 0],
    },
    {
      name: 'from below the diagonal',
      inputs: [{ shape: [3, 3], values: nine }],
      build: ([x]) => triangular(x, { diagonal: -1 }),
      expected: [1, 2, 3, 4, 5, 6, 0, 8, 9],
    },
    {
      name: 'batches',
      inputs: [{ shape: [2, 5, 8] }],
      build: ([x]) => mul(triangular(x, { upper: false, diagonal: 2 }), x),
    },
    { name: 'one row', inputs: [{ shape: [1, 5] }], build: ([x]) => triangular(x, { diagonal: 2 }) },
    { name: 'one column', inputs: [{ shape: [5, 1] }], build: ([x]) => triangular(x) },
    { name: 'int32', inputs: [{ shape: [5, 4], dtype: 'int32' }], build: ([x]) => triangular(x) },
    {
      name: 'uint32',
      inputs: [{ shape: [3, 5], dtype: 'uint32', values: { low: 0, high: 9 } }],
      build: ([x]) => triangular(x),
    },
    { name: 'bool', inputs: [{ shape: [5, 4], dtype: 'bool' }], build: ([x]) => triangular(x) },
    { name: 'float16', inputs: [{ shape: [5, 4], dtype: 'float16' }], build: ([x]) => triangular(x) },
  ],
  errors: [
    {
      name: 'one axis',
      build: (graph) => triangular(graph.input('x', [3])),
      error: ShapeError,
      message: /triangular: expected at least two axes, got \[3\]/,
    },
  ],
});
