import { ShapeError } from '../../core/errors.ts';
import { sameShape, showShape } from '../../core/shape.ts';
import type { Tensor } from '../../graph/graph.ts';
import { div, mul, neg } from '../../ops/arithmetic.ts';
import { cast, equal, where } from '../../ops/comparison.ts';
import { gather } from '../../ops/gather.ts';
import { mean } from '../../ops/reduce.ts';
import { gatherElements } from '../../ops/scatterAdd.ts';
import { logSoftmax } from '../../ops/softmax.ts';
import { expandDimensions, squeeze } from '../../ops/squeeze.ts';
import { sum } from '../../ops/sum.ts';
import type { Attributes } from '../attributes.ts';
import type { Handler, Handlers } from '../handler.ts';
import type { Value } from '../value.ts';
import { requireFloat } from './elementwise.ts';

// x is [batch, classes, …], the labels [batch, …], weights [classes].

type Reduction = 'mean' | 'sum' | 'none';

/** -x[label] weight[label], 0 where the label is to be ignored; the mean is over the weights of the others. */
function likelihoodLoss(
  x: Tensor,
  target: Value,
  weights: Value | undefined,
  attributes: Attributes,
): Tensor {
  const reduction = attributes.choice<Reduction>('reduction', ['mean', 'sum', 'none'], 'mean');
  const ignored = attributes.int('ignore_index');
  const expected = [x.shape[0], ...x.shape.slice(2)];
  if (!sameShape(target.shape, expected))
    throw new ShapeError(`labels must have the shape ${showShape(expected)}, got ${showShape(target.shape)}`);
  const labels = cast(target.tensor, 'int32');
  const isIgnored = ignored === undefined ? null : equal(labels, ignored);
  const safe = isIgnored ? where(isIgnored, 0, labels) : labels;
  const picked = squeeze(gatherElements(x, expandDimensions(safe, 1), 1), [1]);
  const weight = weights && gather(weights.tensor, safe);
  const counted = isIgnored && where(isIgnored, 0, weight ?? x.graph.constant(1));
  const factor = counted ?? weight;
  const losses = neg(factor ? mul(isIgnored ? where(isIgnored, 0, picked) : picked, factor) : picked);
  if (reduction === 'none') return losses;
  if (reduction === 'sum') return sum(losses);
  return factor ? div(sum(losses), sum(factor)) : mean(losses);
}

const negativeLogLikelihood: Handler = (inputs, attributes, context) => {
  const x = requireFloat(inputs.get(0));
  return context.value(x.type, likelihoodLoss(x.tensor, inputs.get(1), inputs.optional(2), attributes));
};

const softmaxCrossEntropy: Handler = (inputs, attributes, context) => {
  const x = requireFloat(inputs.get(0));
  const logProbabilities = logSoftmax(x.tensor, { axis: 1 });
  const loss = likelihoodLoss(logProbabilities, inputs.get(1), inputs.optional(2), attributes);
  return [context.value(x.type, loss), context.value(x.type, logProbabilities)];
};

export const losses: Handlers = {
  NegativeLogLikelihoodLoss: negativeLogLikelihood,
  SoftmaxCrossEntropyLoss: softmaxCrossEntropy,
};
