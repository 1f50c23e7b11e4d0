import { ShapeError } from '../../src/core/errors.ts';
import { type Conv1dOptions, conv1d } from '../../src/ops/conv1d.ts';
import { checkOp, type Sample } from '../support/checkOp.ts';

function sample(x: readonly number[], filter: readonly number[], options: Conv1dOptions): Sample {
  const features = filter[(options.filterLayout ?? 'WIO').indexOf('O')];
  return {
    inputs: [{ shape: x }, { shape: filter }, { shape: [features] }],
    build: ([line, weights, bias]) => conv1d(line, weights, { ...options, bias }),
  };
}

checkOp('conv1d', {
  samples: [
    {
      name: 'differences, causal and not',
      inputs: [
        { shape: [1, 5, 1], values: [1, 4, 9, 16, 25] },
        { shape: [2, 1, 1], values: [-1, 1] },
      ],
      build: ([x, w]) => [
        conv1d(x, w),
        conv1d(x, w, { padding: [1, 0] }),
        conv1d(x, w, { dilations: 2, padding: 1 }),
        conv1d(x, w, { strides: 2, padding: 'same' }),
      ],
      expected: [
        [3, 5, 7, 9],
        [1, 3, 5, 7, 9],
        [4, 8, 12, 16, -16],
        [3, 7, -25],
      ],
    },
    sample([2, 17, 3], [5, 3, 4], { padding: 'same' }),
    sample([2, 3, 17], [4, 3, 3], { layout: 'NCW', filterLayout: 'OIW', strides: 2, padding: [2, 1] }),
    sample([1, 20, 8], [3, 4, 8], { groups: 2, dilations: 3, padding: 3 }),
  ],
  errors: [
    {
      name: 'rank',
      build: (graph) => conv1d(graph.input('x', [1, 1, 5, 3]), graph.input('w', [3, 3, 4])),
      error: ShapeError,
      message: /conv1d: x must have 3 axes \(NWC\), got \[1, 1, 5, 3\]/,
    },
    {
      name: 'rank of the filter',
      build: (graph) => conv1d(graph.input('x', [1, 5, 3]), graph.input('w', [3, 3])),
      error: ShapeError,
      message: /conv1d: filter must have 3 axes \(WIO\), got \[3, 3\]/,
    },
    {
      name: 'a filter longer than the padded input',
      build: (graph) => conv1d(graph.input('x', [1, 5, 3]), graph.input('w', [7, 3, 2]), { padding: [0, 1] }),
      error: ShapeError,
      message: /filter \[1, 7\] is larger than the padded input \[1, 6\]/,
    },
  ],
});
