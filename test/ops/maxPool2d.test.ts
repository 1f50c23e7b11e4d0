import { DTypeError, ShapeError } from '../../src/core/errors.ts';
import type { Shape } from '../../src/core/shape.ts';
import { add, mul } from '../../src/ops/arithmetic.ts';
import { grad } from '../../src/ops/gradient.ts';
import { globalMaxPool2d, maxPool2d } from '../../src/ops/maxPool2d.ts';
import type { Pool2dOptions } from '../../src/ops/poolWindows.ts';
import { sum } from '../../src/ops/sum.ts';
import { checkOp, type Sample } from '../support/checkOp.ts';

function sample(name: string, shape: Shape, options: Pool2dOptions): Sample {
  return { name: `${name}: [${shape}]`, inputs: [{ shape }], build: ([x]) => maxPool2d(x, options) };
}

checkOp('maxPool2d', {
  samples: [
    {
      name: 'as many windows as are asked for: the quotient rounded down or up, also where the last begins in the padding',
      inputs: [{ shape: [1, 3, 3, 1], values: [1, 2, 3, 4, 5, 6, 7, 8, 9] }],
      build: ([x]) => [
        maxPool2d(x, { windowSize: 2, strides: 2, outputSizes: [1, 2] }),
        maxPool2d(x, {
          windowSize: 1,
          strides: 3,
          padding: [
            [0, 2],
            [0, 0],
          ],
          outputSizes: [3, 1],
        }),
      ],
      expected: [
        [5, 6],
        [1, 0, 0],
      ],
    },
    {
      name: 'numbers of the ONNX examples: 1 to 25 and 1 to 16',
      inputs: [
        { shape: [1, 5, 5, 1], values: Array.from({ length: 25 }, (_, i) => i + 1) },
        { shape: [1, 4, 4, 1], values: Array.from({ length: 16 }, (_, i) => i + 1) },
      ],
      build: ([five, four]) => [
        maxPool2d(five, { windowSize: 5, strides: 1, padding: 2 }),
        maxPool2d(five, { windowSize: 3, strides: 2, padding: 'same' }),
        maxPool2d(four, { windowSize: 3, strides: 2, ceilMode: true }),
        maxPool2d(four, { windowSize: 2, strides: 1, dilations: 2 }),
        maxPool2d(five, { windowSize: 2 }),
      ],
      expected: [
        [13, 14, 15, 15, 15, 18, 19, 20, 20, 20, 23, 24, 25, 25, 25, 23, 24, 25, 25, 25, 23, 24, 25, 25, 25],
        [7, 9, 10, 17, 19, 20, 22, 24, 25],
        [11, 12, 15, 16],
        [11, 12, 15, 16],
        [7, 9, 17, 19],
      ],
    },
    {
      name: 'the gradient of equal elements goes to the first, row by row',
      inputs: [{ shape: [1, 3, 4, 1], values: [1, 5, 5, 2, 5, 1, 5, 7, 3, 3, 3, 3] }],
      build: ([x]) => {
        const y = maxPool2d(x, { windowSize: 2, strides: [1, 2] });
        return [y, ...grad(sum(mul(y, x.graph.constant([1, 10, 100, 1000], [1, 2, 2, 1]))), [x])];
      },
      expected: [
        [5, 7, 5, 7],
        [0, 1, 0, 0, 100, 0, 0, 1010, 0, 0, 0, 0],
      ],
      gradient: false,
    },
    {
      name: 'negative numbers win over the padding, a window in the padding gives 0',
      inputs: [{ shape: [1, 2, 2, 1], values: [-1, -2, -3, -4] }],
      build: ([x]) => [
        maxPool2d(x, { windowSize: 2, padding: 1 }),
        maxPool2d(x, { windowSize: 1, strides: 2, padding: 2 }),
      ],
      expected: [
        [-1, -2, -3, -4],
        [0, 0, 0, 0, -1, 0, 0, 0, 0],
      ],
    },
    {
      name: 'ceilMode leaves out a window that would start in the padding at the end',
      inputs: [{ shape: [1, 2, 2, 1], values: [1, 2, 3, 4] }],
      // Rounded up there would be three windows along each axis; the third would start at 3 >= 2 + 1.
      build: ([x]) => maxPool2d(x, { windowSize: 1, strides: 2, padding: 1, ceilMode: true }),
      expected: [0, 0, 0, 4],
    },
    {
      name: 'infinities and NaN',
      inputs: [
        {
          shape: [1, 2, 6, 1],
          values: [
            Number.NEGATIVE_INFINITY,
            Number.NEGATIVE_INFINITY,
            1,
            Number.NaN,
            Number.NaN,
            2,
            Number.NEGATIVE_INFINITY,
            Number.NEGATIVE_INFINITY,
            5,
            4,
            3,
            Number.POSITIVE_INFINITY,
          ],
        },
      ],
      build: ([x]) => maxPool2d(x, { windowSize: 2 }),
      expected: [Number.NEGATIVE_INFINITY, Number.NaN, Number.NaN],
      gradient: false,
    },
    sample('windows side by side', [2, 6, 6, 4], { windowSize: 2 }),
    sample('windows side by side, rest left out', [1, 7, 9, 3], { windowSize: [3, 2] }),
    sample('overlapping windows', [2, 9, 8, 8], { windowSize: 3, strides: 2, padding: 1 }),
    sample('strides beyond the window', [1, 9, 9, 5], { windowSize: 2, strides: 3 }),
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
    sample('sameLower', [1, 5, 6, 1], { windowSize: 4, strides: 2, padding: 'sameLower' }),
    sample('the whole image', [3, 4, 5, 17], { windowSize: [4, 5] }),
    sample('NCHW', [2, 3, 7, 6], { windowSize: 2, layout: 'NCHW' }),
    sample('one pixel', [1, 1, 1, 1], { windowSize: 1 }),
    {
      name: 'global',
      inputs: [{ shape: [2, 3, 5, 4] }, { shape: [2, 3, 5, 4] }],
      build: ([x, z]) => [globalMaxPool2d(x), globalMaxPool2d(z, { layout: 'NCHW' })],
    },
    {
      name: 'elementwise ops ride along, forward and backward',
      inputs: [{ shape: [1, 6, 6, 4] }, { shape: [3, 1] }],
      build: ([x, factor]) => add(mul(maxPool2d(mul(x, x), { windowSize: 2 }), factor), 1),
    },
    {
      name: 'gradients of gradients',
      inputs: [{ shape: [1, 5, 6, 4] }, { shape: [1, 5, 6, 3] }],
      build: (inputs) =>
        inputs.flatMap((x) => {
          const y = maxPool2d(x, { windowSize: 3, strides: 2, padding: 1 });
          return grad(sum(mul(mul(y, y), y)), [x]);
        }),
    },
    {
      name: 'float16',
      inputs: [{ shape: [1, 6, 6, 4], dtype: 'float16' }],
      build: ([x]) => maxPool2d(x, { windowSize: 2 }),
    },
  ],
  errors: [
    {
      name: 'output sizes that no rounding gives',
      build: (graph) =>
        maxPool2d(graph.input('x', [1, 3, 3, 1]), { windowSize: 2, strides: 2, outputSizes: [3, 1] }),
      error: ShapeError,
      message: /^maxPool2d: outputSizes \[3, 1\] cannot be reached: axis 0 has 1 windows, or 2 rounded up/,
    },
    {
      name: 'rank',
      build: (graph) => maxPool2d(graph.input('x', [5, 5, 3]), { windowSize: 2 }),
      error: ShapeError,
      message: /maxPool2d: x must have 4 axes \(NHWC\), got \[5, 5, 3\]/,
    },
    {
      name: 'a window larger than the padded input',
      build: (graph) => maxPool2d(graph.input('x', [1, 3, 5, 3]), { windowSize: 5, padding: [0, 1] }),
      error: ShapeError,
      message: /maxPool2d: window \[5, 5\] is larger than the padded input \[3, 7\]/,
    },
    {
      name: 'strides',
      build: (graph) => maxPool2d(graph.input('x', [1, 5, 5, 3]), { windowSize: 2, strides: -1 }),
      error: ShapeError,
      message: /strides must be one or two whole numbers of at least 1, got -1/,
    },
    {
      name: 'dtype',
      build: (graph) => maxPool2d(graph.input('x', [1, 5, 5, 3], 'int32'), { windowSize: 2 }),
      error: DTypeError,
      message: /expected float32 or float16, got int32/,
    },
  ],
});
