import { ShapeError } from '../core/errors.ts';
import { showShape } from '../core/shape.ts';
import type { Tensor } from '../graph/graph.ts';
import { reshape } from './reshape.ts';
import { expand } from './sum.ts';

/**
 * Repeats `x` as a whole, `repetitions[axis]` times along each axis: [1, 2] three times gives [1, 2, 1, 2, 1, 2]. Any dtype.
 * It is made of `reshape` and `expand`, so that it runs inside the kernel of the elementwise ops after it.
 *
 * @throws ShapeError unless there is a whole number of at least 1 for each axis.
 */
export function tile(x: Tensor, repetitions: readonly number[]): Tensor {
  if (repetitions.length !== x.rank || repetitions.some((count) => !Number.isInteger(count) || count < 1)) {
    throw new ShapeError(
      `${x.graph.path('tile')}: repetitions ${showShape(repetitions)} must hold a whole number of at least 1 for each axis of ${showShape(x.shape)}`,
    );
  }
  // [a, b] -> [1, a, 1, b] -> [m, a, n, b] -> [m a, n b]
  const apart = x.shape.flatMap((length) => [1, length]);
  const stretched = x.shape.flatMap((length, axis) => [repetitions[axis], length]);
  const shape = x.shape.map((length, axis) => length * repetitions[axis]);
  return reshape(expand(reshape(x, apart), stretched), shape);
}
