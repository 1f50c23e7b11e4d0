import type { Tensor } from '../graph/graph.ts';
import { embedding as embeddingOp } from '../ops/gather.ts';
import { uniform } from './initializers.ts';
import { type Layer, type LayerOptions, makeLeaf } from './layer.ts';
import { checkCount } from './options.ts';

/**
 * A learnt row of `features` numbers for each of `vocabulary` symbols: int32 or uint32 [batch, length] gives [batch, length, features].
 * Parameter: `weight` [vocabulary, features] (uniform within ±0.05).
 *
 * ```ts
 * const model = sequential([embedding(20_000, 128), lstm(64), dense(1)]);
 * ```
 *
 * @throws DTypeError where the input is not integer, when called. An index outside of the vocabulary takes its first or last row.
 */
export function embedding(vocabulary: number, features: number, options: LayerOptions<'weight'> = {}): Layer {
  checkCount('embedding', 'vocabulary', vocabulary);
  checkCount('embedding', 'features', features);
  return makeLeaf('embedding', options, (indices: Tensor, _, own) =>
    embeddingOp(own.parameter('weight', [vocabulary, features], uniform()), indices),
  );
}
