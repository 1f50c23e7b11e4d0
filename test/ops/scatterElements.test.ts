import { DTypeError, ShapeError } from '../../src/core/errors.ts';
import { mul } from '../../src/ops/arithmetic.ts';
import { scatterElements } from '../../src/ops/scatterElements.ts';
import { checkOp, type Sample } from '../support/checkOp.ts';

/** x, indices and updates that touch some elements twice and others never. */
const inputs = [
  { shape: [17, 5, 3] },
  { shape: [17, 7, 3], dtype: 'int32', values: { low: -5, high: 5 } },
  { shape: [17, 7, 3] },
] as const;

const reductions = ['none', 'add', 'mul', 'max', 'min'] as const;

checkOp('scatterElements', {
  samples: [
    {
      // ONNX' documentation of ScatterElements
      name: 'as ONNX',
      inputs: [
        { shape: [1, 5], values: [1, 2, 3, 4, 5] },
        { shape: [1, 2], dtype: 'int32', values: [1, -2] },
        { shape: [1, 2], values: [1.1, 2.1] },
      ],
      build: ([x, indices, updates]) => scatterElements(x, indices, updates, { axis: 1 }),
      expected: [1, 1.1, 3, 2.1, 5],
    },
    {
      // ONNX' documentation of ScatterElements
      name: 'shorter on the other axes, as ONNX',
      inputs: [
        { shape: [3, 3], values: new Array(9).fill(0) },
        { shape: [2, 3], dtype: 'int32', values: [1, 0, 2, 0, 2, 1] },
        { shape: [2, 3], values: [1, 1.1, 1.2, 2, 2.1, 2.2] },
      ],
      build: ([x, indices, updates]) => scatterElements(x, indices, updates),
      expected: [2, 1.1, 0, 1, 0, 2.2, 0, 2.1, 1.2],
    },
    ...reductions.map(
      (reduction): Sample => ({
        name: `${reduction}, and a square`,
        inputs,
        build: ([x, indices, updates]) => {
          const y = scatterElements(x, indices, updates, { axis: 1, reduction });
          return mul(y, y);
        },
      }),
    ),
    ...reductions.map(
      (reduction): Sample => ({
        name: `${reduction}, int32, a region`,
        inputs: [
          { shape: [4, 5, 6], dtype: 'int32' },
          { shape: [3, 7, 2], dtype: 'uint32', values: { low: 0, high: 5 } },
          { shape: [3, 7, 2], dtype: 'int32' },
        ],
        build: ([x, indices, updates]) => scatterElements(x, indices, updates, { axis: 1, reduction }),
      }),
    ),
    {
      name: 'a product with zeros',
      inputs: [
        { shape: [4], values: [0, 2, 3, 0] },
        { shape: [5], dtype: 'int32', values: [0, 1, 1, 2, 3] },
        { shape: [5], values: [2, 0, 4, 0.5, 0] },
      ],
      build: ([x, indices, updates]) => scatterElements(x, indices, updates, { reduction: 'mul' }),
      expected: [0, 0, 1.5, 0],
    },
    {
      name: 'NaN wins',
      inputs: [
        { shape: [3], values: [Number.NaN, 1, 2] },
        { shape: [3], dtype: 'int32', values: [0, 1, 2] },
        { shape: [3], values: [1, Number.NaN, 3] },
      ],
      build: ([x, indices, updates]) => scatterElements(x, indices, updates, { reduction: 'max' }),
      gradient: false,
    },
    {
      name: 'bool',
      inputs: [
        { shape: [5, 3], dtype: 'bool' },
        { shape: [2, 3], dtype: 'int32', values: { low: 0, high: 5 } },
        { shape: [2, 3], dtype: 'bool' },
      ],
      build: ([x, indices, updates]) => scatterElements(x, indices, updates),
    },
    {
      name: 'float16',
      inputs: [
        { shape: [5, 3], dtype: 'float16' },
        { shape: [2, 3], dtype: 'int32', values: { low: 0, high: 5 } },
        { shape: [2, 3], dtype: 'float16' },
      ],
      build: ([x, indices, updates]) => scatterElements(x, indices, updates, { reduction: 'max' }),
    },
  ],
  errors: [
    {
      name: 'updates of another dtype',
      build: (graph) =>
        scatterElements(
          graph.input('x', [2]),
          graph.input('i', [2], 'int32'),
          graph.input('u', [2], 'int32'),
        ),
      error: DTypeError,
      message: /^scatterElements: x is float32, updates are int32; use cast/,
    },
    {
      name: 'updates of another shape',
      build: (graph) =>
        scatterElements(graph.input('x', [2]), graph.input('i', [2], 'int32'), graph.input('u', [3])),
      error: ShapeError,
      message: /indices \[2\] and updates \[3\] differ/,
    },
    {
      name: 'indices longer than x',
      build: (graph) =>
        scatterElements(
          graph.input('x', [4, 2]),
          graph.input('i', [3, 3], 'int32'),
          graph.input('u', [3, 3]),
        ),
      error: ShapeError,
      message: /indices \[3, 3\] must have the rank of x \[4, 2\] and be no longer on axes other than 0/,
    },
  ],
});
