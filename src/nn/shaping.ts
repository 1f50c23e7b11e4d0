import { ShapeError } from '../core/errors.ts';
import { type Shape, showShape } from '../core/shape.ts';
import type { Tensor } from '../graph/graph.ts';
import { prelu as preluOp } from '../ops/activations.ts';
import { flatten as flattenOp, reshape as reshapeOp } from '../ops/reshape.ts';
import { transpose } from '../ops/transpose.ts';
import type { Activation } from './dense.ts';
import { type Layer, type LayerOptions, makeLayer, makeLeaf } from './layer.ts';

export interface FlattenOptions {
  name?: string;
  /**
   * Put the features of a channel side by side, as a network that keeps its images in NCHW does: [batch, height, width, channels] is first
   * made [batch, channels, height, width]. What a dense layer learnt in PyTorch fits then. Costs a transpose; default false.
   */
  channelsFirst?: boolean;
}

/** Joins all axes but the first: [batch, 5, 5, 16] gives [batch, 400]. */
export function flatten({ name, channelsFirst = false }: FlattenOptions = {}): Layer {
  return makeLeaf('flatten', { name }, (x: Tensor) => {
    if (!channelsFirst || x.rank < 3) return flattenOp(x);
    const between = x.shape.map((_, axis) => axis).slice(1, -1);
    return flattenOp(transpose(x, [0, x.rank - 1, ...between]));
  });
}

/**
 * The same elements of each sample under another shape, which leaves the batch out: `reshape([28, 28, 1])` makes [batch, 28, 28, 1] of
 * [batch, 784]. One length may be -1: it is worked out.
 *
 * @throws ShapeError where the numbers of elements differ, when called.
 */
export function reshape(shape: Shape, options: { name?: string } = {}): Layer {
  return makeLeaf('reshape', options, (x: Tensor) => reshapeOp(x, [x.shape[0], ...shape]));
}

/** An op as a layer, so that `summary` shows it under a name: `activation(relu)`. In `sequential` an op also stands for itself. */
export function activation(op: Activation, options: { name?: string } = {}): Layer {
  return makeLeaf('activation', options, (x: Tensor) => op(x));
}

/**
 * x where x ≥ 0, slope x elsewhere, with a slope that is learnt for each channel, the last axis (He, Zhang, Ren, Sun: "Delving Deep into
 * Rectifiers", ICCV 2015). Parameter: `slope` [channels] (0.25, as in PyTorch).
 */
export function prelu(options: LayerOptions<'slope'> = {}): Layer {
  return makeLeaf('prelu', options, (x: Tensor, { path }, own) => {
    const channels = x.shape.at(-1);
    if (channels === undefined)
      throw new ShapeError(`${path}: expected x [..., channels], got ${showShape(x.shape)}`);
    return preluOp(x, own.parameter('slope', [channels], 0.25));
  });
}

/**
 * Applies a layer to every step of a sequence with the same weights: [batch, steps, ...] is [batch · steps, ...] to it. `dense` and
 * `embedding` need no such help.
 *
 * ```ts
 * const features = timeDistributed(sequential([conv2d(8, 3), flatten()])); // [batch, steps, height, width, channels]
 * ```
 *
 * @throws ShapeError where x has less than three axes, when called.
 */
export function timeDistributed(layer: Layer, options: { name?: string } = {}): Layer {
  return makeLayer('timeDistributed', options, (x: Tensor, context) => {
    if (x.rank < 3) {
      throw new ShapeError(`${context.path}: expected x [batch, steps, ...], got ${showShape(x.shape)}`);
    }
    const [batch, steps, ...rest] = x.shape;
    const y = layer.call(reshapeOp(x, [batch * steps, ...rest]), context);
    if (y.shape[0] !== batch * steps) {
      throw new ShapeError(
        `${context.path}: the layer "${layer.name}" must keep the first axis of ${showShape([batch * steps, ...rest])}, it gave ${showShape(y.shape)}`,
      );
    }
    return reshapeOp(y, [batch, steps, ...y.shape.slice(1)]);
  });
}
