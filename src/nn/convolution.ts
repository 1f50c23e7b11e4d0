import { ShapeError } from '../core/errors.ts';
import { type Shape, showShape } from '../core/shape.ts';
import type { Tensor } from '../graph/graph.ts';
import { type Conv1dOptions, conv1d as conv1dOp } from '../ops/conv1d.ts';
import { type Conv2dOptions, conv2d as conv2dOp } from '../ops/conv2d.ts';
import { type Conv2dTransposeOptions, conv2dTranspose as conv2dTransposeOp } from '../ops/conv2dTranspose.ts';
import { depthwiseConv2d as depthwiseConv2dOp } from '../ops/depthwiseConv2d.ts';
import { type PairLike, toPair } from '../ops/spatial.ts';
import type { Activation } from './dense.ts';
import { glorotUniform } from './initializers.ts';
import {
  type CallContext,
  type DrawFunction,
  type Layer,
  type LayerOptions,
  makeLeaf,
  type OwnVariables,
} from './layer.ts';
import { checkCount } from './options.ts';

/** What all convolutions take besides the numbers of their windows. */
export interface ConvolutionOptions<Parameter extends string = 'weight' | 'bias'>
  extends LayerOptions<Parameter> {
  /** Applied to the result; default none. It runs inside the same kernel. */
  activation?: Activation;
  /** Whether each output channel has a bias; default true. */
  bias?: boolean;
}

type WithoutTensors<Options> = Omit<Options, 'bias' | 'filterLayout'>;

export type Conv1dLayerOptions = ConvolutionOptions & WithoutTensors<Conv1dOptions>;

/**
 * 1-D convolution: [batch, length, inChannels] gives [batch, outLength, channels]. Parameters: `weight` [filterSize, inChannels / groups,
 * channels] (Glorot's uniform), `bias` [channels] (0).
 *
 * ```ts
 * const causal = conv1d(32, 3, { padding: [2, 0], activation: relu });
 * ```
 *
 * @throws ShapeError as the op `conv1d` does, when called.
 */
export function conv1d(channels: number, filterSize: number, options: Conv1dLayerOptions = {}): Layer {
  checkCount('conv1d', 'channels', channels);
  checkCount('conv1d', 'filterSize', filterSize);
  return makeLeaf('conv1d', options, (x: Tensor, context, own) => {
    const inChannels = channelsOf(x, 3, options.layout === 'NCW' ? 1 : 2, options.groups, context);
    const weight = own.parameter('weight', [filterSize, inChannels, channels], glorotUniform());
    const bias = biasOf(own, channels, options);
    return activated(conv1dOp(x, weight, { ...opOptions(options), bias }), options);
  });
}

export type Conv2dLayerOptions = ConvolutionOptions & WithoutTensors<Conv2dOptions>;

/**
 * 2-D convolution: [batch, height, width, inChannels] gives [batch, outHeight, outWidth, channels]. Parameters: `weight`
 * [filterHeight, filterWidth, inChannels / groups, channels] (Glorot's uniform), `bias` [channels] (0).
 *
 * ```ts
 * const features = sequential([conv2d(32, 3, { activation: relu }), maxPool2d(2), flatten()]);
 * ```
 *
 * @throws ShapeError as the op `conv2d` does, when called.
 */
export function conv2d(channels: number, filterSize: PairLike, options: Conv2dLayerOptions = {}): Layer {
  checkCount('conv2d', 'channels', channels);
  const size = toPair('conv2d', 'filterSize', filterSize);
  return makeLeaf('conv2d', options, (x: Tensor, context, own) => {
    const inChannels = imageChannels(x, options, context);
    const weight = own.parameter('weight', [...size, inChannels, channels], glorotUniform());
    const bias = biasOf(own, channels, options);
    return activated(conv2dOp(x, weight, { ...opOptions(options), bias }), options);
  });
}

export type DepthwiseConv2dLayerOptions = ConvolutionOptions &
  Omit<WithoutTensors<Conv2dOptions>, 'groups'> & {
    /** Filters for each channel; default 1. */
    multiplier?: number;
  };

/**
 * Depthwise 2-D convolution: each channel has filters of its own. [batch, height, width, channels] gives
 * [batch, outHeight, outWidth, channels · multiplier]. Parameters: `weight` [filterHeight, filterWidth, channels, multiplier] (Glorot's
 * uniform), `bias` [channels · multiplier] (0).
 *
 * @throws ShapeError as the op `depthwiseConv2d` does, when called.
 */
export function depthwiseConv2d(filterSize: PairLike, options: DepthwiseConv2dLayerOptions = {}): Layer {
  const { multiplier = 1 } = options;
  checkCount('depthwiseConv2d', 'multiplier', multiplier);
  const size = toPair('depthwiseConv2d', 'filterSize', filterSize);
  return makeLeaf('depthwiseConv2d', options, (x: Tensor, context, own) => {
    const channels = imageChannels(x, options, context);
    // An output sees one channel: that is what its fan is counted by.
    const fans = asShape([...size, 1, channels * multiplier]);
    const weight = own.parameter('weight', [...size, channels, multiplier], glorotUniform(), fans);
    const bias = biasOf(own, channels * multiplier, options);
    return activated(depthwiseConv2dOp(x, weight, { ...opOptions(options), bias }), options);
  });
}

export type SeparableConv2dLayerOptions = ConvolutionOptions<'depthwiseWeight' | 'pointwiseWeight' | 'bias'> &
  Omit<WithoutTensors<Conv2dOptions>, 'groups'> & {
    /** Depthwise filters for each channel; default 1. */
    multiplier?: number;
  };

/**
 * Separable 2-D convolution: a depthwise one, then one of size 1 that mixes the channels (Chollet: "Xception", CVPR 2017).
 * [batch, height, width, inChannels] gives [batch, outHeight, outWidth, channels]. Parameters: `depthwiseWeight`
 * [filterHeight, filterWidth, inChannels, multiplier], `pointwiseWeight` [1, 1, inChannels · multiplier, channels] (Glorot's uniform), `bias`
 * [channels] (0).
 *
 * @throws ShapeError as the ops `depthwiseConv2d` and `conv2d` do, when called.
 */
export function separableConv2d(
  channels: number,
  filterSize: PairLike,
  options: SeparableConv2dLayerOptions = {},
): Layer {
  const { multiplier = 1, layout } = options;
  checkCount('separableConv2d', 'channels', channels);
  checkCount('separableConv2d', 'multiplier', multiplier);
  const size = toPair('separableConv2d', 'filterSize', filterSize);
  return makeLeaf('separableConv2d', options, (x: Tensor, context, own) => {
    const inChannels = imageChannels(x, options, context);
    const inner = inChannels * multiplier;
    const fans = asShape([...size, 1, inner]);
    const shape = [...size, inChannels, multiplier];
    const depthwise = own.parameter('depthwiseWeight', shape, glorotUniform(), fans);
    const pointwise = own.parameter('pointwiseWeight', [1, 1, inner, channels], glorotUniform());
    const bias = biasOf(own, channels, options);
    const apart = depthwiseConv2dOp(x, depthwise, opOptions(options));
    return activated(conv2dOp(apart, pointwise, { layout, bias }), options);
  });
}

export type Conv2dTransposeLayerOptions = ConvolutionOptions & WithoutTensors<Conv2dTransposeOptions>;

/**
 * Transposed 2-D convolution: [batch, height, width, inChannels] gives [batch, outHeight, outWidth, channels], larger by the strides.
 * Parameters: `weight` [filterHeight, filterWidth, channels / groups, inChannels] (Glorot's uniform), `bias` [channels] (0).
 *
 * ```ts
 * const twiceAsLarge = conv2dTranspose(16, 4, { strides: 2, padding: 'same' });
 * ```
 *
 * @throws ShapeError as the op `conv2dTranspose` does, when called.
 */
export function conv2dTranspose(
  channels: number,
  filterSize: PairLike,
  options: Conv2dTransposeLayerOptions = {},
): Layer {
  const { groups = 1 } = options;
  checkCount('conv2dTranspose', 'channels', channels);
  checkCount('conv2dTranspose', 'groups', groups);
  if (channels % groups !== 0) {
    throw new ShapeError(`conv2dTranspose: groups must divide the ${channels} channels, got ${groups}`);
  }
  const size = toPair('conv2dTranspose', 'filterSize', filterSize);
  return makeLeaf('conv2dTranspose', options, (x: Tensor, context, own) => {
    const inChannels = imageChannels(x, { layout: options.layout }, context);
    const [outputs, shape] = [channels / groups, [...size, channels / groups, inChannels]];
    const weight = own.parameter('weight', shape, glorotUniform(), asShape([...size, inChannels, outputs]));
    const bias = biasOf(own, channels, options);
    return activated(conv2dTransposeOp(x, weight, { ...opOptions(options), bias }), options);
  });
}

function activated(y: Tensor, { activation }: { activation?: Activation }): Tensor {
  return activation?.(y) ?? y;
}

function biasOf(
  own: OwnVariables,
  channels: number,
  { bias = true }: { bias?: boolean },
): Tensor | undefined {
  return bias ? own.parameter('bias', [channels], 0) : undefined;
}

/** Initializers count fans by [..., inputs, outputs]: this shape tells them, the number of elements is the same. */
function asShape(shape: Shape): (draw: DrawFunction) => DrawFunction {
  return (draw) => (_, random) => draw(shape, random);
}

/** What the op is told: the layer's `bias` is a yes or no, the op's a tensor. */
function opOptions<Options extends ConvolutionOptions<string>>({
  bias: _,
  ...rest
}: Options): Omit<Options, 'bias'> {
  return rest;
}

/** Input channels that one filter sees. */
function channelsOf(x: Tensor, rank: number, axis: number, groups = 1, { path }: CallContext): number {
  if (x.rank !== rank) {
    const axes = rank === 4 ? '[batch, height, width, channels]' : '[batch, length, channels]';
    throw new ShapeError(`${path}: expected x with ${rank} axes, such as ${axes}, got ${showShape(x.shape)}`);
  }
  const channels = x.shape[axis] / groups;
  if (Number.isInteger(channels)) return channels;
  throw new ShapeError(
    `${path}: groups must divide the ${x.shape[axis]} channels of x ${showShape(x.shape)}, got ${groups}`,
  );
}

function imageChannels(
  x: Tensor,
  { layout, groups }: { layout?: string; groups?: number },
  context: CallContext,
): number {
  return channelsOf(x, 4, layout === 'NCHW' ? 1 : 3, groups, context);
}
