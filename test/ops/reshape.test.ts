import { ShapeError } from '../../src/core/errors.ts';
import { add, mul, neg } from '../../src/ops/arithmetic.ts';
import { reshape } from '../../src/ops/reshape.ts';
import { checkOp } from '../support/checkOp.ts';

checkOp('reshape', {
  samples: [
    { inputs: [{ shape: [3, 5] }], build: ([x]) => reshape(neg(x), [5, 3]), gradient: false },
    { inputs: [{ shape: [4, 6] }], build: ([x]) => mul(reshape(x, [-1, 8]), 2), gradient: false },
    {
      inputs: [{ shape: [4, 8] }, { shape: [8] }],
      build: ([x, b]) => [neg(add(mul(x, x), b)), mul(x, 3)],
      gradient: false,
    },
    {
      inputs: [{ shape: [4, 7] }, { shape: [4, 1] }],
      build: ([x, b]) => [neg(add(mul(x, x), b)), mul(x, 3)],
      gradient: false,
    },
    {
      inputs: [{ shape: [2, 4, 8] }, { shape: [4, 1] }, { shape: [2, 1, 8] }],
      build: ([x, b, c]) => mul(add(x, b), c),
      gradient: false,
    },
  ],
  errors: [
    {
      name: 'another number of elements',
      build: (graph) => reshape(graph.input('x', [2, 3]), [4]),
      error: ShapeError,
      message: /reshape: \[2, 3\] has 6 elements, \[4\] has 4/,
    },
  ],
});
