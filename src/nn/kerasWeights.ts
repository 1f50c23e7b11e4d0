import { GraphError } from '../core/errors.ts';
import type { StoredTensor } from '../io/safetensors.ts';
import type { RecurrentCellName } from '../ops/gateOrder.ts';
import {
  type ForeignLayer,
  type ForeignOptions,
  type ForeignRules,
  foreignParts,
  fromForeign,
  toForeign,
} from './foreignWeights.ts';
import type { Forward } from './model.ts';
import { recurrentFromKeras, recurrentToKeras } from './recurrentKeras.ts';
import { recurrentRule } from './recurrentLayerWeights.ts';

/** Keras has our layouts (HWIO, [in, out]) under other names: those of the variables' paths in Keras 3. */
function rules(): ForeignRules {
  const kernel = { variables: { weight: { name: 'kernel' }, bias: { name: 'bias' } } };
  const affine = { variables: { scale: { name: 'gamma' }, offset: { name: 'beta' } } };
  const moving = { runningMean: { name: 'moving_mean' }, runningVariance: { name: 'moving_variance' } };
  return {
    dense: kernel,
    conv1d: kernel,
    conv2d: kernel,
    conv2dTranspose: kernel,
    depthwiseConv2d: kernel,
    separableConv2d: {
      variables: {
        depthwiseWeight: { name: 'depthwise_kernel' },
        pointwiseWeight: { name: 'pointwise_kernel' },
        bias: { name: 'bias' },
      },
    },
    batchNorm: { variables: { ...affine.variables, ...moving } },
    layerNorm: affine,
    groupNorm: affine,
    embedding: { variables: { weight: { name: 'embeddings' } } },
    prelu: { variables: { slope: { name: 'alpha' } } },
    rnn: recurrent('rnn', 'simple_rnn'),
    lstm: recurrent('lstm', 'lstm'),
    gru: recurrent('gru', 'gru'),
  };
}

/** Variables of the layer's cell, or of the two cells in a `Bidirectional`. */
function recurrent(cell: RecurrentCellName, layer: string): { layer: ForeignLayer } {
  const own = ['kernel', 'recurrent_kernel', 'bias'].map((name) => `${layer}_cell/${name}`);
  const both = ['forward', 'backward'].map((way) => own.map((name) => `${way}_${layer}/${name}`));
  return {
    layer: recurrentRule({
      to(what, layers) {
        if (layers.length > 1)
          throw new GraphError(`${what} is a stack of ${layers.length}: for Keras, make a layer of each`);
        const [values] = layers;
        const arrays = recurrentToKeras(cell, values, { resetAfter: values.recurrentBias !== undefined });
        const directions = values.weight.shape.length === 3 ? both : [own];
        const names = directions.flatMap((each) => each.slice(0, arrays.length / directions.length));
        return Object.fromEntries(arrays.map((array, i) => [names[i], array]));
      },
      from(tensors) {
        const names = [...own, ...both.flat()].filter((name) => Object.hasOwn(tensors, name));
        return [
          recurrentFromKeras(
            cell,
            names.map((name) => tensors[name]),
          ),
        ];
      },
    }),
  };
}

/**
 * The weights of a Keras model, by the paths of its variables (`dense_1/kernel`, from `{ v.path: v.numpy() }` in safetensors), under the
 * names of this model's variables. Keras numbers layers from `dense_1` on, this library from `dense2`: give names, or `rename`.
 *
 * ```ts
 * const ours = fromKeras(forward(network, x), tensors, { rename: { dense2: 'dense_1' } });
 * ```
 *
 * @throws as `fromTorch` does.
 */
export function fromKeras(
  made: Pick<Forward, 'calls'>,
  tensors: Readonly<Record<string, StoredTensor>>,
  options: ForeignOptions = {},
): Record<string, StoredTensor> {
  const parts = foreignParts('fromKeras', made.calls, rules(), '/', options);
  return fromForeign('fromKeras', parts, tensors, { partial: options.partial, ignored: () => false });
}

/** The way back: values by the names of this model's variables, under the names of Keras; throws as `toTorch` does. */
export function toKeras(
  made: Pick<Forward, 'calls'>,
  tensors: Readonly<Record<string, StoredTensor>>,
  options: Omit<ForeignOptions, 'partial'> = {},
): Record<string, StoredTensor> {
  return toForeign('toKeras', foreignParts('toKeras', made.calls, rules(), '/', options), tensors);
}
