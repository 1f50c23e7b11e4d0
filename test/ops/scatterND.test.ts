import { DTypeError, ShapeError } from '../../src/core/errors.ts';
import { mul } from '../../src/ops/arithmetic.ts';
import { scatterND } from '../../src/ops/scatterND.ts';
import { checkOp, type Sample } from '../support/checkOp.ts';

checkOp('scatterND', {
  samples: [
    {
      // ONNX' documentation of ScatterND
      name: 'elements, as ONNX',
      inputs: [
        { shape: [8], values: [1, 2, 3, 4, 5, 6, 7, 8] },
        { shape: [4, 1], dtype: 'int32', values: [4, 3, 1, 7] },
        { shape: [4], values: [9, 10, 11, 12] },
      ],
      build: ([x, indices, updates]) => scatterND(x, indices, updates),
      expected: [1, 11, 3, 10, 9, 6, 7, 12],
    },
    ...(['none', 'add', 'mul', 'max', 'min'] as const).map(
      (reduction): Sample => ({
        name: `${reduction}, slices, and a square`,
        inputs: [
          { shape: [3, 5, 7] },
          { shape: [4, 2, 2], dtype: 'int32', values: { low: -3, high: 3 } },
          { shape: [4, 2, 7] },
        ],
        build: ([x, indices, updates]) => {
          const y = scatterND(x, indices, updates, { reduction });
          return mul(y, y);
        },
      }),
    ),
    {
      name: 'int32',
      inputs: [
        { shape: [65, 3], dtype: 'int32' },
        { shape: [17, 2], dtype: 'uint32', values: { low: 0, high: 3 } },
        { shape: [17], dtype: 'int32' },
      ],
      build: ([x, indices, updates]) => scatterND(x, indices, updates),
    },
  ],
  errors: [
    {
      name: 'updates of another shape',
      build: (graph) =>
        scatterND(graph.input('x', [8, 3]), graph.input('i', [4, 1], 'int32'), graph.input('u', [4])),
      error: ShapeError,
      message: /^scatterND: x \[8, 3\] and indices \[4, 1\] ask for updates \[4, 3\], got \[4\]/,
    },
    {
      name: 'updates of another dtype',
      build: (graph) =>
        scatterND(graph.input('x', [8]), graph.input('i', [4, 1], 'int32'), graph.input('u', [4], 'int32')),
      error: DTypeError,
      message: /^scatterND: x is float32, updates are int32; use cast/,
    },
  ],
});
