import { ShapeError } from '../core/errors.ts';
import { sameShape, showShape } from '../core/shape.ts';
import type { Tensor } from '../graph/graph.ts';
import { relu, sigmoid } from '../ops/activations.ts';
import { cast } from '../ops/comparison.ts';
import { concat } from '../ops/concat.ts';
import type { Activation } from '../ops/gateActivation.ts';
import { gateOrder, gatePlaces, onnxPeepholeOrder, peepholeOrder, webnnOrder } from '../ops/gateOrder.ts';
import { gru } from '../ops/gru.ts';
import { lstm } from '../ops/lstm.ts';
import { tanh } from '../ops/math.ts';
import type { RecurrentWeights } from '../ops/recurrent.ts';
import { reshape } from '../ops/reshape.ts';
import { split } from '../ops/slice.ts';
import { transpose } from '../ops/transpose.ts';
import { LayerBuilder } from './layers.ts';
import { MLOperand } from './operand.ts';
import { choose } from './operands.ts';

export type MLRecurrentNetworkActivation = 'relu' | 'sigmoid' | 'tanh';
export type MLRecurrentNetworkDirection = 'forward' | 'backward' | 'both';

export interface MLGruCellOptions {
  /** [3 * hiddenSize] */
  bias?: MLOperand;
  /** [3 * hiddenSize] */
  recurrentBias?: MLOperand;
  /** Whether the reset gate acts on the product with the state (default), or on the state. */
  resetAfter?: boolean;
  /** Order of the gates: update (z), reset (r), new (n); default 'zrn'. */
  layout?: 'zrn' | 'rzn';
  /** Of the gates and of the new state; default ['sigmoid', 'tanh']. */
  activations?: readonly MLRecurrentNetworkActivation[];
}

export interface MLSequenceOptions {
  /** [directions, batch, hiddenSize]; default 0. */
  initialHiddenState?: MLOperand;
  /** Also give the states of all steps; default false. */
  returnSequence?: boolean;
  /** Default 'forward'. */
  direction?: MLRecurrentNetworkDirection;
}

export interface MLGruOptions extends MLGruCellOptions, MLSequenceOptions {}

export interface MLLstmCellOptions {
  /** [4 * hiddenSize] */
  bias?: MLOperand;
  /** [4 * hiddenSize] */
  recurrentBias?: MLOperand;
  /** [3 * hiddenSize]: of the gates i, o, f. */
  peepholeWeight?: MLOperand;
  /** Order of the gates: input, output, forget, cell (g); default 'iofg'. */
  layout?: 'iofg' | 'ifgo';
  /** Of the gates, of the proposed cell state and of the cell state on its way out; default ['sigmoid', 'tanh', 'tanh']. */
  activations?: readonly MLRecurrentNetworkActivation[];
}

export interface MLLstmOptions extends MLLstmCellOptions, MLSequenceOptions {
  /** [directions, batch, hiddenSize]; default 0. */
  initialCellState?: MLOperand;
}

const activations: Readonly<Record<MLRecurrentNetworkActivation, Activation>> = { relu, sigmoid, tanh };

const directions = { forward: 'forward', backward: 'backward', both: 'bidirectional' } as const;

/** Recurrent networks. Weights are [directions, gates * hiddenSize, inputSize], for cells without the axis of directions. */
export class RecurrentBuilder extends LayerBuilder {
  /**
   * Gated recurrent units over `steps` steps of `input` [steps, batch, inputSize]: the last hidden state [directions, batch, hiddenSize],
   * and with `returnSequence` those of all steps [steps, directions, batch, hiddenSize].
   */
  gru(
    input: MLOperand,
    weight: MLOperand,
    recurrentWeight: MLOperand,
    steps: number,
    hiddenSize: number,
    options: MLGruOptions = {},
  ): MLOperand[] {
    const what = this.graph.path('gru');
    checkSizes(what, input, recurrentWeight, steps, hiddenSize, 3);
    const order = gatePlaces(webnnOrder(what, 'gru', options.layout), gateOrder.gru);
    const { output, hiddenState } = gru(single(input), weightsOf(weight, recurrentWeight, options, order), {
      ...this.gruOptions(what, options),
      direction: choose(`${what}: direction`, options.direction ?? 'forward', directions),
      initialHiddenState: options.initialHiddenState && single(options.initialHiddenState),
    });
    return this.states([hiddenState], output, input, options);
  }

  /** One step: `input` [batch, inputSize] and `hiddenState` [batch, hiddenSize] give the next hidden state. */
  gruCell(
    input: MLOperand,
    weight: MLOperand,
    recurrentWeight: MLOperand,
    hiddenState: MLOperand,
    hiddenSize: number,
    options: MLGruCellOptions = {},
  ): MLOperand {
    const apart = cellOptions(options);
    const [state] = this.gru(step(input), step(weight), step(recurrentWeight), 1, hiddenSize, {
      ...apart,
      initialHiddenState: step(hiddenState),
    });
    return this.unary((x) => reshape(x, hiddenState.shape), state);
  }

  /**
   * Long short-term memory over `steps` steps of `input` [steps, batch, inputSize]: the last hidden and cell states
   * [directions, batch, hiddenSize], and with `returnSequence` the hidden states of all steps [steps, directions, batch, hiddenSize].
   */
  lstm(
    input: MLOperand,
    weight: MLOperand,
    recurrentWeight: MLOperand,
    steps: number,
    hiddenSize: number,
    options: MLLstmOptions = {},
  ): MLOperand[] {
    const what = this.graph.path('lstm');
    checkSizes(what, input, recurrentWeight, steps, hiddenSize, 4);
    const order = gatePlaces(webnnOrder(what, 'lstm', options.layout), gateOrder.lstm);
    const { peepholeWeight, initialHiddenState, initialCellState } = options;
    const names = options.activations ?? ['sigmoid', 'tanh', 'tanh'];
    const chosen = names.map((name) => choose(`${what}: activation`, name, activations));
    if (chosen.length !== 3)
      throw new ShapeError(`${what}: expected three activations, got ${chosen.length}`);
    const peepholes =
      peepholeWeight && gates(single(peepholeWeight), 1, gatePlaces(onnxPeepholeOrder, peepholeOrder));
    const { output, hiddenState, cellState } = lstm(
      single(input),
      {
        ...weightsOf(weight, recurrentWeight, options, order),
        ...(peepholes && { peepholeWeight: peepholes }),
      },
      {
        activations: [chosen[0], chosen[1], chosen[2]],
        direction: choose(`${what}: direction`, options.direction ?? 'forward', directions),
        initialHiddenState: initialHiddenState && single(initialHiddenState),
        initialCellState: initialCellState && single(initialCellState),
      },
    );
    return this.states([hiddenState, cellState], output, input, options);
  }

  /** One step: `input` [batch, inputSize] and both states [batch, hiddenSize] give the next hidden and cell state. */
  lstmCell(
    input: MLOperand,
    weight: MLOperand,
    recurrentWeight: MLOperand,
    hiddenState: MLOperand,
    cellState: MLOperand,
    hiddenSize: number,
    options: MLLstmCellOptions = {},
  ): MLOperand[] {
    const states = this.lstm(step(input), step(weight), step(recurrentWeight), 1, hiddenSize, {
      ...cellOptions(options),
      initialHiddenState: step(hiddenState),
      initialCellState: step(cellState),
    });
    return states.map((state) => this.unary((x) => reshape(x, hiddenState.shape), state));
  }

  private gruOptions(what: string, options: MLGruCellOptions) {
    const names = options.activations ?? ['sigmoid', 'tanh'];
    const chosen = names.map((name) => choose(`${what}: activation`, name, activations));
    if (chosen.length !== 2) throw new ShapeError(`${what}: expected two activations, got ${chosen.length}`);
    return { resetAfter: options.resetAfter ?? true, activations: [chosen[0], chosen[1]] as const };
  }

  /** Last states, and [steps, batch, directions * hiddenSize] as [steps, directions, batch, hiddenSize] where it is wanted. */
  private states(
    last: readonly Tensor[],
    output: Tensor,
    input: MLOperand,
    { returnSequence = false }: MLSequenceOptions,
  ): MLOperand[] {
    const [count, batch, size] = last[0].shape;
    const apart = reshape(output, [output.shape[0], batch, count, size]);
    const tensors = returnSequence ? [...last, transpose(apart, [0, 2, 1, 3])] : last;
    return tensors.map((tensor) => this.made(cast(tensor, input.numbers.dtype), input));
  }
}

function checkSizes(
  what: string,
  input: MLOperand,
  recurrentWeight: MLOperand,
  steps: number,
  hiddenSize: number,
  gateCount: number,
): void {
  if (input.shape[0] !== steps)
    throw new ShapeError(`${what}: input ${showShape(input.shape)} does not have ${steps} steps`);
  const shape = recurrentWeight.shape;
  if (sameShape(shape.slice(-2), [gateCount * hiddenSize, hiddenSize])) return;
  throw new ShapeError(
    `${what}: recurrentWeight must be [directions, ${gateCount * hiddenSize}, ${hiddenSize}], got ${showShape(shape)}`,
  );
}

/** WebNN's weights [D, G * H, I] as ours, [D, I, G * H], with the gates in our order. */
function weightsOf(
  weight: MLOperand,
  recurrentWeight: MLOperand,
  { bias, recurrentBias }: { bias?: MLOperand; recurrentBias?: MLOperand },
  order: readonly number[],
): RecurrentWeights {
  const matrix = (operand: MLOperand) => transpose(gates(single(operand), 1, order), [0, 2, 1]);
  return {
    weight: matrix(weight),
    recurrentWeight: matrix(recurrentWeight),
    bias: bias && gates(single(bias), 1, order),
    recurrentBias: recurrentBias && gates(single(recurrentBias), 1, order),
  };
}

/** The gates along `axis` in another order. */
function gates(tensor: Tensor, axis: number, order: readonly number[]): Tensor {
  if (order.every((from, to) => from === to)) return tensor;
  const parts = split(tensor, order.length, axis);
  return concat(
    order.map((from) => parts[from]),
    axis,
  );
}

/** The operands of a cell as those of a sequence of one step in one direction. */
function cellOptions<Options extends MLGruCellOptions | MLLstmCellOptions>(options: Options): Options {
  const apart = Object.entries(options).map(([key, value]) => [
    key,
    value instanceof MLOperand ? step(value) : value,
  ]);
  return { ...options, ...Object.fromEntries(apart) };
}

function step(operand: MLOperand): MLOperand {
  return new MLOperand(reshape(operand.tensor, [1, ...operand.shape]), operand.dataType);
}

function single(operand: MLOperand): Tensor {
  return cast(operand.numbers, 'float32');
}
