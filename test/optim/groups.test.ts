import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as t from '../../src/index.ts';

describe('parameter groups', () => {
  const devices: t.Device[] = [];
  beforeAll(async () => {
    devices.push(await t.openDevice({ backend: 'cpu' }), await t.openDevice({ backend: 'webgpu' }));
  });
  afterAll(() => {
    for (const device of devices) device.dispose();
  });

  /** Σ p x: every gradient is x. */
  function build() {
    const graph = new t.Graph();
    const names = ['backbone/weight', 'backbone/bias', 'head/weight', 'head/bias'];
    const parameters = names.map((name) => graph.variable(name, [2], { initializer: 1 }));
    const x = graph.input('x', [2]);
    const loss = parameters.map((p) => t.sum(t.mul(p, x))).reduce((a, b) => t.add(a, b));
    return { parameters, loss };
  }

  async function step(device: t.Device, optimizer: t.Optimizer, x = [1, 2]) {
    const { parameters, loss } = build();
    const program = await device.compile({ updates: optimizer.minimize(loss) });
    await program.run({ x });
    const values = await Promise.all(parameters.map((parameter) => device.read(parameter)));
    return { values: values.map((each) => each[0]), kernels: program.stats.kernels };
  }

  it('have a weight decay and a learning rate of their own, in one dispatch each', async () => {
    for (const device of devices) {
      const optimizer = t.sgd({
        learningRate: 0.1,
        weightDecay: 0.5,
        groups: [
          { parameters: ({ name }) => name.endsWith('bias'), weightDecay: 0 },
          { parameters: ({ name }) => name.startsWith('backbone/'), learningRateFactor: 0.1 },
        ],
      });
      const { values, kernels } = await step(device, optimizer);
      const expected = [1 - 0.01 * 1.5, 1 - 0.1, 1 - 0.1 * 1.5, 1 - 0.1];
      for (const [i, value] of values.entries()) expect(value).toBeCloseTo(expected[i], 6);
      if (device.info.backend === 'webgpu') {
        expect(kernels.filter((kernel) => kernel.startsWith('sgd '))).toHaveLength(3);
      }
    }
  });

  it('are chosen by name or by hand, and keep their own momentum', async () => {
    for (const device of devices) {
      const { parameters, loss } = build();
      const optimizer = t.sgd({
        learningRate: 0.1,
        groups: [{ parameters: [parameters[0], parameters[3]], momentum: 0.5 }],
      });
      const program = await device.compile({ updates: optimizer.minimize(loss) });
      await program.run({ x: [1, 1] });
      await program.run({ x: [1, 1] });
      const values = await Promise.all(parameters.map((parameter) => device.read(parameter)));
      // Two steps of 1, or of 1 and 1.5.
      const expected = [0.75, 0.8, 0.8, 0.75];
      for (const [i, value] of values.entries()) expect(value[0]).toBeCloseTo(expected[i], 6);
    }
  });

  it('share the norm by which gradients are clipped', async () => {
    for (const device of devices) {
      const optimizer = t.sgd({
        learningRate: 1,
        clipNorm: 2,
        groups: [{ parameters: ({ name }) => name.endsWith('bias'), learningRateFactor: 0.5 }],
      });
      const { values } = await step(device, optimizer, [3, 4]);
      // Four gradients [3, 4]: their norm is 10.
      const expected = [1 - 0.6, 1 - 0.3, 1 - 0.6, 1 - 0.3];
      for (const [i, value] of values.entries()) expect(value).toBeCloseTo(expected[i], 5);
    }
  });

  it('change nothing where they say nothing', async () => {
    for (const device of devices) {
      const options = { learningRate: 0.01, weightDecay: 0.1 };
      const one = await step(device, t.adamw(options));
      const two = await step(device, t.adamw({ ...options, groups: [{ parameters: () => true }] }));
      expect(two.values).toEqual(one.values);
      if (device.info.backend === 'webgpu') expect(two.kernels).toHaveLength(one.kernels.length);
    }
  });

  it('name what is wrong', () => {
    const { loss } = build();
    const group = (own: t.ParameterGroup<t.AdamOptions>) => t.adam({ learningRate: 1, groups: [own] });
    expect(() => group({ parameters: () => false }).minimize(loss)).toThrow(
      'adam: groups[0] takes none of the parameters that groups before it have left of backbone/weight, backbone/bias',
    );
    expect(() => group({ parameters: () => true, learningRateFactor: -1 })).toThrow(
      'adam: groups[0].learningRateFactor must be a finite number of at least 0, got -1',
    );
  });
});
