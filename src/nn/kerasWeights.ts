import type { StoredTensor } from '../io/safetensors.ts';
import {
  type ForeignOptions,
  type ForeignRules,
  foreignVariables,
  fromForeign,
  toForeign,
} from './foreignWeights.ts';
import type { Forward } from './model.ts';

const kernel = { weight: { name: 'kernel' }, bias: { name: 'bias' } };
const affine = { scale: { name: 'gamma' }, offset: { name: 'beta' } };

/** Keras has our layouts (HWIO, [in, out]) under other names: those of the variables' paths in Keras 3. */
const rules: ForeignRules = {
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
};

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
  const variables = foreignVariables('fromKeras', made.calls, rules, '/', options);
  return fromForeign('fromKeras', variables, tensors, { partial: options.partial, ignored: () => false });
}

/** The way back: values by the names of this model's variables, under the names of Keras; throws as `toTorch` does. */
export function toKeras(
  made: Pick<Forward, 'calls'>,
  tensors: Readonly<Record<string, StoredTensor>>,
  options: Omit<ForeignOptions, 'partial'> = {},
): Record<string, StoredTensor> {
  return toForeign('toKeras', foreignVariables('toKeras', made.calls, rules, '/', options), tensors);
}
