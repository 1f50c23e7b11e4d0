import { ShapeError } from '../core/errors.ts';
import { hashText } from '../core/random.ts';
import { showShape } from '../core/shape.ts';
import type { Tensor } from '../graph/graph.ts';
import { mul } from '../ops/arithmetic.ts';
import { dropout as dropoutOp } from '../ops/dropout.ts';
import { expand } from '../ops/sum.ts';
import { type CallContext, type Layer, makeLeaf } from './layer.ts';

/**
 * Dropout: in training, elements become 0 with probability `rate` and the others are divided by 1 - rate; otherwise nothing happens.
 *
 * The mask depends on the graph's seed, the layer's path, the number of the call of this layer within one call of the model,
 * `graph.step` and the place of the element: a training that is interrupted and resumed draws the same masks.
 *
 * @throws ShapeError where `rate` is not at least 0 and less than 1.
 */
export function dropout(rate: number, options: { name?: string } = {}): Layer {
  checkRate('dropout', rate);
  return makeLeaf('dropout', options, (x: Tensor, context) =>
    dropoutOp(x, { rate, training: context.training, stream: streamOf(context) }),
  );
}

/**
 * Spatial dropout: as `dropout`, but drops whole channels: [batch, …, channels] (Tompson et al.: "Efficient Object Localization Using
 * Convolutional Networks", CVPR 2015).
 *
 * @param options.axis the axis of the channels; default -1.
 * @throws ShapeError where `rate` is not at least 0 and less than 1; where x has less than three axes, when called.
 */
export function spatialDropout(rate: number, options: { name?: string; axis?: number } = {}): Layer {
  checkRate('spatialDropout', rate);
  return makeLeaf('spatialDropout', { name: options.name }, (x: Tensor, context) => {
    if (x.rank < 3) {
      throw new ShapeError(
        `${context.path}: expected x [batch, …, channels] of at least 3 axes, got ${showShape(x.shape)}`,
      );
    }
    if (!context.training || rate === 0) return x;
    const axis = options.axis === undefined ? x.rank - 1 : (options.axis + x.rank) % x.rank;
    const shape = x.shape.map((length, i) => (i === 0 || i === axis ? length : 1));
    const ones = expand(context.graph.constant(1, [], x.dtype), shape);
    return mul(x, dropoutOp(ones, { rate, stream: streamOf(context) }));
  });
}

/** The next stream of the layer that is being called. Set apart from the small numbers that ops take on their own. */
function streamOf({ path, streams }: CallContext): number {
  const taken = streams.get(path) ?? 0;
  streams.set(path, taken + 1);
  return (hashText(taken === 0 ? path : `${path} ${taken}`) | 0x8000_0000) >>> 0;
}

function checkRate(layer: string, rate: number): void {
  if (rate >= 0 && rate < 1) return;
  throw new ShapeError(`${layer}: rate must be at least 0 and less than 1, got ${String(rate)}`);
}
