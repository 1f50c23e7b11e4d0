import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  add,
  blend,
  type Device,
  Graph,
  movingAverage,
  openDevice,
  sgd,
  square,
  sum,
} from '../../src/index.ts';
import { lossTotals } from '../../src/train/lossTotals.ts';

// Sizes around those of a block of 1024 elements, and what is not finite.
const sizes = [1, 3, 63, 65, 1024, 1030];

for (const backend of ['cpu', 'webgpu'] as const) {
  describe(`many variables in one dispatch, on ${backend}`, () => {
    let device: Device;
    beforeAll(async () => {
      device = await openDevice({ backend });
    });
    afterAll(() => device.dispose());

    it('blend: keep times the old, plus share times the new; nothing of what is not finite', async () => {
      const graph = new Graph();
      const value = (i: number, j: number) => Math.sin(3 * i + j);
      const targets = sizes.map((size, i) =>
        graph.groupedVariable(`t${i}`, [size], 'targets', {
          initializer: Float32Array.from({ length: size }, (_, j) => value(i, j)),
        }),
      );
      const sources = sizes.map((size, i) => graph.input(`s${i}`, [size]));
      const [keep, share] = [graph.input('keep', []), graph.input('share', [])];
      const program = await device.compile({ updates: blend(targets, sources, keep, share) });
      const feeds = Object.fromEntries(
        sizes.map((size, i) => [
          `s${i}`,
          Float32Array.from({ length: size }, (_, j) => (j === 62 ? Number.NaN : value(j, i))),
        ]),
      );
      await program.submit({ ...feeds, keep: 0.5, share: 2 });
      if (backend === 'webgpu')
        expect(program.stats.kernels.filter((kernel) => kernel.startsWith('blend'))).toHaveLength(1);
      for (const [i, target] of targets.entries()) {
        (await device.read(target)).forEach((got, j) => {
          expect(got).toBeCloseTo(0.5 * value(i, j) + (j === 62 ? 0 : 2 * value(j, i)), 5);
        });
      }
      // A keep of 0 forgets even NaN.
      device.write(targets[1], [Number.NaN, Number.POSITIVE_INFINITY, 1]);
      await program.submit({ ...feeds, keep: 0, share: 1 });
      (await device.read(targets[1])).forEach((got, j) => {
        expect(got).toBeCloseTo(value(j, 1), 6);
      });
    });

    it('averages begin as the weights and follow them', async () => {
      const graph = new Graph();
      const weight = graph.variable('w', [3], { initializer: [1, 2, -4] });
      const loss = sum(square(weight));
      const updates = sgd({ learningRate: 0.1 }).minimize(loss);
      const { averages, updates: averaging } = movingAverage(updates, { decay: 0.5, warmUp: false });
      const program = await device.compile({ outputs: { loss }, updates: [...updates, ...averaging] });
      const average = averages.get(weight)!;
      await program.submit();
      expect(await device.read(average)).toEqual(await device.read(weight));
      await program.submit();
      // 1 -> 0.8 -> 0.64; half of each of the last two.
      expect((await device.read(average))[0]).toBeCloseTo(0.72, 6);
    });

    it('totals of losses and scalars leave out what is not finite, and count it', async () => {
      const graph = new Graph();
      const [loss, right] = [graph.input('loss', []), graph.input('right', [])];
      const totals = graph.variable('totals', [4], { trainable: false });
      const program = await device.compile({
        updates: [[totals, lossTotals(add(loss, 0), totals, 8, [right])]],
      });
      for (const [given, correct] of [
        [0.5, 3],
        [Number.NaN, 1],
        [1.25, 4],
        [Number.POSITIVE_INFINITY, 2],
      ])
        await program.submit({ loss: given, right: correct });
      expect([...(await device.read(totals))]).toEqual([8 * 1.75, 16, 2, 10]);
    });
  });
}
