import { ShapeError } from '../core/errors.ts';
import { showShape } from '../core/shape.ts';
import { Tensor } from '../graph/graph.ts';
import type { RecurrentCellName } from '../ops/gateOrder.ts';
import { type GruOptions, gru as gruOp } from '../ops/gru.ts';
import { type LstmOptions, type LstmWeights, lstm as lstmOp } from '../ops/lstm.ts';
import type { RecurrentResult } from '../ops/recurrent.ts';
import { type RnnOptions, rnn as rnnOp } from '../ops/rnn.ts';
import { type Layer, type LayerOptions, makeLeaf, type OwnVariables } from './layer.ts';
import { checkCount } from './options.ts';
import { eachDirection, makeWeights } from './recurrentVariables.ts';

/** Sequences, alone or with what belongs to them. */
export type SequenceInput =
  | Tensor
  | {
      /** [batch, steps, features], or [steps, batch, features] with `batchFirst: false`. */
      readonly x: Tensor;
      /** int32 [batch]: the steps of each sequence that count. */
      readonly lengths?: Tensor;
      /** [layers * directions, batch, units]; default 0. */
      readonly initialHiddenState?: Tensor;
      /** Of an lstm: [layers * directions, batch, units]; default 0. */
      readonly initialCellState?: Tensor;
    };

/** What a layer with `returnStates` gives. */
export type SequenceStates = {
  /** What the layer gives without `returnStates`. */
  readonly output: Tensor;
  /** [layers * directions, batch, units] */
  readonly hiddenState: Tensor;
  /** Of an lstm, the same shape; of others the hidden state once more. */
  readonly cellState: Tensor;
};

/** What all recurrent layers take besides the options of their cells. */
export interface RecurrentLayerOptions extends LayerOptions {
  /** Give the output of every step, [batch, steps, directions * units], rather than the last state of each sequence; default false. */
  returnSequences?: boolean;
  /** Give a record with the states after the last step, too; default false. */
  returnStates?: boolean;
  /** Default 'forward'. */
  direction?: 'forward' | 'backward' | 'bidirectional';
  /** Whether sequences are [batch, steps, features], the default, or [steps, batch, features]. */
  batchFirst?: boolean;
  /** How many such layers stand upon each other; default 1. */
  layers?: number;
  /** The share of elements that are dropped between these layers in training; default 0. */
  dropout?: number;
  /** Whether there is a bias; default true. */
  bias?: boolean;
  /** Whether there is a second bias, as in PyTorch: default only for a gru, where it is another one. */
  recurrentBias?: boolean;
}

type CellOptions<Options> = Omit<
  Options,
  keyof RecurrentLayerOptions | 'lengths' | 'initialHiddenState' | 'initialCellState' | 'training'
>;
type StatesOptions = { returnStates: true };

export type RnnLayerOptions = RecurrentLayerOptions & CellOptions<RnnOptions>;
export type GruLayerOptions = RecurrentLayerOptions & CellOptions<GruOptions>;
export type LstmLayerOptions = RecurrentLayerOptions &
  CellOptions<LstmOptions> & {
    /** Size to which the hidden state is projected; default: it is not. */
    projection?: number;
  };

/**
 * A plain recurrent layer: [batch, steps, features] gives the last state of each sequence, [batch, units]. Parameters as of `lstm`, with one
 * gate. Sequences of different lengths come as `{ x, lengths }`.
 *
 * @throws ShapeError as the op `rnn` does, when called.
 */
export function rnn(
  units: number,
  options: RnnLayerOptions & StatesOptions,
): Layer<SequenceInput, SequenceStates>;
export function rnn(units: number, options?: RnnLayerOptions): Layer<SequenceInput, Tensor>;
export function rnn(
  units: number,
  options: RnnLayerOptions = {},
): Layer<SequenceInput, Tensor | SequenceStates> {
  return recurrentLayer('rnn', units, options, (x, weights, rest) =>
    rnnOp(x, weights, { ...options, ...rest }),
  );
}

/**
 * Gated recurrent units; else as `lstm`, with the gates r, z, n and a second bias by default.
 *
 * @throws ShapeError as the op `gru` does, when called.
 */
export function gru(
  units: number,
  options: GruLayerOptions & StatesOptions,
): Layer<SequenceInput, SequenceStates>;
export function gru(units: number, options?: GruLayerOptions): Layer<SequenceInput, Tensor>;
export function gru(
  units: number,
  options: GruLayerOptions = {},
): Layer<SequenceInput, Tensor | SequenceStates> {
  const { recurrentBias = options.bias ?? true } = options;
  return recurrentLayer('gru', units, { ...options, recurrentBias }, (x, weights, rest) =>
    gruOp(x, weights, { ...options, ...rest }),
  );
}

/**
 * Long short-term memory: [batch, steps, features] gives the last state of each sequence, [batch, units], or with `returnSequences` that of
 * every step, [batch, steps, units]; 'bidirectional' ones are twice as wide.
 *
 * Parameters, with the gates i, f, g, o side by side: `weight` [features, 4 * units] (Glorot's uniform), `recurrentWeight` [units, 4 * units]
 * (orthogonal), `bias` [4 * units] (0, for f 1: Jozefowicz, Zaremba, Sutskever, ICML 2015), `recurrentBias` and `projectionWeight` where asked
 * for; a leading axis of 2 where bidirectional; `weight2` and so on for further `layers`.
 *
 * ```ts
 * const classifier = sequential([embedding(20_000, 128), lstm(64, { direction: 'bidirectional' }), dense(1)]);
 * ```
 *
 * @throws ShapeError as the op `lstm` does, when called.
 */
export function lstm(
  units: number,
  options: LstmLayerOptions & StatesOptions,
): Layer<SequenceInput, SequenceStates>;
export function lstm(units: number, options?: LstmLayerOptions): Layer<SequenceInput, Tensor>;
export function lstm(
  units: number,
  options: LstmLayerOptions = {},
): Layer<SequenceInput, Tensor | SequenceStates> {
  const { projection, ...own } = options;
  if (projection !== undefined) checkCount('lstm', 'projection', projection);
  return recurrentLayer(
    'lstm',
    units,
    options,
    (x, weights, rest, initialCellState) => lstmOp(x, weights, { ...own, ...rest, initialCellState }),
    projection,
  );
}

interface RunOptions {
  readonly batchFirst: boolean;
  readonly training: boolean;
  readonly lengths?: Tensor;
  readonly initialHiddenState?: Tensor;
}

function recurrentLayer(
  kind: RecurrentCellName,
  units: number,
  options: RecurrentLayerOptions,
  run: (
    x: Tensor,
    weights: readonly LstmWeights[],
    options: RunOptions,
    initialCellState?: Tensor,
  ) => RecurrentResult & { readonly cellState?: Tensor },
  projection?: number,
): Layer<SequenceInput, Tensor | SequenceStates> {
  checkCount(kind, 'units', units);
  const { layers = 1, returnSequences = false, returnStates = false, batchFirst = true } = options;
  checkCount(kind, 'layers', layers);
  const directions = options.direction === 'bidirectional' ? 2 : 1;
  const bothWays = (shape: readonly number[]) => (directions === 2 ? [2, ...shape] : shape);
  const adapt = directions === 2 ? eachDirection : undefined;
  const outputSize = projection ?? units;
  const { bias, recurrentBias } = options;
  const weightOptions = { hiddenSize: units, projectionSize: projection, bias, recurrentBias };

  const weightsOf = (own: OwnVariables, features: number, number: number) =>
    makeWeights(kind, features, weightOptions, (name, { shape, initializer }) =>
      own.parameter(number === 1 ? name : `${name}${number}`, bothWays(shape), initializer, adapt),
    );

  return makeLeaf(kind, options, (input: SequenceInput, { path, training }, own) => {
    const { x, initialCellState, ...rest } = input instanceof Tensor ? { x: input } : input;
    if (x.rank !== 3) {
      const axes = batchFirst ? '[batch, steps, features]' : '[steps, batch, features]';
      throw new ShapeError(`${path}: expected x ${axes}, got ${showShape(x.shape)}`);
    }
    const weights = Array.from({ length: layers }, (_, i) =>
      weightsOf(own, i === 0 ? x.shape[2] : directions * outputSize, i + 1),
    );
    const result = run(x, weights, { ...rest, batchFirst, training }, initialCellState);
    const output = returnSequences ? result.output : result.lastOutput;
    if (!returnStates) return output;
    return { output, hiddenState: result.hiddenState, cellState: result.cellState ?? result.hiddenState };
  });
}
