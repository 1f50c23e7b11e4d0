import type { StoredTensor } from '../io/safetensors.ts';
import {
  type ForeignOptions,
  type ForeignRule,
  type ForeignRules,
  foreignParts,
  fromForeign,
  toForeign,
} from './foreignWeights.ts';
import type { Forward } from './model.ts';

/** Keras has our layouts (HWIO, [in, out]) under other names: those of the variables' paths in Keras 3. */
function rules(): ForeignRules {
  const kernel = { weight: { name: 'kernel' }, bias: { name: 'bias' } };
  const affine = { scale: { name: 'gamma' }, offset: { name: 'beta' } };
  return {
    dense: kernel,
    conv1d: kernel,
    conv2d: kernel,
    conv2dTranspose: kernel,
    depthwiseConv2d: kernel,
    separableConv2d: {
      depthwiseWeight: { name: 'depthwise_kernel' },
      pointwiseWeight: { name: 'pointwise_kernel' },
      bias: { name: 'bias' },
    },
    batchNorm: {
      ...affine,
      runningMean: { name: 'moving_mean' },
      runningVariance: { name: 'moving_variance' },
    },
    layerNorm: affine,
    groupNorm: affine,
    embedding: { weight: { name: 'embeddings' } },
    prelu: { slope: { name: 'alpha' } },
    rnn: recurrentRules('simple_rnn'),
    lstm: recurrentRules('lstm'),
    // Gates z, r, h, and one tensor for both biases.
    gru: recurrentRules('gru', { gates: [1, 0, 2] }, { row: [0, 2] }, { row: [1, 2] }),
  };
}

/** Variables of the layer's cell, or of the two cells in a `Bidirectional`. */
function recurrentRules(
  layer: string,
  all: Partial<ForeignRule> = {},
  bias: Partial<ForeignRule> = {},
  recurrentBias: Partial<ForeignRule> = {},
): Readonly<Record<string, ForeignRule>> {
  const rule = (name: string, axes: readonly number[], more: Partial<ForeignRule> = {}): ForeignRule => {
    const path = `${layer}_cell/${name}`;
    return {
      name: path,
      axes,
      directions: [`forward_${layer}/${path}`, `backward_${layer}/${path}`],
      ...all,
      ...more,
    };
  };
  return {
    weight: rule('kernel', [0, 1]),
    recurrentWeight: rule('recurrent_kernel', [0, 1]),
    bias: rule('bias', [0], bias),
    ...(recurrentBias.row && { recurrentBias: rule('bias', [0], recurrentBias) }),
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
