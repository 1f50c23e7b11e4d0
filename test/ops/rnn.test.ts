import { DTypeError, GraphError, ShapeError } from '../../src/core/errors.ts';
import type { Graph, Tensor } from '../../src/graph/graph.ts';
import { elu, hardSigmoid, identity, leakyRelu, relu, softsign, step } from '../../src/ops/activations.ts';
import { add, sub } from '../../src/ops/arithmetic.ts';
import { stack } from '../../src/ops/concat.ts';
import { tanh } from '../../src/ops/math.ts';
import { matmul } from '../../src/ops/matmul.ts';
import { reshape } from '../../src/ops/reshape.ts';
import { rnn } from '../../src/ops/rnn.ts';
import { slice } from '../../src/ops/slice.ts';
import { softmax } from '../../src/ops/softmax.ts';
import { checkOp } from '../support/checkOp.ts';
import { recurrentSamples, strategies } from '../support/recurrentSamples.ts';

// The cheapest cell to compile: what all cells share (directions, layouts, lengths, tiles of sequences, sizes) is checked with it in every
// strategy; lstm.test.ts and gru.test.ts hold what is their own.

const sample = recurrentSamples(rnn, 1, ({ output, hiddenState }) => [output, hiddenState]);
const [looped, resident, stepwise, chunked] = strategies('rnn');
const all = [looped, resident, stepwise, chunked];

/** h ← tanh(W x + U h) in elementary ops, from [T, B, I] to [T, B, H]. */
function byHand(x: Tensor, weight: Tensor, recurrentWeight: Tensor): Tensor {
  const [steps, batch, inputSize] = x.shape;
  const outputs: Tensor[] = [];
  for (let t = 0; t < steps; t++) {
    const input = reshape(slice(x, { axes: [0], begin: [t], size: [1] }), [batch, inputSize]);
    const fromInput = matmul(input, weight);
    outputs.push(tanh(t === 0 ? fromInput : add(fromInput, matmul(outputs[t - 1], recurrentWeight))));
  }
  return stack(outputs);
}

const weights = (graph: Graph, hidden = 3) => ({
  weight: graph.input('w', [2, hidden]),
  recurrentWeight: graph.input('u', [hidden, hidden]),
});
const x = (graph: Graph) => graph.input('x', [4, 5, 2]);

checkOp('rnn', {
  samples: [
    sample(
      {
        name: 'both directions, batch first, lengths, initial states, two biases, odd sizes',
        ...{ steps: 7, batch: 5, inputSize: 3, hiddenSize: 7 },
        bias: true,
        recurrentBias: true,
        states: ['initialHiddenState'],
        lengths: [7, 0, 3, 1, 6],
        variants: all,
      },
      { direction: 'bidirectional', batchFirst: true },
      ({ output, hiddenState, lastOutput }) => [output, hiddenState, lastOutput],
    ),
    sample(
      {
        name: 'forward, time first, whole quads',
        ...{ steps: 5, batch: 5, inputSize: 4, hiddenSize: 8 },
        bias: true,
        variants: all,
      },
      {},
    ),
    sample(
      {
        name: 'as on a GPU',
        ...{ steps: 4, batch: 3, inputSize: 2, hiddenSize: 16, lengths: [4, 1, 0] },
        recurrentBias: true,
        variants: all,
        asGpu: true,
      },
      { direction: 'bidirectional' },
    ),
    sample(
      {
        name: 'backward, time first, lengths, no bias',
        ...{ steps: 4, batch: 3, inputSize: 2, hiddenSize: 3, lengths: [4, 1, 0] },
        states: ['initialHiddenState'],
        variants: [looped, stepwise],
      },
      { direction: 'backward' },
    ),
    sample(
      {
        name: 'the sequence alone is read',
        ...{ steps: 5, batch: 2, inputSize: 2, hiddenSize: 4, variants: [stepwise, chunked] },
      },
      {},
      ({ output }) => [output],
    ),
    sample(
      {
        name: 'the final states alone are read',
        ...{ steps: 5, batch: 3, inputSize: 2, hiddenSize: 4, lengths: [5, 0, 2] },
        variants: [looped, stepwise, chunked],
      },
      {},
      ({ hiddenState }) => [hiddenState],
    ),
    sample(
      {
        name: 'the last output alone is read, both directions, without gradients',
        ...{ steps: 5, batch: 3, inputSize: 2, hiddenSize: 5, lengths: [5, 4, 1] },
        variants: [looped, stepwise, chunked],
        gradient: false,
      },
      { direction: 'bidirectional' },
      ({ lastOutput }) => [lastOutput],
    ),
    sample(
      {
        name: 'three layers, both directions, dropout',
        ...{ steps: 3, batch: 4, inputSize: 3, hiddenSize: 4, layers: 3 },
        bias: true,
        states: ['initialHiddenState'],
        lengths: [3, 2, 0, 1],
      },
      { direction: 'bidirectional', dropout: 0.4 },
    ),
    ...[relu, identity, step, softsign, (y: Tensor) => leakyRelu(y, { alpha: 0.2 })].map((activation, i) =>
      sample(
        {
          name: `activation ${activation.name || 'leakyRelu 0.2'}, ${i + 1} steps`,
          ...{ steps: i + 1, batch: 2, inputSize: 3, hiddenSize: 3 },
          variants: i === 0 ? all : undefined,
        },
        { activation },
      ),
    ),
    sample(
      {
        name: 'clip, before the activation',
        ...{ steps: 4, batch: 3, inputSize: 3, hiddenSize: 4 },
      },
      { clip: 0.3, activation: (y) => elu(hardSigmoid(y, { alpha: 0.7, beta: 0.1 })) },
    ),
    ...[
      [1, 17],
      [37, 64],
      [96, 1],
      [128, 1],
      [129, 1],
      [512, 1],
      [1030, 1],
    ].map(([hiddenSize, batch]) =>
      sample(
        {
          name: `hidden size ${hiddenSize}, batch ${batch}`,
          ...{ steps: 3, batch, inputSize: 2, hiddenSize },
          // Sums of thousands of terms saturate tanh, unless they are small.
          values: { recurrentWeight: { low: -1 / hiddenSize, high: 1 / hiddenSize } },
          comparedGradients: true,
        },
        {},
      ),
    ),
    sample(
      {
        name: '2,000 steps',
        ...{ steps: 2000, batch: 1, inputSize: 1, hiddenSize: 3, states: ['initialHiddenState'] },
        variants: [looped, chunked],
        comparedGradients: true,
      },
      {},
    ),
    {
      ...sample(
        {
          name: 'saturated: exactly 1 and -1',
          ...{ steps: 3, batch: 3, inputSize: 1, hiddenSize: 4 },
          values: {
            x: [100, -100, 3e38, 1e3, -1e3, -3e38, 3e38, -3e38, 100],
            weight: [1, 10, 1, 10],
            recurrentWeight: { low: -1, high: 1 },
          },
          gradient: false,
          tolerance: { relative: 0, absolute: 0, reason: 'tanh of more than 10 is 1 in float32' },
        },
        {},
      ),
      expected: [
        [1, -1, 1, 1, -1, -1, 1, -1, 1].flatMap((sign) => [sign, sign, sign, sign]),
        [1, -1, 1].flatMap((sign) => [sign, sign, sign, sign]),
      ],
    },
    ...[tanh, relu].map((activation) =>
      sample(
        {
          name: `NaN and infinities, ${activation.name}`,
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
          variants: [looped, stepwise],
          comparedGradients: true,
        },
        { activation },
      ),
    ),
    {
      name: 'the same in elementary ops: no difference, nor of gradients',
      inputs: [{ shape: [4, 3, 2] }, { shape: [2, 5] }, { shape: [5, 5], values: { low: -0.5, high: 0.5 } }],
      build: ([input, weight, recurrentWeight]) =>
        sub(rnn(input, { weight, recurrentWeight }).output, byHand(input, weight, recurrentWeight)),
      expected: new Array(60).fill(0),
    },
  ],
  errors: [
    {
      name: 'no layers',
      build: (graph) => rnn(x(graph), []),
      error: GraphError,
      message: /^rnn: expected the weights of at least one layer$/,
    },
    {
      name: 'rank of x',
      build: (graph) => rnn(graph.input('x', [4, 2]), weights(graph)),
      error: ShapeError,
      message: /^rnn: x must be \[steps, batch, inputSize\], got \[4, 2\]$/,
    },
    {
      name: 'dtype of x',
      build: (graph) => rnn(graph.input('x', [4, 5, 2], 'int32'), weights(graph)),
      error: DTypeError,
      message: /^rnn: expected float32, got int32; use cast$/,
    },
    {
      name: 'a recurrent weight of other columns',
      build: (graph) => rnn(x(graph), { ...weights(graph), recurrentWeight: graph.input('v', [3, 4]) }),
      error: ShapeError,
      message: /^rnn: \w+ must be \[\d+, \d+\] .*gates one.*; got \[\d, \d\]$/,
    },
    {
      name: 'an activation by its name',
      build: (graph) => rnn(x(graph), weights(graph), { activation: 'tanh' as never }),
      error: GraphError,
      message: /^rnn: an activation is a function of a tensor, such as tanh .*; got "tanh"$/,
    },
    {
      name: 'an activation across elements',
      build: (graph) => rnn(x(graph), weights(graph), { activation: softmax }),
      error: GraphError,
      message: /^rnn: softmax cannot sit in a gate; use elementwise ops of one tensor$/,
    },
    {
      name: 'a clip of 0',
      build: (graph) => rnn(x(graph), weights(graph), { clip: 0 }),
      error: GraphError,
      message: /^rnn: clip must be a number above 0, got 0$/,
    },
  ],
});
