import { DTypeError, ShapeError } from '../../src/core/errors.ts';
import type { Tensor } from '../../src/graph/graph.ts';
import { cumulativeSum } from '../../src/ops/cumulativeSum.ts';
import { checkOp } from '../support/checkOp.ts';

const variants: Record<string, string>[] = [{ cumulativeSum: 'scan' }, { cumulativeSum: 'sequential' }];
const everyWay = (x: Tensor, axis: number) =>
  [false, true].flatMap((exclusive) =>
    [false, true].map((reverse) => cumulativeSum(x, { axis, exclusive, reverse })),
  );

checkOp('cumulativeSum', {
  samples: [
    {
      inputs: [{ shape: [3], values: [1, 2, 3] }],
      build: ([x]) => everyWay(x, 0),
      expected: [
        [1, 3, 6],
        [6, 5, 3],
        [0, 1, 3],
        [5, 3, 0],
      ],
      variants,
    },
    ...[1, 17, 65, 130].map((n) => ({
      inputs: [{ shape: [2, n, 3] }],
      build: ([x]: Tensor[]) => [cumulativeSum(x, { axis: 0 }), cumulativeSum(x), ...everyWay(x, 1)],
      variants,
    })),
    ...[1000, 1024, 2500].map((n) => ({
      inputs: [{ shape: [2, n] }],
      build: ([x]: Tensor[]) => everyWay(x, 1),
      variants,
      tolerance: { relative: 8e-6, absolute: 2e-5, reason: 'sums that pass through 0 after growing to 50' },
    })),
    {
      name: 'int32',
      inputs: [{ shape: [300, 2], dtype: 'int32', values: { low: -1e8, high: 1e9 } }],
      build: ([x]) => everyWay(x, 0),
      variants,
    },
    {
      name: 'float16',
      inputs: [{ shape: [4, 9], dtype: 'float16' }],
      build: ([x]) => everyWay(x, 1),
      variants,
    },
  ],
  errors: [
    {
      name: 'axis out of range',
      build: (graph) => cumulativeSum(graph.input('x', [2, 3]), { axis: -3 }),
      error: ShapeError,
      message: /cumulativeSum: axis -3 is out of range for rank 2/,
    },
    {
      name: 'bool',
      build: (graph) => cumulativeSum(graph.input('x', [2], 'bool')),
      error: DTypeError,
      message: /cumulativeSum: expected .* got bool/,
    },
  ],
});
