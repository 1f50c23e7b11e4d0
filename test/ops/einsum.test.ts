import { ShapeError } from '../../src/core/errors.ts';
import { einsum } from '../../src/ops/einsum.ts';
import { checkOp, type ErrorSample, type Sample } from '../support/checkOp.ts';

const counted = (...shape: number[]) => {
  const size = shape.reduce((product, length) => product * length, 1);
  return { shape, values: Array.from({ length: size }, (_, i) => i + 1) };
};

// The expected numbers are NumPy's.
const cases: readonly (readonly [string, readonly ReturnType<typeof counted>[], readonly number[]])[] = [
  ['ij,jk->ik', [counted(2, 3), counted(3, 2)], [22, 28, 49, 64]],
  ['ij,jk', [counted(2, 3), counted(3, 2)], [22, 28, 49, 64]],
  ['ij->ji', [counted(2, 3)], [1, 4, 2, 5, 3, 6]],
  ['ii->', [counted(3, 3)], [15]],
  ['ii->i', [counted(3, 3)], [1, 5, 9]],
  ['ij->', [counted(2, 3)], [21]],
  ['i,j->ij', [counted(2), counted(3)], [1, 2, 3, 2, 4, 6]],
  ['i,i->i', [counted(3), counted(3)], [1, 4, 9]],
  ['bij,bjk->bik', [counted(2, 1, 2), counted(2, 2, 1)], [5, 25]],
  ['...ij,...jk->...ik', [counted(2, 1, 2), counted(2, 1)], [5, 11]],
  ['b...,...->b', [counted(2, 3), counted(3)], [14, 32]],
  ['i...->...', [counted(2, 3)], [5, 7, 9]],
  ['ab,bc,cd->ad', [counted(1, 2), counted(2, 2), counted(2, 1)], [27]],
  [',i->i', [{ shape: [], values: [3] }, counted(2)], [3, 6]],
];

const error = (equation: string, message: RegExp): ErrorSample => ({
  name: equation,
  build: (graph) => einsum(equation, [graph.input('a', [2, 3]), graph.input('b', [4, 5])]),
  error: ShapeError,
  message,
});

checkOp('einsum', {
  samples: [
    ...cases.map(
      ([equation, inputs, expected]): Sample => ({
        name: equation,
        inputs,
        build: (tensors) => einsum(equation, tensors),
        expected,
      }),
    ),
    {
      name: 'int32',
      inputs: [
        { ...counted(2, 3), dtype: 'int32' },
        { ...counted(3, 2), dtype: 'int32' },
      ],
      build: (tensors) => einsum('ij,jk->ik', tensors),
      expected: [22, 28, 49, 64],
    },
    {
      name: 'attention scores of odd sizes',
      inputs: [{ shape: [2, 17, 3, 5] }, { shape: [2, 13, 3, 5] }],
      build: (tensors) => einsum('bqhd,bkhd->bhqk', tensors),
    },
  ],
  errors: [
    error('ij,jk->ik', /einsum: "j" in "ij,jk->ik" has both the lengths 3 and 4/),
    error('ij->i', /einsum: "ij->i" is no equation for 2 tensors/),
    error('i,kl->ik', /einsum: "i" does not name the axes of \[2, 3\]/),
    error('ij,kl->im', /einsum: "m" in the result of "ij,kl->im" is no index/),
    error('i1,kl->ik', /einsum: "i1" in "i1,kl->ik" must consist of letters/),
  ],
});
