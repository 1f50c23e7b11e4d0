import { DTypeError, ShapeError } from '../../src/core/errors.ts';
import { mul } from '../../src/ops/arithmetic.ts';
import { gatherND } from '../../src/ops/gatherND.ts';
import { checkOp } from '../support/checkOp.ts';

checkOp('gatherND', {
  samples: [
    {
      // ONNX' documentation of GatherND, example 1
      name: 'elements, as ONNX',
      inputs: [
        { shape: [2, 2], values: [0, 1, 2, 3] },
        { shape: [2, 2], dtype: 'int32', values: [0, 0, 1, 1] },
      ],
      build: ([x, indices]) => gatherND(x, indices),
      expected: [0, 3],
    },
    {
      // ONNX' documentation of GatherND, example 4
      name: 'slices, as ONNX',
      inputs: [
        { shape: [2, 2, 2], values: [0, 1, 2, 3, 4, 5, 6, 7] },
        { shape: [2, 1, 2], dtype: 'int32', values: [0, 1, 1, 0] },
      ],
      build: ([x, indices]) => gatherND(x, indices),
      expected: [2, 3, 4, 5],
    },
    {
      // ONNX' documentation of GatherND, example 5
      name: 'batch axes, as ONNX',
      inputs: [
        { shape: [2, 2, 2], values: [0, 1, 2, 3, 4, 5, 6, 7] },
        { shape: [2, 1], dtype: 'int32', values: [1, 0] },
      ],
      build: ([x, indices]) => gatherND(x, indices, { batchDimensions: 1 }),
      expected: [2, 3, 4, 5],
    },
    {
      name: 'negative indices and those outside',
      inputs: [
        { shape: [3, 4], values: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] },
        { shape: [3, 2], dtype: 'int32', values: [-1, -4, 5, 1, -9, 9] },
      ],
      build: ([x, indices]) => gatherND(x, indices),
      expected: [8, 9, 3],
    },
    {
      name: 'odd sizes, and a square',
      inputs: [{ shape: [3, 17, 5, 3] }, { shape: [3, 7, 2], dtype: 'uint32', values: { low: 0, high: 6 } }],
      build: ([x, indices]) => {
        const y = gatherND(x, indices, { batchDimensions: 1 });
        return mul(y, y);
      },
    },
    {
      name: 'bool',
      inputs: [
        { shape: [5, 3], dtype: 'bool' },
        { shape: [65, 1], dtype: 'int32', values: { low: -5, high: 5 } },
      ],
      build: ([x, indices]) => gatherND(x, indices),
    },
    {
      name: 'float16',
      inputs: [
        { shape: [5, 3], dtype: 'float16' },
        { shape: [7, 2], dtype: 'int32', values: { low: 0, high: 3 } },
      ],
      build: ([x, indices]) => gatherND(x, indices),
    },
  ],
  errors: [
    {
      name: 'tuples longer than x has axes',
      build: (graph) => gatherND(graph.input('x', [2, 3]), graph.input('i', [4, 3], 'int32')),
      error: ShapeError,
      message: /^gatherND: indices \[4, 3\] name places on 3 axes after 0 batch axes, x \[2, 3\] has 2/,
    },
    {
      name: 'batch axes that differ',
      build: (graph) =>
        gatherND(graph.input('x', [2, 3]), graph.input('i', [4, 1], 'int32'), { batchDimensions: 1 }),
      error: ShapeError,
      message: /the first 1 axes of x \[2, 3\] and indices \[4, 1\] differ/,
    },
    {
      name: 'float indices',
      build: (graph) => gatherND(graph.input('x', [2, 3]), graph.input('i', [4, 1])),
      error: DTypeError,
      message: /^gatherND: indices must be int32 or uint32, got float32/,
    },
  ],
});
