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

/** Layouts as in PyTorch's documentation of torch.nn. */
function rules(): ForeignRules {
  const bias = { bias: { name: 'bias' } };
  const affine = { scale: { name: 'weight' }, offset: { name: 'bias' } };
  return {
    dense: { weight: { name: 'weight', axes: [1, 0] }, ...bias }, // [out, in]
    conv1d: { weight: { name: 'weight', axes: [2, 1, 0] }, ...bias }, // OIW
    conv2d: { weight: { name: 'weight', axes: [2, 3, 1, 0] }, ...bias }, // OIHW
    conv2dTranspose: { weight: { name: 'weight', axes: [2, 3, 1, 0] }, ...bias }, // IOHW
    depthwiseConv2d: {
      // [channels · multiplier, 1, height, width], a channel's filters side by side.
      weight: {
        name: 'weight',
        axes: [2, 3, 0, 1],
        storedShape: ([height, width, channels, multiplier]) => [channels * multiplier, 1, height, width],
      },
      ...bias,
    },
    batchNorm: { ...affine, runningMean: { name: 'running_mean' }, runningVariance: { name: 'running_var' } },
    layerNorm: affine,
    rmsNorm: affine,
    groupNorm: affine,
    instanceNorm: affine,
    embedding: { weight: { name: 'weight' } },
    prelu: { slope: { name: 'weight' } },
    rnn: recurrentRule,
    gru: recurrentRule,
    lstm: recurrentRule,
  };
}

/** `weight_ih_l0`, [gates · hidden, in], with `_reverse` for the other direction. The gates have our order. */
function recurrentRule(own: string): ForeignRule | undefined {
  const [, stem, number] = /^([a-zA-Z]+?)(\d*)$/.exec(own) ?? [];
  const names: Readonly<Record<string, string>> = {
    weight: 'weight_ih',
    recurrentWeight: 'weight_hh',
    bias: 'bias_ih',
    recurrentBias: 'bias_hh',
    projectionWeight: 'weight_hr',
  };
  if (!names[stem]) return undefined;
  const name = `${names[stem]}_l${Number(number || 1) - 1}`;
  const axes = stem.endsWith('eight') ? [1, 0] : [0];
  return { name, axes, directions: [name, `${name}_reverse`] };
}

/** How many batches a batch norm has seen: nothing here depends on it. */
const ignored = (name: string) => name.endsWith('num_batches_tracked');

/**
 * The tensors of a PyTorch `state_dict` (from safetensors) under the names of this model's variables and in their layout: [out, in]
 * becomes [in, out], OIHW becomes HWIO. A layer at `network/block/conv` is looked for as `block.conv`. A dense layer behind `flatten` of
 * an image needs `flatten({ channelsFirst: true })`.
 *
 * ```ts
 * const made = forward(network, graph.input('x', [1, 28, 28, 1]));
 * const { tensors } = decodeSafetensors(bytes);
 * const ours = fromTorch(made, tensors, { rename: { conv2d: 'features.0', dense: 'classifier' } });
 * for (const variable of made.variables) device.write(variable, ours[variable.name].data);
 * ```
 *
 * @param made what `forward` gave for the model.
 * @throws FormatError with all names that are missing or left over, ShapeError with both shapes, GraphError for a layer of a kind that
 * PyTorch has none of.
 */
export function fromTorch(
  made: Pick<Forward, 'calls'>,
  tensors: Readonly<Record<string, StoredTensor>>,
  options: ForeignOptions = {},
): Record<string, StoredTensor> {
  const parts = foreignParts('fromTorch', made.calls, rules(), '.', options);
  return fromForeign('fromTorch', parts, tensors, { partial: options.partial, ignored });
}

/**
 * The way back: values by the names of this model's variables, as PyTorch's `load_state_dict` takes them.
 *
 * @throws FormatError where a variable has no value, ShapeError where its value has another shape, GraphError as `fromTorch`.
 */
export function toTorch(
  made: Pick<Forward, 'calls'>,
  tensors: Readonly<Record<string, StoredTensor>>,
  options: Omit<ForeignOptions, 'partial'> = {},
): Record<string, StoredTensor> {
  return toForeign('toTorch', foreignParts('toTorch', made.calls, rules(), '.', options), tensors);
}
