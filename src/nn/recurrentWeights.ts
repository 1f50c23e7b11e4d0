import { GraphError, ShapeError } from '../core/errors.ts';
import { showShape } from '../core/shape.ts';
import type { LstmWeights } from '../ops/lstm.ts';
import { added, type Float32Tensor, type PlainTensor, stacked, unstacked, zerosLike } from './plainTensor.ts';

// What the converters of recurrent weights have in common: recurrentTorch.ts, recurrentKeras.ts, recurrentOnnx.ts. D directions, G gates,
// I the input size, H the hidden size, R that of a projected state.

/**
 * The weights of one layer of `rnn`, `lstm` or `gru`, outside of a graph: shapes and order of gates are those of `RecurrentWeights`, with a
 * leading axis of 2 where there are two directions. `recurrentVariables` puts them into a graph.
 */
export type RecurrentValues = { readonly [Name in keyof LstmWeights]: Float32Tensor };

/** Two biases that are added up anyway become one. They stay apart where the second goes through the reset gate. */
export function joinBiases({ recurrentBias, ...rest }: RecurrentValues, areApart: boolean): RecurrentValues {
  if (!recurrentBias) return rest;
  if (areApart) return { ...rest, recurrentBias };
  return { ...rest, bias: rest.bias ? added(rest.bias, recurrentBias) : recurrentBias };
}

/** One set of weights for each direction, without the axis of directions. */
export function directionsOf(values: RecurrentValues): RecurrentValues[] {
  if (values.weight.shape.length === 2) return [values];
  return Array.from({ length: values.weight.shape[0] }, (_, d) =>
    mapTensors(values, (tensor) => unstacked(tensor)[d]),
  );
}

export function joinDirections(directions: readonly RecurrentValues[]): RecurrentValues {
  const [first, second] = directions;
  if (!second) return first;
  return mapTensors(first, (tensor, name) => stacked([tensor, second[name] ?? zerosLike(tensor)]));
}

function mapTensors(
  values: RecurrentValues,
  change: (tensor: Float32Tensor, name: keyof RecurrentValues) => Float32Tensor,
): RecurrentValues {
  const { weight, recurrentWeight } = values;
  const optional = (name: 'bias' | 'recurrentBias' | 'peepholeWeight' | 'projectionWeight') => {
    const tensor = values[name];
    return tensor && { [name]: change(tensor, name) };
  };
  return {
    weight: change(weight, 'weight'),
    recurrentWeight: change(recurrentWeight, 'recurrentWeight'),
    ...optional('bias'),
    ...optional('recurrentBias'),
    ...optional('peepholeWeight'),
    ...optional('projectionWeight'),
  };
}

/** The first `rank` axes must be there; checkPlain looks at their lengths. */
export function checkRank(what: string, tensor: PlainTensor, rank: number, expected: string): void {
  if (tensor.shape.length === rank) return;
  throw new ShapeError(`${what} must be ${expected}, got ${showShape(tensor.shape)}`);
}

export function refuse(what: string, values: RecurrentValues, ...names: (keyof RecurrentValues)[]): void {
  const found = names.filter((name) => values[name]);
  if (found.length > 0) throw new GraphError(`${what}: there is no ${found.join(' and no ')} there`);
}
