import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { firstDigits, readDigits } from '../../demo/cli/mnist.ts';
import { digitsModel, digitsSchedule, shiftedDigits } from '../../demo/models/digits.ts';
import { type Device, fit, openDevice } from '../../src/index.ts';

/** The network of the main job: convolution, batch norm, dropout, pooling, dense, Adam, on real digits. */
describe('training on digits', () => {
  let webgpu: Device;
  let cpu: Device;
  const digits = firstDigits(readDigits().train, 1280);
  beforeAll(async () => {
    webgpu = await openDevice({ backend: 'webgpu' });
    cpu = await openDevice({ backend: 'cpu' });
  });
  afterAll(() => {
    webgpu.dispose();
    cpu.dispose();
  });

  /** The loss of each step, read every time, and the variables' bits after the last. */
  async function train(device: Device, batchSize: number, steps: number, seed: number) {
    // As in six epochs of the main job.
    const model = await digitsModel(device, { seed, learningRate: digitsSchedule(0.01, 750) });
    const losses: number[] = [];
    let sum = 0;
    for await (const event of fit(model, shiftedDigits(digits, seed), {
      epochs: 9,
      batchSize,
      batchesPerEvent: 1,
    })) {
      if (event.kind !== 'step') continue;
      // Events tell the mean of the epoch so far.
      if (event.batch === 1) sum = 0;
      losses.push(event.loss * event.batch - sum);
      sum = event.loss * event.batch;
      if (event.step === steps) break;
    }
    const bits: number[] = [];
    for (const variable of model.variables) {
      bits.push(...new Uint32Array((await device.read(variable)).slice().buffer));
    }
    return { losses, bits };
  }

  it('gives the losses of the reference, to 1e-3, over the first 50 steps', async () => {
    const got = await train(webgpu, 64, 50, 3);
    const want = await train(cpu, 64, 50, 3);
    expect(want.losses).toHaveLength(50);
    expect(want.losses[49]).toBeLessThan(want.losses[0] / 2);
    got.losses.forEach((loss, step) => {
      expect(Math.abs(loss - want.losses[step]) / want.losses[step], `step ${step}`).toBeLessThan(1e-3);
    });
  }, 300_000);

  it('ends in the same bits twice, after 100 steps from one seed, and in others from another', async () => {
    const [first, second, other] = [
      await train(webgpu, 16, 100, 4),
      await train(webgpu, 16, 100, 4),
      await train(webgpu, 16, 5, 5),
    ];
    expect(first.bits).toEqual(second.bits);
    expect(first.losses).toEqual(second.losses);
    expect(other.bits).not.toEqual(first.bits);
  }, 300_000);
});
