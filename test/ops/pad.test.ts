import { ShapeError } from '../../src/core/errors.ts';
import type { Tensor } from '../../src/graph/graph.ts';
import { mul } from '../../src/ops/arithmetic.ts';
import { pad } from '../../src/ops/pad.ts';
import { checkOp } from '../support/checkOp.ts';

const counted = (length: number) => Array.from({ length }, (_, i) => i + 1);

checkOp('pad', {
  samples: [
    {
      name: 'symmetric, as NumPy',
      inputs: [{ shape: [3], values: [1, 2, 3] }],
      build: ([x]) => pad(x, [[2, 3]], { mode: 'symmetric' }),
      expected: [2, 1, 1, 2, 3, 3, 2, 1],
    },
    {
      name: 'wrap, as NumPy',
      inputs: [{ shape: [3], values: [1, 2, 3] }],
      build: ([x]) => pad(x, [[4, 2]], { mode: 'wrap' }),
      expected: [3, 1, 2, 3, 1, 2, 3, 1, 2],
    },
    {
      name: 'symmetric on two axes, and a square',
      inputs: [{ shape: [3, 17, 4] }],
      build: ([x]) => {
        const y = pad(
          x,
          [
            [1, 3],
            [17, 0],
            [0, 0],
          ],
          { mode: 'symmetric' },
        );
        return mul(y, y);
      },
    },
    {
      name: 'zeros by hand',
      inputs: [{ shape: [2, 2], values: [1, 2, 3, 4] }],
      build: ([x]) =>
        pad(x, [
          [1, 0],
          [0, 2],
        ]),
      expected: [0, 0, 0, 0, 1, 2, 0, 0, 3, 4, 0, 0],
    },
    {
      // NumPy: np.pad([1, 2, 3], (2, 2), 'reflect')
      name: 'reflect as NumPy',
      inputs: [{ shape: [3], values: counted(3) }],
      build: ([x]) => pad(x, 2, { mode: 'reflect' }),
      expected: [3, 2, 1, 2, 3, 2, 1],
    },
    {
      name: 'edge as NumPy',
      inputs: [{ shape: [3], values: counted(3) }],
      build: ([x]) => pad(x, [[2, 3]], { mode: 'edge' }),
      expected: [1, 1, 1, 2, 3, 3, 3, 3],
    },
    {
      // ONNX: reflect on both axes, corners mirrored twice
      name: 'reflect on two axes',
      inputs: [{ shape: [2, 3], values: counted(6) }],
      build: ([x]) => pad(x, 1, { mode: 'reflect' }),
      expected: [5, 4, 5, 6, 5, 2, 1, 2, 3, 2, 5, 4, 5, 6, 5, 2, 1, 2, 3, 2],
    },
    { name: 'nothing to add', inputs: [{ shape: [3, 4] }], build: ([x]) => pad(x, 0) },
    { name: 'a scalar', inputs: [{ shape: [] }], build: ([x]) => pad(x, []) },
    { name: 'a value', inputs: [{ shape: [3, 5] }], build: ([x]) => pad(x, 1, { value: -1.5 }) },
    {
      name: 'the lowest number, for a maximum',
      inputs: [{ shape: [3] }],
      build: ([x]) => pad(x, 1, { value: Number.NEGATIVE_INFINITY }),
      gradient: false,
    },
    ...(['constant', 'reflect', 'edge'] as const).flatMap((mode) => [
      {
        name: `${mode}: images in four channels`,
        inputs: [{ shape: [2, 5, 6, 4] }],
        build: ([x]: Tensor[]) =>
          pad(
            x,
            [
              [0, 0],
              [2, 1],
              [1, 3],
              [0, 0],
            ],
            { mode },
          ),
      },
      {
        name: `${mode}: images in three channels`,
        inputs: [{ shape: [2, 3, 5, 3] }],
        build: ([x]: Tensor[]) =>
          pad(
            x,
            [
              [0, 0],
              [2, 1],
              [0, 4],
              [0, 0],
            ],
            { mode },
          ),
      },
      {
        name: `${mode}: all sides of three axes, squared`,
        inputs: [{ shape: [3, 4, 5] }],
        build: ([x]: Tensor[]) => {
          const y = pad(
            x,
            [
              [1, 2],
              [3, 0],
              [2, 2],
            ],
            { mode },
          );
          return mul(y, y);
        },
      },
      {
        name: `${mode}: int32`,
        inputs: [{ shape: [4, 3], dtype: 'int32' as const }],
        build: ([x]: Tensor[]) => pad(x, 2, { mode, value: -2147483648 }),
      },
      {
        name: `${mode}: bool`,
        inputs: [{ shape: [4, 3], dtype: 'bool' as const }],
        build: ([x]: Tensor[]) => pad(x, 1, { mode, value: 1 }),
      },
      {
        name: `${mode}: float16`,
        inputs: [{ shape: [4, 4], dtype: 'float16' as const }],
        build: ([x]: Tensor[]) =>
          pad(
            x,
            [
              [1, 1],
              [0, 0],
            ],
            { mode, value: 0.5 },
          ),
      },
    ]),
    {
      name: 'uint32',
      inputs: [{ shape: [4, 3], dtype: 'uint32' }],
      build: ([x]) => pad(x, 2, { value: 4294967295 }),
    },
    {
      name: 'reflect as far as it goes',
      inputs: [{ shape: [4, 2] }],
      build: ([x]) =>
        pad(
          x,
          [
            [3, 3],
            [1, 1],
          ],
          { mode: 'reflect' },
        ),
    },
    {
      name: 'edge of one element',
      inputs: [{ shape: [1, 3] }],
      build: ([x]) =>
        pad(
          x,
          [
            [2, 3],
            [1, 0],
          ],
          { mode: 'edge' },
        ),
    },
  ],
  errors: [
    {
      name: 'mirrors more than there is',
      build: (graph) => pad(graph.input('x', [3]), [[4, 0]], { mode: 'symmetric' }),
      error: ShapeError,
      message: /axis 0 of \[3\] is too short to mirror \[4, 0\] elements/,
    },
    {
      name: 'too few pairs',
      build: (graph) => graph.scope('conv1', () => pad(graph.input('x', [2, 3]), [[1, 1]])),
      error: ShapeError,
      message: /^conv1\/pad: padding for 1 axes does not fit \[2, 3\]; give a pair for each axis$/,
    },
    {
      name: 'negative',
      build: (graph) => pad(graph.input('x', [2]), [[-1, 0]]),
      error: ShapeError,
      message: /whole numbers of at least 0, got \[-1, 0\] for axis 0; slice cuts/,
    },
    {
      name: 'reflects too much',
      build: (graph) => pad(graph.input('x', [2, 3]), 2, { mode: 'reflect' }),
      error: ShapeError,
      message: /axis 0 of \[2, 3\] is too short to reflect \[2, 2\] elements/,
    },
  ],
});
