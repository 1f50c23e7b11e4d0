import { add, mul } from '../ops/arithmetic.ts';
import { l1Norm, sumOfSquares } from '../ops/reduce.ts';
import type { Regularizer } from './layer.ts';

/** factor · Σ|w| (lasso): drives weights to 0. */
export function l1(factor: number): Regularizer {
  return (parameter) => mul(l1Norm(parameter), factor);
}

/** factor · Σw², as in Keras; an optimizer's `weightDecay` d in PyTorch's sense is the factor d / 2. */
export function l2(factor: number): Regularizer {
  return (parameter) => mul(sumOfSquares(parameter), factor);
}

/** Both (the elastic net of Zou and Hastie, 2005). */
export function l1l2(factors: { l1: number; l2: number }): Regularizer {
  return (parameter) => add(l1(factors.l1)(parameter), l2(factors.l2)(parameter));
}
