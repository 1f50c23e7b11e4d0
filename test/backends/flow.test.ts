import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Flow } from '../../src/backends/webgpu/flow.ts';

/** A device that takes `milliseconds` for each submit, one after the other, on a clock of its own. */
class Slow {
  /** Submits that are not done, at most and now. */
  behind = 0;
  mostBehind = 0;
  waits = 0;
  private free = 0;

  constructor(private readonly milliseconds: number) {}

  submit(): void {
    this.free = Math.max(this.free, performance.now()) + this.milliseconds;
    this.mostBehind = Math.max(this.mostBehind, ++this.behind);
    setTimeout(() => this.behind--, this.free - performance.now());
  }

  onSubmittedWorkDone(): Promise<undefined> {
    this.waits++;
    return new Promise((resolve) => setTimeout(() => resolve(undefined), this.free - performance.now()));
  }
}

async function run(milliseconds: number, submits: number): Promise<Slow> {
  const device = new Slow(milliseconds);
  const flow = new Flow(device);
  let done = 0;
  const all = (async () => {
    for (; done < submits; done++) {
      device.submit();
      await flow.submitted();
    }
  })();
  while (done < submits) await vi.advanceTimersByTimeAsync(1);
  await all;
  return device;
}

describe('flow', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('hardly ever waits for small programs', async () => {
    const { waits } = await run(0.01, 5000);
    expect(waits).toBeLessThan(25);
  });

  it('lets the device fall behind by some submits of a program in the middle', async () => {
    const { waits, mostBehind } = await run(1, 2000);
    expect(mostBehind).toBeLessThanOrEqual(160);
    expect(waits).toBeLessThan(2000 / 8);
  });

  it('comes down to two of a large one', async () => {
    const device = new Slow(300);
    const flow = new Flow(device);
    let done = 0;
    const all = (async () => {
      for (; done < 60; done++) {
        device.submit();
        // After the first groups, which it knows nothing of.
        if (done === 55) device.mostBehind = 0;
        await flow.submitted();
      }
    })();
    while (done < 60) await vi.advanceTimersByTimeAsync(50);
    await all;
    expect(device.mostBehind).toBeLessThanOrEqual(2);
  });

  it('tells whoever waits that the device is lost', async () => {
    const flow = new Flow({ onSubmittedWorkDone: () => Promise.reject(new Error('lost')) });
    const all = (async () => {
      for (let i = 0; i < 40; i++) await flow.submitted();
    })();
    await expect(all).rejects.toThrow('lost');
  });
});
