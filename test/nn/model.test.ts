import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as t from '../../src/index.ts';
import * as layers from '../../src/layers.ts';

// Whole training steps of models made of layers against the same written by hand: as many dispatches, the same bits.
describe('a model of layers', () => {
  let device: t.Device;
  beforeAll(async () => {
    device = await t.openDevice({ backend: 'webgpu' });
  });
  afterAll(() => device.dispose());

  interface Made {
    readonly loss: t.Tensor;
    readonly updates: readonly (readonly [t.Variable, t.Tensor])[];
    readonly parameters: readonly t.Variable[];
  }

  async function train({ loss, updates, parameters }: Made, feeds: t.Feeds) {
    for (const [i, parameter] of parameters.entries()) {
      const fan = parameter.size / (parameter.shape.at(-1) ?? 1);
      const draw = (_: number, j: number) => Math.sin(1 + i + j * 1.7) / Math.sqrt(fan);
      device.write(parameter, Float32Array.from({ length: parameter.size }, draw));
    }
    const optimizer = t.adam({ learningRate: 0.01 });
    const program = await device.compile({
      outputs: { loss },
      updates: [...updates, ...optimizer.minimize(loss, parameters)],
    });
    const losses: number[] = [];
    for (let step = 0; step < 5; step++) losses.push((await program.run(feeds)).loss[0]);
    return { losses, dispatches: program.stats.dispatches, kernels: program.stats.kernels };
  }

  async function compare(
    shape: t.Shape,
    network: layers.Layer,
    byHand: (graph: t.Graph, x: t.Tensor) => { output: t.Tensor; updates: Made['updates'] },
  ) {
    const batch = shape[0];
    const feeds = {
      x: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i * 12.9898)),
      labels: Int32Array.from({ length: batch }, (_, i) => (i * 7) % 10),
    };
    const inputs = () => {
      const graph = new t.Graph({ seed: 1 });
      return { graph, x: graph.input('x', shape), labels: graph.input('labels', [batch], 'int32') };
    };
    const one = inputs();
    const made = layers.forward(network, one.x, { training: true });
    const withLayers = await train({ ...made, loss: t.softmaxCrossEntropy(made.output, one.labels) }, feeds);
    const other = inputs();
    const hand = byHand(other.graph, other.x);
    const { parameters } = other.graph;
    const plain = await train(
      { ...hand, parameters, loss: t.softmaxCrossEntropy(hand.output, other.labels) },
      feeds,
    );
    expect(withLayers.dispatches, withLayers.kernels.join('\n')).toBe(plain.dispatches);
    expect(withLayers.losses).toEqual(plain.losses);
    expect(withLayers.losses[4]).toBeLessThan(withLayers.losses[0]);
    return withLayers.dispatches;
  }

  it('LeNet-like CNN, batch 64: 16 dispatches', async () => {
    const network = layers.sequential([
      layers.conv2d(8, 5, { activation: t.relu }),
      layers.maxPool2d(2),
      layers.conv2d(16, 5, { activation: t.relu }),
      layers.maxPool2d(2),
      layers.flatten(),
      layers.dense(10),
    ]);
    const dispatches = await compare([64, 28, 28, 1], network, (graph, x) => {
      const block = (name: string, y: t.Tensor, channels: number) => {
        const filter = graph.variable(`${name}/filter`, [5, 5, y.shape[3], channels]);
        const bias = graph.variable(`${name}/bias`, [channels]);
        return t.maxPool2d(t.relu(t.conv2d(y, filter, { bias })), { windowSize: 2 });
      };
      const features = t.flatten(block('conv2', block('conv1', x, 8), 16));
      const weight = graph.variable('weight', [features.shape[1], 10]);
      return { output: t.linear(features, weight, graph.variable('bias', [10])), updates: [] };
    });
    expect(dispatches).toBeLessThanOrEqual(16);
  });

  it('residual block with batch normalisation', async () => {
    const [first, second] = [1, 2].map(() => layers.conv2d(4, 3, { padding: 'same', bias: false }));
    const [norm1, norm2] = [layers.batchNorm(), layers.batchNorm()];
    const block = layers.model((x: t.Tensor, context) => {
      const hidden = t.relu(norm1.call(first.call(x, context), context));
      return t.relu(t.add(x, norm2.call(second.call(hidden, context), context)));
    });
    const network = layers.sequential([block, layers.globalAveragePool2d(), layers.dense(10)]);
    await compare([8, 6, 6, 4], network, (graph, x) => {
      const updates: (readonly [t.Variable, t.Tensor])[] = [];
      const convolve = (name: string, y: t.Tensor) => {
        const filter = graph.variable(`${name}/filter`, [3, 3, 4, 4]);
        const state = (own: string, initializer: number) =>
          graph.variable(`${name}/${own}`, [4], { trainable: false, initializer });
        const { output, updates: own } = t.batchNorm(t.conv2d(y, filter, { padding: 'same' }), {
          scale: graph.variable(`${name}/scale`, [4]),
          offset: graph.variable(`${name}/offset`, [4]),
          runningMean: state('mean', 0),
          runningVariance: state('variance', 1),
        });
        updates.push(...own);
        return output;
      };
      const y = t.relu(t.add(x, convolve('b', t.relu(convolve('a', x)))));
      const features = t.mean(y, { axes: [1, 2] });
      const output = t.linear(features, graph.variable('weight', [4, 10]), graph.variable('bias', [10]));
      return { output, updates };
    });
  });

  it('trains, evaluates and predicts with one set of weights at three batch sizes', async () => {
    const network = layers.sequential([
      layers.dense(8, { activation: t.tanh }),
      layers.batchNorm(),
      layers.dense(1),
    ]);
    const graph = new t.Graph({ seed: 6 });
    const train = layers.forward(network, graph.input('x', [4, 2]), { training: true });
    const loss = t.meanSquaredError(train.output, graph.input('target', [4, 1]));
    const step = await device.compile({
      outputs: { loss },
      updates: [...train.updates, ...t.adam({ learningRate: 0.05 }).minimize(loss, train.parameters)],
    });
    const one = await device.compile({
      outputs: { y: layers.forward(network, graph.input('one', [1, 2])).output },
    });
    const two = await device.compile({
      outputs: { y: layers.forward(network, graph.input('two', [2, 2])).output },
    });
    const before = (await one.run({ one: [1, 0] })).y[0];
    const feeds = { x: [0, 0, 0, 1, 1, 0, 1, 1], target: [0, 1, 1, 0] };
    for (let i = 0; i < 300; i++) await step.submit(feeds);
    const after = (await one.run({ one: [1, 0] })).y[0];
    expect(Math.abs(after - 1)).toBeLessThan(Math.abs(before - 1));
    expect(Math.abs(after - 1)).toBeLessThan(0.1);
    const pair = (await two.run({ two: [1, 0, 1, 1] })).y;
    expect(pair[0]).toBeCloseTo(after, 5);
    expect(Math.abs(pair[1])).toBeLessThan(0.1);
  });
});
