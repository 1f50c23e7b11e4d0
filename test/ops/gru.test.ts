import { GraphError, ShapeError } from '../../src/core/errors.ts';
import type { Graph, Tensor } from '../../src/graph/graph.ts';
import { elu, hardSigmoid, identity, relu, sigmoid, softsign, step } from '../../src/ops/activations.ts';
import { add, mul, sub } from '../../src/ops/arithmetic.ts';
import { concat, stack } from '../../src/ops/concat.ts';
import { type GruOptions, gru } from '../../src/ops/gru.ts';
import { tanh } from '../../src/ops/math.ts';
import { matmul } from '../../src/ops/matmul.ts';
import { reshape } from '../../src/ops/reshape.ts';
import { slice } from '../../src/ops/slice.ts';
import { checkOp } from '../support/checkOp.ts';
import { recurrentSamples, strategies } from '../support/recurrentSamples.ts';

// rnn.test.ts holds what all cells share; here are both places of the reset gate, the second bias, and the gates' activations.

const sample = recurrentSamples(gru, 3, ({ output, hiddenState }) => [output, hiddenState]);
const [looped, resident, stepwise, chunked] = strategies('gru');
const states = ['initialHiddenState'];

/** In elementary ops, from the last step to the first: [T, B, H]. `biases` are that of W x and that of U h. */
function byHand(
  x: Tensor,
  weight: Tensor,
  recurrentWeight: Tensor,
  biases: readonly Tensor[],
  resetAfter: boolean,
): Tensor {
  const [steps, batch, inputSize] = x.shape;
  const hidden = recurrentWeight.shape[0];
  const part = (y: Tensor, g: number) =>
    slice(y, { axes: [y.rank - 1], begin: [g * hidden], size: [hidden] });
  const outputs: Tensor[] = [];
  let h = x.graph.constant(0, [batch, hidden]);
  for (let t = steps - 1; t >= 0; t--) {
    const input = reshape(slice(x, { axes: [0], begin: [t], size: [1] }), [batch, inputSize]);
    const p = add(matmul(input, weight), biases[0]);
    const u = add(matmul(h, recurrentWeight), biases[1]);
    const reset = sigmoid(add(part(p, 0), part(u, 0)));
    const update = sigmoid(add(part(p, 1), part(u, 1)));
    const product = resetAfter
      ? mul(reset, part(u, 2))
      : add(matmul(mul(reset, h), part(recurrentWeight, 2)), part(biases[1], 2));
    const proposed = tanh(add(part(p, 2), product));
    h = add(proposed, mul(update, sub(h, proposed)));
    outputs.unshift(h);
  }
  return stack(outputs);
}

const x = (graph: Graph) => graph.input('x', [4, 5, 2]);
const weights = (graph: Graph) => ({
  weight: graph.input('w', [2, 9]),
  recurrentWeight: graph.input('u', [3, 9]),
});

checkOp('gru', {
  samples: [
    sample(
      {
        name: 'both directions, batch first, lengths, initial states, two biases, odd sizes',
        ...{ steps: 6, batch: 3, inputSize: 5, hiddenSize: 5, lengths: [6, 0, 3], states },
        bias: true,
        recurrentBias: true,
        variants: [looped, resident, stepwise, chunked],
      },
      { direction: 'bidirectional', batchFirst: true },
    ),
    sample(
      {
        name: 'forward, time first, whole quads',
        ...{ steps: 4, batch: 5, inputSize: 4, hiddenSize: 8, bias: true },
        variants: [looped, stepwise],
      },
      {},
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
        name: 'only the second bias, the last output alone is read',
        ...{ steps: 4, batch: 3, inputSize: 2, hiddenSize: 4, recurrentBias: true, lengths: [4, 0, 1] },
        variants: [stepwise, chunked],
      },
      {},
      ({ lastOutput }) => [lastOutput],
    ),
    ...(['forward', 'backward', 'bidirectional'] as const).map((direction) =>
      sample(
        {
          name: `the reset gate before the product, ${direction}`,
          ...{ steps: 3, batch: 3, inputSize: 2, hiddenSize: 4, lengths: [3, 0, 2], states },
          bias: true,
          recurrentBias: direction !== 'backward',
        },
        { direction, resetAfter: false, batchFirst: direction === 'backward' },
      ),
    ),
    ...(
      [
        { activations: [(y) => hardSigmoid(y, { alpha: 0.3, beta: 0.4 }), softsign] },
        { activations: [step, elu], clip: 0.5 },
        { activations: [sigmoid, identity] },
        { activations: [sigmoid, relu], resetAfter: false, clip: 0.7 },
      ] satisfies GruOptions[]
    ).map((options, i) =>
      sample(
        {
          name: `activations ${i}`,
          ...{ steps: 3, batch: 2, inputSize: 3, hiddenSize: 3, states },
        },
        options,
      ),
    ),
    ...[true, false].map((resetAfter) =>
      sample(
        {
          name: `two layers, both directions, dropout, resetAfter ${resetAfter}`,
          ...{ steps: 2, batch: 3, inputSize: 3, hiddenSize: 4, layers: 2, bias: true, states },
          recurrentBias: true,
        },
        { direction: 'bidirectional', dropout: 0.5, resetAfter },
      ),
    ),
    ...[
      [1, 17],
      [96, 1],
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
        name: 'hidden size 37, batch 64',
        ...{ steps: 2, batch: 64, inputSize: 1, hiddenSize: 37, gradient: false },
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
    ...[true, false].map((resetAfter) => ({
      ...sample(
        {
          name: `saturated: every gate exactly 0 or 1, tanh exactly -1; resetAfter ${resetAfter}`,
          ...{ steps: 2, batch: 3, inputSize: 1, hiddenSize: 4, states },
          values: {
            // z = 1 keeps the state; z = 0 takes the candidate.
            x: [200, -200, 3e38, 200, -200, 3e38],
            weight: new Array(12).fill(1),
            recurrentWeight: new Array(48).fill(0.5),
            initialHiddenState: new Array(12).fill(0.25),
          },
          gradient: false,
          tolerance: { relative: 0, absolute: 0, reason: 'all gates are 0 or 1 in float32' },
        },
        { resetAfter },
      ),
      expected: [
        new Array(2).fill([0.25, 0.25, 0.25, 0.25, -1, -1, -1, -1, 0.25, 0.25, 0.25, 0.25]).flat(),
        [0.25, 0.25, 0.25, 0.25, -1, -1, -1, -1, 0.25, 0.25, 0.25, 0.25],
      ],
    })),
    ...[true, false].map((resetAfter) =>
      sample(
        {
          name: `NaN and infinities, resetAfter ${resetAfter}`,
          ...{ steps: 2, batch: 4, inputSize: 1, hiddenSize: 3, lengths: [2, 1, 2, 2] },
          values: {
            x: [1, 2, Number.POSITIVE_INFINITY, Number.NaN, Number.NEGATIVE_INFINITY, Number.NaN, 1, 1],
          },
          comparedGradients: true,
        },
        { resetAfter },
      ),
    ),
    ...[true, false].map((resetAfter) => ({
      name: `the same in elementary ops: no difference, nor of gradients; resetAfter ${resetAfter}`,
      inputs: [[3, 2, 2], [2, 9], [3, 9], [9], [9]].map((shape) => ({ shape })),
      build: ([input, weight, recurrentWeight, bias, recurrentBias]: Tensor[]) => {
        const options = { direction: 'backward', resetAfter } as const;
        const { output } = gru(input, { weight, recurrentWeight, bias, recurrentBias }, options);
        return sub(output, byHand(input, weight, recurrentWeight, [bias, recurrentBias], resetAfter));
      },
      expected: new Array(18).fill(0),
    })),
    {
      name: 'both directions are two runs side by side',
      inputs: [
        [3, 2, 2],
        [2, 2, 9],
        [2, 3, 9],
      ].map((shape) => ({ shape })),
      build: ([input, weight, recurrentWeight]) => {
        const { output } = gru(input, { weight, recurrentWeight }, { direction: 'bidirectional' });
        const alone = (['forward', 'backward'] as const).map((direction, d) => {
          const own = (y: Tensor) => slice(y, { axes: [0], begin: [d], size: [1] });
          const mine = { weight: own(weight), recurrentWeight: own(recurrentWeight) };
          return gru(input, mine, { direction }).output;
        });
        return sub(output, concat(alone, 2));
      },
      expected: new Array(36).fill(0),
    },
  ],
  errors: [
    {
      name: 'a recurrent weight that is no three gates',
      build: (graph) => gru(x(graph), { ...weights(graph), recurrentWeight: graph.input('v', [3, 8]) }),
      error: ShapeError,
      message:
        /^gru: recurrentWeight must be \[hiddenSize, 3 \* hiddenSize\] \(gates r, z, n\), got \[3, 8\]$/,
    },
    {
      name: "CuDNN's two biases in one tensor",
      build: (graph) => gru(x(graph), { ...weights(graph), bias: graph.input('b', [2, 9]) }),
      error: ShapeError,
      message: /^gru: bias must be \[9\] for inputSize 2, hiddenSize 3 \(gates r, z, n\); got \[2, 9\]$/,
    },
    {
      name: 'peepholes',
      build: (graph) => gru(x(graph), { ...weights(graph), peepholeWeight: graph.input('p', [9]) } as never),
      error: GraphError,
      message:
        /^gru: unknown weight "peepholeWeight" \(expected weight, recurrentWeight, bias, recurrentBias\)$/,
    },
    {
      name: 'an initial state of another batch',
      build: (graph) => gru(x(graph), weights(graph), { initialHiddenState: graph.input('h', [1, 4, 3]) }),
      error: ShapeError,
      message: /^gru: initialHiddenState must be \[1, 5, 3\] .*, got \[1, 4, 3\]$/,
    },
    {
      name: 'layers of two sizes',
      build: (graph) => {
        const second = { weight: graph.input('w2', [3, 12]), recurrentWeight: graph.input('u2', [4, 12]) };
        return gru(x(graph), [weights(graph), second]);
      },
      error: ShapeError,
      message:
        /^gru: layer 1: hiddenSize is 4, that of layer 0 is 3; layers that share their states have one size/,
    },
  ],
});
