import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultTarget, type Target } from '../src/graph/kernel.ts';
import { plan } from '../src/graph/plan.ts';
import { trace } from '../src/graph/trace.ts';
import {
  adam,
  add,
  batchNorm,
  conv2d,
  type Device,
  flatten,
  Graph,
  gather,
  glorotUniform,
  grad,
  gru,
  gruCell,
  linear,
  lstm,
  lstmCell,
  matmul,
  maxPool2d,
  mul,
  oneHot,
  openDevice,
  relu,
  rnn,
  rnnCell,
  softmaxCrossEntropy,
  sum,
  type Tensor,
  type Variable,
} from '../src/index.ts';

/** Counts are exact on every machine: they are the part of speed that a test can hold. */
describe('budgets of dispatches', () => {
  let device: Device;
  beforeAll(async () => {
    device = await openDevice({ backend: 'webgpu' });
  });
  afterAll(() => device.dispose());

  /** Trains some steps: the loss falls, and the device's buffers stay. Gives the step's costs, and its dispatches on a GPU. */
  async function train(
    graph: Graph,
    loss: Tensor,
    feeds: Record<string, Float32Array | Int32Array>,
    { clipNorm, steps = 20 }: { clipNorm?: number; steps?: number } = {},
  ) {
    const updates = adam({ learningRate: 1e-2, clipNorm }).minimize(loss);
    const program = await device.compile({ outputs: { loss }, updates });
    const first = (await program.run(feeds)).loss[0];
    const before = device.memory;
    for (let step = 0; step < steps; step++) await program.submit(feeds);
    const last = (await program.run(feeds)).loss[0];
    expect(graph.parameters.length).toBeGreaterThan(0);
    expect(last).toBeLessThan(first);
    expect(device.memory).toEqual(before);
    const { stats } = program;
    program.dispose();
    return { ...stats, onGpu: kernelsOn(adapters['a GPU'], { loss }, updates) };
  }

  const random = (length: number) =>
    Float32Array.from({ length }, (_, i) => Math.sin(i * 12.9898) * 0.5 + 0.5);
  const labels = (length: number, classes: number) =>
    Int32Array.from({ length }, (_, i) => (i * 7) % classes);

  it('LeNet-like CNN, Adam, batch 64: at most 16 dispatches, 1 submit, no new buffers', async () => {
    const graph = new Graph({ seed: 1 });
    const image = graph.input('image', [64, 28, 28, 1]);
    const label = graph.input('label', [64], 'int32');
    const layer = (name: string, x: Tensor, channels: number) =>
      graph.scope(name, () => {
        const filter = graph.variable('filter', [5, 5, x.shape[3], channels], {
          initializer: glorotUniform(),
        });
        return maxPool2d(relu(conv2d(x, filter, { bias: graph.variable('bias', [channels]) })), {
          windowSize: 2,
        });
      });
    const features = flatten(layer('conv2', layer('conv1', image, 8), 16));
    const weight = graph.variable('weight', [features.shape[1], 10], { initializer: glorotUniform() });
    const logits = linear(features, weight, graph.variable('bias', [10]));
    const loss = softmaxCrossEntropy(logits, label);
    const stats = await train(graph, loss, { image: random(64 * 784), label: labels(64, 10) });
    expect(stats.dispatches, stats.kernels.join('\n')).toBeLessThanOrEqual(16);
    expect(stats.submits).toBe(1);
  });

  for (const [form, dense] of [
    ['linear', linear],
    ['add(matmul)', (x: Tensor, w: Tensor, b: Tensor) => add(matmul(x, w), b)],
  ] as const) {
    it(`MLP 784-256-256-10 with ${form}, Adam, batch 128: at most 14 dispatches, 1 submit`, async () => {
      const graph = new Graph({ seed: 1 });
      const image = graph.input('image', [128, 784]);
      const label = graph.input('label', [128], 'int32');
      const layer = (name: string, x: Tensor, units: number) =>
        graph.scope(name, () => {
          const weight = graph.variable('weight', [x.shape[1], units], { initializer: glorotUniform() });
          return dense(x, weight, graph.variable('bias', [units]));
        });
      const logits = layer('output', relu(layer('hidden2', relu(layer('hidden1', image, 256)), 256)), 10);
      const loss = softmaxCrossEntropy(logits, label);
      const stats = await train(graph, loss, { image: random(128 * 784), label: labels(128, 10) });
      expect(stats.dispatches, stats.kernels.join('\n')).toBeLessThanOrEqual(14);
      expect(stats.submits).toBe(1);
    });
  }

  it('batch norm in training: 2 dispatches forward, 2 backward, activation included', async () => {
    const graph = new Graph();
    const x = graph.input('x', [8, 6, 6, 12]);
    const scale = graph.variable('scale', [12], { initializer: 1 });
    const offset = graph.variable('offset', [12]);
    const runningMean = graph.variable('runningMean', [12], { trainable: false });
    const runningVariance = graph.variable('runningVariance', [12], { trainable: false, initializer: 1 });
    const { output, updates } = batchNorm(x, { scale, offset, runningMean, runningVariance, training: true });
    const forward = await device.compile({ outputs: { y: relu(output) }, updates });
    expect(forward.stats.dispatches, forward.stats.kernels.join('\n')).toBe(2);
    const weights = graph.input('weights', [8, 6, 6, 12]);
    const y = relu(output);
    const [dx, dScale, dOffset] = grad(sum(mul(y, weights)), [x, scale, offset]);
    const both = await device.compile({ outputs: { y, dx, dScale, dOffset }, updates });
    // The mask of the activation is a dispatch of its own: dy is no kernel's output here.
    expect(both.stats.dispatches, both.stats.kernels.join('\n')).toBeLessThanOrEqual(5);
    expect(both.stats.kernels.filter((kernel) => /batchNormGradient/.test(kernel))).toHaveLength(2);
  });

  it('an optimizer takes 1 dispatch for any number of parameters, 2 with global-norm clipping', async () => {
    for (const [clipNorm, expected] of [
      [undefined, 1],
      [1, 2],
    ] as const) {
      const graph = new Graph();
      const parameters = Array.from({ length: 40 }, (_, i) =>
        graph.variable(`p${i}`, [i + 1, 7], { initializer: 1 }),
      );
      const loss = parameters
        .map((parameter) => sum(mul(parameter, parameter)))
        .reduce((total, term) => add(total, term));
      const stats = await train(graph, loss, {}, { clipNorm });
      expect(stats.kernels.filter((kernel) => /^(adam|squaredNorm) /.test(kernel))).toHaveLength(expected);
    }
  });

  for (const source of ['an embedding', 'one-hot vectors'] as const) {
    it(`a character LSTM on ${source}, T = B = 32, Adam: at most 17 dispatches, 1 submit, no new buffers`, async () => {
      const graph = new Graph({ seed: 1 });
      const [steps, batch, vocabulary, inputSize] = [32, 32, 64, 64];
      const text = graph.input('text', [steps, batch], 'int32');
      const following = graph.input('following', [steps, batch], 'int32');
      const x =
        source === 'an embedding'
          ? gather(matrix(graph, 'embedding', [vocabulary, inputSize]), text)
          : oneHot(text, vocabulary);
      const { output } = lstm(x, recurrentWeights(graph, 4, inputSize, 128, 1));
      const dense = matrix(graph, 'dense', [128, vocabulary]);
      const logits = linear(output, dense, graph.variable('denseBias', [vocabulary]));
      const loss = softmaxCrossEntropy(logits, following);
      const feeds = { text: labels(1024, 64), following: labels(1024, 64) };
      const stats = await train(graph, loss, feeds, { steps: 3 });
      expect(stats.dispatches, stats.kernels.join('\n')).toBeLessThanOrEqual(17);
      expect(stats.onGpu.length, stats.onGpu.join('\n')).toBeLessThanOrEqual(17);
      expect(stats.submits).toBe(1);
    }, 180_000);
  }
});

/** What a plan needs to know of two adapters, so that both are counted on any machine. */
const adapters: Readonly<Record<string, Target>> = {
  'a GPU': defaultTarget,
  SwiftShader: { ...defaultTarget, barrierLanes: 64, fastWorkgroupMemory: false, registerWords: 2048 },
};

/** The dispatches that a program would take there. */
function kernelsOn(
  target: Target,
  outputs: Readonly<Record<string, Tensor>>,
  updates: readonly (readonly [Variable, Tensor])[] = [],
): string[] {
  return plan(trace({ outputs, updates }), target).calls.map(({ call, path }) => `${call.label} ${path}`);
}

function matrix(graph: Graph, name: string, shape: readonly number[]): Variable {
  return graph.variable(name, shape, { initializer: glorotUniform() });
}

function recurrentWeights(graph: Graph, gates: number, inputSize: number, hidden: number, biases: 1 | 2) {
  return {
    weight: matrix(graph, 'weight', [inputSize, gates * hidden]),
    recurrentWeight: matrix(graph, 'recurrentWeight', [hidden, gates * hidden]),
    bias: graph.variable('bias', [gates * hidden]),
    ...(biases === 2 && { recurrentBias: graph.variable('recurrentBias', [gates * hidden]) }),
  };
}

for (const [adapter, target] of Object.entries(adapters)) {
  describe(`budgets of recurrent layers on ${adapter}, T = 64, two biases`, () => {
    const cells = { lstm: [lstm, 4], gru: [gru, 3], rnn: [rnn, 1] } as const;
    const layer = (name: keyof typeof cells, batch: number, size: number) => {
      const graph = new Graph();
      const [cell, gates] = cells[name];
      const x = graph.input('x', [64, batch, size]);
      return { graph, x, ...cell(x, recurrentWeights(graph, gates, size, size, 2)) };
    };
    const expectAtMost = (most: number, kernels: string[]) =>
      expect(kernels.length, kernels.join('\n')).toBeLessThanOrEqual(most);

    for (const name of ['lstm', 'gru', 'rnn'] as const) {
      for (const batch of [1, 32]) {
        it(`${name}, I = H = 128, B = ${batch}: at most 3 forward, 12 with the gradients of x and all weights`, () => {
          const { graph, x, output, hiddenState, lastOutput } = layer(name, batch, 128);
          expectAtMost(3, kernelsOn(target, { output, hiddenState }));
          // The row of the last output is a transposed copy of the final states, where there are more rows than one.
          expectAtMost(3, kernelsOn(target, { lastOutput }));
          const dy = graph.input('dy', output.shape);
          const gradients = grad(sum(mul(output, dy)), [x, ...graph.parameters]);
          const named = Object.fromEntries(gradients.map((gradient, i) => [`d${i}`, gradient]));
          expectAtMost(12, kernelsOn(target, { output, ...named }));
        });

        it(`${name}, H = 512, B = ${batch}: at most T + 3 forward`, () => {
          const { output, hiddenState } = layer(name, batch, 512);
          expectAtMost(64 + 3, kernelsOn(target, { output, hiddenState }));
        });
      }
    }

    it('a streaming step of one layer: 1, states included', () => {
      const graph = new Graph();
      const x = graph.input('x', [1, 64]);
      const state = (name: string) => graph.variable(name, [1, 128], { trainable: false });
      const [h, c, g, r] = ['h', 'c', 'g', 'r'].map(state);
      const weights = (name: string, gates: number) =>
        graph.scope(name, () => recurrentWeights(graph, gates, 64, 128, 1));
      const next = lstmCell(x, { hiddenState: h, cellState: c }, weights('lstm', 4));
      const updates: [Variable, Tensor][] = [
        [h, next.hiddenState],
        [c, next.cellState],
      ];
      expectAtMost(1, kernelsOn(target, { y: next.hiddenState }, updates));
      const nextGru = gruCell(x, g, weights('gru', 3));
      expectAtMost(1, kernelsOn(target, { y: nextGru }, [[g, nextGru]]));
      const nextRnn = rnnCell(x, r, weights('rnn', 1));
      expectAtMost(1, kernelsOn(target, { y: nextRnn }, [[r, nextRnn]]));
    });
  });
}
