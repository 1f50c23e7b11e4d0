import { DTypeError, ShapeError } from '../core/errors.ts';
import { sameShape, showShape, sizeOf } from '../core/shape.ts';
import type { Tensor } from '../graph/graph.ts';
import { add } from './arithmetic.ts';
import { gatherGradient } from './gather.ts';
import { sliceNumbers } from './gatherND.ts';
import { reshape } from './reshape.ts';
import { type ScatterReduction, scatterElements } from './scatterElements.ts';
import { expand } from './sum.ts';

/**
 * `x` with slices put where the tuples on the last axis of `indices` name them: the reverse of `gatherND`. With `indices` [...p, k] and
 * `x` [...a, ...s], where a are k axes, `updates` are [...p, ...s] and the result has the shape of `x`. Indices mean what they mean for
 * `gatherND`, `reduction` what it means for `scatterElements`. Any dtype. As ONNX' `ScatterND` and WebNN's `scatterND`.
 *
 * ```ts
 * const y = scatterND(x, graph.constant([4, 3, 1], [3, 1], 'int32'), updates); // [8], [3] -> [8]
 * ```
 *
 * @throws ShapeError where shapes do not fit; DTypeError where `indices` are not integers or dtypes differ.
 */
export function scatterND(
  x: Tensor,
  indices: Tensor,
  updates: Tensor,
  options: { reduction?: ScatterReduction } = {},
): Tensor {
  const path = x.graph.path('scatterND');
  const { reduction = 'none' } = options;
  const { numbers, slices, rest } = sliceNumbers(path, x, indices, 0);
  const expected = [...indices.shape.slice(0, -1), ...rest];
  if (!sameShape(updates.shape, expected)) {
    throw new ShapeError(
      `${path}: x ${showShape(x.shape)} and indices ${showShape(indices.shape)} ask for updates ${showShape(expected)}, got ${showShape(updates.shape)}`,
    );
  }
  if (updates.dtype !== x.dtype)
    throw new DTypeError(`${path}: x is ${x.dtype}, updates are ${updates.dtype}; use cast`);
  const [count, inner] = [numbers.size, sizeOf(rest)];
  const flat = { x: reshape(x, [slices, inner]), updates: reshape(updates, [count, inner]) };
  const y =
    reduction === 'add'
      ? add(flat.x, gatherGradient(flat.updates, reshape(numbers, [count]), slices))
      : scatterElements(flat.x, expand(reshape(numbers, [count, 1]), [count, inner]), flat.updates, {
          reduction,
        });
  return reshape(y, x.shape);
}
