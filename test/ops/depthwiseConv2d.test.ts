import { ShapeError } from '../../src/core/errors.ts';
import { conv2d } from '../../src/ops/conv2d.ts';
import { depthwiseConv2d } from '../../src/ops/depthwiseConv2d.ts';
import { checkOp } from '../support/checkOp.ts';

checkOp('depthwiseConv2d', {
  samples: [
    {
      name: 'output channel c * multiplier + m comes from channel c',
      inputs: [
        { shape: [1, 1, 2, 2], values: [1, 10, 2, 20] },
        { shape: [1, 2, 2, 2], values: [1, 3, 5, 7, 2, 4, 6, 8] },
      ],
      build: ([x, w]) => depthwiseConv2d(x, w),
      // 1·1 + 2·2, 1·3 + 2·4, 10·5 + 20·6, 10·7 + 20·8
      expected: [5, 11, 170, 230],
    },
    {
      name: 'a separable convolution, NCHW',
      inputs: [{ shape: [2, 3, 5, 6] }, { shape: [3, 3, 3, 2] }, { shape: [1, 1, 6, 4] }, { shape: [4] }],
      build: ([x, perChannel, pointwise, bias]) =>
        conv2d(
          depthwiseConv2d(x, perChannel, { padding: 'same', strides: [1, 2], layout: 'NCHW' }),
          pointwise,
          { bias, layout: 'NCHW' },
        ),
    },
    {
      name: 'wide',
      inputs: [{ shape: [1, 7, 7, 12] }, { shape: [3, 5, 12, 1] }, { shape: [12] }],
      build: ([x, w, bias]) => depthwiseConv2d(x, w, { bias, padding: 'same', dilations: [2, 1] }),
    },
    {
      name: 'enough pixels for four in a row, which does not divide the lines',
      inputs: [{ shape: [2, 12, 13, 32] }, { shape: [3, 3, 32, 1] }, { shape: [32] }],
      build: ([x, w, bias]) => depthwiseConv2d(x, w, { bias, padding: 'same' }),
    },
    {
      name: 'the same with rows apart, and an even filter',
      inputs: [{ shape: [2, 25, 14, 32] }, { shape: [2, 4, 32, 1] }],
      build: ([x, w]) => depthwiseConv2d(x, w, { padding: 'same', strides: [2, 1], dilations: [3, 1] }),
    },
  ],
  errors: [
    {
      name: 'channels',
      build: (graph) => depthwiseConv2d(graph.input('x', [1, 5, 5, 3]), graph.input('w', [3, 3, 4, 1])),
      error: ShapeError,
      message:
        /depthwiseConv2d: filter must be \[height, width, channels of x, multiplier\], got x \[1, 5, 5, 3\] and filter \[3, 3, 4, 1\]/,
    },
  ],
});
