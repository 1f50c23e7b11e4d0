import { ShapeError } from '../../src/core/errors.ts';
import type { Shape } from '../../src/core/shape.ts';
import { add, mul } from '../../src/ops/arithmetic.ts';
import {
  type AveragePool2dOptions,
  averagePool2d,
  globalAveragePool2d,
} from '../../src/ops/averagePool2d.ts';
import { grad } from '../../src/ops/gradient.ts';
import { sum } from '../../src/ops/sum.ts';
import { checkOp, type Sample } from '../support/checkOp.ts';

function sample(name: string, shape: Shape, options: AveragePool2dOptions): Sample {
  return {
    name: `${name}: [${shape}]`,
    inputs: [{ shape }],
    build: ([x]) => [averagePool2d(x, options), averagePool2d(x, { ...options, countIncludePad: true })],
  };
}

checkOp('averagePool2d', {
  samples: [
    {
      name: 'numbers of the ONNX examples: 1 to 25 and 1 to 16',
      inputs: [
        { shape: [1, 5, 5, 1], values: Array.from({ length: 25 }, (_, i) => i + 1) },
        { shape: [1, 4, 4, 1], values: Array.from({ length: 16 }, (_, i) => i + 1) },
      ],
      build: ([five, four]) => [
        averagePool2d(five, { windowSize: 5, strides: 1, padding: 2 }),
        averagePool2d(five, { windowSize: 5, strides: 1, padding: 2, countIncludePad: true }),
        averagePool2d(five, { windowSize: 3, strides: 2, padding: 'same' }),
        averagePool2d(four, { windowSize: 3, strides: 2, ceilMode: true }),
        averagePool2d(four, { windowSize: 2, strides: 1, dilations: 2 }),
      ],
      expected: [
        [
          7, 7.5, 8, 8.5, 9, 9.5, 10, 10.5, 11, 11.5, 12, 12.5, 13, 13.5, 14, 14.5, 15, 15.5, 16, 16.5, 17,
          17.5, 18, 18.5, 19,
        ],
        [
          2.52, 3.6, 4.8, 4.08, 3.24, 4.56, 6.4, 8.4, 7.04, 5.52, 7.2, 10, 13, 10.8, 8.4, 6.96, 9.6, 12.4,
          10.24, 7.92, 6.12, 8.4, 10.8, 8.88, 6.84,
        ],
        [4, 5.5, 7, 11.5, 13, 14.5, 19, 20.5, 22],
        [6, 7.5, 12, 13.5],
        [6, 7, 10, 11],
      ],
    },
    {
      name: 'what ceilMode adds beyond the padding never counts; a window in the padding gives 0',
      inputs: [{ shape: [1, 1, 4, 1], values: [1, 2, 3, 4] }],
      build: ([x]) => [
        averagePool2d(x, {
          windowSize: [1, 4],
          strides: [1, 3],
          padding: [0, 1],
          ceilMode: true,
          countIncludePad: true,
        }),
        averagePool2d(x, { windowSize: [1, 4], strides: [1, 3], padding: [0, 1], ceilMode: true }),
        averagePool2d(x, { windowSize: 1, strides: [1, 2], padding: [0, 1] }),
        averagePool2d(x, { windowSize: [1, 2], strides: [1, 6], dilations: 2, padding: [0, 3] }),
      ],
      // Windows start at -1 and 2: 0 + 1 + 2 + 3 over four or three; 3 + 4 + 0 over three (one of them padding) or two.
      expected: [
        [6 / 4, 7 / 3],
        [2, 3.5],
        [0, 2, 4],
        [0, 4],
      ],
    },
    sample('windows side by side', [2, 6, 6, 4], { windowSize: 2 }),
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
    sample('more padding than window', [1, 3, 4, 3], { windowSize: 2, strides: 2, padding: 4 }),
    sample('sameLower', [1, 5, 6, 1], { windowSize: 4, strides: 2, padding: 'sameLower' }),
    sample('the whole image', [3, 4, 5, 17], { windowSize: [4, 5] }),
    sample('NCHW', [2, 3, 7, 6], { windowSize: 2, layout: 'NCHW' }),
    sample('one pixel', [1, 1, 1, 1], { windowSize: 1 }),
    {
      name: 'global',
      inputs: [{ shape: [2, 3, 5, 4] }, { shape: [1, 1, 2, 2], values: [1, 2, 3, 6] }],
      build: ([x, z]) => [globalAveragePool2d(z, { layout: 'NCHW' }), globalAveragePool2d(x)],
      expected: [[3]],
    },
    {
      name: 'elementwise ops ride along, forward and backward',
      inputs: [{ shape: [1, 6, 6, 4] }, { shape: [3, 1] }],
      build: ([x, factor]) => add(mul(averagePool2d(mul(x, x), { windowSize: 2 }), factor), 1),
    },
    {
      name: 'gradients of gradients',
      inputs: [{ shape: [1, 5, 6, 4] }],
      build: ([x]) => {
        const y = averagePool2d(x, { windowSize: 3, strides: 2, padding: 1 });
        return grad(sum(mul(mul(y, y), y)), [x]);
      },
    },
    {
      name: 'float16',
      inputs: [{ shape: [1, 6, 6, 4], dtype: 'float16' }],
      build: ([x]) => averagePool2d(x, { windowSize: 2 }),
    },
  ],
  errors: [
    {
      name: 'windowSize',
      build: (graph) => averagePool2d(graph.input('x', [1, 5, 5, 3]), { windowSize: 0 }),
      error: ShapeError,
      message: /averagePool2d: windowSize must be one or two whole numbers of at least 1, got 0/,
    },
    {
      name: 'a window larger than the input',
      build: (graph) =>
        averagePool2d(graph.input('x', [1, 5, 5, 3]), { windowSize: [2, 3], dilations: [1, 3] }),
      error: ShapeError,
      message:
        /averagePool2d: window \[2, 3\] with dilations \[1, 3\] is larger than the padded input \[5, 5\]/,
    },
    {
      name: 'layout',
      build: (graph) => globalAveragePool2d(graph.input('x', [5, 5, 3])),
      error: ShapeError,
      message: /globalAveragePool2d: x must have 4 axes/,
    },
  ],
});
