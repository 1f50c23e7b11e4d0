import { DTypeError } from '../../src/core/errors.ts';
import { mul } from '../../src/ops/arithmetic.ts';
import { interpolate } from '../../src/ops/interpolate.ts';
import { checkOp } from '../support/checkOp.ts';

checkOp('interpolate', {
  samples: [
    {
      name: 'sums of one, two and no elements',
      inputs: [{ shape: [3], values: [1, 2, 4] }],
      build: ([x]) =>
        interpolate(x, 0, [
          [[2, 1]],
          [
            [0, 0.5],
            [1, 2],
          ],
          [],
        ]),
      expected: [4, 4.5, 0],
    },
    {
      name: 'a middle axis, four columns at a time, and a square',
      inputs: [{ shape: [3, 17, 8] }],
      build: ([x]) => {
        const y = interpolate(x, 1, [
          [
            [0, 0.25],
            [16, 0.75],
          ],
          [[5, -1]],
          [
            [16, 1],
            [3, 2],
            [4, 0.5],
          ],
        ]);
        return mul(y, y);
      },
    },
    {
      name: 'float16',
      inputs: [{ shape: [5, 3], dtype: 'float16' }],
      build: ([x]) =>
        interpolate(x, 1, [
          [
            [0, 0.5],
            [2, 0.5],
          ],
        ]),
    },
  ],
  errors: [
    {
      name: 'integers',
      build: (graph) => interpolate(graph.input('x', [3], 'int32'), 0, [[[0, 1]]]),
      error: DTypeError,
      message: /expected float32 or float16, got int32; use cast/,
    },
  ],
});
