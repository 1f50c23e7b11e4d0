import { ShapeError } from '../../src/core/errors.ts';
import type { Tensor, TensorLike } from '../../src/graph/graph.ts';
import {
  abs,
  add,
  div,
  maximum,
  mod,
  mul,
  neg,
  reciprocal,
  rsqrt,
  sqrt,
  square,
  sub,
} from '../../src/ops/arithmetic.ts';
import { grad } from '../../src/ops/gradient.ts';
import { pow } from '../../src/ops/pow.ts';
import { expand, sum } from '../../src/ops/sum.ts';
import { checkOp, type Sample } from '../support/checkOp.ts';

// What holds for all elementwise ops: broadcasting, and chains of many ops in one kernel.

const shapes: { name: string; a: number[]; b: number[] }[] = [
  { name: 'same shape', a: [3, 17], b: [3, 17] },
  { name: 'scalar right', a: [5, 13], b: [] },
  { name: 'row of 4', a: [6, 4], b: [4] },
  { name: 'both stretched', a: [9, 1], b: [1, 6] },
  { name: 'one element', a: [1], b: [1] },
  { name: 'scalars', a: [], b: [] },
  { name: 'scalar left', a: [], b: [63] },
  { name: 'row of 65', a: [3, 65], b: [65] },
  { name: 'column', a: [7, 5], b: [7, 1] },
  { name: 'column against rows of 8', a: [5, 8], b: [5, 1] },
  { name: 'both stretched, 8 wide', a: [5, 1], b: [8] },
  { name: 'middle axis', a: [2, 3, 4], b: [2, 1, 4] },
  { name: 'rank 5', a: [2, 1, 3, 1, 4], b: [3, 1, 5, 1] },
  { name: 'rank 5, outer axes', a: [2, 3, 2, 1, 2], b: [2, 1, 1, 3, 1] },
];

function broadcasts(op: (a: TensorLike, b: TensorLike) => Tensor): Sample[] {
  return shapes.map(({ name, a, b }) => ({
    name,
    inputs: [{ shape: a }, { shape: b, values: { low: 0.5, high: 2 } }],
    build: ([x, y]) => op(x, y),
  }));
}

checkOp('broadcasting', { samples: broadcasts((a, b) => sub(mul(a, b), b)) });

checkOp('broadcasting, two results', { samples: broadcasts((a, b) => div(add(a, b), b)).slice(0, 6) });

checkOp('broadcasting by hand', {
  samples: [
    {
      name: 'column and row',
      inputs: [
        { shape: [2, 1], values: [10, 20] },
        { shape: [3], values: [1, 2, 3] },
      ],
      build: ([a, b]) => add(a, b),
      expected: [11, 12, 13, 21, 22, 23],
    },
    {
      name: 'rank 3, both stretched',
      inputs: [
        { shape: [2, 1, 2], values: [1, 2, 3, 4] },
        { shape: [2, 1], values: [10, 100] },
      ],
      build: ([a, b]) => mul(a, b),
      expected: [10, 20, 100, 200, 30, 40, 300, 400],
    },
  ],
});

checkOp('chains', {
  samples: [
    {
      name: 'ten ops in one kernel, broadcasts between them',
      inputs: [
        { shape: [5, 8] },
        { shape: [8], values: { low: 0.5, high: 2 } },
        { shape: [5, 1], values: { low: 0.5, high: 2 } },
      ],
      build: ([x, row, column]) => {
        const scaled = div(mul(add(x, row), column), row);
        const bent = sub(square(scaled), mul(abs(scaled), 0.3));
        return maximum(neg(reciprocal(add(square(bent), column))), sub(bent, 4));
      },
    },
    {
      name: 'ten ops, odd sizes, two results',
      inputs: [{ shape: [3, 7] }, { shape: [7], values: { low: 0.5, high: 2 } }],
      build: ([x, row]) => {
        let y = x;
        for (let i = 0; i < 10; i++) y = i % 2 === 0 ? add(mul(y, row), 0.1) : div(y, add(square(y), 1));
        return [y, sqrt(add(square(y), row))];
      },
    },
    {
      name: 'integers and floats side by side',
      inputs: [{ shape: [9], dtype: 'int32', values: [1, -2, 3, -4, 5, -6, 7, -8, 9] }],
      build: ([x]) => [mod(mul(add(x, 3), x), 5), maximum(neg(x), sub(x, 2)), abs(div(x, 2))],
      expected: [
        [4, 3, 3, 4, 0, 3, 0, 0, 3],
        [-1, 2, 1, 4, 3, 6, 5, 8, 7],
        [0, 1, 1, 2, 2, 3, 3, 4, 4],
      ],
    },
    {
      name: 'second derivatives',
      inputs: [
        { shape: [3, 5], values: { low: 0.5, high: 2 } },
        { shape: [5], values: { low: 0.5, high: 2 } },
      ],
      build: ([a, b]) => grad(sum(add(div(mul(a, square(b)), sqrt(a)), mul(rsqrt(b), pow(a, b)))), [a, b]),
    },
  ],
});

checkOp('expand', {
  samples: [
    { inputs: [{ shape: [3, 1] }], build: ([x]) => expand(x, [2, 3, 4]) },
    { inputs: [{ shape: [7] }], build: ([x]) => expand(x, [3, 7]) },
    { inputs: [{ shape: [] }], build: ([x]) => expand(x, [65]) },
    { inputs: [{ shape: [1, 3, 1, 5] }], build: ([x]) => expand(x, [2, 3, 2, 5]) },
    {
      inputs: [{ shape: [2, 1], values: [1, 2] }],
      build: ([x]) => expand(x, [2, 3]),
      expected: [1, 1, 1, 2, 2, 2],
    },
    { inputs: [{ shape: [3, 1], dtype: 'int32', values: [1, -2, 3] }], build: ([x]) => expand(x, [3, 5]) },
    { inputs: [{ shape: [3, 1], dtype: 'bool', values: [1, 0, 1] }], build: ([x]) => expand(x, [3, 4]) },
    {
      name: 'float16, one element for four',
      inputs: [
        { shape: [3, 1], dtype: 'float16' },
        { shape: [], dtype: 'float16' },
      ],
      build: ([x, scalar]) => [expand(x, [3, 8]), expand(scalar, [2, 4])],
    },
  ],
  errors: [
    {
      name: 'a length that does not stretch',
      build: (graph) => expand(graph.input('x', [2, 3]), [4, 3]),
      error: ShapeError,
      message: /^expand: \[2, 3\] does not broadcast to \[4, 3\]/,
    },
  ],
});
