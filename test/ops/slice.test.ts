import { ShapeError } from '../../src/core/errors.ts';
import { add, mul } from '../../src/ops/arithmetic.ts';
import { place, slice, split, unstack } from '../../src/ops/slice.ts';
import { checkOp } from '../support/checkOp.ts';

const counted = (length: number) => Array.from({ length }, (_, i) => i);

checkOp('slice', {
  samples: [
    {
      name: 'x[0:2, 1:-1]',
      inputs: [{ shape: [3, 4], values: counted(12) }],
      build: ([x]) => slice(x, { begin: [0, 1], end: [2, -1] }),
      expected: [1, 2, 5, 6],
    },
    {
      name: 'x[:, ::2]',
      inputs: [{ shape: [2, 5], values: counted(10) }],
      build: ([x]) => slice(x, { axes: [-1], steps: [2] }),
      expected: [0, 2, 4, 5, 7, 9],
    },
    {
      name: 'axes in any order',
      inputs: [{ shape: [3, 2, 4], values: counted(24) }],
      build: ([x]) => slice(x, { axes: [2, 0], begin: [-2, 1], size: [2, 1] }),
      expected: [10, 11, 14, 15],
    },
    {
      name: 'the first axes only',
      inputs: [{ shape: [3, 2], values: counted(6) }],
      build: ([x]) => slice(x, { begin: [-1] }),
      expected: [4, 5],
    },
    { name: 'one element', inputs: [{ shape: [63] }], build: ([x]) => slice(x, { begin: [17], size: [1] }) },
    { name: 'everything', inputs: [{ shape: [3, 5] }], build: ([x]) => slice(x, { size: [3, 5] }) },
    { name: 'a scalar', inputs: [{ shape: [] }], build: ([x]) => slice(x, {}) },
    {
      name: 'vec4 rows',
      inputs: [{ shape: [5, 17, 8] }],
      build: ([x]) => slice(x, { begin: [1, 3, 4], end: [-1, 16, 8] }),
    },
    {
      name: 'vec4 rows in steps',
      inputs: [{ shape: [9, 4] }],
      build: ([x]) => slice(x, { axes: [0], begin: [1], steps: [3] }),
    },
    {
      name: 'odd everything',
      inputs: [{ shape: [5, 7, 11] }],
      build: ([x]) => slice(x, { begin: [1, 2, 3], size: [3, 5, 7], steps: [2, 3, 2] }),
    },
    {
      name: 'steps longer than what is left',
      inputs: [{ shape: [7] }],
      build: ([x]) => slice(x, { begin: [5], steps: [10] }),
    },
    {
      name: 'int32',
      inputs: [{ shape: [5, 6], dtype: 'int32' }],
      build: ([x]) => slice(x, { begin: [1, 2] }),
    },
    {
      name: 'uint32',
      inputs: [{ shape: [8], dtype: 'uint32', values: { low: 0, high: 4e9 } }],
      build: ([x]) => slice(x, { begin: [4] }),
    },
    { name: 'bool', inputs: [{ shape: [5, 6], dtype: 'bool' }], build: ([x]) => slice(x, { begin: [1, 2] }) },
    {
      name: 'float16',
      inputs: [{ shape: [5, 6], dtype: 'float16' }],
      build: ([x]) => slice(x, { begin: [1, 1] }),
    },
    {
      name: 'a chain behind it, and a square, so that the gradient has a gradient',
      inputs: [{ shape: [6, 9] }, { shape: [4] }],
      build: ([x, bias]) => {
        const y = add(slice(x, { begin: [1, 2], size: [3, 7], steps: [1, 2] }), bias);
        return mul(y, y);
      },
    },
  ],
  errors: [
    {
      name: 'beyond the end',
      build: (graph) =>
        graph.scope('crop', () => slice(graph.input('x', [2, 3]), { begin: [0, 1], size: [2, 3] })),
      error: ShapeError,
      message: /^crop\/slice: begin 1, size 3 is no window of axis 1 of \[2, 3\]$/,
    },
    {
      name: 'empty',
      build: (graph) => slice(graph.input('x', [2, 3]), { begin: [1], end: [1] }),
      error: ShapeError,
      message: /begin 1, end 1 is no window of axis 0/,
    },
    {
      name: 'backwards',
      build: (graph) => slice(graph.input('x', [4]), { steps: [-1] }),
      error: ShapeError,
      message: /steps must be whole numbers of at least 1, got -1 for axis 0; reverse/,
    },
    {
      name: 'end and size',
      build: (graph) => slice(graph.input('x', [4]), { end: [2], size: [2] }),
      error: ShapeError,
      message: /end or size, not both/,
    },
    {
      name: 'lengths differ',
      build: (graph) => slice(graph.input('x', [4, 4]), { axes: [0, 1], begin: [2] }),
      error: ShapeError,
      message: /expected 2 numbers for axes \[0, 1\], got \[2\]/,
    },
    {
      name: 'an axis twice',
      build: (graph) => slice(graph.input('x', [4, 4]), { axes: [1, -1], begin: [2, 1] }),
      error: ShapeError,
      message: /axis 1 is given twice/,
    },
  ],
});

checkOp('place', {
  samples: [
    {
      name: 'in steps',
      inputs: [{ shape: [2, 2], values: [1, 2, 3, 4] }],
      build: ([x]) => place(x, [3, 4], { begin: [1, 0], steps: [1, 3] }),
      expected: [0, 0, 0, 0, 1, 0, 0, 2, 3, 0, 0, 4],
    },
    {
      name: 'int32',
      inputs: [{ shape: [3, 4], dtype: 'int32' }],
      build: ([x]) => place(x, [5, 4], { begin: [1, 0] }),
    },
    {
      name: 'float16',
      inputs: [{ shape: [3], dtype: 'float16' }],
      build: ([x]) => place(x, [17], { begin: [2], steps: [7] }),
    },
    {
      name: 'a chain behind it',
      inputs: [{ shape: [2, 3, 4] }, { shape: [4] }],
      build: ([x, bias]) => {
        const y = add(place(x, [2, 7, 4], { begin: [0, 1, 0], steps: [1, 2, 1] }), bias);
        return mul(y, y);
      },
    },
  ],
  errors: [
    {
      name: 'outside',
      build: (graph) => place(graph.input('x', [3]), [4], { begin: [2] }),
      error: ShapeError,
      message: /a window of \[3\] from \[2\] in steps of \[1\] does not lie within \[4\]/,
    },
  ],
});

checkOp('split', {
  samples: [
    {
      inputs: [{ shape: [2, 4], values: counted(8) }],
      build: ([x]) => split(x, 2, 1),
      expected: [
        [0, 1, 4, 5],
        [2, 3, 6, 7],
      ],
    },
    { inputs: [{ shape: [10, 3] }], build: ([x]) => split(x, [1, 2, 7]) },
    { inputs: [{ shape: [4, 1] }], build: ([x]) => split(x, 1) },
    {
      name: 'unstack',
      inputs: [{ shape: [2, 3], values: counted(6) }],
      build: ([x]) => unstack(x, -1),
      expected: [
        [0, 3],
        [1, 4],
        [2, 5],
      ],
    },
  ],
  errors: [
    {
      name: 'unequal parts',
      build: (graph) => split(graph.input('x', [10]), 3),
      error: ShapeError,
      message: /axis 0 of \[10\] does not divide into 3 equal parts/,
    },
    {
      name: 'parts too long',
      build: (graph) => split(graph.input('x', [10]), [5, 6]),
      error: ShapeError,
      message: /parts \[5, 6\] do not make up axis 0 of \[10\]/,
    },
  ],
});
