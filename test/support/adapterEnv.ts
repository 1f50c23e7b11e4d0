import { spawnSync } from 'node:child_process';
import { root } from './root.ts';
import { unpackSwiftShader } from './swiftshader.ts';

/** What to do when nothing gives an adapter; whoever finds none says this and fails. */
export const noAdapter =
  'No WebGPU adapter: neither the graphics driver of this machine nor SwiftShader gives one. ' +
  'Install a Vulkan driver (Linux), or use Linux on x64, where SwiftShader comes with `npm ci`.';

/**
 * The environment variables with which a new Node or Deno process finds a WebGPU adapter: none if it finds one by
 * itself (a real GPU wins), those of SwiftShader otherwise, null if nothing helps. A driver that the caller has named in
 * VK_ICD_FILENAMES stands. Found by trying, never remembered.
 * The variables are read when a process starts, so they are for child processes.
 */
export function findAdapterEnv(): Record<string, string> | null {
  if (givesAdapter({})) return {};
  const driverChosen = process.env.VK_ICD_FILENAMES ?? process.env.VK_DRIVER_FILES;
  const env = driverChosen ? undefined : unpackSwiftShader()?.env;
  return env && givesAdapter(env) ? env : null;
}

function givesAdapter(env: Record<string, string>): boolean {
  const probe = `import { create } from 'webgpu';
    process.exit((await create([]).requestAdapter()) ? 0 : 1);`;
  const args = ['--input-type=module', '--eval', probe];
  return spawnSync(process.execPath, args, { cwd: root, env: { ...process.env, ...env } }).status === 0;
}
