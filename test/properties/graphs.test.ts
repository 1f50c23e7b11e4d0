import fc from 'fast-check';
import { describe, it } from 'vitest';
import * as t from '../../src/index.ts';
import { agrees, runs } from './agrees.ts';

// Graphs of a dozen random ops: what fusing, sharing of memory and the order of steps might break, ops by themselves do not show.

type Pick = (i: number) => t.Tensor;

/** Makes a tensor from those made before. Values stay within a few units, so that errors do not grow by the ops' own doing. */
interface Instruction {
  /** What a counterexample shows. */
  readonly text: string;
  readonly make: (pick: Pick) => t.Tensor;
}

const like = (a: t.Tensor, b: t.Tensor) => t.reshape(a, b.shape);

/** Every tensor has 24 elements, so that each can meet each. */
const shapes = [[24], [4, 6], [2, 3, 4], [1, 24], [6, 1, 4], [24, 1]] as const;

const unary = {
  tanh: t.tanh,
  sigmoid: t.sigmoid,
  softplus: t.softplus,
  neg: t.neg,
  sin: t.sin,
  gelu: t.gelu,
};
const along = { softmax: t.softmax, layerNorm: t.layerNorm, transpose: t.transpose, reverse: t.reverse };
const binary: Readonly<Record<string, (a: t.Tensor, b: t.Tensor) => t.Tensor>> = {
  mean: (a, b) => t.mul(t.add(a, like(b, a)), 0.5),
  difference: (a, b) => t.mul(t.sub(a, like(b, a)), 0.5),
  product: (a, b) => t.mul(t.tanh(a), like(b, a)),
  joined(a, b) {
    const both = t.concat([t.reshape(a, [4, 6]), t.reshape(b, [4, 6])], 1);
    return t.slice(both, { begin: [0, 3], size: [4, 6] });
  },
  matmul(a, b) {
    const [x, y] = [t.reshape(a, [4, 6]), t.reshape(b, [6, 4])];
    return t.mul(t.matmul(x, t.matmul(y, x)), 0.1);
  },
};

const index = fc.nat(30);
const instruction: fc.Arbitrary<Instruction> = fc.oneof(
  fc
    .tuple(fc.constantFrom(...Object.entries({ ...unary, ...along })), index)
    .map(([[name, op], i]) => ({ text: `${name} ${i}`, make: (pick: Pick) => op(pick(i)) })),
  fc
    .tuple(fc.constantFrom(...Object.entries(binary)), index, index)
    .map(([[name, op], i, j]) => ({ text: `${name} ${i} ${j}`, make: (pick: Pick) => op(pick(i), pick(j)) })),
  fc.tuple(index, fc.constantFrom(...shapes)).map(([i, shape]) => ({
    text: `reshape ${i} [${shape}]`,
    make: (pick: Pick) => t.reshape(pick(i), shape),
  })),
  fc.tuple(index, fc.nat(5)).map(([i, axis]) => ({
    text: `center ${i} along ${axis}`,
    make(pick: Pick) {
      const x = pick(i);
      return t.sub(x, t.mean(x, { axes: [axis % x.rank], keepDimensions: true }));
    },
  })),
);

describe('fuzzed graphs', () => {
  it('agree with the reference op by op and as a whole, gradients included', () =>
    fc.assert(
      fc.asyncProperty(fc.array(instruction, { minLength: 6, maxLength: 14 }), (instructions) =>
        agrees([{ shape: [4, 6] }, { shape: [24] }], (inputs) => {
          const made = [...inputs];
          for (const { make } of instructions) made.push(make((i) => made[i % made.length]));
          return made.slice(-3);
        }),
      ),
      runs(12, 42),
    ));
});
