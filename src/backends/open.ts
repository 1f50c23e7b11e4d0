import { NoAdapterError, TensorloomError } from '../core/errors.ts';
import { hostName } from '../host/host.ts';
import type { Device } from './backend.ts';
import { CpuDevice } from './cpu/device.ts';
import { openWebGpu } from './webgpu/adapter.ts';

export interface OpenOptions {
  /**
   * `auto` (default): a real GPU, else a software adapter, else the CPU reference. `webgpu`: an adapter or an error.
   * `cpu`: the float64 reference. `device.info.reason` says what was taken and why.
   */
  backend?: 'auto' | 'webgpu' | 'cpu';
}

/**
 * Opens a device to compile and run programs on, in a page, a worker, Deno or Node.
 *
 * ```ts
 * const device = await openDevice();
 * console.log(device.info.reason);
 * ```
 *
 * @throws NoAdapterError with `backend: 'webgpu'` where there is no adapter; the message says what to install or enable.
 */
export async function openDevice(options: OpenOptions = {}): Promise<Device> {
  const backend = options.backend ?? 'auto';
  if (backend === 'cpu') return openCpu('the CPU reference was asked for');
  if (backend === 'webgpu') return openWebGpu();
  if (backend !== 'auto') {
    throw new TensorloomError(`openDevice: unknown backend "${backend}" (expected auto, webgpu or cpu)`);
  }
  try {
    return await openWebGpu();
  } catch (error) {
    if (!(error instanceof NoAdapterError)) throw error;
    return openCpu(`the CPU reference, because ${error.message}`);
  }
}

function openCpu(reason: string): CpuDevice {
  return new CpuDevice({
    backend: 'cpu',
    name: 'CPU reference',
    vendor: '',
    architecture: '',
    software: true,
    reason,
    host: hostName(),
    features: ['float16'],
  });
}
