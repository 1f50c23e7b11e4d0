import { DTypeError, ShapeError } from '../../src/core/errors.ts';
import type { Tensor } from '../../src/graph/graph.ts';
import { add, mul } from '../../src/ops/arithmetic.ts';
import { cast, greater } from '../../src/ops/comparison.ts';
import { grad } from '../../src/ops/gradient.ts';
import {
  all,
  any,
  l1Norm,
  l2Norm,
  logSum,
  logSumExp,
  max,
  mean,
  min,
  prod,
  standardDeviation,
  sumOfSquares,
  variance,
} from '../../src/ops/reduce.ts';
import { type ReduceOptions, sum } from '../../src/ops/sum.ts';
import { checkOp, type Sample } from '../support/checkOp.ts';

type Reduce = (x: Tensor, options?: ReduceOptions) => Tensor;

/** The choice of the cost model, and two calls where it would take one. */
const calls: Record<string, string>[] = [{}, { reduce: 'parts' }];
const odd = [1, 3, 17, 63, 65, 130, 1000, 4099];
/** Along rows and columns, one and four elements at a time, short and long. */
const shapes = [
  { shape: [3, 5], axes: [1] },
  { shape: [3, 64], axes: [-1] },
  { shape: [5, 130], axes: [1] },
  { shape: [65, 3], axes: [0] },
  { shape: [6, 8], axes: [0] },
  { shape: [2, 70, 4], axes: [1] },
  // As many outputs as keep a CPU busy.
  { shape: [70, 20], axes: [1] },
  { shape: [66, 9], axes: [1] },
  { shape: [20, 72], axes: [0] },
  { shape: [9, 70], axes: [0] },
];
/** Where only the monoid is new. */
const few = shapes.filter((_, i) => i % 2 === 1);
const scattered = [[0, 2, 4], [1, 3], [-2], [0, 1], [3, 4], [], undefined];

function family(op: Reduce, tried = shapes, values = { low: -2, high: 2 }, dtype?: 'int32'): Sample[] {
  return tried.map(({ shape, axes }) => ({
    name: `${dtype ?? 'float32'} ${shape.join('x')} over ${axes}`,
    inputs: [{ shape, values, dtype }],
    build: ([x]) => op(x, { axes }),
    variants: calls,
    asGpu: true,
  }));
}

function rankFive(op: Reduce, shape: number[]): Sample {
  return {
    name: `axes of ${shape.join('x')}`,
    inputs: [{ shape, values: { low: 0.5, high: 1.5 } }],
    build: ([x]) => scattered.map((axes, i) => op(x, { axes, keepDimensions: i % 2 === 0 })),
    variants: calls,
    asGpu: true,
  };
}

/** The derivative along a fixed direction, which the harness differentiates once more. */
function slope(op: Reduce, x: Tensor, axes: number[]): Tensor {
  const y = op(x, { axes });
  return grad(sum(mul(y, mul(y, y))), [x])[0];
}

const badAxis = (op: Reduce, name: string) => ({
  name: `${name}: axis out of range`,
  build: (graph: Parameters<NonNullable<Sample['build']>>[1]) => op(graph.input('x', [2, 3]), { axes: [2] }),
  error: ShapeError,
  message: new RegExp(`${name}: axis 2 is out of range for rank 2`),
});

checkOp('sum', {
  samples: [
    ...odd.map((n) => ({
      inputs: [{ shape: [3, n] }],
      build: ([x]: Tensor[]) => sum(x, { axes: [1] }),
      variants: calls,
      asGpu: true,
    })),
    ...odd.map((n) => ({
      inputs: [{ shape: [n, 5] }],
      build: ([x]: Tensor[]) => sum(x, { axes: [0] }),
      variants: calls,
      asGpu: true,
    })),
    ...[1, 17, 130, 1001].map((n) => ({
      inputs: [{ shape: [2, n, 8] }],
      build: ([x]: Tensor[]) => sum(x, { axes: [-2] }),
      variants: calls,
      asGpu: true,
    })),
    rankFive(sum, [2, 3, 4, 5, 6]),
    rankFive(sum, [3, 2, 1, 3, 4]),
    {
      name: 'kept dimensions',
      inputs: [{ shape: [2, 3, 4] }],
      build: ([x]) => [
        sum(x, { axes: [0, 2], keepDimensions: true }),
        sum(x, { axes: [0, 2] }),
        sum(x, { keepDimensions: true }),
      ],
    },
    { name: 'a number', inputs: [{ shape: [] }], build: ([x]) => sum(x) },
    {
      name: 'int32, which wraps',
      inputs: [{ shape: [2, 3], dtype: 'int32', values: [1, -2, 3, 2147483647, 1, 5] }],
      build: ([x]) => [sum(x, { axes: [1] }), sum(x, { axes: [0] })],
      expected: [
        [2, -2147483643],
        [-2147483648, -1, 8],
      ],
      variants: calls,
    },
    {
      name: 'uint32 over 500 rows',
      inputs: [{ shape: [500, 3], dtype: 'uint32', values: { low: 0, high: 1e8 } }],
      build: ([x]) => sum(x, { axes: [0] }),
      variants: calls,
    },
    {
      name: 'float16',
      inputs: [{ shape: [300, 6], dtype: 'float16' }],
      build: ([x]) => [sum(x, { axes: [0] }), sum(x, { axes: [1] })],
      variants: calls,
    },
    {
      name: 'what follows joins the kernel',
      inputs: [{ shape: [70, 8] }, { shape: [8] }],
      build: ([x, b]) => add(mul(sum(x, { axes: [0] }), 3), b),
      variants: calls,
    },
    {
      name: 'what follows joins the kernel, four columns at once',
      inputs: [{ shape: [6, 8] }, { shape: [8] }],
      build: ([x, b]) => add(mul(sum(x, { axes: [0] }), 3), b),
      variants: calls,
    },
    {
      name: 'a bias gradient: many rows',
      inputs: [{ shape: [20000, 5], values: { low: 0, high: 1 } }],
      build: ([x]) => sum(x, { axes: [0] }),
      gradient: false,
      asGpu: true,
    },
    {
      name: 'many long columns',
      inputs: [{ shape: [2100, 68], values: { low: 0, high: 1 } }],
      build: ([x]) => sum(x, { axes: [0] }),
      gradient: false,
      asGpu: true,
    },
    {
      name: 'many long rows',
      inputs: [{ shape: [65, 8204], values: { low: 0, high: 1 } }],
      build: ([x]) => sum(x, { axes: [1] }),
      gradient: false,
      asGpu: true,
    },
    {
      name: 'a million elements',
      inputs: [{ shape: [1000003], values: { low: 0, high: 1 } }],
      build: ([x]) => sum(x),
      gradient: false,
      asGpu: true,
    },
  ],
  errors: [
    badAxis(sum, 'sum'),
    {
      name: 'the same axis twice',
      build: (graph) => sum(graph.input('x', [2, 3]), { axes: [1, -1] }),
      error: ShapeError,
      message: /sum: axis 1 is given twice in \[1, -1\]/,
    },
    {
      name: 'bool',
      build: (graph) => sum(graph.input('x', [2], 'bool')),
      error: DTypeError,
      message: /sum: expected float32, float16, int32 or uint32, got bool/,
    },
    {
      name: 'too scattered axes',
      build: (graph) => sum(graph.input('x', [2, 2, 2, 2, 2, 2, 2, 2, 2]), { axes: [0, 2, 4, 6, 8] }),
      error: ShapeError,
      message: /more than 4 separate runs/,
    },
  ],
});

checkOp('mean', {
  samples: [
    ...family(mean),
    {
      inputs: [{ shape: [2, 2], values: [1, 2, 3, 6] }],
      build: ([x]) => [mean(x), mean(x, { axes: [0] })],
      expected: [[3], [2, 4]],
    },
    { name: 'twice differentiated', inputs: [{ shape: [3, 5] }], build: ([x]) => slope(mean, x, [1]) },
  ],
  errors: [
    badAxis(mean, 'mean'),
    {
      name: 'int32',
      build: (graph) => mean(graph.input('x', [2], 'int32')),
      error: DTypeError,
      message: /mean: expected float32 or float16, got int32; use cast/,
    },
  ],
});

checkOp('max and min', {
  samples: [
    ...family(max),
    ...family(min, few),
    ...family(max, few, { low: -50, high: 50 }, 'int32'),
    {
      name: 'ties share the gradient',
      inputs: [{ shape: [2, 4], values: [3, 1, 3, 2, 5, 5, 5, 5] }],
      build: ([x]) => [grad(sum(max(x, { axes: [1] })), [x])[0], grad(sum(min(x, { axes: [1] })), [x])[0]],
      expected: [
        [0.5, 0, 0.5, 0, 0.25, 0.25, 0.25, 0.25],
        [0, 1, 0, 0, 0.25, 0.25, 0.25, 0.25],
      ],
      gradient: false,
    },
    {
      name: 'far from zero',
      inputs: [{ shape: [3, 2], values: [-3e38, -3.4e38, 3e38, 3.4e38, -1, 1] }],
      build: ([x]) => [max(x, { axes: [1] }), min(x, { axes: [1] })],
      gradient: false,
      variants: calls,
    },
    {
      name: 'negative infinity',
      inputs: [
        {
          shape: [2, 2],
          values: [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, 1],
        },
      ],
      build: ([x]) => max(x, { axes: [1] }),
      expected: [Number.NEGATIVE_INFINITY, 1],
      gradient: false,
      variants: calls,
    },
  ],
  errors: [badAxis(max, 'max'), badAxis(min, 'min')],
});

checkOp('prod', {
  samples: [
    ...family(prod, few, { low: 0.8, high: 1.2 }),
    {
      name: 'zeros',
      inputs: [{ shape: [3, 3], values: [2, 3, 4, 2, 0, 4, 0, 0, 4] }],
      build: ([x]) => [prod(x, { axes: [1] }), grad(sum(prod(x, { axes: [1] })), [x])[0]],
      expected: [
        [24, 0, 0],
        [12, 8, 6, 0, 8, 0, 0, 0, 0],
      ],
      gradient: false,
      variants: calls,
    },
    {
      name: 'zeros against differences',
      inputs: [{ shape: [2, 3], values: [2, 0, 4, 0, 0, 3] }],
      build: ([x]) => prod(x, { axes: [1] }),
    },
    { name: 'twice differentiated', inputs: [{ shape: [2, 3] }], build: ([x]) => slope(prod, x, [1]) },
    {
      name: 'int32, which wraps',
      inputs: [{ shape: [5], dtype: 'int32', values: [65537, 65539, -7, 3, 11] }],
      build: ([x]) => prod(x),
      // 65537 65539 = 4295229443 = 262147 mod 2^32
      expected: [262147 * -231],
    },
  ],
  errors: [badAxis(prod, 'prod')],
});

checkOp('norms', {
  samples: [
    ...family(l1Norm, few),
    ...family(l2Norm),
    ...family(sumOfSquares, few),
    ...family(l1Norm, few, { low: -9, high: 9 }, 'int32'),
    ...family(sumOfSquares, few, { low: -9, high: 9 }, 'int32'),
    {
      inputs: [{ shape: [2, 2], values: [3, -4, 0, 0] }],
      build: ([x]) => [
        l1Norm(x),
        l2Norm(x, { axes: [1] }),
        sumOfSquares(x),
        grad(sum(l2Norm(x, { axes: [1] })), [x])[0],
      ],
      expected: [[7], [5, 0], [25], [0.6, -0.8, 0, 0]],
      gradient: false,
    },
    { name: 'twice differentiated', inputs: [{ shape: [3, 5] }], build: ([x]) => slope(l2Norm, x, [1]) },
  ],
  errors: [badAxis(l1Norm, 'l1Norm'), badAxis(l2Norm, 'l2Norm'), badAxis(sumOfSquares, 'sumOfSquares')],
});

checkOp('logSum and logSumExp', {
  samples: [
    ...family(logSum, few, { low: 0.1, high: 3 }),
    ...family(logSumExp),
    ...family(logSumExp, few, { low: -1e4, high: 1e4 }),
    rankFive(logSumExp, [2, 3, 1, 5, 4]),
    {
      inputs: [{ shape: [2, 2], values: [1e4, 1e4, Math.log(2), Math.log(6)] }],
      build: ([x]) => logSumExp(x, { axes: [1] }),
      expected: [1e4 + Math.log(2), Math.log(8)],
    },
    {
      name: 'twice differentiated',
      inputs: [{ shape: [3, 5], values: { low: 0.2, high: 2 } }],
      build: ([x]) => [slope(logSumExp, x, [1]), slope(logSum, x, [1])],
    },
  ],
  errors: [badAxis(logSum, 'logSum'), badAxis(logSumExp, 'logSumExp')],
});

checkOp('variance and standardDeviation', {
  samples: [
    ...family(variance),
    ...family((x, options) => variance(x, { ...options, correction: 1 }), few),
    ...family(standardDeviation, few),
    {
      name: 'mean 1000, deviation 1',
      inputs: [{ shape: [4, 1000], values: { low: 998.3, high: 1001.7 } }],
      build: ([x]) => [variance(x, { axes: [1] }), variance(x, { axes: [0] }), variance(x)],
      gradient: false,
      variants: calls,
    },
    {
      name: 'rows of constants, rows of one',
      inputs: [{ shape: [2, 3], values: [7, 7, 7, -1, -1, -1] }],
      build: ([x]) => [
        variance(x, { axes: [1] }),
        standardDeviation(x, { axes: [1] }),
        variance(x, { axes: [] }),
      ],
      expected: [
        [0, 0],
        [0, 0],
        [0, 0, 0, 0, 0, 0],
      ],
      gradient: false,
    },
    {
      inputs: [{ shape: [4], values: [1, 2, 3, 6] }],
      build: ([x]) => [variance(x), variance(x, { correction: 1 }), standardDeviation(x, { correction: 1 })],
      expected: [[3.5], [14 / 3], [Math.sqrt(14 / 3)]],
    },
    {
      name: 'twice differentiated',
      inputs: [{ shape: [3, 5] }],
      build: ([x]) => [slope(variance, x, [1]), slope(standardDeviation, x, [1])],
    },
  ],
  errors: [
    badAxis(variance, 'variance'),
    {
      name: 'a correction that leaves nothing',
      build: (graph) => variance(graph.input('x', [3, 1]), { axes: [1], correction: 1 }),
      error: ShapeError,
      message: /variance: correction 1 needs more than 1 elements, axes \[1\] of \[3, 1\] have 1/,
    },
  ],
});

checkOp('any and all', {
  samples: [
    {
      inputs: [{ shape: [3, 2], dtype: 'bool', values: [0, 0, 0, 1, 1, 1] }],
      build: ([x]) => [
        any(x, { axes: [1] }),
        all(x, { axes: [1] }),
        any(x),
        all(x),
        all(x, { axes: [0], keepDimensions: true }),
      ],
      expected: [[0, 1, 1], [0, 0, 1], [1], [0], [0, 0]],
      variants: calls,
    },
    {
      name: 'after a comparison',
      inputs: [{ shape: [70, 8], values: { low: -1, high: 40 } }],
      build: ([x]) => [
        cast(all(greater(x, 0), { axes: [0] }), 'float32'),
        any(greater(x, 39), { axes: [1] }),
      ],
      gradient: false,
      variants: calls,
    },
  ],
  errors: [
    {
      name: 'float32',
      build: (graph) => any(graph.input('x', [2])),
      error: DTypeError,
      message: /any: expected bool, got float32; compare first/,
    },
    {
      name: 'int32',
      build: (graph) => all(graph.input('x', [2], 'int32')),
      error: DTypeError,
      message: /all: expected bool, got int32/,
    },
  ],
});
