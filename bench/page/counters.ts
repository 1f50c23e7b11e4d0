import type { Counts } from './contender.ts';

/** A device that the library opened, and the adapter's name, for Deno cannot tell it once the adapter is collected. */
export interface Opened {
  readonly device: GPUDevice;
  readonly adapter: string;
}

/** Wraps WebGPU's prototypes: every library is counted at the same places. Installed before the library is loaded. */
export function installCounters(): { counts: Counts; devices: Opened[] } {
  const counts: Counts = {
    dispatches: 0,
    submits: 0,
    pipelines: 0,
    buffers: 0,
    bufferBytes: 0,
    uploadedBytes: 0,
  };
  const devices: Opened[] = [];
  const pass = GPUComputePassEncoder.prototype;
  const device = GPUDevice.prototype;
  const queue = GPUQueue.prototype;
  const count = (key: keyof Counts) => () => {
    counts[key]++;
  };
  pass.dispatchWorkgroups = before(pass.dispatchWorkgroups, count('dispatches'));
  pass.dispatchWorkgroupsIndirect = before(pass.dispatchWorkgroupsIndirect, count('dispatches'));
  device.createComputePipeline = before(device.createComputePipeline, count('pipelines'));
  device.createComputePipelineAsync = before(device.createComputePipelineAsync, count('pipelines'));
  queue.submit = before(queue.submit, count('submits'));
  queue.writeBuffer = before(queue.writeBuffer, (_buffer, _offset, data, dataOffset = 0, size) => {
    const width = 'BYTES_PER_ELEMENT' in data ? Number(data.BYTES_PER_ELEMENT) : 1;
    counts.uploadedBytes += (size ?? data.byteLength / width - dataOffset) * width;
  });
  device.createBuffer = before(device.createBuffer, ({ size, mappedAtCreation }) => {
    counts.buffers++;
    counts.bufferBytes += size;
    if (mappedAtCreation) counts.uploadedBytes += size;
  });

  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (...args) {
    const device = await requestDevice.apply(this, args);
    const { vendor, architecture, description } = this.info;
    devices.push({ device, adapter: [vendor, architecture, description].filter(Boolean).join(' ') });
    return device;
  };
  return { counts, devices };
}

/** `method`, which tells `see` its arguments first. */
function before<This, Args extends unknown[], Value>(
  method: (this: This, ...args: Args) => Value,
  see: (...args: Args) => void,
): (this: This, ...args: Args) => Value {
  return function (...args) {
    see(...args);
    return method.apply(this, args);
  };
}
