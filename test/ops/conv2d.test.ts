import { DTypeError, ShapeError } from '../../src/core/errors.ts';
import type { Shape } from '../../src/core/shape.ts';
import type { Graph, Tensor } from '../../src/graph/graph.ts';
import { add, mul } from '../../src/ops/arithmetic.ts';
import { type Conv2dOptions, conv2d } from '../../src/ops/conv2d.ts';
import { grad } from '../../src/ops/gradient.ts';
import { sum } from '../../src/ops/sum.ts';
import { checkOp, type Sample } from '../support/checkOp.ts';

/** The same variant for the convolution and both of its gradients. */
function everywhere(variant: string) {
  return { conv2d: variant, conv2dInputGradient: variant, conv2dFilterGradient: variant };
}
/** The default choice, which takes small blocks for small samples, and kernels with large ones. */
const usual = [{}, everywhere('implicit')];
const grouped = [...usual, everywhere('depthwise')];
const all = [...grouped, everywhere('direct')];
/** Through workgroup memory: few samples, because software adapters compile and run such kernels slowly. */
const tiled = [everywhere('implicitTiled'), everywhere('im2col')];

/** A sample with a bias: the default choice, then variants. */
function sample(
  name: string,
  x: Shape,
  filter: Shape,
  options: Conv2dOptions & { withoutBias?: boolean } = {},
  variants: Sample['variants'] = options.groups ? grouped : usual,
): Sample {
  const features = filter[(options.filterLayout ?? 'HWIO').indexOf('O')];
  return {
    name: `${name}: [${x}] * [${filter}]`,
    inputs: [{ shape: x }, { shape: filter }, ...(options.withoutBias ? [] : [{ shape: [features] }])],
    build: ([image, weights, b]) => conv2d(image, weights, { ...options, bias: b }),
    variants,
  };
}

checkOp('conv2d', {
  samples: [
    {
      name: 'numbers of the ONNX examples: ones over 0 to 24 and 0 to 34',
      inputs: [
        { shape: [1, 5, 5, 1], values: Array.from({ length: 25 }, (_, i) => i) },
        { shape: [1, 7, 5, 1], values: Array.from({ length: 35 }, (_, i) => i) },
        { shape: [3, 3, 1, 1], values: new Array<number>(9).fill(1) },
      ],
      build: ([square, tall, w]) => [
        conv2d(square, w, { padding: 1 }),
        conv2d(square, w),
        conv2d(square, w, { strides: 2, padding: 'sameLower' }),
        conv2d(tall, w, { strides: 2, padding: [1, 0] }),
        conv2d(tall, w, {
          strides: 2,
          padding: [
            [1, 1],
            [1, 1],
          ],
        }),
      ],
      expected: [
        [
          12, 21, 27, 33, 24, 33, 54, 63, 72, 51, 63, 99, 108, 117, 81, 93, 144, 153, 162, 111, 72, 111, 117,
          123, 84,
        ],
        [54, 63, 72, 99, 108, 117, 144, 153, 162],
        [12, 27, 24, 63, 108, 81, 72, 117, 84],
        [21, 33, 99, 117, 189, 207, 171, 183],
        [12, 27, 24, 63, 108, 81, 123, 198, 141, 112, 177, 124],
      ],
      variants: all,
    },
    {
      name: "'same' puts the odd row and column at the end, 'sameLower' at the start",
      inputs: [
        { shape: [1, 2, 2, 1], values: [1, 2, 3, 4] },
        { shape: [2, 2, 1, 1], values: [1, 10, 100, 1000] },
      ],
      build: ([x, w]) => [conv2d(x, w, { padding: 'same' }), conv2d(x, w, { padding: 'sameLower' })],
      expected: [
        [4321, 402, 43, 4],
        [1000, 2100, 3010, 4321],
      ],
    },
    sample('one channel to eight', [2, 9, 9, 1], [5, 5, 1, 8]),
    sample('eight to sixteen', [2, 7, 7, 8], [5, 5, 8, 16], {}, all),
    sample('seventeen to five', [1, 6, 5, 17], [3, 3, 17, 5], {}, all),
    sample('three to three, batch of three', [3, 5, 6, 3], [3, 2, 3, 3], { padding: 'same' }),
    sample('four to twelve', [1, 6, 6, 4], [2, 3, 4, 12], { padding: 1 }, all),
    sample('five to four', [1, 6, 6, 5], [3, 3, 5, 4], { padding: 1 }),
    sample('strides of two and three, unequal padding', [2, 11, 10, 4], [3, 4, 4, 5], {
      strides: [2, 3],
      padding: [
        [1, 2],
        [0, 3],
      ],
    }),
    sample('strides of three past a filter of two', [1, 10, 11, 4], [2, 2, 4, 4], { strides: 3 }),
    sample('dilations', [1, 11, 12, 3], [3, 2, 3, 4], { dilations: [2, 3], padding: 2 }),
    sample('strides and dilations with a common factor', [1, 13, 12, 4], [3, 3, 4, 8], {
      strides: [4, 2],
      dilations: [2, 4],
      padding: [3, 4],
    }),
    sample('strides and dilations without one', [1, 13, 12, 4], [3, 3, 4, 8], {
      strides: [3, 2],
      dilations: [2, 3],
      padding: [3, 4],
    }),
    sample('two groups', [2, 6, 6, 8], [3, 3, 4, 8], { groups: 2, padding: 1 }),
    sample('three groups of odd sizes, strides', [1, 7, 7, 9], [3, 3, 3, 15], {
      groups: 3,
      padding: 1,
      strides: 2,
    }),
    sample('two groups, each eight to four', [1, 5, 5, 16], [3, 3, 8, 8], { groups: 2 }),
    sample('depthwise', [2, 6, 7, 8], [3, 3, 1, 8], { groups: 8, padding: 'same' }),
    sample('depthwise of five channels, strides', [1, 9, 9, 5], [3, 3, 1, 5], {
      groups: 5,
      strides: 2,
      padding: 1,
    }),
    sample('depthwise with a multiplier of two', [2, 6, 6, 3], [3, 3, 1, 6], { groups: 3, padding: 1 }),
    sample('depthwise with a multiplier of four', [1, 6, 6, 4], [3, 3, 1, 16], {
      groups: 4,
      strides: [1, 2],
    }),
    sample('1x1', [2, 5, 7, 8], [1, 1, 8, 12]),
    sample('1x1 of odd channels', [1, 5, 3, 5], [1, 1, 5, 3]),
    sample('1x1, strides', [1, 5, 7, 4], [1, 1, 4, 4], { strides: 2 }),
    sample('a filter as large as the image', [3, 4, 5, 4], [4, 5, 4, 8]),
    sample('a filter larger than the image', [1, 2, 3, 4], [5, 5, 4, 4], { padding: 2 }),
    sample('more padding than filter', [1, 3, 3, 2], [2, 2, 2, 3], { padding: 3 }),
    sample('no bias', [1, 6, 6, 4], [3, 3, 4, 4], { withoutBias: true }),
    sample('one pixel, one channel', [1, 1, 1, 1], [1, 1, 1, 1]),
    sample('many pixels: slabs and several per invocation', [2, 33, 35, 4], [3, 3, 4, 16], { padding: 1 }),
    sample(
      'channels for four to share pixels, and some over',
      [2, 9, 9, 8],
      [3, 3, 8, 34],
      { padding: 1 },
      all,
    ),
    sample('the same for both gradients', [1, 13, 10, 36], [3, 2, 36, 16], { strides: [2, 1] }, all),
    sample('five channels to 32', [2, 9, 9, 5], [3, 3, 5, 32], { dilations: 2, padding: 1 }, all),
    sample('tiles: several in every direction', [2, 9, 9, 32], [3, 3, 32, 68], { padding: 1 }, tiled),
    sample(
      'tiles: odd channels, strides, slabs',
      [1, 41, 31, 5],
      [3, 2, 5, 35],
      { strides: [2, 1], padding: 1 },
      tiled,
    ),
    sample(
      'tiles: groups',
      [1, 5, 6, 16],
      [3, 3, 8, 24],
      { groups: 2, dilations: [1, 2], padding: 1 },
      tiled,
    ),
    {
      name: 'few pixels with long sums: im2col by itself',
      inputs: [
        { shape: [1, 3, 3, 512], values: { low: 0, high: 1 } },
        { shape: [3, 3, 512, 4], values: { low: 0, high: 1 } },
      ],
      build: ([x, w]) => conv2d(x, w, { padding: [1, 0] }),
    },
    sample('a long line', [1, 1, 700, 3], [1, 5, 3, 4], { padding: [0, 2] }),
    sample('NCHW and OIHW', [2, 3, 6, 5], [4, 3, 3, 2], { layout: 'NCHW', filterLayout: 'OIHW' }),
    sample('NCHW and OHWI', [1, 3, 5, 5], [8, 3, 3, 3], { layout: 'NCHW', filterLayout: 'OHWI', padding: 1 }),
    sample('IHWO', [1, 5, 5, 3], [3, 3, 2, 8], { filterLayout: 'IHWO' }),
    {
      name: 'elementwise ops ride along, in vec4 and one by one',
      inputs: [
        { shape: [1, 6, 6, 4] },
        { shape: [3, 3, 4, 4] },
        { shape: [3, 3, 4, 5] },
        { shape: [4] },
        { shape: [1, 4, 4, 4] },
        { shape: [1, 4, 4, 5] },
        { shape: [4, 1] },
      ],
      build: ([x, four, five, bias, residual4, residual5, perColumn]) => [
        mul(add(conv2d(x, four, { bias }), residual4), 0.5),
        add(mul(conv2d(x, four), perColumn), 1),
        mul(add(conv2d(x, five), residual5), -2),
      ],
      variants: all,
    },
    {
      name: 'float16',
      inputs: [
        { shape: [1, 6, 6, 8], dtype: 'float16' },
        { shape: [3, 3, 8, 8], dtype: 'float16', values: { low: 0, high: 2 } },
        { shape: [8], dtype: 'float16' },
      ],
      build: ([x, w, bias]) => conv2d(x, w, { bias }),
      gradient: false,
      variants: all,
    },
    {
      name: 'gradients of gradients',
      inputs: [{ shape: [1, 6, 5, 3] }, { shape: [3, 2, 3, 4] }, { shape: [4] }],
      build: ([x, w, bias]) => {
        const y = conv2d(x, w, { bias, strides: 2, padding: 1 });
        return grad(sum(mul(mul(y, y), y)), [x, w, bias]);
      },
    },
    {
      name: 'gradients of gradients in two groups',
      inputs: [{ shape: [1, 5, 5, 4] }, { shape: [3, 3, 2, 4] }],
      build: ([x, w]) => {
        const y = conv2d(x, w, { groups: 2, dilations: 2 });
        return grad(sum(mul(mul(y, y), y)), [x, w]);
      },
    },
  ],
  errors: [
    fails(
      'rank of x',
      (x, w) => conv2d(x([5, 5, 3]), w([3, 3, 3, 4])),
      /conv2d: x must have 4 axes \(NHWC\), got \[5, 5, 3\]/,
    ),
    fails(
      'rank of the filter',
      (x, w) => conv2d(x([1, 5, 5, 3]), w([3, 3, 3])),
      /filter must have 4 axes \(HWIO\), got \[3, 3, 3\]/,
    ),
    fails(
      'channels',
      (x, w) => conv2d(x([1, 5, 5, 3]), w([3, 3, 4, 8])),
      /x \[1, 5, 5, 3\] has 3 channels, filter \[3, 3, 4, 8\] \(HWIO\) takes 4 in each of 1 groups/,
    ),
    fails(
      'groups that do not divide',
      (x, w) => conv2d(x([1, 5, 5, 4]), w([3, 3, 2, 5]), { groups: 2 }),
      /groups must divide the 5 output channels .* got 2/,
    ),
    fails(
      'groups below one',
      (x, w) => conv2d(x([1, 5, 5, 4]), w([3, 3, 2, 4]), { groups: 0 }),
      /groups must divide the 4 output channels .* got 0/,
    ),
    fails(
      'negative strides',
      (x, w) => conv2d(x([1, 5, 5, 3]), w([3, 3, 3, 4]), { strides: [1, -2] }),
      /strides must be one or two whole numbers of at least 1, got \[1, -2\]/,
    ),
    fails(
      'strides of zero',
      (x, w) => conv2d(x([1, 5, 5, 3]), w([3, 3, 3, 4]), { strides: 0 }),
      /strides must be .* got 0/,
    ),
    fails(
      'broken dilations',
      (x, w) => conv2d(x([1, 5, 5, 3]), w([3, 3, 3, 4]), { dilations: 1.5 }),
      /dilations must be .* got 1.5/,
    ),
    fails(
      'negative padding',
      (x, w) =>
        conv2d(x([1, 5, 5, 3]), w([3, 3, 3, 4]), {
          padding: [
            [0, -1],
            [0, 0],
          ],
        }),
      /padding must be one or two whole numbers of at least 0, got \[0, -1\]/,
    ),
    fails(
      'a filter larger than the padded input',
      (x, w) => conv2d(x([1, 5, 5, 3]), w([3, 4, 3, 4]), { dilations: 2, padding: [0, 0] }),
      /conv2d: filter \[3, 4\] with dilations \[2, 2\] is larger than the padded input \[5, 5\]/,
    ),
    fails(
      'shape of the bias',
      (x, w) => conv2d(x([1, 5, 5, 3]), w([3, 3, 3, 4]), { bias: x([3]) }),
      /bias must have the shape \[4\], got \[3\]/,
    ),
    {
      name: 'dtypes',
      build: (graph) => conv2d(graph.input('x', [1, 5, 5, 3]), graph.input('w', [3, 3, 3, 4], 'int32')),
      error: DTypeError,
      message: /conv2d: expected tensors of one dtype, float32 or float16, got float32, int32/,
    },
  ],
});

type MakeInput = (shape: Shape) => Tensor;

function fails(name: string, build: (x: MakeInput, w: MakeInput) => Tensor, message: RegExp) {
  let inputs = 0;
  const make = (graph: Graph) => (shape: Shape) => graph.input(`input${inputs++}`, shape);
  return { name, build: (graph: Graph) => build(make(graph), make(graph)), error: ShapeError, message };
}
