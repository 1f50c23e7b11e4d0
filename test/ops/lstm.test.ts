import { DTypeError, GraphError, ShapeError } from '../../src/core/errors.ts';
import type { Graph, Tensor } from '../../src/graph/graph.ts';
import {
  elu,
  hardSigmoid,
  identity,
  leakyRelu,
  relu,
  sigmoid,
  softsign,
  step,
} from '../../src/ops/activations.ts';
import { add, mul, sub } from '../../src/ops/arithmetic.ts';
import { stack } from '../../src/ops/concat.ts';
import { type LstmOptions, type LstmWeights, lstm } from '../../src/ops/lstm.ts';
import { tanh } from '../../src/ops/math.ts';
import { matmul } from '../../src/ops/matmul.ts';
import { reshape } from '../../src/ops/reshape.ts';
import { slice } from '../../src/ops/slice.ts';
import { checkOp } from '../support/checkOp.ts';
import { recurrentSamples, strategies } from '../support/recurrentSamples.ts';

// rnn.test.ts holds what all cells share; here are the cell state, peepholes, coupling, clips, projection and the gates' activations.

const sample = recurrentSamples(lstm, 4, ({ output, hiddenState, cellState }) => [
  output,
  hiddenState,
  cellState,
]);
const [looped, resident, stepwise, chunked] = strategies('lstm');
const states = ['initialHiddenState', 'initialCellState'];

/** One direction in elementary ops, from [T, B, I]: the sequence [T, B, H] and the final cell state [B, H]. */
function byHand(x: Tensor, weight: Tensor, recurrentWeight: Tensor, bias: Tensor) {
  const [steps, batch, inputSize] = x.shape;
  const hidden = recurrentWeight.shape[0];
  const outputs: Tensor[] = [];
  let h = x.graph.constant(0, [batch, hidden]);
  let c = h;
  for (let t = 0; t < steps; t++) {
    const input = reshape(slice(x, { axes: [0], begin: [t], size: [1] }), [batch, inputSize]);
    const sums = add(add(matmul(input, weight), matmul(h, recurrentWeight)), bias);
    const gate = (g: number) => slice(sums, { axes: [1], begin: [g * hidden], size: [hidden] });
    c = add(mul(sigmoid(gate(1)), c), mul(sigmoid(gate(0)), tanh(gate(2))));
    h = mul(sigmoid(gate(3)), tanh(c));
    outputs.push(h);
  }
  return { output: stack(outputs), cellState: c };
}

const x = (graph: Graph) => graph.input('x', [4, 5, 2]);
const weights = (graph: Graph, more: Partial<LstmWeights> = {}): LstmWeights => ({
  weight: graph.input('w', [2, 12]),
  recurrentWeight: graph.input('u', [3, 12]),
  ...more,
});
const wrong = (
  name: string,
  error: typeof GraphError | typeof ShapeError | typeof DTypeError,
  message: RegExp,
  build: (graph: Graph) => unknown,
) => ({ name, error, message, build });

checkOp('lstm', {
  samples: [
    sample(
      {
        name: 'both directions, batch first, lengths, initial states, two biases, peepholes, odd sizes',
        ...{ steps: 7, batch: 3, inputSize: 5, hiddenSize: 7, lengths: [7, 0, 3], states },
        bias: true,
        recurrentBias: true,
        extra: { peepholeWeight: [21] },
        variants: [looped, resident, stepwise, chunked],
      },
      { direction: 'bidirectional', batchFirst: true },
      ({ output, hiddenState, cellState, lastOutput }) => [output, hiddenState, cellState, lastOutput],
    ),
    sample(
      {
        name: 'forward, time first, whole quads; the sequence alone is read',
        ...{ steps: 5, batch: 5, inputSize: 4, hiddenSize: 8 },
        bias: true,
        variants: [looped, stepwise, chunked],
      },
      {},
      ({ output }) => [output],
    ),
    sample(
      {
        name: 'as on a GPU',
        ...{ steps: 4, batch: 3, inputSize: 2, hiddenSize: 16 },
        variants: [resident, stepwise],
        asGpu: true,
      },
      { direction: 'backward' },
    ),
    sample(
      {
        name: 'the final states alone are read',
        ...{ steps: 5, batch: 2, inputSize: 2, hiddenSize: 4, lengths: [5, 2] },
        variants: [stepwise, chunked],
      },
      {},
      ({ cellState }) => [cellState],
    ),
    sample(
      {
        name: 'the last output alone is read, without gradients',
        ...{ steps: 4, batch: 3, inputSize: 2, hiddenSize: 4, lengths: [4, 0, 1] },
        variants: [looped, stepwise, chunked],
        gradient: false,
      },
      {},
      ({ lastOutput }) => [lastOutput],
    ),
    sample(
      {
        name: 'coupled gates, peepholes, clips',
        ...{ steps: 4, batch: 3, inputSize: 3, hiddenSize: 4, states },
        extra: { peepholeWeight: [12] },
      },
      { couple: true, clip: 0.6, cellClip: 0.5 },
    ),
    ...(
      [
        [(y) => hardSigmoid(y, { alpha: 0.3, beta: 0.4 }), softsign, (y) => leakyRelu(y, { alpha: 0.1 })],
        [step, elu, identity],
        [sigmoid, relu, relu],
      ] satisfies LstmOptions['activations'][]
    ).map((activations, i) =>
      sample(
        {
          name: `activations ${i}`,
          ...{ steps: 3, batch: 2, inputSize: 3, hiddenSize: 3, states },
        },
        { activations },
      ),
    ),
    ...(['forward', 'bidirectional'] as const).map((direction) =>
      sample(
        {
          name: `projection, ${direction}`,
          ...{ steps: 3, batch: 3, inputSize: 2, hiddenSize: 5, projectionSize: 3, states },
          bias: true,
          lengths: [3, 0, 2],
        },
        { direction, batchFirst: direction === 'forward' },
      ),
    ),
    sample(
      {
        name: 'two layers with a projection, peepholes and dropout',
        ...{ steps: 2, batch: 2, inputSize: 4, hiddenSize: 4, projectionSize: 2, layers: 2, states },
        extra: { peepholeWeight: [12] },
      },
      { dropout: 0.3 },
    ),
    sample(
      {
        name: 'three layers, batch first, dropout',
        ...{ steps: 3, batch: 4, inputSize: 4, hiddenSize: 4, layers: 3, states },
        bias: true,
      },
      { batchFirst: true, dropout: 0.5 },
    ),
    ...[
      [1, 17],
      [37, 1],
      [129, 1],
      [512, 1],
    ].map(([hiddenSize, batch]) =>
      sample(
        {
          name: `hidden size ${hiddenSize}, batch ${batch}`,
          ...{ steps: 2, batch, inputSize: 2, hiddenSize, states },
          values: { recurrentWeight: { low: -1 / hiddenSize, high: 1 / hiddenSize } },
          comparedGradients: true,
        },
        {},
      ),
    ),
    sample(
      {
        name: 'hidden size 96, batch 64',
        ...{ steps: 2, batch: 64, inputSize: 1, hiddenSize: 96 },
        values: { recurrentWeight: { low: -0.02, high: 0.02 } },
        gradient: false,
      },
      {},
    ),
    sample(
      {
        name: '2,000 steps',
        ...{ steps: 2000, batch: 1, inputSize: 1, hiddenSize: 4, states },
        comparedGradients: true,
      },
      {},
    ),
    {
      ...sample(
        {
          name: 'saturated: every gate exactly 0 or 1, tanh exactly 1 or -1',
          ...{ steps: 3, batch: 3, inputSize: 1, hiddenSize: 4, states },
          values: {
            x: [200, -200, 3e38, 200, -200, 3e38, 200, -200, 3e38],
            weight: new Array(16).fill(1),
            recurrentWeight: new Array(64).fill(1),
            initialCellState: new Array(12).fill(100),
          },
          gradient: false,
          tolerance: { relative: 0, absolute: 0, reason: 'all gates are 0 or 1 in float32' },
        },
        {},
      ),
      expected: [
        new Array(3).fill([1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1]).flat(),
        [1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1],
        [103, 103, 103, 103, 0, 0, 0, 0, 103, 103, 103, 103],
      ],
    },
    sample(
      {
        name: 'NaN and infinities',
        ...{ steps: 3, batch: 4, inputSize: 1, hiddenSize: 3, lengths: [3, 2, 3, 3] },
        values: {
          x: [
            1,
            2,
            Number.POSITIVE_INFINITY,
            1,
            Number.NaN,
            1,
            1,
            Number.NEGATIVE_INFINITY,
            1,
            Number.NaN,
            1,
            1,
          ],
        },
        comparedGradients: true,
      },
      {},
    ),
    {
      name: 'the same in elementary ops: no difference, nor of gradients',
      inputs: [[3, 2, 2], [2, 12], [3, 12], [12]].map((shape) => ({ shape })),
      build: ([input, weight, recurrentWeight, bias]) => {
        const made = lstm(input, { weight, recurrentWeight, bias });
        const expected = byHand(input, weight, recurrentWeight, bias);
        return [sub(made.output, expected.output), sub(reshape(made.cellState, [2, 3]), expected.cellState)];
      },
      expected: [new Array(18).fill(0), new Array(6).fill(0)],
    },
  ],
  errors: [
    wrong(
      'no weights',
      GraphError,
      /^lstm: the weights must be \{ weight, recurrentWeight, bias\?, … \}, /,
      (graph) => lstm(x(graph), {} as never),
    ),
    wrong(
      'weights forgotten',
      GraphError,
      /^lstm: the weights must be \{ weight, recurrentWeight, /,
      (graph) => lstm(x(graph), undefined as never),
    ),
    wrong('no layers', GraphError, /^lstm: expected the weights of at least one layer$/, (graph) =>
      lstm(x(graph), []),
    ),
    wrong(
      'an unknown direction',
      GraphError,
      /^lstm: unknown direction "reverse" \(expected forward, backward or bidirectional\)$/,
      (graph) => lstm(x(graph), weights(graph), { direction: 'reverse' as never }),
    ),
    wrong(
      'an unknown weight',
      GraphError,
      /^lstm: unknown weight "kernel" \(expected weight, recurrentWeight, bias, /,
      (graph) => lstm(x(graph), weights(graph, { kernel: graph.input('k', [2, 12]) } as never)),
    ),
    wrong('rank of x', ShapeError, /^lstm: x must be \[batch, steps, inputSize\], got \[4, 2\]$/, (graph) =>
      lstm(graph.input('x', [4, 2]), weights(graph), { batchFirst: true }),
    ),
    wrong('dtype of x', DTypeError, /^lstm: expected float32, got float16; use cast$/, (graph) =>
      lstm(graph.input('x', [4, 5, 2], 'float16'), weights(graph)),
    ),
    wrong('dtype of a weight', DTypeError, /^lstm: bias must be float32, got int32$/, (graph) =>
      lstm(x(graph), weights(graph, { bias: graph.input('b', [12], 'int32') })),
    ),
    wrong(
      'a weight of another input size',
      ShapeError,
      /^lstm: weight must be \[2, 12\] for inputSize 2, hiddenSize 3 \(gates i, f, g, o\); got \[5, 12\]$/,
      (graph) => lstm(x(graph), weights(graph, { weight: graph.input('v', [5, 12]) })),
    ),
    wrong(
      "PyTorch's layout, gates first",
      ShapeError,
      /^lstm: recurrentWeight must be \[hiddenSize, 4 \* hiddenSize\] \(gates i, f, g, o\), got \[12, 3\]$/,
      (graph) => lstm(x(graph), weights(graph, { recurrentWeight: graph.input('v', [12, 3]) })),
    ),
    wrong(
      'weights of one direction for two',
      ShapeError,
      /^lstm: weight must be \[2, 2, 12\] for inputSize 2, hiddenSize 3, both directions \(gates i, f, g, o\); got \[2, 12\]$/,
      (graph) => lstm(x(graph), weights(graph), { direction: 'bidirectional' }),
    ),
    wrong(
      'a bias of another size, in the second layer',
      ShapeError,
      /^lstm: layer 1: bias must be \[12\] for inputSize 3, hiddenSize 3 \(gates i, f, g, o\); got \[3\]$/,
      (graph) => {
        const second = { weight: graph.input('w2', [3, 12]), recurrentWeight: graph.input('u2', [3, 12]) };
        return lstm(x(graph), [weights(graph), { ...second, bias: graph.input('b', [3]) }]);
      },
    ),
    wrong(
      'peepholes as a matrix',
      ShapeError,
      /^lstm: peepholeWeight must be \[9\] .*; got \[3, 3\]$/,
      (graph) => lstm(x(graph), weights(graph, { peepholeWeight: graph.input('p', [3, 3]) })),
    ),
    wrong(
      'an initial state without the axis of layers',
      ShapeError,
      /^lstm: initialCellState must be \[1, 5, 3\] \(\[layers \* directions, batch, size\]\), got \[5, 3\]$/,
      (graph) => lstm(x(graph), weights(graph), { initialCellState: graph.input('c', [5, 3]) }),
    ),
    wrong(
      'lengths of another batch',
      ShapeError,
      /^lstm: lengths must be \[5\], one for each sequence; got \[4\]$/,
      (graph) => lstm(x(graph), weights(graph), { lengths: graph.input('n', [4], 'int32') }),
    ),
    wrong('lengths as floats', DTypeError, /^lstm: lengths must be int32, got float32; use cast$/, (graph) =>
      lstm(x(graph), weights(graph), { lengths: graph.input('n', [5]) }),
    ),
    wrong(
      'an activation by its name',
      GraphError,
      /^lstm: an activation is a function of a tensor, .*; got "sigmoid"$/,
      (graph) => lstm(x(graph), weights(graph), { activations: ['sigmoid', 'tanh', 'tanh'] as never }),
    ),
    wrong('a clip below 0', GraphError, /^lstm: cellClip must be a number above 0, got -1$/, (graph) =>
      lstm(x(graph), weights(graph), { cellClip: -1 }),
    ),
  ],
});
