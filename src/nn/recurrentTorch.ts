import { FormatError } from '../core/errors.ts';
import { gateOrder, gatesText, type RecurrentCellName } from '../ops/gateOrder.ts';
import {
  checkPlain,
  type Float32Tensor,
  float32Tensor,
  type PlainTensor,
  transposed,
  zerosLike,
} from './plainTensor.ts';
import {
  checkRank,
  directionsOf,
  joinBiases,
  joinDirections,
  type RecurrentValues,
  refuse,
} from './recurrentWeights.ts';

export interface TorchRecurrentOptions {
  /** What stands before `weight_ih_l0`, such as 'encoder.lstm.'; default ''. */
  prefix?: string;
}

/**
 * The layers of a PyTorch `nn.RNN`, `nn.LSTM` or `nn.GRU`, or of one of their cells, from its `state_dict`: `weight_ih_l{k}[_reverse]` [G * H, I],
 * `weight_hh_l{k}` [G * H, H or R], `bias_ih_l{k}` and `bias_hh_l{k}` [G * H], `weight_hr_l{k}` [R, H]. How many layers and directions there
 * are is seen from the names. The two biases become one, but for a gru.
 *
 * ```ts
 * const layers = recurrentFromTorch('lstm', decodeSafetensors(bytes).tensors, { prefix: 'lstm.' });
 * const { output } = lstm(x, recurrentVariables(graph, 'lstm', layers));
 * ```
 *
 * @throws FormatError where a name is missing; ShapeError where a shape does not fit.
 */
export function recurrentFromTorch(
  cell: RecurrentCellName,
  tensors: Readonly<Record<string, PlainTensor>>,
  { prefix = '' }: TorchRecurrentOptions = {},
): RecurrentValues[] {
  return torchLayers(cell, tensors, prefix, cell === 'gru');
}

/** @param areApart whether the two biases stay two. */
export function torchLayers(
  cell: RecurrentCellName,
  tensors: Readonly<Record<string, PlainTensor>>,
  prefix: string,
  areApart: boolean,
): RecurrentValues[] {
  const has = (name: string) => Object.hasOwn(tensors, prefix + name);
  const suffixes: string[][] = has('weight_ih') ? [['']] : [];
  for (let layer = 0; has(`weight_ih_l${layer}`); layer++) {
    const suffix = `_l${layer}`;
    suffixes.push(has(`weight_ih${suffix}_reverse`) ? [suffix, `${suffix}_reverse`] : [suffix]);
  }
  if (suffixes.length === 0) {
    throw new FormatError(
      `recurrentFromTorch: there is no ${prefix}weight_ih_l0; names: ${Object.keys(tensors).join(', ') || 'none'}`,
    );
  }
  return suffixes.map((directions) =>
    joinDirections(
      directions.map((suffix) => joinBiases(torchDirection(cell, tensors, prefix, suffix), areApart)),
    ),
  );
}

function torchDirection(
  cell: RecurrentCellName,
  tensors: Readonly<Record<string, PlainTensor>>,
  prefix: string,
  suffix: string,
): RecurrentValues {
  const order = gateOrder[cell];
  const meaning = gatesText(cell, order);
  const nameOf = (name: string) => `recurrentFromTorch: ${prefix}${name}${suffix}`;
  const optional = (name: string): PlainTensor | undefined => {
    const key = `${prefix}${name}${suffix}`;
    return Object.hasOwn(tensors, key) ? tensors[key] : undefined;
  };
  const matrix = (name: string) => {
    const tensor = optional(name);
    if (!tensor) throw new FormatError(`${nameOf(name)} is missing`);
    checkRank(nameOf(name), tensor, 2, `[${order.length} * hiddenSize, size] (${meaning})`);
    return tensor;
  };
  const [weight, recurrent, projection] = [matrix('weight_ih'), matrix('weight_hh'), optional('weight_hr')];
  if (projection) checkRank(nameOf('weight_hr'), projection, 2, '[projectionSize, hiddenSize]');
  const state = projection ? projection.shape[0] : recurrent.shape[1];
  const rows = order.length * (projection ? projection.shape[1] : state);
  checkPlain(nameOf('weight_hh'), recurrent, [rows, state], meaning);
  checkPlain(nameOf('weight_ih'), weight, [rows, weight.shape[1]], meaning);
  const vector = (name: string) => {
    const tensor = optional(name);
    if (tensor) checkPlain(nameOf(name), tensor, [rows], meaning);
    return tensor && float32Tensor(tensor.shape, tensor.data);
  };
  const [bias, recurrentBias] = [vector('bias_ih'), vector('bias_hh')];
  return {
    weight: transposed(weight),
    recurrentWeight: transposed(recurrent),
    ...(bias && { bias }),
    ...(recurrentBias && { recurrentBias }),
    ...(projection && { projectionWeight: transposed(projection) }),
  };
}

/**
 * A `state_dict` for PyTorch's `nn.RNN`, `nn.LSTM` or `nn.GRU`: what `recurrentFromTorch` reads. Where there is one bias, `bias_hh` is 0.
 *
 * @throws GraphError for peepholes, which PyTorch does not have.
 */
export function recurrentToTorch(
  layers: readonly RecurrentValues[],
  { prefix = '' }: TorchRecurrentOptions = {},
): Record<string, Float32Tensor> {
  const tensors: Record<string, Float32Tensor> = {};
  layers.forEach((values, layer) => {
    refuse('recurrentToTorch', values, 'peepholeWeight');
    directionsOf(values).forEach((own, d) => {
      const put = (name: string, tensor: Float32Tensor) => {
        tensors[`${prefix}${name}_l${layer}${d === 0 ? '' : '_reverse'}`] = tensor;
      };
      put('weight_ih', transposed(own.weight));
      put('weight_hh', transposed(own.recurrentWeight));
      const bias = own.bias ?? own.recurrentBias;
      if (bias) {
        put('bias_ih', own.bias ?? zerosLike(bias));
        put('bias_hh', own.recurrentBias ?? zerosLike(bias));
      }
      if (own.projectionWeight) put('weight_hr', transposed(own.projectionWeight));
    });
  });
  return tensors;
}
