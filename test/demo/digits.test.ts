import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { firstDigits, readDigits } from '../../demo/cli/mnist.ts';
import { digitsNetwork, digitsTrainer, oneCycle } from '../../demo/models/digits.ts';
import { type Device, openDevice } from '../../src/index.ts';

/** The network of the main job: convolution, batch norm, dropout, pooling, dense, Adam, on real digits. */
describe('training on digits', () => {
  const peak = 0.01;
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

  /** The loss of each step, read every time, and the parameters' bits after the last. */
  async function train(device: Device, batch: number, steps: number, seed: number) {
    const network = digitsNetwork(seed);
    const options = { epochs: 1, batch, learningRate: peak, seed };
    const { program } = await digitsTrainer(device, network, digits, options);
    const losses: number[] = [];
    for (let step = 0; step < steps; step++) {
      const first = (step * batch) % (digits.count - batch);
      const feeds = {
        'train/indices': Uint32Array.from({ length: batch }, (_, i) => first + i),
        'train/offset': (step % 3) - 1,
        // As in six epochs of the main job.
        'train/learningRate': oneCycle(step, 750, peak),
      };
      losses.push((await program.run(feeds)).loss[0]);
    }
    const bits: number[] = [];
    for (const variable of network.variables) {
      bits.push(...new Uint32Array((await device.read(variable)).slice().buffer));
    }
    program.dispose();
    return { losses, bits };
  }

  it('gives the losses of the reference, to 1e-3, over the first 50 steps', async () => {
    const got = await train(webgpu, 64, 50, 3);
    const want = await train(cpu, 64, 50, 3);
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
