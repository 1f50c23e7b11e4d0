import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Device, Profile } from '../../src/backends/backend.ts';
import { openDevice } from '../../src/backends/open.ts';
import { formatProfile, profileTrace, shareOfRoof } from '../../src/backends/profile.ts';
import { FeedError } from '../../src/core/errors.ts';
import { Graph } from '../../src/graph/graph.ts';
import { relu } from '../../src/ops/activations.ts';
import { mul } from '../../src/ops/arithmetic.ts';
import { matmul } from '../../src/ops/matmul.ts';
import { softmax } from '../../src/ops/softmax.ts';
import { sum } from '../../src/ops/sum.ts';
import { adam } from '../../src/optim/adam.ts';

for (const backend of ['cpu', 'webgpu'] as const) {
  describe(`program.profile on ${backend}`, () => {
    let device: Device;
    beforeAll(async () => {
      device = await openDevice({ backend });
    });
    afterAll(() => device.dispose());

    it('times every kernel, and counts what it computes and moves', async () => {
      const graph = new Graph();
      const y = softmax(relu(matmul(graph.input('a', [20, 30]), graph.input('b', [30, 40]))));
      const program = await device.compile({ outputs: { y } });
      const feeds = { a: new Float32Array(600).fill(1), b: new Float32Array(1200).fill(1) };
      const profile = await program.profile(feeds);
      expect(profile.adapter).toBe(device.info.name);
      expect(profile.kernels.map(({ path }) => path)).toEqual(
        backend === 'cpu' ? ['matmul', 'relu', 'softmax'] : ['relu', 'softmax'],
      );
      for (const kernel of profile.kernels) expect(kernel.milliseconds).toBeGreaterThan(0);
      const total = (key: 'flops' | 'milliseconds') =>
        profile.kernels.reduce((all, kernel) => all + kernel[key], 0);
      expect(total('flops')).toBe(program.stats.flops);
      expect(total('milliseconds')).toBeCloseTo(profile.milliseconds, 6);
      const elements = 600 + 1200 + 800;
      if (backend === 'webgpu') expect(profile.kernels[0].bytes).toBe(4 * elements);
    });

    it('changes neither variables nor the step', async () => {
      const graph = new Graph();
      const weight = graph.variable('weight', [4], { initializer: [1, 2, 3, 4] });
      const x = graph.input('x', [4]);
      const loss = sum(mul(x, mul(weight, weight)));
      const updates = adam({ learningRate: 0.1 }).minimize(loss);
      const program = await device.compile({ outputs: { loss }, updates });
      const x4 = [1, 1, 1, 1];
      await program.run({ x: x4 });
      const before = await device.read(weight);
      const { memory } = device;
      const step = await device.read(graph.step);
      await program.profile({ x: x4 });
      expect(await device.read(weight)).toEqual(before);
      expect(await device.read(graph.step)).toEqual(step);
      await program.profile({ x: x4 });
      expect(device.memory).toEqual(memory);
      expect(before).not.toEqual(Float32Array.of(1, 2, 3, 4));
    });

    it('wants the feeds of the program', async () => {
      const graph = new Graph();
      const program = await device.compile({ outputs: { y: relu(graph.input('x', [2])) } });
      await expect(program.profile({})).rejects.toThrow(FeedError);
    });
  });
}

const profile: Profile = {
  adapter: 'test adapter',
  clock: 'timestamp queries',
  milliseconds: 3,
  roof: { flopsPerSecond: 1e9, bytesPerSecond: 1e8 },
  kernels: [
    { label: 'fast', path: 'a/relu', milliseconds: 1, flops: 1e5, bytes: 4e4, workgroups: [1, 1, 1] },
    { label: 'slow', path: 'b/matmul', milliseconds: 2, flops: 1.5e6, bytes: 8, workgroups: [2, 1, 1] },
  ],
};

describe('a profile', () => {
  it('compares with the nearer roof', () => {
    expect(profile.kernels.map((kernel) => shareOfRoof(kernel, profile))).toEqual([0.4, 0.75]);
    expect(shareOfRoof(profile.kernels[0], { ...profile, roof: null })).toBeNull();
  });

  it('becomes a table, the slowest kernel first', () => {
    expect(formatProfile(profile)).toBe(
      [
        'test adapter: 3.000 ms in 2 kernels, by timestamp queries; roof 1.0 GFLOP/s, 0.1 GB/s',
        '   ms  of all  GFLOP/s  GB/s  of roof  kernel',
        '2.000  66.7 %     0.75  0.00   75.0 %  slow (b/matmul)',
        '1.000  33.3 %     0.10  0.04   40.0 %  fast (a/relu)',
      ].join('\n'),
    );
  });

  it('becomes a trace of complete events, end to end', () => {
    const { traceEvents } = JSON.parse(profileTrace(profile));
    const events = traceEvents.filter(({ ph }: { ph: string }) => ph === 'X');
    expect(events.map(({ name, ts, dur }: Record<string, unknown>) => [name, ts, dur])).toEqual([
      ['fast', 0, 1000],
      ['slow', 1000, 2000],
    ]);
    expect(events[1].args).toMatchObject({ path: 'b/matmul', flops: 1.5e6, shareOfRoof: 0.75 });
  });
});
