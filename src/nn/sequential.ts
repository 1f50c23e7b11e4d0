import { GraphError } from '../core/errors.ts';
import type { Tensor } from '../graph/graph.ts';
import { type Layer, type LayerOptions, makeLayer } from './layer.ts';

/**
 * Layers one after the other. Ops that take a tensor stand for themselves.
 *
 * ```ts
 * const network = sequential([dense(16), tanh, dense(3)], { name: 'network' }); // network/dense/weight, …, network/dense2/bias
 * ```
 *
 * @throws GraphError where there is no layer, or an element is neither a layer nor a function.
 */
export function sequential(
  layers: readonly (Layer | ((x: Tensor) => Tensor))[],
  options: Omit<LayerOptions, 'initializers' | 'regularizers'> = {},
): Layer {
  if (layers.length === 0) throw new GraphError('sequential: expected at least one layer');
  layers.forEach((layer, i) => {
    if (typeof layer === 'function' || typeof layer?.call === 'function') return;
    throw new GraphError(
      `sequential: element ${i} must be a layer or a function of a tensor, got ${String(layer)}`,
    );
  });
  return makeLayer('sequential', options, (x: Tensor, context) =>
    layers.reduce((y, layer) => (typeof layer === 'function' ? layer(y) : layer.call(y, context)), x),
  );
}
