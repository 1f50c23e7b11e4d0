import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as t from '../../src/index.ts';

// Batch normalisation takes away whatever a bias before it adds, so that the bias has no gradient. Summed up in float32 it would be
// rounding errors, which Adam divides by their own size.
describe('the gradient of a bias before batch normalisation', () => {
  let device: t.Device;
  beforeAll(async () => {
    device = await t.openDevice({ backend: 'webgpu' });
  });
  afterAll(() => device.dispose());

  const statistics = (graph: t.Graph, channels: number) => ({
    runningMean: graph.variable('runningMean', [channels], { trainable: false }),
    runningVariance: graph.variable('runningVariance', [channels], { trainable: false, initializer: 1 }),
  });
  const ramp = (shape: t.Shape) =>
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(1 + i * 1.7));

  /** x, a weight and a bias, then batch normalisation over `axis`. */
  const cases: readonly (readonly [
    string,
    t.Shape,
    t.Shape,
    number,
    (x: t.Tensor, w: t.Tensor, b: t.Tensor) => t.Tensor,
  ])[] = [
    ['linear', [9, 5], [5, 4], -1, t.linear],
    ['linear over steps', [3, 4, 5], [5, 4], 2, t.linear],
    ['conv2d', [2, 5, 5, 3], [3, 3, 3, 4], 3, (x, w, bias) => t.conv2d(x, w, { bias })],
    [
      'conv2d in NCHW',
      [2, 3, 5, 5],
      [3, 3, 3, 4],
      1,
      (x, w, bias) => t.conv2d(x, w, { bias, layout: 'NCHW' }),
    ],
    ['conv1d', [2, 9, 3], [3, 3, 4], 2, (x, w, bias) => t.conv1d(x, w, { bias })],
  ];
  for (const [name, shape, weightShape, axis, op] of cases) {
    it(`${name}: is 0`, async () => {
      const graph = new t.Graph();
      const x = graph.input('x', shape);
      const weight = graph.variable('weight', weightShape, { initializer: ramp(weightShape) });
      const bias = graph.variable('bias', [4], { initializer: [0.3, -2, 1, 0.1] });
      const { output } = t.batchNorm(op(x, weight, bias), { ...statistics(graph, 4), axis });
      const loss = t.mean(t.mul(output, t.sin(output)));
      const [dWeight, dBias] = t.grad(loss, [weight, bias]);
      const program = await device.compile({ outputs: { dBias, dWeight } });
      const values = await program.run({ x: ramp(shape) });
      expect([...values.dBias]).toEqual([0, 0, 0, 0]);
      expect(values.dWeight.some((value) => Math.abs(value) > 1e-4)).toBe(true);
    });
  }

  it('stays what it is where the result also goes elsewhere', async () => {
    const graph = new t.Graph();
    const x = graph.input('x', [6, 3]);
    const bias = graph.variable('bias', [3]);
    const y = t.linear(x, graph.variable('weight', [3, 3], { initializer: ramp([3, 3]) }), bias);
    const { output } = t.batchNorm(y, statistics(graph, 3));
    const [dBias] = t.grad(t.sum(t.add(t.square(output), t.mul(y, 2))), [bias]);
    const values = (await (await device.compile({ outputs: { dBias } })).run({ x: ramp([6, 3]) })).dBias;
    for (const value of values) expect(value).toBeCloseTo(12, 4);
  });

  it('costs an optimizer no copy, and leaves the bias alone', async () => {
    const counts = [];
    for (const withBias of [false, true]) {
      const graph = new t.Graph();
      const x = graph.input('x', [9, 5]);
      const weight = graph.variable('weight', [5, 4], { initializer: ramp([5, 4]) });
      const bias = graph.variable('bias', [4], { initializer: 0.5 });
      const y = t.linear(x, weight, withBias ? bias : undefined);
      const { output, updates } = t.batchNorm(y, statistics(graph, 4));
      const loss = t.mean(t.mul(output, t.sin(output)));
      const optimizer = t.adam({ learningRate: 0.1, clipNorm: 1 });
      const step = await device.compile({
        outputs: { loss },
        updates: [...updates, ...optimizer.minimize(loss)],
      });
      for (let i = 0; i < 5; i++) await step.run({ x: ramp([9, 5]) });
      counts.push(step.stats.dispatches);
      expect([...(await device.read(bias))]).toEqual([0.5, 0.5, 0.5, 0.5]);
      expect(await device.read(weight)).not.toEqual(ramp([5, 4]));
    }
    expect(counts[1]).toBe(counts[0]);
  });
});
