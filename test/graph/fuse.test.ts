import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  add,
  batchNormInference,
  cast,
  conv2d,
  type Device,
  Graph,
  gather,
  grad,
  greater,
  matmul,
  mul,
  openDevice,
  relu,
  sigmoid,
  sum,
  type Tensor,
  where,
} from '../../src/index.ts';

describe('fusion', () => {
  const devices: Device[] = [];
  beforeAll(async () => {
    devices.push(await openDevice({ backend: 'webgpu' }), await openDevice({ backend: 'cpu' }));
  });
  afterAll(() => {
    for (const device of devices) device.dispose();
  });

  /** Kernels on WebGPU, after the result has been compared with the reference. */
  async function kernelsOf(
    outputs: Record<string, Tensor>,
    sizes: Record<string, number>,
  ): Promise<readonly string[]> {
    const feeds = Object.fromEntries(
      Object.entries(sizes).map(([name, size], at) => [
        name,
        Float32Array.from({ length: size }, (_, i) => 0.5 + 0.4 * Math.sin(i * (at + 1.3))),
      ]),
    );
    const [webgpu, cpu] = await Promise.all(
      devices.map(async (device) => {
        const program = await device.compile({ outputs });
        return { results: await program.run(feeds), stats: program.stats };
      }),
    );
    for (const name of Object.keys(outputs)) {
      webgpu.results[name].forEach((value, i) => {
        expect(Math.abs(value - cpu.results[name][i]), `${name}[${i}]`).toBeLessThan(2e-5);
      });
    }
    return webgpu.stats.kernels;
  }

  it('puts batch normalisation in inference, its factors included, into the convolution', async () => {
    const graph = new Graph();
    const x = graph.input('x', [2, 6, 6, 3]);
    const filter = graph.input('filter', [3, 3, 3, 8]);
    const [mean, variance, scale, offset] = ['mean', 'variance', 'scale', 'offset'].map((name) =>
      graph.input(name, [8]),
    );
    const y = relu(batchNormInference(conv2d(x, filter), { mean, variance, scale, offset }));
    const kernels = await kernelsOf(
      { y },
      { x: 216, filter: 216, mean: 8, variance: 8, scale: 8, offset: 8 },
    );
    expect(kernels).toHaveLength(1);
  });

  it('puts bias, residual and activation into the product, and keeps what else is read of it', async () => {
    const graph = new Graph();
    const [x, w, bias, rest] = [
      graph.input('x', [5, 6]),
      graph.input('w', [6, 8]),
      graph.input('bias', [8]),
      graph.input('rest', [5, 8]),
    ];
    const before = add(matmul(x, w), bias);
    const kernels = await kernelsOf(
      { y: relu(add(before, rest)), before },
      { x: 30, w: 48, bias: 8, rest: 40 },
    );
    expect(kernels).toHaveLength(1);
  });

  it('costs nothing for the slope of a sum, however large: a product with it is the other factor', async () => {
    const graph = new Graph();
    const x = graph.input('x', [65, 130]);
    const w = graph.input('w', [130, 63]);
    const weights = graph.input('weights', [65, 63]);
    const [gradient] = grad(sum(mul(matmul(x, w), weights)), [w]);
    const kernels = await kernelsOf({ gradient }, { x: 65 * 130, weights: 65 * 63 });
    expect(kernels).toHaveLength(1);
    expect(kernels[0]).toContain('matmul');
  });

  it('joins two branches, one of them behind a kernel', async () => {
    const graph = new Graph();
    const [x, w, z] = [graph.input('x', [5, 6]), graph.input('w', [6, 8]), graph.input('z', [5, 8])];
    const kernels = await kernelsOf(
      { y: mul(relu(matmul(x, w)), sigmoid(mul(z, z))) },
      { x: 30, w: 48, z: 40 },
    );
    expect(kernels).toHaveLength(1);
  });

  it('never closes a circle: a chain that needs a sum of itself stays in two parts', async () => {
    const graph = new Graph();
    const x = graph.input('x', [4, 8]);
    const shifted = add(x, 1);
    const total = sum(shifted);
    const kernels = await kernelsOf({ y: mul(shifted, total) }, { x: 32 });
    expect(kernels.length).toBeGreaterThanOrEqual(2);
  });

  it('splits what would bind more than eight buffers', async () => {
    const graph = new Graph();
    const inputs = Array.from({ length: 14 }, (_, i) => graph.input(`x${i}`, [3, 5]));
    const y = inputs.reduce((total, x) => add(mul(total, x), x));
    const kernels = await kernelsOf({ y }, Object.fromEntries(inputs.map((_, i) => [`x${i}`, 15])));
    expect(kernels.length).toBeGreaterThanOrEqual(2);
    expect(kernels.length).toBeLessThanOrEqual(3);
  });

  it('computes what a kernel reads before it, though what follows it reads some of the same', async () => {
    const graph = new Graph();
    const [table, x] = [graph.input('table', [5]), graph.input('x', [6])];
    const isLarge = greater(x, 0.5);
    const chosen = where(isLarge, 0, cast(mul(x, 4), 'int32'));
    const y = where(isLarge, 0, gather(table, chosen));
    expect(await kernelsOf({ y, chosen: cast(chosen, 'float32') }, { table: 5, x: 6 })).toHaveLength(2);
  });
});
