import { GraphError } from '../core/errors.ts';
import type { RandomStream } from '../core/random.ts';
import type { Shape } from '../core/shape.ts';
import type { Graph, Initializer } from '../graph/graph.ts';
import type { LstmWeights } from '../ops/lstm.ts';
import type { RecurrentWeights } from '../ops/recurrent.ts';
import { glorotUniform, type InitializerFunction } from './initializers.ts';
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

type Layer = { readonly [Name in keyof LstmWeights]: Beginning };

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
  return stack(graph, name, options, options.hiddenSize, (inputSize) => basic(options, 1, inputSize));
}

/** Variables for a stack of `gru` layers, named as those of `rnnVariables`; with `resetAfter` there is a `recurrentBias`, too. */
export function gruVariables(graph: Graph, name: string, options: GruVariablesOptions): RecurrentWeights[] {
  const { hiddenSize, bias = true, resetAfter = true } = options;
  return stack(graph, name, options, hiddenSize, (inputSize) => ({
    ...basic(options, 3, inputSize),
    ...(bias && resetAfter && { recurrentBias: { shape: [3 * hiddenSize], initializer: 0 } }),
  }));
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
  const { hiddenSize, bias = true, peepholes = false, projectionSize, unitForgetBias = true } = options;
  const outputSize = projectionSize ?? hiddenSize;
  const { initializer = glorotUniform() } = options;
  // Gates i, f, g, o.
  const forgets = (column: number) => column >= hiddenSize && column < 2 * hiddenSize;
  const ones = Float32Array.from({ length: 4 * hiddenSize }, (_, column) => Number(forgets(column)));
  return stack(graph, name, options, outputSize, (inputSize) => ({
    ...basic(options, 4, inputSize, outputSize),
    ...(bias && { bias: { shape: [4 * hiddenSize], initializer: unitForgetBias ? () => ones : 0 } }),
    ...(peepholes && { peepholeWeight: { shape: [3 * hiddenSize], initializer: 0 } }),
    ...(projectionSize && { projectionWeight: { shape: [hiddenSize, projectionSize], initializer } }),
  }));
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

function basic(
  { hiddenSize, bias = true, ...options }: RecurrentVariablesOptions,
  gates: number,
  inputSize: number,
  stateSize = hiddenSize,
): Layer {
  const { initializer = glorotUniform(), recurrentInitializer = orthogonal() } = options;
  const columns = gates * hiddenSize;
  return {
    weight: { shape: [inputSize, columns], initializer },
    recurrentWeight: { shape: [stateSize, columns], initializer: recurrentInitializer },
    ...(bias && { bias: { shape: [columns], initializer: 0 } }),
  };
}

function stack(
  graph: Graph,
  name: string,
  { inputSize, hiddenSize, layers = 1, bidirectional = false }: RecurrentVariablesOptions,
  outputSize: number,
  layer: (inputSize: number) => Layer,
): LstmWeights[] {
  const sizes = { inputSize, hiddenSize, layers, projectionSize: outputSize };
  for (const [option, value] of Object.entries(sizes)) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw new GraphError(`${graph.path(name)}: ${option} must be a whole number of at least 1, got ${value}`);
  }
  const directions = bidirectional ? 2 : 1;
  return Array.from({ length: layers }, (_, i) => {
    const make = (key: string, { shape, initializer }: Beginning) =>
      graph.variable(`${name}/layer${i}/${key}`, bidirectional ? [2, ...shape] : shape, {
        initializer: bidirectional ? forEachDirection(initializer) : initializer,
      });
    const { weight, recurrentWeight, ...rest } = layer(i === 0 ? inputSize : directions * outputSize);
    return {
      weight: make('weight', weight),
      recurrentWeight: make('recurrentWeight', recurrentWeight),
      ...Object.fromEntries(Object.entries(rest).map(([key, own]) => [key, make(key, own)])),
    };
  });
}

/** The axis of directions is none that counts for an initialiser. */
function forEachDirection(initializer: Initializer): Initializer {
  if (typeof initializer !== 'function') return initializer;
  return (shape: Shape, random: RandomStream) => {
    const draw = () => Array.from(initializer(shape.slice(1), random));
    return [...draw(), ...draw()];
  };
}
