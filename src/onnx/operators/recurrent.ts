import { GraphError, ShapeError } from '../../core/errors.ts';
import { showShape } from '../../core/shape.ts';
import type { Tensor } from '../../graph/graph.ts';
import {
  elu,
  hardSigmoid,
  leakyRelu,
  relu,
  sigmoid,
  softplus,
  softsign,
  thresholdedRelu,
} from '../../ops/activations.ts';
import { add, mul } from '../../ops/arithmetic.ts';
import { cast } from '../../ops/comparison.ts';
import { concat } from '../../ops/concat.ts';
import {
  gateOrder,
  gatePlaces,
  onnxOrder,
  onnxPeepholeOrder,
  peepholeOrder,
  type RecurrentCellName,
} from '../../ops/gateOrder.ts';
import { gru } from '../../ops/gru.ts';
import { lstm } from '../../ops/lstm.ts';
import { tanh } from '../../ops/math.ts';
import type { RecurrentOptions, RecurrentWeights } from '../../ops/recurrent.ts';
import { reshape } from '../../ops/reshape.ts';
import { rnn } from '../../ops/rnn.ts';
import { slice } from '../../ops/slice.ts';
import type { Attributes } from '../attributes.ts';
import { type Context, checkCount, type Handler, type Handlers, type Inputs } from '../handler.ts';
import type { Value } from '../value.ts';
import { requireFloat } from './elementwise.ts';

// https://onnx.ai/onnx/operators/onnx__LSTM.html. Weights are [directions, gates · hidden, …]; ours have the input first and the gates in
// another order. They are brought into ours when the model is loaded.

type Activation = (x: Tensor) => Tensor;

/** Activations by name, with the defaults of alpha and beta where they take any. */
const activations: Readonly<
  Record<string, { alpha?: number; beta?: number; make: (alpha: number, beta: number) => Activation }>
> = {
  relu: { make: () => relu },
  tanh: { make: () => tanh },
  sigmoid: { make: () => sigmoid },
  softsign: { make: () => softsign },
  softplus: { make: () => softplus },
  leakyrelu: { alpha: 0.01, make: (alpha) => (x) => leakyRelu(x, { alpha }) },
  thresholdedrelu: { alpha: 1, make: (alpha) => (x) => thresholdedRelu(x, { alpha }) },
  elu: { alpha: 1, make: (alpha) => (x) => elu(x, { alpha }) },
  hardsigmoid: { alpha: 0.2, beta: 0.5, make: (alpha, beta) => (x) => hardSigmoid(x, { alpha, beta }) },
  scaledtanh: { alpha: 1, beta: 1, make: (alpha, beta) => (x) => mul(tanh(mul(x, beta)), alpha) },
  affine: { alpha: 1, beta: 0, make: (alpha, beta) => (x) => add(mul(x, alpha), beta) },
};

/** The activations of each direction; alphas and betas are taken in order by those that have them. */
function activationsOf(
  attributes: Attributes,
  directions: number,
  defaults: readonly string[],
): { functions: readonly Activation[]; key: string }[] {
  const given = attributes.strings('activations') ?? [];
  const names = given.length > 0 ? given : Array.from({ length: directions }, () => defaults).flat();
  const alphas = [...(attributes.floats('activation_alpha') ?? [])];
  const betas = [...(attributes.floats('activation_beta') ?? [])];
  if (names.length !== directions * defaults.length)
    throw new GraphError(`activations must name ${directions * defaults.length}, got ${names.join(', ')}`);
  const all = names.map((name) => {
    const found = activations[name.toLowerCase()];
    if (!found)
      throw new GraphError(`unknown activation "${name}" (expected ${Object.keys(activations).join(', ')})`);
    const alpha = found.alpha === undefined ? 0 : (alphas.shift() ?? found.alpha);
    const beta = found.beta === undefined ? 0 : (betas.shift() ?? found.beta);
    return { made: found.make(alpha, beta), key: `${name.toLowerCase()} ${alpha} ${beta}` };
  });
  return Array.from({ length: directions }, (_, d) => {
    const own = all.slice(d * defaults.length, (d + 1) * defaults.length);
    return { functions: own.map(({ made }) => made), key: own.map(({ key }) => key).join() };
  });
}

/** What RNN, LSTM and GRU have in common, brought into our order. */
interface Layer {
  readonly x: Tensor;
  readonly hiddenSize: number;
  readonly weights: RecurrentWeights;
  readonly options: RecurrentOptions;
}

/** Runs a layer's directions: together where their activations are the same, else one after the other. */
type Run = (layer: Layer, activations: readonly Activation[], state: LstmState) => Result;

/** What only an LSTM has: [directions, …]. */
interface LstmState {
  readonly initialCellState?: Tensor;
  readonly peepholeWeight?: Tensor;
}

interface Result {
  readonly output: Tensor;
  readonly hiddenState: Tensor;
  readonly cellState?: Tensor;
}

interface Cell {
  readonly name: RecurrentCellName;
  readonly activations: readonly string[];
  run(attributes: Attributes): Run;
}

function recurrentLayer(cell: Cell): Handler {
  return (inputs, attributes, context) => {
    const value = requireFloat(inputs.get(0));
    const batchFirst = attributes.flag('layout');
    const direction = attributes.choice<'forward' | 'reverse' | 'bidirectional'>(
      'direction',
      ['forward', 'reverse', 'bidirectional'],
      'forward',
    );
    const directions = direction === 'bidirectional' ? 2 : 1;
    const run = cell.run(attributes);
    const functions = activationsOf(attributes, directions, cell.activations);
    // Whether outputs are wanted is told by their names.
    attributes.ignore('output_sequence');
    const { layer, state } = readLayer(inputs, attributes, cell, directions, batchFirst);
    const together = functions.every(({ key }) => key === functions[0].key);
    const names = { forward: 'forward', reverse: 'backward', bidirectional: 'bidirectional' } as const;
    const result = together
      ? run(
          { ...layer, options: { ...layer.options, direction: names[direction] } },
          functions[0].functions,
          state,
        )
      : joined(functions.map((each, d) => run(directionOf(layer, d), each.functions, stateOf(state, d))));
    return outputsOf(result, value, layer.hiddenSize, directions, batchFirst, context);
  };
}

function readLayer(
  inputs: Inputs,
  attributes: Attributes,
  { name }: Cell,
  directions: number,
  batchFirst: boolean,
): { layer: Layer; state: LstmState } {
  const order = gatePlaces(onnxOrder[name], gateOrder[name]);
  const gates = order.length;
  const [w, r, b] = [inputs.get(1), inputs.get(2), inputs.optional(3)];
  const hiddenSize = attributes.int('hidden_size', r.shape[2]);
  if (r.shape[0] !== directions || w.shape[0] !== directions || w.shape[1] !== gates * hiddenSize)
    throw new ShapeError(
      `W ${showShape(w.shape)} and R ${showShape(r.shape)} must be [${directions}, ${gates * hiddenSize}, …] for ${directions} directions and a hidden size of ${hiddenSize}`,
    );
  const blocks = (which: readonly number[]) =>
    which.flatMap((block) => Array.from({ length: hiddenSize }, (_, i) => block * hiddenSize + i));
  const places = blocks(order);
  const biases = b?.reordered([0, 1], blocks([...order, ...order.map((gate) => gate + gates)]));
  const half = (index: number) =>
    biases && slice(biases, { axes: [1], begin: [index * gates * hiddenSize], size: [gates * hiddenSize] });
  const lengths = inputs.optional(4);
  const states = (state: Value | undefined) => state && (batchFirst ? state.form([1, 0, 2]) : state.tensor);
  const peepholes = inputs.optional(7);
  return {
    layer: {
      x: inputs.get(0).tensor,
      hiddenSize,
      weights: {
        weight: w.reordered([0, 2, 1], places),
        recurrentWeight: r.reordered([0, 2, 1], places),
        bias: half(0),
        recurrentBias: half(1),
      },
      options: {
        batchFirst,
        lengths: lengths && cast(lengths.tensor, 'int32'),
        initialHiddenState: states(inputs.optional(5)),
      },
    },
    state: {
      initialCellState: states(inputs.optional(6)),
      peepholeWeight: peepholes?.reordered([0, 1], blocks(gatePlaces(onnxPeepholeOrder, peepholeOrder))),
    },
  };
}

function part(x: Tensor | undefined, direction: number): Tensor | undefined {
  return x && slice(x, { axes: [0], begin: [direction], size: [1] });
}

/** One direction of a bidirectional layer as a layer of its own. */
function directionOf({ weights, options, ...layer }: Layer, d: number): Layer {
  const { weight, recurrentWeight, bias, recurrentBias } = weights;
  return {
    ...layer,
    weights: {
      weight: slice(weight, { axes: [0], begin: [d], size: [1] }),
      recurrentWeight: slice(recurrentWeight, { axes: [0], begin: [d], size: [1] }),
      bias: part(bias, d),
      recurrentBias: part(recurrentBias, d),
    },
    options: {
      ...options,
      direction: d === 0 ? 'forward' : 'backward',
      initialHiddenState: part(options.initialHiddenState, d),
    },
  };
}

function stateOf({ initialCellState, peepholeWeight }: LstmState, d: number): LstmState {
  return { initialCellState: part(initialCellState, d), peepholeWeight: part(peepholeWeight, d) };
}

function joined(results: readonly Result[]): Result {
  const cells = results.flatMap(({ cellState }) => (cellState ? [cellState] : []));
  return {
    output: concat(
      results.map(({ output }) => output),
      2,
    ),
    hiddenState: concat(results.map(({ hiddenState }) => hiddenState)),
    cellState: cells.length > 0 ? concat(cells) : undefined,
  };
}

/** Y [T, D, B, H] and the last states [D, B, H]; with `layout` 1 [B, T, D, H] and [B, D, H]. */
function outputsOf(
  { output, hiddenState, cellState }: Result,
  { type }: Value,
  hiddenSize: number,
  directions: number,
  batchFirst: boolean,
  context: Context,
): (Value | undefined)[] {
  const [first, second] = output.shape;
  const sequence = reshape(output, [first, second, directions, hiddenSize]);
  const state = (tensor: Tensor) => context.value(type, tensor, batchFirst ? [1, 0, 2] : undefined);
  return [
    context.value(type, sequence, batchFirst ? undefined : [0, 2, 1, 3]),
    state(hiddenState),
    cellState && state(cellState),
  ];
}

/** A bound of 0 or none at all: nothing is bounded. */
function clipOf(attributes: Attributes): number | undefined {
  return attributes.float('clip', 0) > 0 ? attributes.float('clip', 0) : undefined;
}

/** Steps that may be written out in ops. */
const mostSteps = 16384;

export const recurrentLayers: Handlers = {
  GRU: recurrentLayer({
    name: 'gru',
    activations: ['Sigmoid', 'Tanh'],
    run(attributes) {
      const clip = clipOf(attributes);
      const resetAfter = attributes.flag('linear_before_reset');
      const steps = attributes.flag('layout') ? 1 : 0;
      return ({ x, weights, options }, [f, g]) => {
        if (!resetAfter)
          checkCount('steps of a GRU whose reset gate acts on the state', x.shape[steps], mostSteps);
        return gru(x, weights, { ...options, activations: [f, g], clip, resetAfter });
      };
    },
  }),
  LSTM: recurrentLayer({
    name: 'lstm',
    activations: ['Sigmoid', 'Tanh', 'Tanh'],
    run(attributes) {
      const clip = clipOf(attributes);
      const couple = attributes.flag('input_forget');
      return ({ x, weights, options }, [f, g, h], { initialCellState, peepholeWeight }) =>
        lstm(
          x,
          { ...weights, peepholeWeight },
          { ...options, initialCellState, activations: [f, g, h], clip, couple },
        );
    },
  }),
  RNN: recurrentLayer({
    name: 'rnn',
    activations: ['Tanh'],
    run(attributes) {
      const clip = clipOf(attributes);
      return ({ x, weights, options }, [activation]) => rnn(x, weights, { ...options, activation, clip });
    },
  }),
};
