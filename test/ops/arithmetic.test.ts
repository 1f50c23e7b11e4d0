import { DTypeError, GraphError, ShapeError } from '../../src/core/errors.ts';
import type { Tensor, TensorLike } from '../../src/graph/graph.ts';
import {
  abs,
  add,
  ceil,
  div,
  floor,
  fmod,
  maximum,
  minimum,
  mod,
  mul,
  neg,
  reciprocal,
  round,
  rsqrt,
  sign,
  sqrt,
  square,
  sub,
} from '../../src/ops/arithmetic.ts';
import { grad } from '../../src/ops/gradient.ts';
import { sum } from '../../src/ops/sum.ts';
import { checkOp, type Sample } from '../support/checkOp.ts';

const { POSITIVE_INFINITY: infinity, NaN: nan } = Number;

const exact = { relative: 2e-7, absolute: 0, reason: 'one operation, rounded once' };

function shapes(op: (a: TensorLike, b: TensorLike) => Tensor, low: number, high: number): Sample[] {
  const values = { low, high };
  return [
    {
      name: 'same shape',
      inputs: [
        { shape: [3, 17], values },
        { shape: [3, 17], values },
      ],
      build: ([x, y]) => op(x, y),
    },
    {
      name: 'both stretched',
      inputs: [
        { shape: [9, 1], values },
        { shape: [1, 8], values },
      ],
      build: ([x, y]) => op(x, y),
    },
  ];
}

function binary(
  op: (a: TensorLike, b: TensorLike) => Tensor,
  a: number[],
  b: number[],
  expected: number[],
  dtype: 'float32' | 'int32' | 'uint32',
): Sample {
  return {
    name: `${dtype} worked out by hand`,
    inputs: [
      { shape: [a.length], values: a, dtype },
      { shape: [b.length], values: b, dtype },
    ],
    build: ([x, y]) => op(x, y),
    expected,
    gradient: false,
    tolerance: dtype === 'float32' ? exact : undefined,
  };
}

const integers = [7, -7, 7, -7, 0, 5, 6, -6];
const divisors = [3, 3, -3, -3, 4, 0, 3, 3];

checkOp('add', {
  samples: [
    ...shapes(add, -2, 2),
    binary(add, [2147483647, -5], [1, 7], [-2147483648, 2], 'int32'),
    binary(add, [4294967295, 5], [2, 7], [1, 12], 'uint32'),
    binary(
      add,
      [1e4, 3e38, infinity, infinity, nan],
      [-0.5, 3e38, 1, -infinity, 1],
      [9999.5, 6e38, infinity, nan, nan],
      'float32',
    ),
    { name: 'numbers', inputs: [{ shape: [3, 5] }], build: ([x]) => [add(x, 0.5), add(-1, x), add(x, 0)] },
  ],
  errors: [
    {
      name: 'shapes that do not broadcast',
      build: (graph) => add(graph.input('a', [2, 3]), graph.input('b', [2, 4])),
      error: ShapeError,
      message: /^add: operands: shapes \[2, 3\] and \[2, 4\] do not broadcast: axis -1 has both 3 and 4/,
    },
    {
      name: 'two dtypes',
      build: (graph) => add(graph.input('a', [2]), graph.input('b', [2], 'int32')),
      error: DTypeError,
      message: /^add: operands differ in dtype, float32 and int32; use cast/,
    },
    {
      name: 'two numbers',
      build: () => add(1, 2),
      error: GraphError,
      message: /^add: at least one operand must be a tensor/,
    },
    {
      name: 'bool',
      build: (graph) => add(graph.input('a', [2], 'bool'), graph.input('b', [2], 'bool')),
      error: DTypeError,
      message: /^add: expected float32, float16, int32 or uint32, got bool/,
    },
  ],
});

checkOp('sub', {
  samples: [
    ...shapes(sub, -2, 2),
    binary(sub, [-2147483648, 3], [1, 7], [2147483647, -4], 'int32'),
    binary(sub, [0, 5], [1, 5], [4294967295, 0], 'uint32'),
    { name: 'numbers', inputs: [{ shape: [3, 5] }], build: ([x]) => [sub(x, 0.5), sub(1, x), sub(x, 0)] },
  ],
});

checkOp('mul', {
  samples: [
    ...shapes(mul, -2, 2),
    // 123456789 · 987654321 = 28394 · 2^32 - 67153019: the low word of a product with more than 53 bits
    binary(mul, [65536, -3, 123456789], [65536, 7, 987654321], [0, -21, -67153019], 'int32'),
    binary(mul, [65537, 4294967295], [65537, 4294967295], [131073, 1], 'uint32'),
    binary(mul, [1e4, 1e30, 0, -infinity], [1e4, 1e30, infinity, -2], [1e8, 1e60, nan, infinity], 'float32'),
  ],
});

checkOp('div', {
  samples: [
    ...shapes(div, 0.5, 2),
    {
      name: 'negative',
      inputs: [{ shape: [17] }, { shape: [17], values: { low: -2, high: -0.5 } }],
      build: ([a, b]) => div(a, b),
    },
    binary(div, integers, divisors, [2, -2, -2, 2, 0, 0, 2, -2], 'int32'),
    binary(div, [7, 4294967295, 5, 0], [3, 2, 0, 9], [2, 2147483647, 0, 0], 'uint32'),
    binary(div, [-2147483648, 1], [-1, -1], [-2147483648, -1], 'int32'),
    binary(
      div,
      [1, -1, 0, 1e4, infinity],
      [0, 0, 0, 3, 2],
      [infinity, -infinity, nan, 3333.3333, infinity],
      'float32',
    ),
    {
      name: 'integers by a number, zero included',
      inputs: [{ shape: [5], dtype: 'int32', values: [9, -9, 1, 0, 100] }],
      build: ([x]) => [div(x, 4), div(x, 0), div(100, x)],
      expected: [
        [2, -2, 0, 0, 25],
        [0, 0, 0, 0, 0],
        [11, -11, 100, 0, 1],
      ],
    },
  ],
});

checkOp('mod', {
  samples: [
    {
      name: 'gradients',
      inputs: [
        { shape: [3, 5], values: { low: 2.1, high: 2.9 } },
        { shape: [5], values: { low: 0.71, high: 0.99 } },
      ],
      build: ([a, b]) => [mod(a, b), fmod(a, b), mod(neg(a), b), fmod(neg(a), b)],
    },
    binary(mod, integers, divisors, [1, 2, -2, -1, 0, 0, 0, 0], 'int32'),
    binary(mod, [7, 4294967295, 5], [3, 10, 0], [1, 5, 0], 'uint32'),
    binary(mod, [-2147483648], [-1], [0], 'int32'),
    binary(
      mod,
      [5.5, -5.5, 5.5, -5.5, 6, 1, -1, 1, infinity, nan, 16777216, 1e10],
      [2, 2, -2, -2, 3, infinity, infinity, 0, 2, 2, 3, 7],
      // 1e10 = 1428571428 · 7 + 4
      [1.5, 0.5, -0.5, -1.5, 0, 1, infinity, nan, nan, nan, 1, 4],
      'float32',
    ),
  ],
});

checkOp('fmod', {
  samples: [
    binary(fmod, integers, divisors, [1, -1, 1, -1, 0, 0, 0, 0], 'int32'),
    binary(fmod, [7, 4294967295, 5], [3, 10, 0], [1, 5, 0], 'uint32'),
    binary(
      fmod,
      [5.5, -5.5, 5.5, -5.5, 6, -1, 1, 2 ** 100, 10],
      [2, 2, -2, -2, 3, infinity, 0, 5, 2 ** -20],
      // 2^4 = 1 modulo 5
      [1.5, -1.5, 1.5, -1.5, 0, -1, nan, 1, 0],
      'float32',
    ),
    {
      name: 'quotients of any size, exactly',
      inputs: [
        { shape: [130], values: { low: -1e4, high: 1e4 } },
        { shape: [130], values: { low: 0.001, high: 3 } },
      ],
      build: ([a, b]) => fmod(a, b),
      gradient: false,
      tolerance: exact,
    },
  ],
});

const left = [1, 2, 3, -1, infinity, nan, 1, nan, -infinity];
const right = [2, 1, 3, -2, 1, 1, nan, infinity, 0];

checkOp('maximum', {
  samples: [
    ...shapes(maximum, -2, 2),
    binary(maximum, left, right, [2, 2, 3, -1, infinity, nan, nan, nan, 0], 'float32'),
    binary(maximum, [-3, 2], [1, -2147483648], [1, 2], 'int32'),
    binary(maximum, [4294967295, 2], [1, 3], [4294967295, 3], 'uint32'),
    {
      name: 'equal operands share the gradient',
      inputs: [
        { shape: [3], values: [1, 2, 5] },
        { shape: [3], values: [1, 3, 4] },
      ],
      build: ([a, b]) => [...grad(sum(maximum(a, b)), [a, b]), ...grad(sum(minimum(a, b)), [a, b])],
      expected: [
        [0.5, 0, 1],
        [0.5, 1, 0],
        [0.5, 1, 0],
        [0.5, 0, 1],
      ],
      gradient: false,
    },
  ],
});

checkOp('minimum', {
  samples: [
    ...shapes(minimum, -2, 2),
    binary(minimum, left, right, [1, 1, 3, -2, 1, nan, nan, nan, -infinity], 'float32'),
    binary(minimum, [-3, 2], [1, -2147483648], [-3, -2147483648], 'int32'),
    binary(minimum, [4294967295, 2], [1, 3], [1, 2], 'uint32'),
  ],
});

/** One operand: shapes that run four and one element at a time, and numbers worked out by hand. */
function unary(
  op: (x: Tensor) => Tensor,
  values: number[],
  expected: number[],
  low = -2,
  high = 2,
): Sample[] {
  return [
    { name: '[3, 17]', inputs: [{ shape: [3, 17], values: { low, high } }], build: ([x]) => op(x) },
    { name: '[130]', inputs: [{ shape: [130], values: { low, high } }], build: ([x]) => op(x) },
    {
      name: 'worked out by hand',
      inputs: [{ shape: [values.length], values }],
      build: ([x]) => op(x),
      expected,
      gradient: false,
      tolerance: { ...exact, relative: 4e-7 },
    },
  ];
}

function whole(
  op: (x: Tensor) => Tensor,
  dtype: 'int32' | 'uint32',
  values: number[],
  expected: number[],
): Sample {
  return {
    name: dtype,
    inputs: [{ shape: [values.length], values, dtype }],
    build: ([x]) => op(x),
    expected,
  };
}

checkOp('neg', {
  samples: [
    ...unary(neg, [0, 1.5, -1e4, infinity, nan], [0, -1.5, 1e4, -infinity, nan]),
    whole(neg, 'int32', [5, -5, 0, -2147483648], [-5, 5, 0, -2147483648]),
    whole(neg, 'uint32', [1, 0], [4294967295, 0]),
  ],
});

checkOp('abs', {
  samples: [
    ...unary(abs, [0, 1.5, -1e4, -infinity, nan], [0, 1.5, 1e4, infinity, nan]),
    whole(abs, 'int32', [5, -5, 0], [5, 5, 0]),
    whole(abs, 'uint32', [4294967295, 0], [4294967295, 0]),
    {
      name: 'gradient at 0',
      inputs: [{ shape: [3], values: [-1, 0, 1] }],
      build: ([x]) => grad(sum(abs(x)), [x]),
      expected: [-1, 0, 1],
      gradient: false,
    },
  ],
});

checkOp('sign', {
  samples: [
    ...unary(sign, [0, 1e-30, -1e4, -infinity, nan], [0, 1, -1, -1, nan]),
    whole(sign, 'int32', [5, -5, 0], [1, -1, 0]),
    whole(sign, 'uint32', [4294967295, 0], [1, 0]),
  ],
});

checkOp('square', {
  samples: [
    ...unary(square, [0, 1.5, -1e4, 1e20], [0, 2.25, 1e8, 1e40]),
    whole(square, 'int32', [5, -5, 65536, 123457], [25, 25, 0, -1938239039]),
    whole(square, 'uint32', [65535], [4294836225]),
  ],
});

checkOp('sqrt', {
  samples: unary(
    sqrt,
    [0, 4, 2, 1e-30, 1e30, infinity, -1],
    [0, 2, Math.SQRT2, 1e-15, 1e15, infinity, nan],
    0.2,
    3,
  ),
});

checkOp('rsqrt', {
  samples: unary(
    rsqrt,
    [0.25, 4, 2, 1e-30, 1e30, 0, infinity],
    [2, 0.5, Math.SQRT1_2, 1e15, 1e-15, infinity, 0],
    0.3,
    3,
  ),
});

checkOp('reciprocal', {
  samples: unary(
    reciprocal,
    [2, -3, 1e-30, 1e30, 0, infinity],
    [0.5, -1 / 3, 1e30, 1e-30, infinity, 0],
    0.3,
    3,
  ),
});

const halves = [
  0,
  0.5,
  1.5,
  2.5,
  -0.5,
  -1.5,
  -2.5,
  0.49999997,
  8388607.5,
  -8388609,
  1e10,
  -1.2,
  1.7,
  infinity,
  nan,
];

checkOp('floor', {
  samples: unary(floor, halves, [0, 0, 1, 2, -1, -2, -3, 0, 8388607, -8388609, 1e10, -2, 1, infinity, nan]),
});

checkOp('ceil', {
  samples: unary(ceil, halves, [0, 1, 2, 3, 0, -1, -2, 1, 8388608, -8388609, 1e10, -1, 2, infinity, nan]),
});

checkOp('round', {
  samples: unary(round, halves, [0, 0, 2, 2, 0, -2, -2, 0, 8388608, -8388609, 1e10, -1, 2, infinity, nan]),
  errors: [
    {
      name: 'integers',
      build: (graph) => round(graph.input('x', [2], 'int32')),
      error: DTypeError,
      message: /^round: expected float32 or float16, got int32/,
    },
  ],
});
