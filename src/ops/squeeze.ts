import { ShapeError } from '../core/errors.ts';
import { normalizeAxes, normalizeAxis, showShape } from '../core/shape.ts';
import type { Tensor } from '../graph/graph.ts';
import { reshape } from './reshape.ts';

/**
 * Puts an axis of length 1 at place `axis` of the result: [3, 4] with axis 1, or -2, gives [3, 1, 4]. Costs nothing.
 *
 * @throws ShapeError where `axis` is out of range for the result.
 */
export function expandDimensions(x: Tensor, axis: number): Tensor {
  const at = normalizeAxis(x.graph.path('expandDimensions'), axis, x.rank + 1);
  return reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]);
}

/**
 * Drops axes of length 1: those named, or all. [3, 1, 4] gives [3, 4]. Costs nothing.
 *
 * @throws ShapeError where an axis that is named has another length.
 */
export function squeeze(x: Tensor, axes?: readonly number[]): Tensor {
  const path = x.graph.path('squeeze');
  const named = axes && normalizeAxes(path, axes, x.rank);
  const long = named?.find((axis) => x.shape[axis] !== 1);
  if (long !== undefined) {
    throw new ShapeError(
      `${path}: axis ${long} of ${showShape(x.shape)} has length ${x.shape[long]}, expected 1`,
    );
  }
  return reshape(
    x,
    x.shape.filter((length, axis) => (named ? !named.includes(axis) : length !== 1)),
  );
}
