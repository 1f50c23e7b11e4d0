import { DTypeError, ShapeError } from '../../src/core/errors.ts';
import type { Tensor } from '../../src/graph/graph.ts';
import { type ArgOptions, argMax, argMin } from '../../src/ops/argMax.ts';
import { checkOp } from '../support/checkOp.ts';

const calls: Record<string, string>[] = [{}, { reduce: 'parts' }];
const both = (x: Tensor, options?: ArgOptions) => [
  argMax(x, options),
  argMin(x, options),
  argMax(x, { ...options, selectLastIndex: true }),
  argMin(x, { ...options, selectLastIndex: true }),
];

checkOp('argMax', {
  samples: [
    {
      name: 'ties',
      inputs: [{ shape: [3, 4], values: [1, 3, 3, 2, -1, -1, -1, -1, 5, 0, 5, 0] }],
      build: ([x]) => both(x),
      expected: [
        [1, 0, 0],
        [0, 0, 1],
        [2, 3, 2],
        [0, 3, 3],
      ],
      variants: calls,
    },
    {
      name: 'columns, kept',
      inputs: [{ shape: [3, 2], values: [1, 6, 4, 2, 4, 6] }],
      build: ([x]) => both(x, { axis: 0, keepDimensions: true }),
      expected: [
        [1, 0],
        [0, 1],
        [2, 2],
        [0, 1],
      ],
      variants: calls,
    },
    {
      name: 'int32 beyond what float32 tells apart',
      inputs: [{ shape: [3], dtype: 'int32', values: [16777217, 16777216, -2147483648] }],
      build: ([x]) => both(x),
      expected: [[0], [2], [0], [2]],
    },
    {
      name: 'uint32',
      inputs: [{ shape: [3], dtype: 'uint32', values: [7, 4294967295, 0] }],
      build: ([x]) => both(x),
      expected: [[1], [2], [1], [2]],
    },
    {
      name: 'infinities',
      inputs: [
        {
          shape: [3],
          values: [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
        },
      ],
      build: ([x]) => argMax(x),
      expected: [0],
    },
    ...[1, 3, 17, 64, 130, 1000].map((n) => ({
      name: `small integers, so with ties, along ${n}`,
      inputs: [{ shape: [2, n, 4], dtype: 'int32' as const, values: { low: 0, high: 9 } }],
      build: ([x]: Tensor[]) => [
        argMax(x, { axis: 0 }),
        ...both(x, { axis: 1 }),
        argMin(x, { axis: 2, selectLastIndex: true }),
      ],
      variants: calls,
    })),
    {
      name: 'float32 rows of 4099',
      inputs: [{ shape: [3, 4099] }],
      build: ([x]) => both(x, { axis: -1 }),
      variants: calls,
    },
    { name: 'float16', inputs: [{ shape: [5, 12], dtype: 'float16' }], build: ([x]) => both(x, { axis: 0 }) },
  ],
  errors: [
    {
      name: 'axis out of range',
      build: (graph) => argMax(graph.input('x', [2, 3]), { axis: 2 }),
      error: ShapeError,
      message: /argMax: axis 2 is out of range for rank 2/,
    },
    {
      name: 'bool',
      build: (graph) => argMin(graph.input('x', [2], 'bool')),
      error: DTypeError,
      message: /argMin: expected float32, float16, int32 or uint32, got bool/,
    },
  ],
});
