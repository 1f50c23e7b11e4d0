import { normalizeAxes, normalizeAxis } from '../core/shape.ts';
import { apply, type Tensor } from '../graph/graph.ts';
import { batchNormInference, batchNormTrainingOp } from '../ops/batchNorm.ts';
import {
  groupNorm as groupNormOp,
  type InstanceNormOptions,
  instanceNorm as instanceNormOp,
  layerNorm as layerNormOp,
  rmsNorm as rmsNormOp,
} from '../ops/layerNorm.ts';
import { type Layer, type LayerOptions, makeLeaf, type OwnVariables } from './layer.ts';
import { checkCount } from './options.ts';

export interface NormalizationOptions extends LayerOptions<'scale' | 'offset'> {
  /** Added to the variance; default 1e-5 (Keras: 1e-3). */
  epsilon?: number;
  /** Whether there is a learnt factor for each channel, starting at 1; default true. */
  scale?: boolean;
  /** Whether there is a learnt summand for each channel, starting at 0; default true. */
  offset?: boolean;
}

export interface BatchNormLayerOptions extends NormalizationOptions {
  /** The axis of the channels; default -1. */
  axis?: number;
  /** How much of a batch goes into the running statistics; default 0.1 (Keras calls the rest of 1 its momentum: 0.99). */
  momentum?: number;
}

/**
 * Batch normalisation. In training it normalises by the statistics of the batch and moves the running ones towards them
 * (`forward(...).updates`); otherwise, and where it is frozen, by the running ones. Parameters: `scale` and `offset` [channels]; state:
 * `runningMean` and `runningVariance` [channels]. Called twice in one training step, it moves the running statistics twice.
 *
 * ```ts
 * const block = sequential([conv2d(32, 3, { bias: false }), batchNorm(), relu]);
 * ```
 *
 * @throws ShapeError where the axis is out of range, DTypeError where x is not float; when called.
 */
export function batchNorm(options: BatchNormLayerOptions = {}): Layer {
  const { epsilon = 1e-5, momentum = 0.1 } = options;
  return makeLeaf('batchNorm', options, (x: Tensor, context, own) => {
    const axis = normalizeAxis(context.path, options.axis ?? -1, x.rank);
    const shape = [x.shape[axis]];
    const { scale, offset } = parametersOf(own, shape, options);
    const runningMean = own.state('runningMean', shape);
    const runningVariance = own.state('runningVariance', shape, { initializer: 1 });
    if (!context.training || context.frozen) {
      return batchNormInference(x, {
        mean: runningMean,
        variance: runningVariance,
        scale,
        offset,
        axis,
        epsilon,
      });
    }
    const { graph, updates } = context;
    const inputs = [
      x,
      scale ?? graph.constant(1, shape),
      offset ?? graph.constant(0, shape),
      updates.get(runningMean) ?? runningMean,
      updates.get(runningVariance) ?? runningVariance,
    ];
    const [output, newMean, newVariance] = apply(batchNormTrainingOp, inputs, { axis, epsilon, momentum });
    updates.set(runningMean, newMean).set(runningVariance, newVariance);
    return output;
  });
}

export interface LayerNormLayerOptions extends NormalizationOptions {
  /** The axes that share a mean and a variance; default the last. */
  axes?: readonly number[];
}

/**
 * Layer normalisation: mean 0 and variance 1 over the last axis (or `axes`), then `scale` and `offset`, which have the lengths of
 * these axes.
 *
 * @throws ShapeError where an axis is out of range, DTypeError where x is not float; when called.
 */
export function layerNorm(options: LayerNormLayerOptions = {}): Layer {
  return makeLeaf('layerNorm', options, (x: Tensor, { path }, own) => {
    const axes = normalizeAxes(path, options.axes ?? [-1], x.rank);
    const parameters = parametersOf(
      own,
      axes.map((axis) => x.shape[axis]),
      options,
    );
    return layerNormOp(x, { ...parameters, axes, epsilon: options.epsilon });
  });
}

/** Layer normalisation by the root of the mean square, without a mean; parameter `scale`. */
export function rmsNorm(options: Omit<LayerNormLayerOptions, 'offset'> = {}): Layer {
  return makeLeaf('rmsNorm', options, (x: Tensor, { path }, own) => {
    const axes = normalizeAxes(path, options.axes ?? [-1], x.rank);
    const shape = axes.map((axis) => x.shape[axis]);
    const { scale } = parametersOf(own, shape, { ...options, offset: false });
    return rmsNormOp(x, { scale, axes, epsilon: options.epsilon });
  });
}

export interface InstanceNormLayerOptions extends NormalizationOptions {
  /** The axis of the channels; default -1. */
  axis?: number;
}

/**
 * Group normalisation: each sample has a mean and a variance for each of `groups` groups of channels. Parameters: `scale` and `offset`
 * [channels].
 *
 * @throws ShapeError where groups do not divide the channels, when called.
 */
export function groupNorm(groups: number, options: InstanceNormLayerOptions = {}): Layer {
  checkCount('groupNorm', 'groups', groups);
  return perChannel('groupNorm', options, (x, rest) => groupNormOp(x, { ...rest, groups }));
}

/** Instance normalisation: each sample has a mean and a variance for each channel. Parameters: `scale` and `offset` [channels]. */
export function instanceNorm(options: InstanceNormLayerOptions = {}): Layer {
  return perChannel('instanceNorm', options, instanceNormOp);
}

function perChannel(
  kind: string,
  options: InstanceNormLayerOptions,
  op: (x: Tensor, options: InstanceNormOptions) => Tensor,
): Layer {
  return makeLeaf(kind, options, (x: Tensor, { path }, own) => {
    const axis = normalizeAxis(path, options.axis ?? -1, x.rank);
    return op(x, { ...parametersOf(own, [x.shape[axis]], options), axis, epsilon: options.epsilon });
  });
}

function parametersOf(
  own: OwnVariables,
  shape: readonly number[],
  { scale = true, offset = true }: NormalizationOptions,
): { scale?: Tensor; offset?: Tensor } {
  return {
    scale: scale ? own.parameter('scale', shape, 1) : undefined,
    offset: offset ? own.parameter('offset', shape, 0) : undefined,
  };
}
