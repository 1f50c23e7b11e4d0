import { NoAdapterError } from '../../core/errors.ts';
import { adapterAdvice, findGpu, hostName } from '../../host/host.ts';
import type { DeviceInfo } from '../backend.ts';
import { WebGpuDevice } from './device.ts';

/** Names under which adapters that compute on the CPU are known. */
const softwareNames = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|warp/i;

/**
 * Opens the best adapter: a real GPU before a software one.
 * @throws NoAdapterError where the host gives none.
 */
export async function openWebGpu(): Promise<WebGpuDevice> {
  const host = hostName();
  const gpu = await findGpu();
  const adapter = await findAdapter(gpu);
  if (!adapter)
    throw new NoAdapterError(`this ${host} has WebGPU but gives no adapter; ${adapterAdvice[host]}`);
  const { info, features, limits } = adapter;
  const name =
    info.description || info.device || `${info.vendor} ${info.architecture}`.trim() || 'unnamed adapter';
  const software = isSoftware(adapter);
  const wanted = (['shader-f16', 'subgroups', 'timestamp-query'] as const).filter((feature) =>
    features.has(feature),
  );
  const device = await adapter.requestDevice({
    label: 'tensorloom',
    requiredFeatures: wanted,
    // Room for large tensors; everything else stays at the defaults that all kernels keep to.
    requiredLimits: {
      maxBufferSize: limits.maxBufferSize,
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
    },
  });
  const described: DeviceInfo = {
    backend: 'webgpu',
    name,
    vendor: info.vendor,
    architecture: info.architecture,
    software,
    reason: software
      ? `${name} computes on the CPU: this ${host} offers no hardware adapter`
      : `${name} is the hardware adapter that this ${host} offers`,
    host,
    features: wanted,
  };
  return new WebGpuDevice(device, described);
}

async function findAdapter(gpu: GPU): Promise<GPUAdapter | null> {
  const first = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (first && !isSoftware(first)) return first;
  const second = await gpu.requestAdapter();
  return second && !isSoftware(second)
    ? second
    : (first ?? second ?? gpu.requestAdapter({ forceFallbackAdapter: true }));
}

function isSoftware({ info }: GPUAdapter): boolean {
  const names = [info.vendor, info.architecture, info.device, info.description].join(' ');
  return ('isFallbackAdapter' in info && info.isFallbackAdapter === true) || softwareNames.test(names);
}
