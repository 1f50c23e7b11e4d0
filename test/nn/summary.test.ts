import { describe, expect, it } from 'vitest';
import * as t from '../../src/index.ts';
import * as layers from '../../src/layers.ts';

const network = () =>
  layers.sequential(
    [
      layers.sequential(
        [layers.conv2d(8, 3, { bias: false }), layers.batchNorm(), t.relu, layers.maxPool2d(2)],
        {
          name: 'features',
        },
      ),
      layers.flatten(),
      layers.dropout(0.5),
      layers.dense(10),
    ],
    { name: 'network' },
  );

describe('summary', () => {
  const { rows, ...found } = layers.summary(network(), [4, 14, 14, 1]);

  it('lists every layer with its output, parameters and costs, outer ones first', () => {
    expect(rows.map(({ path, kind, depth }) => [path, kind, depth])).toEqual([
      ['network', 'sequential', 0],
      ['network/features', 'sequential', 1],
      ['network/features/conv2d', 'conv2d', 2],
      ['network/features/batchNorm', 'batchNorm', 2],
      ['network/features/maxPool2d', 'maxPool2d', 2],
      ['network/flatten', 'flatten', 1],
      ['network/dropout', 'dropout', 1],
      ['network/dense', 'dense', 1],
    ]);
    expect(rows.map(({ outputs }) => outputs[0].shape)).toEqual([
      [4, 10],
      [4, 6, 6, 8],
      [4, 12, 12, 8],
      [4, 12, 12, 8],
      [4, 6, 6, 8],
      [4, 288],
      [4, 288],
      [4, 10],
    ]);
    expect(rows.map(({ parameters }) => parameters)).toEqual([0, 0, 72, 16, 0, 0, 0, 2890]);
    expect(found.parameters).toBe(72 + 16 + 2890);
    expect(found.trainableParameters).toBe(found.parameters);
  });

  it('counts operations and bytes by the textbook', () => {
    const row = (name: string) => rows.find(({ path }) => path.endsWith(name));
    // 2 · outputs · filter elements; in training once more for the filter's gradient (the image needs none).
    expect(row('conv2d')?.inference.flops).toBe(2 * 4 * 12 * 12 * 8 * 9);
    expect(row('conv2d')?.training?.flops).toBe(2 * 2 * 4 * 12 * 12 * 8 * 9);
    expect(row('dense')?.inference.flops).toBe(2 * 4 * 288 * 10);
    // Convolution, normalisation and relu are one kernel: what it writes is the convolution's.
    expect(row('conv2d')?.inference.activationBytes).toBe(4 * 4 * 12 * 12 * 8);
    expect(row('batchNorm')?.inference.dispatches).toBe(0);
    expect(row('dropout')?.inference.dispatches).toBe(0);
    expect(row('dropout')?.training?.dispatches).toBeGreaterThan(0);
    expect(row('batchNorm')?.training?.dispatches).toBe(4);
  });

  it('adds up', () => {
    for (const program of ['inference', 'training'] as const) {
      const sum = (of: 'flops' | 'dispatches' | 'activationBytes') =>
        rows.reduce((total, row) => total + (row[program]?.[of] ?? 0), 0);
      expect(sum('dispatches')).toBe(found[program]?.dispatches);
      expect(sum('flops')).toBe(found[program]?.flops);
      expect(sum('activationBytes')).toBe(found[program]?.activationBytes);
      expect(found[program]?.memoryBytes).toBeGreaterThan(0);
    }
    expect(found.training?.activationBytes).toBeGreaterThan(found.inference.activationBytes);
  });

  it('says what programs then cost', async () => {
    const device = await t.openDevice({ backend: 'webgpu' });
    const graph = new t.Graph();
    const model = network();
    const predict = layers.forward(model, graph.input('x', [4, 14, 14, 1]));
    const program = await device.compile({ outputs: { y: predict.output } });
    expect(program.stats.dispatches).toBe(found.inference.dispatches);
    expect(program.stats.flops).toBe(found.inference.flops);
    const train = layers.forward(model, graph.input('image', [4, 14, 14, 1]), { training: true });
    const loss = t.softmaxCrossEntropy(train.output, graph.input('labels', [4], 'int32'));
    const updates = t.adam({ learningRate: 0.01 }).minimize(loss, train.parameters);
    const step = await device.compile({ outputs: { loss }, updates: [...train.updates, ...updates] });
    // The rest is the loss, which also makes the gradient, and the optimizer.
    expect(step.stats.dispatches).toBe((found.training?.dispatches ?? 0) + 2);
    device.dispose();
  });

  it('is a table for a terminal', () => {
    const lines = found.table.split('\n');
    expect(lines[0]).toMatch(/^layer +kind +output +parameters +activations +FLOPs +dispatches$/);
    expect(found.table).toMatch(/^ {4}conv2d +conv2d +\[4, 12, 12, 8\] +72 +18\.4 kB \/ 18\.7 kB/m);
    expect(found.table).toMatch(/^total +2,978 /m);
  });

  it('takes records, arrays and dtypes, shared layers once, and frozen ones apart', () => {
    const shared = layers.embedding(7, 4);
    const both = layers.model((x: { a: t.Tensor; b: t.Tensor }, context) =>
      t.mul(layers.freeze(shared).call(x.a, context), shared.call(x.b, context)),
    );
    const ints = { shape: [2, 3], dtype: 'int32' } as const;
    const made = layers.summary(both, { a: ints, b: ints });
    expect(made.parameters).toBe(28);
    expect(made.rows.map(({ calls }) => calls)).toEqual([1, 2]);
    const head = layers.dense(2);
    const pair = layers.model((x: readonly t.Tensor[], context) => [head.call(x[0], context), t.relu(x[1])]);
    expect(layers.summary(pair, [[1, 3], [5]]).rows[0].outputs.map(({ shape }) => shape)).toEqual([
      [1, 2],
      [5],
    ]);
    const frozen = layers.summary(
      layers.sequential([layers.freeze(layers.dense(3)), layers.dense(1)]),
      [1, 2],
    );
    expect([frozen.parameters, frozen.trainableParameters]).toEqual([13, 4]);
    expect(frozen.table).toContain('frozen: 9 of 13 parameters');
  });

  it('knows what cannot be trained', () => {
    const fixed = layers.sequential([layers.flatten(), (x) => t.argMax(x)]);
    expect(layers.summary(fixed, [2, 3, 4]).training).toBeNull();
    expect(layers.summary(layers.sequential([layers.flatten()]), [2, 3, 4]).training).toBeNull();
  });

  it('names the layer that cannot take its input', () => {
    expect(() => layers.summary(network(), [4, 2, 2, 1])).toThrow(
      'network/features/conv2d/conv2d: filter [3, 3] is larger than the padded input [2, 2]',
    );
  });
});
