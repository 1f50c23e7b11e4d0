import { ShapeError } from '../../src/core/errors.ts';
import type { Tensor } from '../../src/graph/graph.ts';
import { add } from '../../src/ops/arithmetic.ts';
import { cumulativeProduct } from '../../src/ops/cumulativeProduct.ts';
import { checkOp } from '../support/checkOp.ts';

const x = { shape: [3], values: [2, 3, 4] };

checkOp('cumulativeProduct', {
  samples: [
    { inputs: [x], build: ([each]) => cumulativeProduct(each), expected: [2, 6, 24] },
    { inputs: [x], build: ([each]) => cumulativeProduct(each, { exclusive: true }), expected: [1, 2, 6] },
    { inputs: [x], build: ([each]) => cumulativeProduct(each, { reverse: true }), expected: [24, 12, 4] },
    {
      inputs: [x],
      build: ([each]) => cumulativeProduct(each, { exclusive: true, reverse: true }),
      expected: [12, 4, 1],
    },
    {
      name: 'zeros, with their gradients',
      inputs: [{ shape: [5], values: [2, 0, -3, 0, 1.5] }],
      build: ([each]) => cumulativeProduct(each),
      expected: [2, 0, 0, 0, 0],
    },
    {
      name: 'int32 wraps',
      inputs: [{ shape: [2, 3], dtype: 'int32', values: [65536, 65536, 3, -2, 5, 7] }],
      build: ([each]) => cumulativeProduct(each),
      expected: [65536, 0, 0, -2, -10, -70],
    },
    {
      inputs: [{ shape: [2, 1], values: [3, 5] }],
      build: ([each]) => add(cumulativeProduct(each, { exclusive: true }), each),
      expected: [4, 6],
    },
    ...[1, 3, 17, 65].map((length) => ({
      inputs: [{ shape: [2, length, 3], values: { low: 0.8, high: 1.2 } }],
      build: ([each]: Tensor[]) => cumulativeProduct(each, { axis: 1, reverse: length === 17 }),
    })),
  ],
  errors: [
    {
      name: 'axis out of range',
      build: (graph) => cumulativeProduct(graph.input('x', [2]), { axis: 1 }),
      error: ShapeError,
      message: /cumulativeProduct: axis 1 is out of range for rank 1/,
    },
  ],
});
