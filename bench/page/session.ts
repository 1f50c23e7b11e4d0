/** Runs beside a contender in its page or process: opens it, counts, and times groups of steps. */
import type { Workload } from '../workloads/workload.ts';
import { sampled } from '../workloads/workload.ts';
import type { Counts, Prepare, Runnable } from './contender.ts';
import { installCounters } from './counters.ts';

/** What `open` tells. Everything must survive JSON. */
export interface Opened {
  unable?: string;
  /** From the start of the library's import to the first outputs. */
  firstResultMilliseconds: number;
  /** What this took of WebGPU. */
  first: Counts;
  /** The longest time for which the thread answered nothing meanwhile. */
  longestBlockMilliseconds: number;
  adapter: string;
  outputs: Record<string, { size: number; samples: number[] }>;
}

export interface Session {
  open(workload: string): Promise<Opened>;
  /** Milliseconds of `steps` steps, until the device has done them all. */
  time(steps: number): Promise<number>;
  /** What one step takes of WebGPU, averaged over `steps`. */
  count(steps: number): Promise<Counts>;
}

type Library = { prepare: Prepare<unknown> };

export function makeSession(workloads: readonly Workload[], load: () => Promise<Library>): Session {
  const { counts, devices } = installCounters();
  let runnable: Runnable | undefined;
  let drain: (() => Promise<void>) | undefined;

  const finish = async () => {
    runnable!.flush?.();
    drain ??= makeDrain(devices[devices.length - 1].device);
    await drain();
  };

  return {
    async open(name) {
      const workload = workloads.find((one) => one.name === name);
      if (!workload) throw new Error(`no workload "${name}"`);
      const inputs = workload.inputs();
      const stopWatching = watchThread();
      const start = performance.now();
      const { prepare } = await load();
      const prepared = await prepare(workload.spec, inputs);
      if ('unable' in prepared) {
        await stopWatching();
        const none = { firstResultMilliseconds: 0, longestBlockMilliseconds: 0, adapter: '', outputs: {} };
        return { ...none, first: { ...counts }, unable: prepared.unable };
      }
      runnable = prepared;
      let results = await runnable.run();
      const firstResultMilliseconds = performance.now() - start;
      const first = { ...counts };
      if (devices.length === 0) throw new Error('the library never opened a WebGPU device');
      const longestBlockMilliseconds = await stopWatching();
      for (let i = 1; i < (workload.checkSteps ?? 1); i++) {
        results = await runnable.run();
      }
      const outputs: Opened['outputs'] = {};
      for (const [output, values] of Object.entries(results)) {
        const { size, samples } = sampled(values);
        outputs[output] = { size, samples: Array.from(samples) };
      }
      const { adapter } = devices[devices.length - 1];
      return {
        firstResultMilliseconds,
        first,
        longestBlockMilliseconds,
        adapter,
        outputs,
      };
    },
    async time(steps) {
      const start = performance.now();
      for (let i = 0; i < steps; i++) await runnable!.step();
      await finish();
      return performance.now() - start;
    },
    async count(steps) {
      await finish();
      const from = { ...counts };
      for (let i = 0; i < steps; i++) await runnable!.step();
      runnable!.flush?.();
      const per = (key: keyof Counts) => (counts[key] - from[key]) / steps;
      const counted = {
        dispatches: per('dispatches'),
        submits: per('submits'),
        pipelines: per('pipelines'),
        buffers: per('buffers'),
        bufferBytes: per('bufferBytes'),
        uploadedBytes: per('uploadedBytes'),
      };
      await finish();
      return counted;
    },
  };
}

/**
 * Waits for all that was submitted before: maps a buffer that the queue copied to last. The same for all libraries, and
 * surer than `onSubmittedWorkDone`, which some hosts answer early.
 */
function makeDrain(device: GPUDevice): () => Promise<void> {
  const source = device.createBuffer({ size: 4, usage: 0x4 | 0x8 }); // COPY_SRC | COPY_DST
  const target = device.createBuffer({ size: 4, usage: 0x1 | 0x8 }); // MAP_READ | COPY_DST
  return async () => {
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(source, 0, target, 0, 4);
    device.queue.submit([encoder.finish()]);
    await target.mapAsync(0x1);
    target.unmap();
  };
}

/** Sends itself messages and looks for the longest gap between two of them. */
function watchThread(): () => Promise<number> {
  let longest = 0;
  let last = performance.now();
  let stopped: ((longest: number) => void) | null = null;
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (!stopped) return port2.postMessage(0);
    port1.close();
    stopped(longest);
  };
  port2.postMessage(0);
  return () =>
    new Promise((resolve) => {
      stopped = resolve;
    });
}
