import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as t from '../../src/index.ts';
import * as layers from '../../src/layers.ts';

type Variables = Readonly<Record<string, t.Variable>>;
/** A layer, the shape of its input, and the same written by hand with the layer's variables (named without their scope). */
type Pair = readonly [
  string,
  layers.Layer,
  t.Shape,
  (x: t.Tensor, variables: Variables, batch: readonly (readonly [t.Variable, t.Tensor])[]) => t.Tensor,
  { training?: boolean; dtype?: t.DType }?,
];

const norm = ({ scale, offset }: Variables) => ({ scale, offset });

const pairs: readonly Pair[] = [
  [
    'dense',
    layers.dense(5, { activation: t.relu }),
    [3, 2, 7],
    (x, v) => t.relu(t.linear(x, v.weight, v.bias)),
  ],
  ['dense without bias', layers.dense(5, { bias: false }), [3, 7], (x, v) => t.linear(x, v.weight)],
  [
    'conv1d',
    layers.conv1d(6, 3, { padding: [2, 0], strides: 2, activation: t.tanh }),
    [2, 9, 3],
    (x, v) => t.tanh(t.conv1d(x, v.weight, { bias: v.bias, padding: [2, 0], strides: 2 })),
  ],
  [
    'conv2d',
    layers.conv2d(6, [3, 2], { padding: 'same', groups: 2, activation: t.relu }),
    [2, 7, 5, 4],
    (x, v) => t.relu(t.conv2d(x, v.weight, { bias: v.bias, padding: 'same', groups: 2 })),
  ],
  [
    'conv2d in NCHW without bias',
    layers.conv2d(6, 3, { layout: 'NCHW', bias: false, dilations: 2 }),
    [2, 3, 8, 8],
    (x, v) => t.conv2d(x, v.weight, { layout: 'NCHW', dilations: 2 }),
  ],
  [
    'depthwiseConv2d',
    layers.depthwiseConv2d(3, { multiplier: 2, strides: 2 }),
    [2, 7, 7, 3],
    (x, v) => t.depthwiseConv2d(x, v.weight, { bias: v.bias, strides: 2 }),
  ],
  [
    'separableConv2d',
    layers.separableConv2d(5, 3, { padding: 'same', multiplier: 2 }),
    [2, 6, 6, 3],
    (x, v) =>
      t.conv2d(t.depthwiseConv2d(x, v.depthwiseWeight, { padding: 'same' }), v.pointwiseWeight, {
        bias: v.bias,
      }),
  ],
  [
    'conv2dTranspose',
    layers.conv2dTranspose(4, 3, { strides: 2, padding: 'same', groups: 2 }),
    [2, 5, 4, 6],
    (x, v) => t.conv2dTranspose(x, v.weight, { bias: v.bias, strides: 2, padding: 'same', groups: 2 }),
  ],
  ['maxPool2d', layers.maxPool2d(2), [2, 6, 7, 3], (x) => t.maxPool2d(x, { windowSize: 2 })],
  [
    'averagePool2d',
    layers.averagePool2d(3, { strides: 2, padding: 1, countIncludePad: true }),
    [2, 6, 7, 3],
    (x) => t.averagePool2d(x, { windowSize: 3, strides: 2, padding: 1, countIncludePad: true }),
  ],
  [
    'maxPool1d',
    layers.maxPool1d(3, { strides: 2, padding: 1 }),
    [2, 9, 3],
    (x) =>
      t.reshape(
        t.maxPool2d(t.reshape(x, [2, 1, 9, 3]), {
          windowSize: [1, 3],
          strides: [1, 2],
          padding: [
            [0, 0],
            [1, 1],
          ],
        }),
        [2, 5, 3],
      ),
  ],
  [
    'averagePool1d',
    layers.averagePool1d(2),
    [2, 8, 3],
    (x) => t.mean(t.reshape(x, [2, 4, 2, 3]), { axes: [2] }),
  ],
  ['globalAveragePool2d', layers.globalAveragePool2d(), [2, 5, 3, 4], (x) => t.mean(x, { axes: [1, 2] })],
  [
    'globalMaxPool2d, in NCHW',
    layers.globalMaxPool2d({ layout: 'NCHW', keepDimensions: true }),
    [2, 4, 5, 3],
    (x) => t.globalMaxPool2d(x, { layout: 'NCHW' }),
  ],
  ['globalAveragePool1d', layers.globalAveragePool1d(), [2, 5, 4], (x) => t.mean(x, { axes: [1] })],
  ['globalMaxPool1d', layers.globalMaxPool1d(), [2, 5, 4], (x) => t.max(x, { axes: [1] })],
  [
    'batchNorm in training',
    layers.batchNorm({ momentum: 0.3 }),
    [5, 3, 2, 4],
    (x, v) => {
      const { runningMean, runningVariance } = v;
      return t.batchNorm(x, { ...norm(v), runningMean, runningVariance, momentum: 0.3 }).output;
    },
    { training: true },
  ],
  [
    'batchNorm for prediction',
    layers.batchNorm({ axis: 1, epsilon: 1e-3 }),
    [5, 3, 2, 4],
    (x, v) =>
      t.batchNormInference(x, {
        ...norm(v),
        mean: v.runningMean,
        variance: v.runningVariance,
        axis: 1,
        epsilon: 1e-3,
      }),
  ],
  ['layerNorm', layers.layerNorm(), [3, 4, 6], (x, v) => t.layerNorm(x, norm(v))],
  [
    'layerNorm over two axes',
    layers.layerNorm({ axes: [1, 2], offset: false }),
    [3, 4, 6],
    (x, { scale }) => t.layerNorm(x, { scale, axes: [1, 2] }),
  ],
  ['rmsNorm', layers.rmsNorm(), [3, 6], (x, { scale }) => t.rmsNorm(x, { scale })],
  ['groupNorm', layers.groupNorm(2), [3, 5, 6], (x, v) => t.groupNorm(x, { groups: 2, ...norm(v) })],
  [
    'instanceNorm',
    layers.instanceNorm({ axis: 1 }),
    [3, 6, 5],
    (x, v) => t.instanceNorm(x, { ...norm(v), axis: 1 }),
  ],
  ['dropout for prediction', layers.dropout(0.5), [3, 4], (x) => t.add(x, 0)],
  ['spatialDropout for prediction', layers.spatialDropout(0.5), [3, 4, 5], (x) => t.add(x, 0)],
  [
    'embedding',
    layers.embedding(6, 5),
    [2, 3],
    (x, { weight }) => t.embedding(weight, x),
    { dtype: 'int32' },
  ],
  ['flatten', layers.flatten(), [2, 3, 4], (x) => t.reshape(x, [2, 12])],
  ['reshape', layers.reshape([3, -1]), [2, 12], (x) => t.reshape(x, [2, 3, 4])],
  ['activation', layers.activation(t.gelu), [2, 12], (x) => t.gelu(x)],
  ['prelu', layers.prelu(), [2, 3, 4], (x, { slope }) => t.prelu(x, slope)],
  [
    'timeDistributed',
    layers.timeDistributed(layers.sequential([layers.conv2d(3, 2), layers.flatten()])),
    [2, 3, 4, 4, 1],
    (x, v) => t.reshape(t.conv2d(t.reshape(x, [6, 4, 4, 1]), v.weight, { bias: v.bias }), [2, 3, 27]),
  ],
];

for (const backend of ['cpu', 'webgpu'] as const) {
  describe(`layers on ${backend}`, () => {
    let device: t.Device;
    beforeAll(async () => {
      device = await t.openDevice({ backend });
    });
    afterAll(() => device.dispose());

    for (const [name, layer, shape, byHand, { training = false, dtype = 'float32' } = {}] of pairs) {
      it(`${name}: the values and gradients of the op, in as many dispatches`, async () => {
        const graph = new t.Graph({ seed: 4 });
        const x = graph.input('x', shape, dtype);
        const made = layers.forward(layer, x, { training });
        const variables = Object.fromEntries(
          made.variables.map((variable) => [variable.name.split('/').at(-1) ?? '', variable]),
        );
        const expected = byHand(x, variables, made.updates);
        expect(made.output.shape).toEqual(expected.shape);
        const differentiable = [...made.parameters, ...(dtype === 'float32' ? [x] : [])];
        const outputs = (y: t.Tensor) => {
          const gradients = t.grad(t.sum(t.mul(y, t.sin(y))), differentiable);
          return Object.fromEntries([y, ...gradients].map((tensor, i) => [`${i}`, tensor]));
        };
        const feeds = {
          x:
            dtype === 'int32'
              ? Int32Array.from({ length: x.size }, (_, i) => (i * 5) % 6)
              : Float32Array.from({ length: x.size }, (_, i) => Math.sin(1 + i * 1.7)),
        };
        // Away from their starting values: a bias of 0 would prove nothing.
        for (const [i, variable] of made.variables.entries()) {
          device.write(
            variable,
            Float32Array.from({ length: variable.size }, (_, j) => 0.6 + 0.4 * Math.sin(i + j)),
          );
        }
        const one = await device.compile({ outputs: outputs(made.output) });
        const other = await device.compile({ outputs: outputs(expected) });
        expect(await one.run(feeds)).toEqual(await other.run(feeds));
        expect(one.stats.dispatches, one.stats.kernels.join('\n')).toBe(other.stats.dispatches);
      });
    }

    it('batchNorm that is called twice moves its running statistics twice', async () => {
      const graph = new t.Graph();
      const [a, b] = [graph.input('a', [4, 3]), graph.input('b', [4, 3])];
      const normalize = layers.batchNorm({ momentum: 0.5 });
      const both = layers.model((x: { a: t.Tensor; b: t.Tensor }, context) => {
        const first = normalize.call(x.a, context);
        return t.add(first, normalize.call(x.b, context));
      });
      const made = layers.forward(both, { a, b }, { training: true });
      expect(made.updates).toHaveLength(2);
      const y = t.sum(made.output);
      const program = await device.compile({ outputs: { y }, updates: made.updates });
      const rows = (value: number) => [0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2].map((each) => each * value);
      await program.run({ a: rows(1), b: rows(4) });
      const [mean, variance] = await Promise.all(made.updates.map(([variable]) => device.read(variable)));
      // Means 1 and 4, unbiased variances 4/3 and 64/3; halfway from where it stands each time.
      expect(mean[0]).toBeCloseTo((0.5 * 1) / 2 + 4 / 2, 5);
      expect(variance[2]).toBeCloseTo((0.5 + (0.5 * 4) / 3) / 2 + 64 / 3 / 2, 4);
    });

    it('dropout draws other masks for each layer, call and step, and the same ones again', async () => {
      const build = async (name = 'drop') => {
        const graph = new t.Graph({ seed: 9 });
        const x = graph.input('x', [64, 3]);
        const [one, two] = [layers.dropout(0.5, { name }), layers.dropout(0.5)];
        const network = layers.model((y: t.Tensor, context) => ({
          first: one.call(y, context),
          again: one.call(y, context),
          other: two.call(y, context),
        }));
        // What was called before does not matter: an interrupted training draws the same masks when it goes on.
        if (name === 'drop') layers.forward(network, x, { training: true });
        const { output } = layers.forward(network, x, { training: true });
        const count = graph.variable('count', [], { trainable: false });
        return device.compile({ outputs: output, updates: [[count, t.add(count, 1)]] });
      };
      const x = new Float32Array(192).fill(1);
      const program = await build();
      const [first, second] = [await program.run({ x }), await program.run({ x })];
      const kept = first.first.filter((value) => value !== 0);
      expect(new Set(kept)).toEqual(new Set([2]));
      expect(kept.length).toBeGreaterThan(60);
      expect(kept.length).toBeLessThan(130);
      expect(first.again).not.toEqual(first.first);
      expect(first.other).not.toEqual(first.first);
      expect(second.first).not.toEqual(first.first);
      expect(await (await build()).run({ x })).toEqual(first);
      expect((await (await build('named')).run({ x })).other).toEqual(first.other);
    });

    it('spatialDropout drops whole channels', async () => {
      const x = new t.Graph({ seed: 2 }).input('x', [8, 5, 6]);
      const { output } = layers.forward(layers.spatialDropout(0.4), x, { training: true });
      const values = (
        await (await device.compile({ outputs: { output } })).run({ x: new Float32Array(240).fill(3) })
      ).output;
      for (let sample = 0; sample < 8; sample++) {
        for (let channel = 0; channel < 6; channel++) {
          const line = Array.from({ length: 5 }, (_, i) => values[(sample * 5 + i) * 6 + channel]);
          expect(new Set(line).size).toBe(1);
          expect(line[0] === 0 || Math.abs(line[0] - 5) < 1e-5).toBe(true);
        }
      }
      expect(values.includes(0)).toBe(true);
    });
  });
}

describe('mistakes with layers', () => {
  const call = (layer: layers.Layer, shape: t.Shape) => () =>
    layers.forward(layers.sequential([layer], { name: 'net' }), new t.Graph().input('x', shape));

  // biome-ignore format: a table
  const mistakes: readonly (readonly [string, () => unknown, string])[] = [
    ['conv2d without a batch', call(layers.conv2d(4, 3), [8, 8, 3]),
      'net/conv2d: expected x with 4 axes, such as [batch, height, width, channels], got [8, 8, 3]'],
    ['conv2d too large', call(layers.conv2d(4, 9), [1, 8, 8, 3]),
      'net/conv2d/conv2d: filter [9, 9] is larger than the padded input [8, 8]'],
    ['conv2d groups', call(layers.conv2d(4, 3, { groups: 2 }), [1, 8, 8, 3]),
      'net/conv2d: groups must divide the 3 channels of x [1, 8, 8, 3], got 2'],
    ['conv2d without channels', () => layers.conv2d(0, 3), 'conv2d: channels must be a whole number of at least 1, got 0'],
    ['conv2d without a size', () => layers.conv2d(3, 1.5), 'conv2d: filterSize must be one or two whole numbers of at least 1, got 1.5'],
    ['conv2dTranspose groups', () => layers.conv2dTranspose(5, 3, { groups: 2 }), 'conv2dTranspose: groups must divide the 5 channels, got 2'],
    ['conv1d on images', call(layers.conv1d(4, 3), [1, 8, 8, 3]),
      'net/conv1d: expected x with 3 axes, such as [batch, length, channels], got [1, 8, 8, 3]'],
    ['pool', call(layers.maxPool2d(9), [1, 8, 8, 3]), 'net/maxPool2d/maxPool2d: window [9, 9] is larger than the padded input [8, 8]'],
    ['pool of a sequence', call(layers.maxPool1d(2), [8, 3]), 'net/maxPool1d: expected x [batch, length, channels], got [8, 3]'],
    ['global pool', call(layers.globalMaxPool2d(), [8, 3]), 'net/globalMaxPool2d: expected x [batch, height, width, channels], got [8, 3]'],
    ['batchNorm axis', call(layers.batchNorm({ axis: 4 }), [8, 3]), 'net/batchNorm: axis 4 is out of range for rank 2'],
    ['groupNorm', call(layers.groupNorm(2), [8, 3]), 'net/groupNorm/groupNorm: 3 channels of [8, 3] do not divide into 2 groups'],
    ['dropout', () => layers.dropout(1), 'dropout: rate must be at least 0 and less than 1, got 1'],
    ['spatialDropout', call(layers.spatialDropout(0.5), [8, 3]), 'net/spatialDropout: expected x [batch, …, channels] of at least 3 axes, got [8, 3]'],
    ['embedding', call(layers.embedding(5, 3), [8, 3]), 'net/embedding/gather: '],
    ['reshape', call(layers.reshape([5]), [8, 3]), 'net/reshape/reshape: [8, 3] has 24 elements, [8, 5] has 40'],
    ['timeDistributed', call(layers.timeDistributed(layers.dense(3)), [8, 3]), 'net/timeDistributed: expected x [batch, steps, ...], got [8, 3]'],
  ];
  for (const [name, body, message] of mistakes) {
    it(`${name}: ${message}`, () => {
      expect(body).toThrow(t.TensorloomError);
      expect(body).toThrow(message);
    });
  }
});
