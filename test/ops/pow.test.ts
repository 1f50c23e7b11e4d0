import { grad } from '../../src/ops/gradient.ts';
import { pow } from '../../src/ops/pow.ts';
import { sum } from '../../src/ops/sum.ts';
import { checkOp } from '../support/checkOp.ts';

const { POSITIVE_INFINITY: infinity, NaN: nan } = Number;

const powers = [
  2,
  4,
  2,
  0,
  0,
  -2,
  -2,
  -8,
  9,
  -1,
  1,
  infinity,
  -infinity,
  infinity,
  0,
  10,
  10,
  10,
  0.5,
  nan,
  1,
];
const exponents = [
  10,
  -1,
  0.5,
  0,
  2,
  3,
  2,
  1 / 3,
  0,
  infinity,
  nan,
  2,
  3,
  -1,
  -1,
  38,
  39,
  -46,
  infinity,
  0,
  1e30,
];
const powerResults = [
  1024,
  0.25,
  Math.SQRT2,
  1,
  0,
  -8,
  4,
  nan,
  1,
  1,
  1,
  infinity,
  -infinity,
  0,
  infinity,
  1e38,
  1e39,
  0,
  0,
  1,
  1,
];

checkOp('pow', {
  samples: [
    {
      name: 'same shape',
      inputs: [{ shape: [3, 17], values: { low: 0.3, high: 2.5 } }, { shape: [3, 17] }],
      build: ([a, b]) => pow(a, b),
    },
    {
      name: 'both stretched',
      inputs: [{ shape: [9, 1], values: { low: 0.3, high: 2.5 } }, { shape: [1, 8] }],
      build: ([a, b]) => pow(a, b),
    },
    {
      name: 'negative base, whole exponent',
      inputs: [{ shape: [4, 9] }, { shape: [4, 1], values: [3, 2, 5, -2], differentiable: false }],
      build: ([a, b]) => pow(a, b),
    },
    {
      name: 'special values',
      inputs: [
        { shape: [21], values: powers },
        { shape: [21], values: exponents },
      ],
      build: ([a, b]) => pow(a, b),
      expected: powerResults,
      gradient: false,
    },
    {
      name: 'large exponents',
      inputs: [
        { shape: [63], values: { low: 0.9, high: 1.1 } },
        { shape: [63], values: { low: -700, high: 700 } },
      ],
      build: ([a, b]) => pow(a, b),
      gradient: false,
      tolerance: {
        relative: 1e-6,
        absolute: 0,
        reason: 'held to more than the table, over the whole range',
      },
    },
    {
      name: 'number as exponent',
      inputs: [{ shape: [3, 7], values: { low: 0.4, high: 3 } }],
      build: ([x]) => [-1, -0.5, 0, 0.5, 1, 2, 3, 2.5].map((exponent) => pow(x, exponent)),
    },
    { name: 'number as base', inputs: [{ shape: [3, 7] }], build: ([x]) => pow(2, x) },
    {
      name: 'gradient at base 0',
      inputs: [
        { shape: [3], values: [0, 0, 0] },
        { shape: [3], values: [1, 2, 3], differentiable: false },
      ],
      build: ([a, b]) => grad(sum(pow(a, b)), [a]),
      expected: [1, 0, 0],
      gradient: false,
    },
    {
      name: 'int32 worked out by hand',
      inputs: [
        { shape: [9], dtype: 'int32', values: [3, -3, -2, 2, 1, -1, 0, 7, 10] },
        { shape: [9], dtype: 'int32', values: [4, 3, 31, 31, -5, -3, 0, -1, 10] },
      ],
      build: ([a, b]) => pow(a, b),
      expected: [81, -27, -2147483648, -2147483648, 1, -1, 1, 0, 1410065408],
    },
    {
      name: 'uint32 worked out by hand',
      inputs: [
        { shape: [4], dtype: 'uint32', values: [3, 2, 65536, 0] },
        { shape: [4], dtype: 'uint32', values: [4, 31, 2, 0] },
      ],
      build: ([a, b]) => pow(a, b),
      expected: [81, 2147483648, 0, 1],
    },
  ],
});
