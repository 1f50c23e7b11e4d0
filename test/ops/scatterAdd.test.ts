import { DTypeError, ShapeError } from '../../src/core/errors.ts';
import { mul } from '../../src/ops/arithmetic.ts';
import { gatherElements, scatterAdd } from '../../src/ops/scatterAdd.ts';
import { checkOp } from '../support/checkOp.ts';

const both = [{ scatterSum: 'scan' }, { scatterSum: 'lines' }];

checkOp('gatherElements', {
  samples: [
    {
      // PyTorch's documentation of torch.gather
      name: 'as PyTorch',
      inputs: [
        { shape: [2, 2], values: [1, 2, 3, 4] },
        { shape: [2, 2], dtype: 'int32', values: [0, 0, 1, 0] },
      ],
      build: ([x, indices]) => gatherElements(x, indices, 1),
      expected: [1, 1, 4, 3],
    },
    {
      // ONNX: gather_elements_negative_indices
      name: 'negative indices, as ONNX',
      inputs: [
        { shape: [3, 3], values: [1, 2, 3, 4, 5, 6, 7, 8, 9] },
        { shape: [2, 3], dtype: 'int32', values: [-1, -2, 0, -2, 0, 0] },
      ],
      build: ([x, indices]) => gatherElements(x, indices, 0),
      expected: [7, 5, 3, 4, 2, 3],
    },
    {
      name: 'one of each row',
      inputs: [{ shape: [17, 10] }, { shape: [17, 1], dtype: 'int32', values: { low: 0, high: 10 } }],
      build: ([x, labels]) => gatherElements(x, labels, 1),
      variants: both,
    },
    {
      name: 'shorter on the other axes, and a square',
      inputs: [{ shape: [5, 6, 7] }, { shape: [3, 9, 2], dtype: 'uint32', values: { low: 0, high: 8 } }],
      build: ([x, indices]) => {
        const y = gatherElements(x, indices, 1);
        return mul(y, y);
      },
      variants: both,
    },
    {
      name: 'bool',
      inputs: [
        { shape: [5, 3], dtype: 'bool' },
        { shape: [2, 3], dtype: 'int32', values: { low: 0, high: 5 } },
      ],
      build: ([x, indices]) => gatherElements(x, indices, 0),
    },
    {
      name: 'float16',
      inputs: [
        { shape: [5, 3], dtype: 'float16' },
        { shape: [2, 3], dtype: 'int32', values: { low: 0, high: 5 } },
      ],
      build: ([x, indices]) => gatherElements(x, indices, 0),
    },
  ],
  errors: [
    {
      name: 'rank',
      build: (graph) => gatherElements(graph.input('x', [2, 3]), graph.input('i', [2], 'int32'), 1),
      error: ShapeError,
      message: /indices \[2\] must have the rank of x \[2, 3\] and be no longer on axes other than 1/,
    },
  ],
});

checkOp('scatterAdd', {
  samples: [
    {
      // PyTorch's documentation of scatter_add_
      name: 'as PyTorch',
      inputs: [
        { shape: [3, 5], values: new Array(15).fill(0) },
        { shape: [2, 5], dtype: 'int32', values: [0, 1, 2, 0, 0, 0, 1, 2, 2, 2] },
        { shape: [2, 5], values: new Array(10).fill(1) },
      ],
      build: ([x, indices, updates]) => scatterAdd(x, indices, updates, 0),
      expected: [2, 0, 0, 1, 1, 0, 2, 0, 0, 0, 0, 0, 2, 1, 1],
      variants: both,
    },
    {
      name: 'one axis',
      inputs: [
        { shape: [7] },
        { shape: [65], dtype: 'int32', values: { low: -9, high: 9 } },
        { shape: [65] },
      ],
      build: ([x, indices, updates]) => scatterAdd(x, indices, updates),
    },
    {
      name: 'the last axis, and a square',
      inputs: [
        { shape: [17, 4] },
        { shape: [17, 3], dtype: 'uint32', values: { low: 0, high: 4 } },
        { shape: [17, 3] },
      ],
      build: ([x, indices, updates]) => {
        const y = scatterAdd(x, indices, updates, -1);
        return mul(y, y);
      },
      variants: both,
    },
    {
      name: 'shorter on the other axes',
      inputs: [
        { shape: [4, 5, 6] },
        { shape: [3, 7, 2], dtype: 'int32', values: { low: 0, high: 5 } },
        { shape: [3, 7, 2] },
      ],
      build: ([x, indices, updates]) => scatterAdd(x, indices, updates, 1),
      variants: both,
    },
    {
      name: 'int32',
      inputs: [
        { shape: [4, 3], dtype: 'int32' },
        { shape: [5, 3], dtype: 'int32', values: { low: 0, high: 4 } },
        { shape: [5, 3], dtype: 'int32' },
      ],
      build: ([x, indices, updates]) => scatterAdd(x, indices, updates),
      variants: both,
    },
    {
      name: 'float16',
      inputs: [
        { shape: [4, 3], dtype: 'float16' },
        { shape: [5, 3], dtype: 'int32', values: { low: 0, high: 4 } },
        { shape: [5, 3], dtype: 'float16' },
      ],
      build: ([x, indices, updates]) => scatterAdd(x, indices, updates),
      variants: both,
    },
  ],
  errors: [
    {
      name: 'updates of another shape',
      build: (graph) =>
        scatterAdd(graph.input('x', [4, 2]), graph.input('i', [3, 2], 'int32'), graph.input('u', [2, 2])),
      error: ShapeError,
      message: /indices \[3, 2\] and updates \[2, 2\] differ/,
    },
    {
      name: 'updates of another dtype',
      build: (graph) =>
        scatterAdd(
          graph.input('x', [4, 2]),
          graph.input('i', [3, 2], 'int32'),
          graph.input('u', [3, 2], 'int32'),
        ),
      error: DTypeError,
      message: /scatterAdd: x is float32, updates are int32; use cast/,
    },
    {
      name: 'indices longer than x',
      build: (graph) =>
        scatterAdd(graph.input('x', [4, 2]), graph.input('i', [3, 3], 'int32'), graph.input('u', [3, 3])),
      error: ShapeError,
      message: /indices \[3, 3\] must have the rank of x \[4, 2\] and be no longer on axes other than 0/,
    },
  ],
});
