import { DTypeError, GraphError, ShapeError } from '../../src/core/errors.ts';
import type { Tensor, TensorLike } from '../../src/graph/graph.ts';
import { add, mul, square } from '../../src/ops/arithmetic.ts';
import {
  cast,
  clamp,
  equal,
  greater,
  greaterOrEqual,
  isInfinite,
  isNaN as isNotANumber,
  less,
  lessOrEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
  notEqual,
  stopGradient,
  where,
} from '../../src/ops/comparison.ts';
import { grad } from '../../src/ops/gradient.ts';
import { log } from '../../src/ops/math.ts';
import { sum } from '../../src/ops/sum.ts';
import { checkOp, type Sample } from '../support/checkOp.ts';

const { POSITIVE_INFINITY: infinity, NaN: nan } = Number;

const a = [1, 2, 3, -1, 0, infinity, nan, 1, nan];
const b = [2, 2, 1, -2, 0, infinity, 1, nan, nan];

/** Every dtype, NaN, broadcasting and numbers. `signs` holds the results for a < b, a = b, a > b, and with a NaN. */
function comparison(op: (a: TensorLike, b: TensorLike) => Tensor, signs: number[]): Sample[] {
  const result = (x: number, y: number) => signs[x < y ? 0 : x === y ? 1 : x > y ? 2 : 3];
  const whole = { int32: [-2147483648, 5, 7, 7, 2147483647], uint32: [0, 5, 7, 4294967295, 2147483648] };
  return [
    {
      name: 'float32',
      inputs: [
        { shape: [9], values: a },
        { shape: [9], values: b },
      ],
      build: ([x, y]) => op(x, y),
      expected: a.map((value, i) => result(value, b[i])),
    },
    ...(['int32', 'uint32'] as const).map((dtype) => ({
      name: dtype,
      inputs: [{ shape: [5], dtype, values: whole[dtype] }],
      build: ([x]: Tensor[]) => [op(x, 7), op(7, x), op(x, x)],
      expected: [
        whole[dtype].map((value) => result(value, 7)),
        whole[dtype].map((value) => result(7, value)),
        whole[dtype].map((value) => result(value, value)),
      ],
    })),
    {
      name: 'column against row',
      inputs: [
        { shape: [3, 1], values: [1, 2, 3] },
        { shape: [4], values: [0, 1, 2, 3] },
      ],
      build: ([x, y]) => op(x, y),
      expected: [1, 2, 3].flatMap((x) => [0, 1, 2, 3].map((y) => result(x, y))),
    },
  ];
}

const bools = (name: string, op: (a: Tensor, b: Tensor) => Tensor, expected: number[]): Sample => ({
  name,
  inputs: [
    { shape: [2, 2], dtype: 'bool', values: [0, 0, 1, 1] },
    { shape: [2], dtype: 'bool', values: [0, 1] },
  ],
  build: ([x, y]) => op(x, y),
  expected,
});

checkOp('equal', {
  samples: [...comparison(equal, [0, 1, 0, 0]), bools('bool', equal, [1, 0, 0, 1])],
  errors: [
    {
      name: 'two dtypes',
      build: (graph) => equal(graph.input('a', [2]), graph.input('b', [2], 'bool')),
      error: DTypeError,
      message: /^equal: operands differ in dtype, float32 and bool; use cast/,
    },
  ],
});

checkOp('notEqual', {
  samples: [...comparison(notEqual, [1, 0, 1, 1]), bools('bool', notEqual, [0, 1, 1, 0])],
});

checkOp('greater', {
  samples: comparison(greater, [0, 0, 1, 0]),
  errors: [
    {
      name: 'bool',
      build: (graph) => greater(graph.input('a', [2], 'bool'), graph.input('b', [2], 'bool')),
      error: DTypeError,
      message: /^greater: expected float32, float16, int32 or uint32, got bool/,
    },
  ],
});

checkOp('greaterOrEqual', { samples: comparison(greaterOrEqual, [0, 1, 1, 0]) });

checkOp('less', { samples: comparison(less, [1, 0, 0, 0]) });

checkOp('lessOrEqual', { samples: comparison(lessOrEqual, [1, 1, 0, 0]) });

checkOp('logical', {
  samples: [
    bools('and', logicalAnd, [0, 0, 0, 1]),
    bools('or', logicalOr, [0, 1, 1, 1]),
    bools('xor', logicalXor, [0, 1, 1, 0]),
    bools(
      'not, of one and of both',
      (x, y) => logicalXor(logicalNot(x), logicalNot(logicalNot(y))),
      [1, 0, 0, 1],
    ),
    {
      name: 'a chain, four at a time',
      inputs: [{ shape: [3, 8] }, { shape: [8] }],
      build: ([x, y]) => {
        const inside = logicalAnd(greater(x, -1), lessOrEqual(x, y));
        return [logicalXor(logicalNot(inside), logicalOr(equal(x, y), less(y, 0))), where(inside, x, y)];
      },
    },
  ],
  errors: [
    {
      name: 'numbers',
      build: (graph) => logicalAnd(graph.input('a', [2]), graph.input('b', [2])),
      error: DTypeError,
      message: /^logicalAnd: expected bool, got float32/,
    },
  ],
});

checkOp('isNaN', {
  samples: [
    {
      inputs: [{ shape: [7], values: [0, 1e38, -1e-38, infinity, -infinity, nan, -5] }],
      build: ([x]) => [isNotANumber(x), isInfinite(x)],
      expected: [
        [0, 0, 0, 0, 0, 1, 0],
        [0, 0, 0, 1, 1, 0, 0],
      ],
    },
  ],
});

checkOp('where', {
  samples: [
    {
      name: 'known',
      inputs: [
        { shape: [4], dtype: 'bool', values: [1, 0, 1, 0] },
        { shape: [4], values: [1, 2, nan, nan] },
        { shape: [4], values: [-1, -2, 3, 4] },
      ],
      build: ([condition, x, y]) => where(condition, x, y),
      expected: [1, -2, nan, 4],
      gradient: false,
    },
    {
      name: 'same shape',
      inputs: [{ shape: [3, 17], dtype: 'bool' }, { shape: [3, 17] }, { shape: [3, 17] }],
      build: ([condition, x, y]) => where(condition, x, y),
    },
    {
      name: 'all three stretched',
      inputs: [{ shape: [5, 1, 1], dtype: 'bool' }, { shape: [3, 1] }, { shape: [7] }],
      build: ([condition, x, y]) => where(condition, x, y),
    },
    {
      name: 'a row of conditions, numbers',
      inputs: [{ shape: [4], dtype: 'bool' }, { shape: [3, 4] }],
      build: ([condition, x]) => [where(condition, x, 0), where(condition, -1, x), where(condition, 2, 3)],
    },
    {
      name: 'integers and bools',
      inputs: [
        { shape: [4], dtype: 'bool', values: [1, 0, 1, 0] },
        { shape: [4], dtype: 'int32', values: [1, 2, 3, 4] },
      ],
      build: ([condition, x]) => [
        where(condition, x, -7),
        where(condition, logicalNot(condition), condition),
      ],
      expected: [
        [1, -7, 3, -7],
        [0, 0, 0, 0],
      ],
    },
    {
      name: 'the side not taken may be NaN',
      inputs: [{ shape: [4], values: [-1, 0, 1, 2] }],
      build: ([x]) => {
        const y = where(greater(x, 0), log(where(greater(x, 0), x, 1)), square(x));
        return [y, ...grad(sum(y), [x])];
      },
      expected: [
        [1, 0, 0, Math.LN2],
        [-2, 0, 1, 0.5],
      ],
      gradient: false,
    },
  ],
  errors: [
    {
      name: 'a condition that is no bool',
      build: (graph) => where(graph.input('c', [2]), 1, 2),
      error: DTypeError,
      message: /^where: the condition must be bool, got float32; compare it, or use cast/,
    },
    {
      name: 'two dtypes',
      build: (graph) =>
        where(graph.input('c', [2], 'bool'), graph.input('a', [2]), graph.input('b', [2], 'int32')),
      error: DTypeError,
      message: /^where: operands differ in dtype, float32 and int32; use cast/,
    },
  ],
});

checkOp('clamp', {
  samples: [
    { name: 'both', inputs: [{ shape: [3, 17] }], build: ([x]) => clamp(x, { min: -0.7, max: 1.1 }) },
    {
      name: 'one',
      inputs: [{ shape: [8] }],
      build: ([x]) => [clamp(x, { min: 0.5 }), clamp(x, { max: 0.5 }), clamp(x, {})],
    },
    {
      name: 'known',
      inputs: [{ shape: [7], values: [-2, -1, 0.25, 1, 5, -infinity, nan] }],
      build: ([x]) => [
        clamp(x, { min: -1, max: 1 }),
        clamp(x, { min: 2, max: -3 }),
        clamp(x, { min: -infinity, max: 0 }),
      ],
      expected: [
        [-1, -1, 0.25, 1, 1, -1, nan],
        [-3, -3, -3, -3, -3, -3, nan],
        [-2, -1, 0, 0, 0, -infinity, nan],
      ],
      gradient: false,
    },
    {
      name: 'the gradient passes at the bounds',
      inputs: [{ shape: [5], values: [-2, -1, 0, 1, 2] }],
      build: ([x]) => grad(sum(clamp(x, { min: -1, max: 1 })), [x]),
      expected: [0, 1, 1, 1, 0],
      gradient: false,
    },
    {
      name: 'integers',
      inputs: [
        { shape: [4], dtype: 'int32', values: [-2147483648, -3, 4, 2147483647] },
        { shape: [3], dtype: 'uint32', values: [0, 5, 4294967295] },
      ],
      build: ([x, y]) => [
        clamp(x, { min: -2, max: 5 }),
        clamp(x, { min: -2147483648, max: 0 }),
        clamp(y, { min: 1, max: 7 }),
      ],
      expected: [
        [-2, -2, 4, 5],
        [-2147483648, -3, 0, 0],
        [1, 5, 7],
      ],
    },
  ],
  errors: [
    {
      name: 'NaN',
      build: (graph) => clamp(graph.input('x', [2]), { min: nan }),
      error: ShapeError,
      message: /^clamp: min is NaN, which a tensor of float32 cannot be/,
    },
    {
      name: 'a fraction for integers',
      build: (graph) => clamp(graph.input('x', [2], 'int32'), { max: 0.5 }),
      error: ShapeError,
      message: /^clamp: max is 0.5, which a tensor of int32 cannot be/,
    },
    {
      name: 'negative for uint32',
      build: (graph) => clamp(graph.input('x', [2], 'uint32'), { min: -1 }),
      error: ShapeError,
      message: /^clamp: min is -1, which a tensor of uint32 cannot be/,
    },
  ],
});

const floats = [0, 1.9, -1.9, 3e9, -3e9, 5e9, infinity, -infinity, nan, 1e-30, 2147483647, 16777217];

checkOp('cast', {
  samples: [
    {
      name: 'from float32: fractions dropped, kept in range',
      inputs: [{ shape: [12], values: floats }],
      build: ([x]) => [cast(x, 'int32'), cast(x, 'uint32'), cast(x, 'bool'), cast(x, 'float32')],
      expected: [
        [0, 1, -1, 2147483647, -2147483648, 2147483647, 2147483647, -2147483648, 0, 0, 2147483647, 16777216],
        [0, 1, 0, 3000000000, 0, 4294967295, 4294967295, 0, 0, 0, 2147483648, 16777216],
        [0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
        floats,
      ],
      gradient: false,
    },
    {
      name: 'from int32',
      inputs: [{ shape: [5], dtype: 'int32', values: [0, 1, -1, 2147483647, -2147483648] }],
      build: ([x]) => [cast(x, 'float32'), cast(x, 'uint32'), cast(x, 'bool'), cast(x, 'int32')],
      expected: [
        [0, 1, -1, 2147483648, -2147483648],
        [0, 1, 4294967295, 2147483647, 2147483648],
        [0, 1, 1, 1, 1],
        [0, 1, -1, 2147483647, -2147483648],
      ],
    },
    {
      name: 'from uint32',
      inputs: [{ shape: [4], dtype: 'uint32', values: [0, 7, 2147483648, 4294967295] }],
      build: ([x]) => [cast(x, 'float32'), cast(x, 'int32'), cast(x, 'bool')],
      expected: [
        [0, 7, 2147483648, 4294967296],
        [0, 7, -2147483648, -1],
        [0, 1, 1, 1],
      ],
    },
    {
      name: 'from bool',
      inputs: [{ shape: [3], dtype: 'bool', values: [1, 0, 1] }],
      build: ([x]) => [cast(x, 'float32'), cast(x, 'int32'), cast(x, 'uint32')],
      expected: [
        [1, 0, 1],
        [1, 0, 1],
        [1, 0, 1],
      ],
    },
    {
      name: 'four at a time, within a chain',
      inputs: [{ shape: [3, 8] }, { shape: [8], dtype: 'int32', values: [1, 2, 3, 4, 5, 6, 7, 8] }],
      build: ([x, y]) => add(mul(x, cast(y, 'float32')), cast(cast(greater(x, 0.5), 'int32'), 'float32')),
    },
    {
      name: 'float16',
      inputs: [{ shape: [9], dtype: 'float16' }, { shape: [9] }],
      build: ([half, x]) => [add(cast(half, 'float32'), x), cast(x, 'float16')],
      gradient: false,
    },
  ],
});

checkOp('stopGradient', {
  samples: [
    {
      inputs: [{ shape: [3], values: [1, 2, 3] }],
      build: ([x]) => {
        const y = mul(stopGradient(square(x)), x);
        return [y, ...grad(sum(y), [x])];
      },
      expected: [
        [1, 8, 27],
        [1, 4, 9],
      ],
      gradient: false,
    },
  ],
  errors: [
    {
      name: 'nothing is left',
      build: (graph) => {
        const x = graph.input('x', [2]);
        return grad(sum(stopGradient(x)), [x]);
      },
      error: GraphError,
      message: /^grad: the loss sum does not depend on x: float32 \[2\]/,
    },
  ],
});
