import { ShapeError } from '../../src/core/errors.ts';
import type { Shape } from '../../src/core/shape.ts';
import { add, mul } from '../../src/ops/arithmetic.ts';
import { grad } from '../../src/ops/gradient.ts';
import { l2Pool2d } from '../../src/ops/l2Pool2d.ts';
import type { Pool2dOptions } from '../../src/ops/poolWindows.ts';
import { sum } from '../../src/ops/sum.ts';
import { checkOp, type Sample } from '../support/checkOp.ts';

function sample(name: string, shape: Shape, options: Pool2dOptions): Sample {
  return { name: `${name}: [${shape}]`, inputs: [{ shape }], build: ([x]) => l2Pool2d(x, options) };
}

checkOp('l2Pool2d', {
  samples: [
    {
      name: 'Pythagorean numbers; a window in the padding gives 0',
      inputs: [{ shape: [1, 2, 4, 1], values: [3, 4, 0, -5, 12, 0, 0, 12] }],
      build: ([x]) => [
        l2Pool2d(x, { windowSize: [1, 2] }),
        l2Pool2d(x, { windowSize: 2 }),
        l2Pool2d(x, { windowSize: 1, strides: 3, padding: 1 }),
      ],
      expected: [
        [5, 5, 12, 12],
        [13, 13],
        [0, 0, 0, 0],
      ],
    },
    {
      name: 'the gradient at a norm of 0 is 0',
      inputs: [{ shape: [1, 2, 2, 1], values: [0, 0, 3, 4] }],
      build: ([x]) => grad(sum(l2Pool2d(x, { windowSize: [1, 2] })), [x]),
      expected: [0, 0, 0.6, 0.8],
      gradient: false,
    },
    sample('windows side by side', [2, 6, 6, 4], { windowSize: 2 }),
    sample('overlapping windows', [2, 9, 8, 8], { windowSize: 3, strides: 2, padding: 1 }),
    sample('unequal padding, ceilMode', [1, 8, 7, 4], {
      windowSize: [3, 2],
      strides: [2, 3],
      padding: [
        [1, 0],
        [0, 1],
      ],
      ceilMode: true,
    }),
    sample('dilations', [1, 9, 10, 3], {
      windowSize: [2, 3],
      strides: [1, 2],
      dilations: [3, 2],
      padding: [1, 2],
    }),
    sample('the whole image', [3, 4, 5, 17], { windowSize: [4, 5] }),
    sample('NCHW', [2, 3, 7, 6], { windowSize: 2, layout: 'NCHW' }),
    {
      name: 'elementwise ops ride along, forward and backward',
      inputs: [{ shape: [1, 6, 6, 4] }, { shape: [3, 1] }],
      build: ([x, factor]) => add(mul(l2Pool2d(mul(x, x), { windowSize: 2 }), factor), 1),
    },
    {
      name: 'gradients of gradients',
      inputs: [{ shape: [1, 5, 6, 3] }],
      build: ([x]) => {
        const y = l2Pool2d(x, { windowSize: 3, strides: 2, padding: 1 });
        return grad(sum(mul(mul(y, y), y)), [x]);
      },
    },
    {
      name: 'float16',
      inputs: [{ shape: [1, 6, 6, 4], dtype: 'float16' }],
      build: ([x]) => l2Pool2d(x, { windowSize: 2 }),
    },
  ],
  errors: [
    {
      name: 'a window larger than the input',
      build: (graph) => l2Pool2d(graph.input('x', [1, 5, 5, 3]), { windowSize: 6 }),
      error: ShapeError,
      message: /l2Pool2d: window \[6, 6\] is larger than the padded input \[5, 5\]/,
    },
  ],
});
