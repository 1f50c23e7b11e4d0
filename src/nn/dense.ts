import { ShapeError } from '../core/errors.ts';
import { showShape } from '../core/shape.ts';
import type { Tensor } from '../graph/graph.ts';
import { linear } from '../ops/matmul.ts';
import { glorotUniform } from './initializers.ts';
import { type Layer, type LayerOptions, makeLeaf } from './layer.ts';
import { checkCount } from './options.ts';

/** An elementwise op, or anything else that makes a tensor of a tensor: `relu`, `(x) => softmax(x, { axis: 1 })`. */
export type Activation = (x: Tensor) => Tensor;

export interface DenseOptions extends LayerOptions<'weight' | 'bias'> {
  /** Applied to the result; default none. It runs inside the same kernel. */
  activation?: Activation;
  /** Whether there is a bias; default true. */
  bias?: boolean;
}

/**
 * A fully connected layer: activation(x W + b). [..., features] gives [..., units]. Parameters: `weight` [features, units] (Glorot's
 * uniform), `bias` [units] (0).
 *
 * ```ts
 * const classifier = sequential([dense(128, { activation: relu }), dense(10)]);
 * ```
 *
 * @throws ShapeError for units that are no whole number above 0, and when called with a scalar.
 */
export function dense(units: number, options: DenseOptions = {}): Layer {
  checkCount('dense', 'units', units);
  return makeLeaf('dense', options, (x: Tensor, context, own) => {
    const features = x.shape.at(-1);
    if (features === undefined) {
      throw new ShapeError(`${context.path}: expected x [..., features], got ${showShape(x.shape)}`);
    }
    const weight = own.parameter('weight', [features, units], glorotUniform());
    const y = linear(x, weight, (options.bias ?? true) ? own.parameter('bias', [units], 0) : undefined);
    return options.activation?.(y) ?? y;
  });
}
