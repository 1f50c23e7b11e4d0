import { GraphError } from '../core/errors.ts';
import type { Shape } from '../core/shape.ts';
import type { Graph, Initializer, Tensor } from '../graph/graph.ts';
import { gateOrder, peepholeOrder, type RecurrentCellName } from '../ops/gateOrder.ts';
import type { LstmWeights } from '../ops/lstm.ts';
import type { RecurrentWeights } from '../ops/recurrent.ts';
import { glorotUniform, type InitializerFunction } from './initializers.ts';
import type { DrawFunction } from './layer.ts';
import { orthogonal } from './orthogonal.ts';
import type { Float32Tensor } from './plainTensor.ts';
import type { RecurrentValues } from './recurrentWeights.ts';

export interface RecurrentVariablesOptions {
  /** Features of a step of the sequence. */
  inputSize: number;
  hiddenSize: number;
  /** Default 1. */
  layers?: number;
  /** Weights for both directions; default false. */
  bidirectional?: boolean;
  /** Default true. */
  bias?: boolean;
  /** Of the weights of the input, for [I, G * H]; default `glorotUniform()`, as in Keras. */
  initializer?: InitializerFunction;
  /** Of the weights of the hidden state, for [H, G * H]; default `orthogonal()`, as in Keras. */
  recurrentInitializer?: InitializerFunction;
}

export interface LstmVariablesOptions extends RecurrentVariablesOptions {
  /** Whether the cell state goes to the gates, too; default false. */
  peepholes?: boolean;
  /** Size of a projected hidden state; default none. */
  projectionSize?: number;
  /**
   * Whether the forget gate's bias starts at 1 instead of 0 (Jozefowicz, Zaremba, Sutskever, "An Empirical Exploration of Recurrent Network
   * Architectures", 2015; Keras' `unit_forget_bias`); default true.
   */
  unitForgetBias?: boolean;
}

export interface GruVariablesOptions extends RecurrentVariablesOptions {
  /** As in `gru`: with it U h has a bias of its own; default true. */
  resetAfter?: boolean;
}

/** The shape for one direction, and how it begins. */
interface Beginning {
  readonly shape: Shape;
  readonly initializer: Initializer;
}

/** What the weights of one layer are made of: the functions here and the layers in recurrent.ts agree on it. */
interface LayerWeights
  extends Pick<RecurrentVariablesOptions, 'bias' | 'initializer' | 'recurrentInitializer'> {
  readonly hiddenSize: number;
  readonly recurrentBias?: boolean;
  readonly peepholes?: boolean;
  readonly projectionSize?: number;
  readonly unitForgetBias?: boolean;
}

/**
 * Variables for a stack of `rnn` layers: `name/layer0/weight`, `name/layer0/recurrentWeight` and `name/layer0/bias`, and so on.
 *
 * ```ts
 * const weights = rnnVariables(graph, 'rnn', { inputSize: 8, hiddenSize: 32 });
 * const { output } = rnn(x, weights);
 * ```
 *
 * @throws GraphError where a size is no whole number of at least 1.
 */
export function rnnVariables(
  graph: Graph,
  name: string,
  options: RecurrentVariablesOptions,
): RecurrentWeights[] {
  return stack(graph, name, 'rnn', options, options);
}

/** Variables for a stack of `gru` layers, named as those of `rnnVariables`; with `resetAfter` there is a `recurrentBias`, too. */
export function gruVariables(graph: Graph, name: string, options: GruVariablesOptions): RecurrentWeights[] {
  const { bias = true, resetAfter = true } = options;
  return stack(graph, name, 'gru', options, { ...options, recurrentBias: bias && resetAfter });
}

/**
 * Variables for a stack of `lstm` layers, named as those of `rnnVariables`; `peepholeWeight` and `projectionWeight` where asked for. The
 * forget gate's bias starts at 1.
 *
 * ```ts
 * const weights = lstmVariables(graph, 'tagger', { inputSize: 16, hiddenSize: 32, layers: 2, bidirectional: true });
 * const { output } = lstm(x, weights, { direction: 'bidirectional' });
 * ```
 */
export function lstmVariables(graph: Graph, name: string, options: LstmVariablesOptions): LstmWeights[] {
  return stack(graph, name, 'lstm', options, options);
}

/**
 * Variables that begin with weights of another framework: `layers` is what `recurrentFromTorch` gives, or a list of what
 * `recurrentFromKeras`, `recurrentFromOnnx` and `recurrentFromWebnn` give. Named as those of `rnnVariables`.
 */
export function recurrentVariables(
  graph: Graph,
  name: string,
  layers: readonly RecurrentValues[],
): LstmWeights[] {
  return layers.map((values, layer) => {
    const variable = (own: string, { shape, data }: Float32Tensor) =>
      graph.variable(`${name}/layer${layer}/${own}`, shape, { initializer: data });
    const { weight, recurrentWeight, ...rest } = values;
    const optional = Object.entries(rest).map(([own, tensor]) => [own, variable(own, tensor)]);
    return {
      weight: variable('weight', weight),
      recurrentWeight: variable('recurrentWeight', recurrentWeight),
      ...Object.fromEntries(optional),
    };
  });
}

/** Makes the variables of one layer, for one direction each, by `make`. */
export function makeWeights(
  cell: RecurrentCellName,
  inputSize: number,
  options: LayerWeights,
  make: (name: keyof LstmWeights, beginning: Beginning) => Tensor,
): LstmWeights {
  const { hiddenSize, projectionSize, bias = true, recurrentBias, peepholes } = options;
  const { initializer = glorotUniform(), recurrentInitializer = orthogonal() } = options;
  const columns = gateOrder[cell].length * hiddenSize;
  const biasStart = cell === 'lstm' && (options.unitForgetBias ?? true) ? onesToForget : 0;
  return {
    weight: make('weight', { shape: [inputSize, columns], initializer }),
    recurrentWeight: make('recurrentWeight', {
      shape: [projectionSize ?? hiddenSize, columns],
      initializer: recurrentInitializer,
    }),
    ...(bias && { bias: make('bias', { shape: [columns], initializer: biasStart }) }),
    ...(recurrentBias && { recurrentBias: make('recurrentBias', { shape: [columns], initializer: 0 }) }),
    ...(peepholes && {
      peepholeWeight: make('peepholeWeight', {
        shape: [peepholeOrder.length * hiddenSize],
        initializer: 0,
      }),
    }),
    ...(projectionSize && {
      projectionWeight: make('projectionWeight', { shape: [hiddenSize, projectionSize], initializer }),
    }),
  };
}

/** 1 for the forget gate, so that gradients flow through time from the start. */
const onesToForget: DrawFunction = ([columns]) => {
  const hiddenSize = columns / gateOrder.lstm.length;
  const forget = gateOrder.lstm.indexOf('f');
  return new Float32Array(columns).fill(1, forget * hiddenSize, (forget + 1) * hiddenSize);
};

/** Draws each direction on its own: the axis of directions is no part of a matrix. */
export function eachDirection(draw: DrawFunction): DrawFunction {
  return (shape, random) =>
    Array.from({ length: shape[0] }, () => Array.from(draw(shape.slice(1), random))).flat();
}

function stack(
  graph: Graph,
  name: string,
  cell: RecurrentCellName,
  { inputSize, hiddenSize, layers = 1, bidirectional = false }: RecurrentVariablesOptions,
  options: LayerWeights,
): LstmWeights[] {
  const outputSize = options.projectionSize ?? hiddenSize;
  const sizes = { inputSize, hiddenSize, layers, projectionSize: outputSize };
  for (const [option, value] of Object.entries(sizes)) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw new GraphError(`${graph.path(name)}: ${option} must be a whole number of at least 1, got ${value}`);
  }
  const directions = bidirectional ? 2 : 1;
  return Array.from({ length: layers }, (_, i) =>
    makeWeights(
      cell,
      i === 0 ? inputSize : directions * outputSize,
      options,
      (own, { shape, initializer }) => {
        const drawn = bidirectional && typeof initializer === 'function';
        return graph.variable(`${name}/layer${i}/${own}`, bidirectional ? [2, ...shape] : shape, {
          initializer: drawn ? eachDirection(initializer) : initializer,
        });
      },
    ),
  );
}
