import { GraphError, ShapeError } from '../../core/errors.ts';
import { sameShape } from '../../core/shape.ts';
import type { Tensor } from '../../graph/graph.ts';
import { applyOne } from '../../graph/graph.ts';
import { add, div, mul, rsqrt, sqrt, sub } from '../../ops/arithmetic.ts';
import { averagePool2dOp } from '../../ops/averagePool2d.ts';
import { batchNormInference } from '../../ops/batchNorm.ts';
import { equal, where } from '../../ops/comparison.ts';
import { groupNorm, instanceNorm, layerNorm, rmsNorm } from '../../ops/layerNorm.ts';
import { pooled } from '../../ops/poolWindows.ts';
import { pow } from '../../ops/pow.ts';
import { l1Norm, l2Norm, mean, variance } from '../../ops/reduce.ts';
import { reshape } from '../../ops/reshape.ts';
import { expand } from '../../ops/sum.ts';
import type { Attributes } from '../attributes.ts';
import { axisOf, type Handler, type Handlers, type Inputs } from '../handler.ts';
import { channelsLastOrder, inOrder, type Value } from '../value.ts';
import { requireFloat } from './elementwise.ts';

/** x, scale, bias, mean, variance; in training mode the running statistics are made new. */
const batchNormalization: Handler = (inputs, attributes, context) => {
  const x = requireFloat(inputs.get(0));
  const epsilon = attributes.float('epsilon', 1e-5);
  const momentum = attributes.float('momentum', 0.9);
  attributes.ignore('consumed_inputs', 'is_test');
  const training =
    attributes.flag('training_mode') ||
    (context.opset < 7 && attributes.has('is_test') && !attributes.flag('is_test'));
  if (attributes.int('spatial', 1) === 0)
    throw new GraphError('spatial 0, statistics for each element, is not supported');
  const [scale, offset] = [inputs.get(1).tensor, inputs.get(2).tensor];
  const order = channelsLastOrder(x.rank);
  if (!training) {
    const statistics = { mean: inputs.get(3).state, variance: inputs.get(4).state };
    return context.value(
      x.type,
      batchNormInference(x.channelsLast, { ...statistics, scale, offset, epsilon }),
      order,
    );
  }
  const axes = inOrder(x.rank).filter((axis) => axis !== x.rank - 1);
  const average = mean(x.channelsLast, { axes });
  const deviation = variance(x.channelsLast, { axes });
  const normalized = batchNormInference(x.channelsLast, {
    mean: average,
    variance: deviation,
    scale,
    offset,
    epsilon,
  });
  const running = (index: number, batch: Tensor) =>
    context.value(
      inputs.get(index).type,
      add(mul(inputs.get(index).state, momentum), mul(batch, 1 - momentum)),
    );
  return [context.value(x.type, normalized, order), running(3, average), running(4, deviation)];
};

/** Normalisation over the axes from `axis` on, then scale and offset. */
function overLast(
  inputs: Inputs,
  attributes: Attributes,
  normalize: typeof layerNorm,
): { x: Value; axes: number[]; epsilon: number; y: Tensor } {
  const x = requireFloat(inputs.get(0));
  const axis = axisOf(x, attributes.int('axis', -1));
  const epsilon = attributes.float('epsilon', 1e-5);
  attributes.ignore('stash_type');
  const axes = inOrder(x.rank).slice(axis);
  const shape = x.shape.slice(axis);
  const [scale, offset] = [inputs.get(1), inputs.optional(2)];
  const fits = sameShape(scale.shape, shape) && (!offset || sameShape(offset.shape, shape));
  if (fits)
    return {
      x,
      axes,
      epsilon,
      y: normalize(x.tensor, { axes, epsilon, scale: scale.tensor, offset: offset?.tensor }),
    };
  const scaled = mul(normalize(x.tensor, { axes, epsilon }), scale.tensor);
  return { x, axes, epsilon, y: offset ? add(scaled, offset.tensor) : scaled };
}

const layerNormalization: Handler = (inputs, attributes, context) => {
  const { x, axes, epsilon, y } = overLast(inputs, attributes, layerNorm);
  const kept = { axes, keepDimensions: true };
  const statistic = (index: number, make: () => Tensor) =>
    context.outputs[index] ? context.value('float', make()) : undefined;
  return [
    context.value(x.type, y),
    statistic(1, () => mean(x.tensor, kept)),
    statistic(2, () => rsqrt(add(variance(x.tensor, kept), epsilon))),
  ];
};

/** In opset 18 scale and bias belong to groups, later to channels. */
const groupNormalization: Handler = (inputs, attributes, context) => {
  const x = requireFloat(inputs.get(0));
  const groups = attributes.int('num_groups', 1);
  const epsilon = attributes.float('epsilon', 1e-5);
  attributes.ignore('stash_type');
  const channels = x.shape[1];
  const perChannel = ({ tensor }: Value) =>
    tensor.size === channels
      ? tensor
      : reshape(expand(reshape(tensor, [groups, 1]), [groups, channels / groups]), [channels]);
  const [scale, offset] = [perChannel(inputs.get(1)), perChannel(inputs.get(2))];
  return context.value(
    x.type,
    groupNorm(x.channelsLast, { groups, scale, offset, epsilon }),
    channelsLastOrder(x.rank),
  );
};

const instanceNormalization: Handler = (inputs, attributes, context) => {
  const x = requireFloat(inputs.get(0));
  attributes.ignore('consumed_inputs');
  const options = {
    scale: inputs.get(1).tensor,
    offset: inputs.get(2).tensor,
    epsilon: attributes.float('epsilon', 1e-5),
  };
  return context.value(x.type, instanceNorm(x.channelsLast, options), channelsLastOrder(x.rank));
};

/** A zero vector stays zero. */
const lpNormalization: Handler = (inputs, attributes, context) => {
  const x = requireFloat(inputs.get(0));
  const axis = axisOf(x, attributes.int('axis', -1));
  const p = attributes.int('p', 2);
  if (p !== 1 && p !== 2) throw new GraphError(`p must be 1 or 2, got ${p}`);
  const norm = (p === 1 ? l1Norm : l2Norm)(x.tensor, { axes: [axis], keepDimensions: true });
  return context.value(x.type, div(x.tensor, where(equal(norm, 0), 1, norm)));
};

const meanVarianceNormalization: Handler = (inputs, attributes, context) => {
  const x = requireFloat(inputs.get(0));
  const axes = attributes.ints('axes') ?? [0, 2, 3];
  const options = { axes, keepDimensions: true };
  const deviation = add(sqrt(variance(x.tensor, options)), 1e-9);
  return context.value(x.type, div(sub(x.tensor, mean(x.tensor, options)), deviation));
};

/** x / (bias + alpha / size · Σ x²)^beta, the sum over `size` neighbouring channels. */
const localResponse: Handler = (inputs, attributes, context) => {
  const x = requireFloat(inputs.get(0));
  const size = attributes.int('size', 1);
  const [alpha, beta, bias] = [
    attributes.float('alpha', 1e-4),
    attributes.float('beta', 0.75),
    attributes.float('bias', 1),
  ];
  const image = x.channelsLast;
  const channels = x.shape[1];
  if (size < 1) throw new ShapeError(`size must be at least 1, got ${size}`);
  // The channels as the width of an image of one channel, over which windows of `size` add up.
  const lines = reshape(mul(image, image), [1, image.size / channels, channels, 1]);
  const padding = [
    [0, 0],
    [Math.floor((size - 1) / 2), Math.ceil((size - 1) / 2)],
  ] as const;
  const sums = pooled('localResponse', lines, { windowSize: [1, size], strides: 1, padding }, (each, attrs) =>
    applyOne(averagePool2dOp, [each], { ...attrs, divisor: 'one' }),
  );
  const divisor = pow(add(mul(reshape(sums, image.shape), alpha / size), bias), -beta);
  return context.value(x.type, mul(image, divisor), channelsLastOrder(x.rank));
};

export const normalizations: Handlers = {
  BatchNormalization: batchNormalization,
  GroupNormalization: groupNormalization,
  InstanceNormalization: instanceNormalization,
  LayerNormalization: layerNormalization,
  LRN: localResponse,
  LpNormalization: lpNormalization,
  MeanVarianceNormalization: meanVarianceNormalization,
  RMSNormalization: (inputs, attributes, context) => {
    const { x, y } = overLast(
      inputs,
      attributes,
      (tensor, { axes, scale, epsilon }: Parameters<typeof layerNorm>[1] = {}) =>
        rmsNorm(tensor, { axes, scale, epsilon }),
    );
    return context.value(x.type, y);
  },
};
