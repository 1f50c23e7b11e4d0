import { DTypeError, GraphError, ShapeError } from '../../src/core/errors.ts';
import { add, mul } from '../../src/ops/arithmetic.ts';
import { concat, stack } from '../../src/ops/concat.ts';
import { checkOp } from '../support/checkOp.ts';

checkOp('concat', {
  samples: [
    {
      name: 'columns by hand',
      inputs: [
        { shape: [2, 2], values: [1, 2, 3, 4] },
        { shape: [2, 1], values: [5, 6] },
      ],
      build: (inputs) => concat(inputs, 1),
      expected: [1, 2, 5, 3, 4, 6],
    },
    {
      name: 'rows',
      inputs: [{ shape: [3, 5] }, { shape: [1, 5] }, { shape: [2, 5] }],
      build: (inputs) => concat(inputs),
    },
    {
      name: 'vec4 columns',
      inputs: [{ shape: [3, 4] }, { shape: [3, 8] }],
      build: (inputs) => concat(inputs, -1),
    },
    {
      name: 'columns, one odd',
      inputs: [{ shape: [3, 4] }, { shape: [3, 3] }],
      build: (inputs) => concat(inputs, -1),
    },
    {
      name: 'a middle axis',
      inputs: [{ shape: [2, 17, 3] }, { shape: [2, 1, 3] }],
      build: (inputs) => concat(inputs, 1),
    },
    { name: 'one', inputs: [{ shape: [3] }], build: (inputs) => concat(inputs) },
    { name: 'the same twice', inputs: [{ shape: [3, 5] }], build: ([x]) => concat([x, x], 1) },
    {
      name: 'eleven: three dispatches',
      inputs: Array.from({ length: 11 }, (_, i) => ({ shape: [3, 1 + (i % 3)] })),
      build: (inputs) => concat(inputs, 1),
    },
    {
      name: 'six of four, with a chain behind them',
      inputs: [...Array.from({ length: 6 }, () => ({ shape: [5, 4] })), { shape: [24] }],
      build: (inputs) => {
        const y = add(concat(inputs.slice(0, 6), 1), inputs[6]);
        return mul(y, y);
      },
    },
    {
      name: 'int32',
      inputs: [
        { shape: [3], dtype: 'int32' },
        { shape: [5], dtype: 'int32' },
      ],
      build: (inputs) => concat(inputs),
    },
    {
      name: 'bool',
      inputs: [
        { shape: [3], dtype: 'bool' },
        { shape: [5], dtype: 'bool' },
      ],
      build: (inputs) => concat(inputs),
    },
    {
      name: 'float16',
      inputs: [
        { shape: [2, 4], dtype: 'float16' },
        { shape: [2, 4], dtype: 'float16' },
      ],
      build: (inputs) => concat(inputs, 1),
    },
    {
      name: 'stack',
      inputs: [
        { shape: [2], values: [1, 2] },
        { shape: [2], values: [3, 4] },
        { shape: [2], values: [5, 6] },
      ],
      build: (inputs) => [stack(inputs), stack(inputs, -1)],
      expected: [
        [1, 2, 3, 4, 5, 6],
        [1, 3, 5, 2, 4, 6],
      ],
    },
    { name: 'stack of scalars', inputs: [{ shape: [] }, { shape: [] }], build: (inputs) => stack(inputs) },
  ],
  errors: [
    {
      name: 'another axis',
      build: (graph) =>
        graph.scope('merge', () => concat([graph.input('a', [2, 3]), graph.input('b', [3, 3])], 1)),
      error: ShapeError,
      message: /^merge\/concat: \[2, 3\] and \[3, 3\] differ on another axis than 1$/,
    },
    {
      name: 'axis',
      build: (graph) => concat([graph.input('a', [2]), graph.input('b', [3])], 1),
      error: ShapeError,
      message: /axis 1 is out of range for rank 1/,
    },
    {
      name: 'dtypes',
      build: (graph) => concat([graph.input('a', [2]), graph.input('b', [3], 'int32')]),
      error: DTypeError,
      message: /inputs differ in dtype, float32 and int32/,
    },
    { name: 'nothing', build: () => concat([]), error: GraphError, message: /at least one tensor, got none/ },
    {
      name: 'stack of different shapes',
      build: (graph) => stack([graph.input('a', [2]), graph.input('b', [3])]),
      error: ShapeError,
      message: /stack: expected one shape, got \[2\] and \[3\]/,
    },
  ],
});
