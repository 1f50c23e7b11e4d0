import { DTypeError, ShapeError } from '../../src/core/errors.ts';
import { applyOne, type Tensor } from '../../src/graph/graph.ts';
import { abs, add, mul, sub } from '../../src/ops/arithmetic.ts';
import { cast, equal, less } from '../../src/ops/comparison.ts';
import { dropout, dropoutOp } from '../../src/ops/dropout.ts';
import { mean } from '../../src/ops/reduce.ts';
import { checkOp, type InputSample } from '../support/checkOp.ts';

const exact = {
  relative: 1.2e-7,
  absolute: 0,
  reason: 'the same mask, and one rounding of the scale and one of the product',
};
const ones = (size: number): InputSample => ({
  shape: [size],
  values: new Array(size).fill(1),
  differentiable: false,
});
const atStep = (step: number): InputSample => ({ shape: [], dtype: 'uint32', values: [step] });

checkOp('dropout', {
  samples: [
    {
      // Random123: Threefry-2x32 of key 0 0 and counter 0 0 is 6b200159 99ba4efe, which are 0.418 and 0.600 of 2^32.
      name: 'the published words for key 0, counter 0',
      inputs: [{ shape: [2], values: [3, 5] }, atStep(0)],
      build: ([x, step]) => applyOne(dropoutOp, [x, step], { rate: 0.5, seed: 0, stream: 0 }),
      expected: [0, 10],
    },
    {
      name: 'a lower rate keeps both',
      inputs: [{ shape: [2], values: [3, 6] }, atStep(0)],
      build: ([x, step]) => applyOne(dropoutOp, [x, step], { rate: 0.25, seed: 0, stream: 0 }),
      expected: [4, 8],
    },
    ...[1, 2, 3, 17, 64, 130, 1025].map((size) => ({
      name: `${size} elements`,
      inputs: [{ shape: [size] }],
      build: ([x]: Tensor[]) => dropout(x, { rate: 0.3 }),
      tolerance: exact,
    })),
    {
      name: 'a late step, large keys, vec4',
      inputs: [{ shape: [33, 4] }, atStep(4000000000)],
      build: ([x, step]) =>
        applyOne(dropoutOp, [x, step], { rate: 0.1, seed: 0xfedcba98, stream: 0xffffffff }),
      tolerance: exact,
    },
    {
      name: 'a chain behind it, and a square, so that the gradient has a gradient',
      inputs: [{ shape: [3, 8] }, { shape: [8] }, { shape: [3, 1] }],
      build: ([x, bias, scale]) => {
        const y = mul(add(dropout(x, { rate: 0.4 }), bias), scale);
        return mul(y, y);
      },
    },
    {
      // 20000 draws: the standard deviation of the share that is kept is below 0.0035.
      name: 'keeps its share, and so the mean',
      inputs: [ones(20000)],
      build: ([x]) =>
        [0.1, 0.5, 0.9].map((rate) =>
          less(abs(sub(mean(mul(dropout(x, { rate }), 1 - rate)), 1 - rate)), 0.014),
        ),
      expected: [[1], [1], [1]],
    },
    {
      // Two independent masks of rate 1/2 agree at half of the places.
      name: 'steps and streams differ',
      inputs: [ones(20000), atStep(0), atStep(1)],
      build: ([x, first, second]) => {
        const masks = [
          applyOne(dropoutOp, [x, first], { rate: 0.5, seed: 7, stream: 0 }),
          applyOne(dropoutOp, [x, second], { rate: 0.5, seed: 7, stream: 0 }),
          applyOne(dropoutOp, [x, first], { rate: 0.5, seed: 7, stream: 1 }),
          applyOne(dropoutOp, [x, first], { rate: 0.5, seed: 8, stream: 0 }),
        ];
        const agrees = (i: number, j: number) => mean(cast(equal(masks[i], masks[j]), 'float32'));
        return [agrees(0, 1), agrees(0, 2), agrees(0, 3)].map((share) => less(abs(sub(share, 0.5)), 0.014));
      },
      expected: [[1], [1], [1]],
    },
    {
      name: 'rate 0',
      inputs: [{ shape: [5], values: [1, 2, 3, 4, 5] }],
      build: ([x]) => dropout(x, { rate: 0 }),
      expected: [1, 2, 3, 4, 5],
    },
    {
      name: 'without training',
      inputs: [{ shape: [5], values: [1, 2, 3, 4, 5] }],
      build: ([x]) => dropout(x, { rate: 0.5, training: false }),
      expected: [1, 2, 3, 4, 5],
    },
    {
      name: 'float16',
      inputs: [{ shape: [17], dtype: 'float16' }],
      build: ([x]) => dropout(x, { rate: 0.5 }),
    },
  ],
  errors: [
    {
      name: 'rate',
      build: (graph) => graph.scope('dense1', () => dropout(graph.input('x', [3]), { rate: 1 })),
      error: ShapeError,
      message: /^dense1\/dropout: rate must be at least 0 and less than 1, got 1$/,
    },
    {
      name: 'integers',
      build: (graph) => dropout(graph.input('x', [3], 'int32'), { rate: 0.5 }),
      error: DTypeError,
      message: /expected float32 or float16, got int32/,
    },
  ],
});
