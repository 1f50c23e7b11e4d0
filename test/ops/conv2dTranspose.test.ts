import { ShapeError } from '../../src/core/errors.ts';
import type { Shape } from '../../src/core/shape.ts';
import { add, mul } from '../../src/ops/arithmetic.ts';
import { type Conv2dTransposeOptions, conv2dTranspose } from '../../src/ops/conv2dTranspose.ts';
import { grad } from '../../src/ops/gradient.ts';
import { sum } from '../../src/ops/sum.ts';
import { checkOp, type ErrorSample, type Sample } from '../support/checkOp.ts';

function everywhere(variant: string) {
  return { conv2d: variant, conv2dInputGradient: variant, conv2dFilterGradient: variant };
}
const usual = [{}, everywhere('implicit')];
const grouped = [...usual, everywhere('depthwise')];
const all = [...grouped, everywhere('direct')];

function sample(name: string, x: Shape, filter: Shape, options: Conv2dTransposeOptions = {}): Sample {
  const features = filter[(options.filterLayout ?? 'HWOI').indexOf('O')] * (options.groups ?? 1);
  return {
    name: `${name}: [${x}] * [${filter}]`,
    inputs: [{ shape: x }, { shape: filter }, { shape: [features] }],
    build: ([image, weights, bias]) => conv2dTranspose(image, weights, { ...options, bias }),
    variants: options.groups ? grouped : usual,
  };
}

function fails(
  name: string,
  options: Conv2dTransposeOptions,
  message: RegExp,
  x: Shape = [1, 3, 3, 4],
  filter: Shape = [3, 3, 2, 4],
): ErrorSample {
  return {
    name,
    build: (graph) => conv2dTranspose(graph.input('x', x), graph.input('filter', filter), options),
    error: ShapeError,
    message,
  };
}

const ones = { shape: [3, 3, 2, 1], values: new Array<number>(18).fill(1) };
const nine = { shape: [1, 3, 3, 1], values: Array.from({ length: 9 }, (_, i) => i) };
/** Both channels of the two filters of ones are the same. */
const twice = (values: readonly number[]) => values.flatMap((value) => [value, value]);

checkOp('conv2dTranspose', {
  samples: [
    {
      name: 'numbers of the ONNX examples: two filters of ones over 0 to 8',
      inputs: [nine, ones],
      build: ([x, w]) => [
        conv2dTranspose(x, w),
        conv2dTranspose(x, w, {
          strides: [3, 2],
          padding: [
            [1, 1],
            [2, 2],
          ],
        }),
        conv2dTranspose(x, w, { strides: 2, padding: 'same' }),
        conv2dTranspose(x, w, { strides: [3, 2], outputSizes: [10, 8] }),
        conv2dTranspose(x, w, { strides: [3, 2], outputPadding: [1, 1] }),
      ],
      expected: [
        twice([0, 1, 3, 3, 2, 3, 8, 15, 12, 7, 9, 21, 36, 27, 15, 9, 20, 33, 24, 13, 6, 13, 21, 15, 8]),
        twice([1, 1, 3, 1, 1, 3, 7, 4, 9, 7, 4, 9, 7, 4, 9, 13, 7, 15, 13, 7, 15]),
        twice([
          0, 0, 1, 1, 3, 2, 0, 0, 1, 1, 3, 2, 3, 3, 8, 5, 12, 7, 3, 3, 7, 4, 9, 5, 9, 9, 20, 11, 24, 13, 6, 6,
          13, 7, 15, 8,
        ]),
        ...[0, 1].map(() =>
          twice([
            0, 0, 1, 1, 3, 2, 2, 0, 0, 0, 1, 1, 3, 2, 2, 0, 0, 0, 1, 1, 3, 2, 2, 0, 3, 3, 7, 4, 9, 5, 5, 0, 3,
            3, 7, 4, 9, 5, 5, 0, 3, 3, 7, 4, 9, 5, 5, 0, 6, 6, 13, 7, 15, 8, 8, 0, 6, 6, 13, 7, 15, 8, 8, 0,
            6, 6, 13, 7, 15, 8, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0,
          ]),
        ),
      ],
      variants: all,
    },
    {
      name: 'dilations: the ONNX example',
      inputs: [
        { shape: [1, 3, 3, 1], values: [3, 8, 1, 9, 5, 7, 3, 2, 6] },
        { shape: [2, 2, 1, 1], values: [7, 2, 1, 9] },
      ],
      build: ([x, w]) => conv2dTranspose(x, w, { dilations: 2 }),
      expected: [
        21, 56, 13, 16, 2, 63, 35, 67, 10, 14, 24, 22, 76, 76, 21, 9, 5, 88, 45, 63, 3, 2, 33, 18, 54,
      ],
    },
    sample('strides of one', [2, 4, 5, 3], [3, 3, 4, 3]),
    sample('strides of two, outputPadding', [2, 4, 5, 4], [3, 3, 8, 4], {
      strides: 2,
      padding: 1,
      outputPadding: 1,
    }),
    sample('strides beyond the filter', [1, 4, 3, 4], [2, 2, 4, 4], { strides: 3 }),
    sample('unequal strides and padding, odd channels', [1, 4, 5, 5], [3, 4, 3, 5], {
      strides: [2, 3],
      padding: [
        [1, 0],
        [2, 1],
      ],
    }),
    sample('dilations', [1, 5, 4, 4], [3, 2, 5, 4], { dilations: [2, 3], padding: 1 }),
    sample('strides and dilations, outputPadding below the dilations', [1, 4, 4, 4], [2, 3, 4, 4], {
      strides: 2,
      dilations: [4, 3],
      outputPadding: [3, 2],
    }),
    sample('two groups', [2, 4, 4, 8], [2, 2, 2, 8], { strides: 2, groups: 2 }),
    sample('depthwise', [1, 5, 5, 8], [3, 3, 1, 8], { strides: 2, groups: 8, padding: 'same' }),
    sample('a group for each output channel', [1, 4, 4, 6], [3, 3, 1, 6], { groups: 3, padding: 1 }),
    sample('sameLower with outputSizes, as ONNX', [1, 4, 4, 3], [3, 3, 2, 3], {
      strides: 3,
      padding: 'sameLower',
      outputSizes: [11, 10],
    }),
    sample('1x1', [2, 3, 5, 8], [1, 1, 4, 8]),
    sample('NCHW and IOHW', [2, 3, 4, 5], [3, 4, 3, 2], { layout: 'NCHW', filterLayout: 'IOHW', strides: 2 }),
    sample('OHWI', [1, 4, 4, 3], [2, 3, 3, 3], { filterLayout: 'OHWI' }),
    {
      name: 'elementwise ops ride along',
      inputs: [{ shape: [1, 4, 4, 4] }, { shape: [3, 3, 8, 4] }, { shape: [8] }, { shape: [1, 8, 8, 8] }],
      build: ([x, w, bias, residual]) =>
        mul(add(conv2dTranspose(x, w, { bias, strides: 2, padding: 'same' }), residual), 0.5),
      variants: all,
    },
    {
      name: 'gradients of gradients',
      inputs: [{ shape: [1, 4, 3, 3] }, { shape: [3, 2, 4, 3] }, { shape: [4] }],
      build: ([x, w, bias]) => {
        const y = conv2dTranspose(x, w, { bias, strides: 2, padding: 1 });
        return grad(sum(mul(mul(y, y), y)), [x, w, bias]);
      },
    },
  ],
  errors: [
    fails(
      'channels',
      {},
      /conv2dTranspose: x \[1, 3, 3, 5\] has 5 channels, filter \[3, 3, 2, 4\] \(HWOI\) takes 4/,
      [1, 3, 3, 5],
    ),
    fails('groups', { groups: 3 }, /groups must divide the 4 output channels/),
    fails(
      'outputPadding',
      { strides: 2, outputPadding: 2 },
      /outputPadding \[2, 2\] must be smaller than strides \[2, 2\] or dilations \[1, 1\]/,
    ),
    fails(
      'outputSizes',
      { strides: 2, outputSizes: [7, 9] },
      /outputSizes \[7, 9\] cannot be reached: axis 1 must be 7 to 8/,
    ),
    fails(
      'padding that leaves nothing',
      { padding: 3 },
      /padding cuts off everything: the uncut output is \[5, 5\]/,
    ),
    fails('negative strides', { strides: -1 }, /strides must be .* got -1/),
    fails(
      'filterLayout',
      { filterLayout: 'HWIO' as 'HWOI' },
      /filterLayout must be one of HWOI, IOHW, OHWI, got 'HWIO'/,
    ),
  ],
});
