import { ShapeError } from '../../src/core/errors.ts';
import { mul } from '../../src/ops/arithmetic.ts';
import { reverse } from '../../src/ops/reverse.ts';
import { checkOp } from '../support/checkOp.ts';

checkOp('reverse', {
  samples: [
    {
      name: 'all axes by hand',
      inputs: [{ shape: [2, 3], values: [1, 2, 3, 4, 5, 6] }],
      build: ([x]) => reverse(x),
      expected: [6, 5, 4, 3, 2, 1],
    },
    {
      name: 'one axis by hand',
      inputs: [{ shape: [2, 3], values: [1, 2, 3, 4, 5, 6] }],
      build: ([x]) => reverse(x, [-1]),
      expected: [3, 2, 1, 6, 5, 4],
    },
    { name: 'vec4 rows', inputs: [{ shape: [3, 5, 4] }], build: ([x]) => reverse(x, [0, 1]) },
    { name: 'outer and inner', inputs: [{ shape: [3, 5, 7] }], build: ([x]) => reverse(x, [0, 2]) },
    { name: 'an axis of one', inputs: [{ shape: [1, 7] }], build: ([x]) => reverse(x, [0]) },
    { name: 'int32', inputs: [{ shape: [7], dtype: 'int32' }], build: ([x]) => reverse(x) },
    { name: 'bool', inputs: [{ shape: [7], dtype: 'bool' }], build: ([x]) => reverse(x) },
    { name: 'float16', inputs: [{ shape: [2, 8], dtype: 'float16' }], build: ([x]) => reverse(x, [0]) },
    {
      name: 'a square',
      inputs: [{ shape: [3, 5] }],
      build: ([x]) => mul(x, reverse(x)),
    },
  ],
  errors: [
    {
      name: 'axis',
      build: (graph) => reverse(graph.input('x', [3]), [1]),
      error: ShapeError,
      message: /reverse: axis 1 is out of range for rank 1/,
    },
  ],
});
