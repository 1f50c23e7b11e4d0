import { normalizeAxis } from '../core/shape.ts';
import type { Tensor } from '../graph/graph.ts';
import { mul } from './arithmetic.ts';
import type { CumulativeSumOptions } from './cumulativeSum.ts';
import { pad } from './pad.ts';
import { reverse } from './reverse.ts';
import { slice } from './slice.ts';
import { expand } from './sum.ts';

/**
 * Running products along `axis` (default -1): [2, 3, 4] becomes [2, 6, 24]; `exclusive` [1, 2, 6]; `reverse` [24, 12, 4]; both
 * [12, 4, 1]. Float and integer dtypes; integers wrap. As ONNX' `CumProd` and WebNN's and PyTorch's `cumprod`.
 *
 * It is made of log₂(length) products of the tensor with itself, moved by 1, 2, 4, … (Hillis and Steele, "Data Parallel
 * Algorithms", 1986), so the gradient holds where elements are zero, too.
 *
 * @throws ShapeError where the axis is out of range, DTypeError for bool.
 */
export function cumulativeProduct(x: Tensor, options: CumulativeSumOptions = {}): Tensor {
  const axis = normalizeAxis(x.graph.path('cumulativeProduct'), options.axis ?? -1, x.rank);
  const length = x.shape[axis];
  if (length === 1) return options.exclusive ? expand(x.graph.constant(1, [], x.dtype), x.shape) : x;
  const turned = options.reverse ? reverse(x, [axis]) : x;
  let y = options.exclusive ? moved(turned, axis, 1) : turned;
  for (let distance = 1; distance < length; distance *= 2) y = mul(y, moved(y, axis, distance));
  return options.reverse ? reverse(y, [axis]) : y;
}

/** `x` moved along `axis` by less than its length, with ones where nothing comes from. */
function moved(x: Tensor, axis: number, distance: number): Tensor {
  const kept = slice(x, { axes: [axis], size: [x.shape[axis] - distance] });
  const padding = x.shape.map((_, i): [number, number] => [i === axis ? distance : 0, 0]);
  return pad(kept, padding, { value: 1 });
}
