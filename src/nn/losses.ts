import { ShapeError } from '../core/errors.ts';
import { sameShape, showShape } from '../core/shape.ts';
import type { Tensor } from '../graph/graph.ts';
import { div, mul } from '../ops/arithmetic.ts';
import { cast } from '../ops/comparison.ts';
import { mean } from '../ops/reduce.ts';
import { reshape } from '../ops/reshape.ts';
import type { LossReduction } from '../ops/softmaxCrossEntropy.ts';
import { sum } from '../ops/sum.ts';

/**
 * What training minimises: `softmaxCrossEntropy`, `meanSquaredError` and the other losses are such functions as they are, and
 * `(output, target, options) => huber(output, target, { delta: 2, ...options })` is one with a setting.
 */
export type LossFunction = (
  output: Tensor,
  target: Tensor,
  options?: { reduction?: LossReduction },
) => Tensor;

/**
 * The mean of `loss` over samples that do not all count the same: Σ weight · loss / Σ weight. What one sample loses is the mean over its
 * own elements. A weight of 0 leaves a sample out, such as the padding of a last, smaller batch.
 *
 * @param weights float32 or bool [samples], the leading axes of what `loss` gives with `reduction: 'none'`.
 * @throws ShapeError where the weights do not fit.
 */
export function weightedLoss(loss: LossFunction, output: Tensor, target: Tensor, weights: Tensor): Tensor {
  const losses = loss(output, target, { reduction: 'none' });
  if (!sameShape(losses.shape.slice(0, weights.rank), weights.shape)) {
    throw new ShapeError(
      `${output.graph.path('weightedLoss')}: weights ${showShape(weights.shape)} must have the leading axes of the losses ${showShape(losses.shape)}`,
    );
  }
  const perSample =
    losses.rank > weights.rank
      ? mean(reshape(losses, [...weights.shape, losses.size / weights.size]), { axes: [weights.rank] })
      : losses;
  const factors = cast(weights, losses.dtype);
  return div(sum(mul(perSample, factors)), sum(factors));
}
