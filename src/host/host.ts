import { NoAdapterError } from '../core/errors.ts';

export type HostName = 'page' | 'worker' | 'deno' | 'node';

/** Which of the four hosts this is. */
export function hostName(): HostName {
  if ('Deno' in globalThis) return 'deno';
  if (typeof process !== 'undefined' && process.versions?.node) return 'node';
  return typeof document === 'undefined' ? 'worker' : 'page';
}

/** What a user can do on this host when there is no `navigator.gpu`. */
const webGpuAdvice: Readonly<Record<HostName, string>> = {
  page: 'use a browser with WebGPU (Chrome or Edge 113, Safari 26, Firefox 141 or newer), and open the page over https or from localhost',
  worker:
    'use a browser with WebGPU in workers (Chrome or Edge 113, Safari 26 or newer), and open the page over https or from localhost',
  deno: 'start this Deno with --unstable-webgpu, or use a newer one',
  node: 'install the optional package "webgpu" (npm install webgpu)',
};

const browserAdvice =
  'turn hardware acceleration on in the settings of the browser, and see in chrome://gpu (Firefox: about:support) whether it blocks this driver';

/** What a user can do on this host when there is WebGPU but no adapter. */
export const adapterAdvice: Readonly<Record<HostName, string>> = {
  page: browserAdvice,
  worker: browserAdvice,
  deno: 'install a graphics driver with Vulkan (Linux: mesa-vulkan-drivers)',
  node: 'install a graphics driver with Vulkan (Linux: mesa-vulkan-drivers), or point VK_ICD_FILENAMES at one such as SwiftShader',
};

// The binding must stay referenced for the life of the process: Dawn aborts when it is collected.
let nodeGpu: Promise<GPU> | null = null;

/** The host's `navigator.gpu`. Node has none: there the optional package `webgpu` gives it. */
export async function findGpu(): Promise<GPU> {
  const host = hostName();
  if (typeof navigator !== 'undefined' && 'gpu' in navigator && navigator.gpu) return navigator.gpu;
  if (host !== 'node') throw new NoAdapterError(`this ${host} has no WebGPU; ${webGpuAdvice[host]}`);
  nodeGpu ??= loadNodeGpu();
  return nodeGpu;
}

async function loadNodeGpu(): Promise<GPU> {
  // In a variable, so that bundlers for pages leave the import alone.
  const packageName = 'webgpu';
  try {
    const dawn: { create(flags: string[]): GPU } = await import(/* @vite-ignore */ packageName);
    return dawn.create([]);
  } catch (error) {
    nodeGpu = null;
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new NoAdapterError(
      `Node has no WebGPU of its own and the package "webgpu" did not load (${reason}); ${webGpuAdvice.node}`,
    );
  }
}
