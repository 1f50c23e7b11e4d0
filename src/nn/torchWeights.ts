import type { StoredTensor } from '../io/safetensors.ts';
import type { RecurrentCellName } from '../ops/gateOrder.ts';
import {
  type ForeignOptions,
  type ForeignRules,
  foreignParts,
  fromForeign,
  toForeign,
} from './foreignWeights.ts';
import type { Forward } from './model.ts';
import { recurrentRule } from './recurrentLayerWeights.ts';
import { recurrentToTorch, torchLayers } from './recurrentTorch.ts';

/** Layouts as in PyTorch's documentation of torch.nn. */
function rules(): ForeignRules {
  const bias = { bias: { name: 'bias' } };
  const affine = { variables: { scale: { name: 'weight' }, offset: { name: 'bias' } } };
  const running = { runningMean: { name: 'running_mean' }, runningVariance: { name: 'running_var' } };
  return {
    dense: { variables: { weight: { name: 'weight', axes: [1, 0] }, ...bias } }, // [out, in]
    conv1d: { variables: { weight: { name: 'weight', axes: [2, 1, 0] }, ...bias } }, // OIW
    conv2d: { variables: { weight: { name: 'weight', axes: [2, 3, 1, 0] }, ...bias } }, // OIHW
    conv2dTranspose: { variables: { weight: { name: 'weight', axes: [2, 3, 1, 0] }, ...bias } }, // IOHW
    depthwiseConv2d: {
      variables: {
        // [channels · multiplier, 1, height, width], a channel's filters side by side.
        weight: {
          name: 'weight',
          axes: [2, 3, 0, 1],
          storedShape: ([height, width, channels, multiplier]) => [channels * multiplier, 1, height, width],
        },
        ...bias,
      },
    },
    batchNorm: { variables: { ...affine.variables, ...running } },
    layerNorm: affine,
    rmsNorm: affine,
    groupNorm: affine,
    instanceNorm: affine,
    embedding: { variables: { weight: { name: 'weight' } } },
    prelu: { variables: { slope: { name: 'weight' } } },
    rnn: recurrent('rnn'),
    gru: recurrent('gru'),
    lstm: recurrent('lstm'),
  };
}

/** PyTorch always has two biases; where ours is one, it is their sum. */
const recurrent = (cell: RecurrentCellName) => ({
  layer: recurrentRule({
    to: (_, layers) => recurrentToTorch(layers),
    from: (tensors, hasTwoBiases) => torchLayers(cell, tensors, '', cell === 'gru' || hasTwoBiases),
  }),
});

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
