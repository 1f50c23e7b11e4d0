import { applyOne, type Op, type Tensor } from '../graph/graph.ts';
import { add, mul } from './arithmetic.ts';
import { grad } from './gradient.ts';
import { sum } from './sum.ts';

/** The same value, where no gradient flows on: the end of a differentiation. */
const standInOp: Op<null> = {
  name: 'standIn',
  infer: ([x]) => [{ shape: x.shape, dtype: x.dtype }],
  reference: ([x]) => [x],
  view: true,
  gradient: () => [null],
  simplify: ([x]) => x,
  flops: () => 0,
};

/**
 * The gradients of an op whose own kernels have none, from the same mathematics written in differentiable ops: `build` makes
 * the outputs again from `inputs`. Slower than kernels, but only second derivatives come here.
 *
 * Given y = f(x) and g, the gradient with respect to y: the gradients of sum(f(x) g) with respect to x.
 */
export function composedGradient(
  inputs: readonly Tensor[],
  outputGradients: readonly (Tensor | null)[],
  build: (inputs: Tensor[]) => Tensor[],
): Tensor[] {
  const standIns = inputs.map((input) => applyOne(standInOp, [input], null));
  const terms = build(standIns).flatMap((output, i) => {
    const gradient = outputGradients[i];
    return gradient ? [sum(mul(output, gradient))] : [];
  });
  const loss = terms.reduce((total, term) => add(total, term));
  return grad(loss, standIns, { unused: 'zeros' });
}
