import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  adam,
  add,
  batchNorm,
  conv2d,
  type Device,
  flatten,
  Graph,
  glorotUniform,
  grad,
  linear,
  matmul,
  maxPool2d,
  mul,
  openDevice,
  relu,
  softmaxCrossEntropy,
  sum,
  type Tensor,
} from '../src/index.ts';

/** Counts are exact on every machine: they are the part of speed that a test can hold. */
describe('budgets of dispatches', () => {
  let device: Device;
  beforeAll(async () => {
    device = await openDevice({ backend: 'webgpu' });
  });
  afterAll(() => device.dispose());

  /** A step of the network, its first loss and its last, and how the device's buffers changed over some steps. */
  async function train(
    graph: Graph,
    loss: Tensor,
    feeds: Record<string, Float32Array | Int32Array>,
    clipNorm?: number,
  ) {
    const updates = adam({ learningRate: 1e-2, clipNorm }).minimize(loss);
    const program = await device.compile({ outputs: { loss }, updates });
    const first = (await program.run(feeds)).loss[0];
    const before = device.memory;
    for (let step = 0; step < 20; step++) await program.submit(feeds);
    const last = (await program.run(feeds)).loss[0];
    expect(graph.parameters.length).toBeGreaterThan(0);
    expect(last).toBeLessThan(first);
    expect(device.memory).toEqual(before);
    const { stats } = program;
    program.dispose();
    return stats;
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
      const stats = await train(graph, loss, {}, clipNorm);
      expect(stats.kernels.filter((kernel) => /^(adam|squaredNorm) /.test(kernel))).toHaveLength(expected);
    }
  });
});
