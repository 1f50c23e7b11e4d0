import { asOfCall, ShapeError } from '../core/errors.ts';
import { sameShape, showShape } from '../core/shape.ts';
import type { Tensor, TensorLike } from '../graph/graph.ts';
import { softplus } from './activations.ts';
import { abs, add, minimum, mul, neg, square, sub } from './arithmetic.ts';
import { mean } from './reduce.ts';
import { isReduction, type LossReduction } from './softmaxCrossEntropy.ts';
import { sum } from './sum.ts';

// Losses made of other ops: their elementwise parts become one kernel, and so do those of their gradients.

export interface LossOptions {
  /** `mean` (default) over all elements, `sum`, or `none`: one loss per element. */
  reduction?: LossReduction;
}

function reduceLoss(losses: Tensor, reduction: LossReduction = 'mean'): Tensor {
  switch (reduction) {
    case 'mean':
      return mean(losses);
    case 'sum':
      return sum(losses);
    case 'none':
      return losses;
  }
}

/** Shapes that broadcast, such as [64] and [64, 1], are a mistake in a loss: they would compare all with all. */
function checkLoss(
  entry: (...args: never[]) => Tensor,
  name: string,
  prediction: Tensor,
  target: Tensor,
  { reduction = 'mean' }: LossOptions,
): void {
  if (!isReduction(reduction)) {
    const path = prediction.graph.path(name);
    throw asOfCall(
      entry,
      new ShapeError(`${path}: reduction must be 'mean', 'sum' or 'none', got '${String(reduction)}'`),
    );
  }
  if (sameShape(prediction.shape, target.shape)) return;
  const error = new ShapeError(
    `${prediction.graph.path(name)}: prediction ${showShape(prediction.shape)} and target ${showShape(target.shape)} must have the same shape`,
  );
  throw asOfCall(entry, error);
}

/**
 * Mean (or sum) of (prediction - target)². Float tensors of one shape.
 *
 * ```ts
 * const loss = meanSquaredError(prediction, target);
 * ```
 *
 * @throws ShapeError where the shapes differ.
 */
export function meanSquaredError(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkLoss(meanSquaredError, 'meanSquaredError', prediction, target, options);
  return reduceLoss(square(sub(prediction, target)), options.reduction);
}

/** Mean (or sum) of |prediction - target|. Float tensors of one shape; the gradient where both are equal is 0. */
export function meanAbsoluteError(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkLoss(meanAbsoluteError, 'meanAbsoluteError', prediction, target, options);
  return reduceLoss(abs(sub(prediction, target)), options.reduction);
}

export interface HuberOptions extends LossOptions {
  /** The difference at which the parabola becomes a line; default 1. */
  delta?: number;
}

/**
 * Huber's loss: d²/2 for |d| <= delta, delta (|d| - delta/2) beyond, with d = prediction - target (Huber, "Robust
 * Estimation of a Location Parameter", 1964). Float tensors of one shape.
 *
 * @throws ShapeError where the shapes differ or delta is not positive.
 */
export function huber(prediction: Tensor, target: Tensor, options: HuberOptions = {}): Tensor {
  checkLoss(huber, 'huber', prediction, target, options);
  const { delta = 1, reduction } = options;
  if (!(delta > 0))
    throw new ShapeError(`${prediction.graph.path('huber')}: delta must be positive, got ${delta}`);
  // With q = min(|d|, delta) both pieces are q (|d| - q/2).
  const distance = abs(sub(prediction, target));
  const capped = minimum(distance, delta);
  return reduceLoss(mul(capped, sub(distance, mul(capped, 0.5))), reduction);
}

export interface BinaryCrossEntropyOptions extends LossOptions {
  /** How much positive targets count, broadcast to the logits: above 1 favours recall. Default 1. */
  positiveWeight?: TensorLike;
  /** How much each element counts, broadcast to the logits. The mean still divides by the number of elements. */
  weights?: TensorLike;
}

/**
 * Cross-entropy between sigmoid(logits) and targets in [0, 1]: -z log(sigmoid(x)) - (1 - z) log(1 - sigmoid(x)), computed as
 * z softplus(-x) + (1 - z) softplus(x), in which nothing overflows or cancels. Float tensors of one shape.
 *
 * ```ts
 * const loss = binaryCrossEntropyWithLogits(logits, targets, { positiveWeight: 3 });
 * ```
 *
 * @throws ShapeError where the shapes of logits and targets differ, or weights do not broadcast to them.
 */
export function binaryCrossEntropyWithLogits(
  logits: Tensor,
  targets: Tensor,
  options: BinaryCrossEntropyOptions = {},
): Tensor {
  checkLoss(binaryCrossEntropyWithLogits, 'binaryCrossEntropyWithLogits', logits, targets, options);
  const { positiveWeight, weights, reduction } = options;
  const positive = mul(targets, softplus(neg(logits)));
  const negative = mul(sub(1, targets), softplus(logits));
  const both = add(positiveWeight === undefined ? positive : mul(positive, positiveWeight), negative);
  const losses = weights === undefined ? both : mul(both, weights);
  if (!sameShape(losses.shape, logits.shape)) {
    const path = logits.graph.path('binaryCrossEntropyWithLogits');
    throw new ShapeError(`${path}: weights must broadcast to the logits' shape ${showShape(logits.shape)}`);
  }
  return reduceLoss(losses, reduction);
}
