import { DTypeError, GraphError, ShapeError } from '../core/errors.ts';
import { sameShape, showShape } from '../core/shape.ts';
import { apply, type Op, Tensor } from '../graph/graph.ts';
import { add } from './arithmetic.ts';
import { concat } from './concat.ts';
import { dropout } from './dropout.ts';
import { linear, matmul } from './matmul.ts';
import type { CellRule } from './recurrentCell.ts';
import type { RecurrentAttrs } from './recurrentLoop.ts';
import { checkedLengths, type UnrolledStep, unrollRecurrent } from './recurrentUnrolled.ts';
import { reshape } from './reshape.ts';
import { slice } from './slice.ts';
import { transpose } from './transpose.ts';

/**
 * The weights of one recurrent layer, float32. I is the input size, H the hidden size, G the number of gates: rnn 1, gru 3 (r, z, n), lstm 4
 * (i, f, g, o). With `direction: 'bidirectional'` each has a leading axis of 2, forward and backward; otherwise that axis is left out, or 1.
 */
export interface RecurrentWeights {
  /** [I, G * H]: from the input to the gates. */
  weight: Tensor;
  /** [H, G * H]: from the hidden state to the gates. */
  recurrentWeight: Tensor;
  /** [G * H] */
  bias?: Tensor;
  /** [G * H]: a second bias, as PyTorch, cuDNN and ONNX have it. It differs from the first only in a gru with `resetAfter`. */
  recurrentBias?: Tensor;
}

export interface RecurrentOptions {
  /** Default 'forward'. */
  direction?: 'forward' | 'backward' | 'bidirectional';
  /** Whether x and the sequence that comes out are [B, T, …] instead of [T, B, …]; default false. */
  batchFirst?: boolean;
  /** int32 [B], from 0 to T: steps of each sequence that count. The others give zeros, and states stop before them. */
  lengths?: Tensor;
  /** [layers * directions, B, H]; default 0. */
  initialHiddenState?: Tensor;
  /** Share of the elements that are set to 0 between layers; default 0. */
  dropout?: number;
  /** Whether to drop anything; default true. */
  training?: boolean;
}

export interface RecurrentResult {
  /** The hidden states of the last layer at every step: [T, B, directions * H], or [B, T, …] with `batchFirst`. */
  output: Tensor;
  /** The hidden states after the last valid step of each sequence: [layers * directions, B, H]. */
  hiddenState: Tensor;
  /** Those of the last layer, side by side: [B, directions * H]. What a classifier of sequences reads. */
  lastOutput: Tensor;
}

/** What the public functions tell of their cells. */
export interface RecurrentKind<Weights extends RecurrentWeights> {
  readonly op: Op<RecurrentAttrs>;
  /** As messages show it. */
  readonly gateOrder: string;
  rule(weights: Weights): CellRule;
  /** Whether U h has a bias of its own; otherwise both biases are added before the loop. */
  readonly biasOfProduct: boolean;
  /** Shapes of the weights that only this cell has, of one direction. */
  extraShapes?(weights: Weights, hiddenSize: number, outputSize: number): Record<string, number[]>;
  /** Flat parameters [D, n] that go behind U. */
  peepholes?(weights: Weights): Tensor | undefined;
  /** Whether the kernels cannot make a layer's step, and it is written out in ops. */
  needsOps(weights: Weights): boolean;
  /** One step in ops. */
  step(weights: Weights): UnrolledStep;
}

interface LayerResult {
  readonly output: Tensor;
  /** [D, B, …] */
  readonly hidden: Tensor;
  readonly cell: Tensor;
}

/** Runs a stack of layers. The initial states are [layers * D, B, …]. */
export function recurrent<Weights extends RecurrentWeights>(
  kind: RecurrentKind<Weights>,
  x: Tensor,
  weights: Weights | readonly Weights[],
  options: RecurrentOptions,
  initialCellState?: Tensor,
): RecurrentResult & { readonly cellState: Tensor } {
  const what = x.graph.path(kind.op.name);
  const layers = isList(weights) ? weights : [weights];
  if (layers.length === 0) throw new GraphError(`${what}: expected the weights of at least one layer`);
  const { direction = 'forward', batchFirst = false, dropout: rate = 0, training = true } = options;
  const reversed = { forward: [false], backward: [true], bidirectional: [false, true] }[direction];
  if (!reversed) {
    throw new GraphError(
      `${what}: unknown direction "${direction}" (expected forward, backward or bidirectional)`,
    );
  }
  checkInput(what, x, batchFirst);
  const [steps, batch] = batchFirst ? [x.shape[1], x.shape[0]] : [x.shape[0], x.shape[1]];
  checkLengths(what, options.lengths, batch, steps);
  const results: LayerResult[] = [];
  let first: number[] | undefined;
  let input = x;
  layers.forEach((own, i) => {
    const where = layers.length === 1 ? what : `${what}: layer ${i}`;
    const layer = checkWeights(where, kind, own, input.shape[2], reversed.length);
    const sizes = [layer.hiddenSize, layer.outputSize];
    if (first && String(first) !== String(sizes)) {
      throw new ShapeError(
        `${where}: hiddenSize is ${layer.hiddenSize}, that of layer 0 is ${first[0]}; layers that share their states have one size, others a call each`,
      );
    }
    first ??= sizes;
    const state = (name: string, states: Tensor | undefined, size: number) =>
      states &&
      layerState(what, name, states, [layers.length * reversed.length, batch, size], i, reversed.length);
    const result = runLayer(kind, layer, input, {
      steps,
      batch,
      reversed,
      batchFirst,
      lengths: options.lengths,
      hidden: state('initialHiddenState', options.initialHiddenState, layer.outputSize),
      cell: state('initialCellState', initialCellState, layer.hiddenSize),
    });
    results.push(result);
    input = i + 1 < layers.length ? dropout(result.output, { rate, training }) : result.output;
  });
  const last = results[results.length - 1].hidden;
  return {
    output: input,
    hiddenState: concat(results.map(({ hidden }) => hidden)),
    cellState: concat(results.map(({ cell }) => cell)),
    lastOutput: reshape(transpose(last, [1, 0, 2]), [batch, reversed.length * last.shape[2]]),
  };
}

function isList<Weights>(weights: Weights | readonly Weights[]): weights is readonly Weights[] {
  return Array.isArray(weights);
}

function checkInput(what: string, x: Tensor, batchFirst: boolean): void {
  if (x.dtype !== 'float32') throw new DTypeError(`${what}: expected float32, got ${x.dtype}; use cast`);
  if (x.rank !== 3) {
    const expected = batchFirst ? '[batch, steps, inputSize]' : '[steps, batch, inputSize]';
    throw new ShapeError(`${what}: x must be ${expected}, got ${showShape(x.shape)}`);
  }
}

function checkLengths(what: string, lengths: Tensor | undefined, batch: number, steps: number): void {
  if (!lengths) return;
  if (lengths.dtype !== 'int32')
    throw new DTypeError(`${what}: lengths must be int32, got ${lengths.dtype}; use cast`);
  if (!sameShape(lengths.shape, [batch])) {
    throw new ShapeError(
      `${what}: lengths must be [${batch}], one for each sequence; got ${showShape(lengths.shape)}`,
    );
  }
  // Those that are fed are checked by the run.
  const { source } = lengths.node;
  const wrong = source?.kind === 'constant' ? source.values.findIndex((n) => n < 0 || n > steps) : -1;
  if (source?.kind === 'constant' && wrong >= 0) {
    throw new GraphError(
      `${what}: lengths must be from 0 to ${steps} steps; element ${wrong} is ${source.values[wrong]}`,
    );
  }
}

function layerState(
  what: string,
  name: string,
  states: Tensor,
  shape: number[],
  layer: number,
  directions: number,
): Tensor {
  if (!sameShape(states.shape, shape)) {
    throw new ShapeError(
      `${what}: ${name} must be ${showShape(shape)} ([layers * directions, batch, size]), got ${showShape(states.shape)}`,
    );
  }
  return slice(states, { axes: [0], begin: [layer * directions], size: [directions] });
}

/** A layer's weights, all with the leading axis of directions. */
export interface Layer<Weights> {
  readonly weights: Weights;
  readonly hiddenSize: number;
  /** Differs from the hidden size where the state is projected. */
  readonly outputSize: number;
}

/** @throws ShapeError where a weight does not fit, with the layout and the order of the gates that were assumed. */
export function checkWeights<Weights extends RecurrentWeights>(
  what: string,
  kind: RecurrentKind<Weights>,
  weights: Weights,
  inputSize: number,
  directions: number,
): Layer<Weights> {
  if (!(weights?.recurrentWeight instanceof Tensor) || !(weights.weight instanceof Tensor)) {
    throw new GraphError(
      `${what}: the weights must be { weight, recurrentWeight, bias?, … }, tensors of the graph`,
    );
  }
  const gates = kind.rule(weights).gates;
  const { recurrentWeight } = weights;
  const columns = recurrentWeight.shape[recurrentWeight.rank - 1];
  const hiddenSize = columns / gates;
  const outputSize = recurrentWeight.shape[recurrentWeight.rank - 2];
  const order = `gates ${kind.gateOrder}`;
  if (recurrentWeight.rank < 2 || !Number.isInteger(hiddenSize)) {
    throw new ShapeError(
      `${what}: recurrentWeight must be [hiddenSize, ${gates} * hiddenSize] (${order}), got ${showShape(recurrentWeight.shape)}`,
    );
  }
  const extra = kind.extraShapes?.(weights, hiddenSize, outputSize) ?? {};
  const shapes: Record<string, number[]> = {
    weight: [inputSize, columns],
    recurrentWeight: ['projectionWeight' in extra ? outputSize : hiddenSize, columns],
    bias: [columns],
    recurrentBias: [columns],
    ...extra,
  };
  const checked: Weights = { ...weights };
  for (const [name, tensor] of Object.entries(weights)) {
    if (tensor === undefined) continue;
    const shape = shapes[name];
    if (!shape)
      throw new GraphError(`${what}: unknown weight "${name}" (expected ${Object.keys(shapes).join(', ')})`);
    const full = [directions, ...shape];
    const fits = sameShape(tensor.shape, full) || (directions === 1 && sameShape(tensor.shape, shape));
    if (!fits) {
      throw new ShapeError(
        `${what}: ${name} must be ${showShape(directions === 1 ? shape : full)} for inputSize ${inputSize}, hiddenSize ${hiddenSize}${directions === 1 ? '' : ', both directions'} (${order}); got ${showShape(tensor.shape)}`,
      );
    }
    if (tensor.dtype !== 'float32')
      throw new DTypeError(`${what}: ${name} must be float32, got ${tensor.dtype}`);
    Object.assign(checked, { [name]: reshape(tensor, full) });
  }
  return { weights: checked, hiddenSize, outputSize };
}

interface LayerSetting {
  readonly steps: number;
  readonly batch: number;
  readonly reversed: readonly boolean[];
  readonly batchFirst: boolean;
  readonly lengths: Tensor | undefined;
  readonly hidden: Tensor | undefined;
  readonly cell: Tensor | undefined;
}

function runLayer<Weights extends RecurrentWeights>(
  kind: RecurrentKind<Weights>,
  { weights, hiddenSize, outputSize }: Layer<Weights>,
  x: Tensor,
  setting: LayerSetting,
): LayerResult {
  const { lengths, hidden, cell, ...rest } = setting;
  const directions = setting.reversed.length;
  const columns = weights.weight.shape[2];
  const isApart = kind.biasOfProduct && weights.recurrentBias !== undefined;
  const biases = [weights.bias, isApart ? undefined : weights.recurrentBias].filter(
    (bias) => bias !== undefined,
  );
  const bias = biases.length === 2 ? add(biases[0], biases[1]) : biases[0];
  const projected = project(x, weights.weight, bias);
  const rule = kind.rule(weights);
  if (kind.needsOps(weights)) {
    return unrollRecurrent(projected, kind.step(weights), {
      ...rest,
      lengths: lengths && checkedLengths(lengths, kind.op.name, setting.steps),
      hidden: hidden ?? x.graph.constant(0, [directions, setting.batch, outputSize]),
      cell: cell ?? x.graph.constant(0, [directions, setting.batch, hiddenSize]),
    });
  }
  const flat = reshape(weights.recurrentWeight, [directions, hiddenSize * columns]);
  const peepholes = kind.peepholes?.(weights);
  const zeros = () => x.graph.constant(0, [directions, setting.batch, hiddenSize]);
  const initial = rule.hasCell && (hidden || cell) ? concat([hidden ?? zeros(), cell ?? zeros()], 2) : hidden;
  const recurrentBias = isApart ? weights.recurrentBias : undefined;
  const optional = [recurrentBias, initial, lengths];
  const [output, finalHidden, finalCell] = apply(
    kind.op,
    [
      projected,
      peepholes ? concat([flat, peepholes], 1) : flat,
      ...optional.filter((tensor) => tensor !== undefined),
    ],
    {
      rule,
      ...rest,
      hidden: hiddenSize,
      has: { recurrentBias: !!recurrentBias, initial: !!initial, lengths: !!lengths },
    },
  );
  return { output, hidden: finalHidden, cell: finalCell };
}

/** W x and its bias for all steps at once: [D, T B, G H]. */
function project(x: Tensor, weight: Tensor, bias: Tensor | undefined): Tensor {
  const [directions, inputSize, columns] = weight.shape;
  const rows = x.shape[0] * x.shape[1];
  if (directions === 1) {
    const flatBias = bias && reshape(bias, [columns]);
    const y = linear(reshape(x, [rows, inputSize]), reshape(weight, [inputSize, columns]), flatBias);
    return reshape(y, [1, rows, columns]);
  }
  const y = matmul(reshape(x, [1, rows, inputSize]), weight);
  return bias ? add(y, reshape(bias, [directions, 1, columns])) : y;
}
