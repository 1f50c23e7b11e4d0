import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { denoPath } from '../../test/support/hosts.ts';
import { unpackSwiftShader } from '../../test/support/swiftshader.ts';
import type { Host } from './host.ts';
import { serveSession, startProcess } from './process.ts';

/** Deno (naga) on llvmpipe where Debian's mesa-vulkan-drivers is installed, on what Node uses otherwise. */
export const deno: Host = {
  name: 'deno',
  async open({ folder }) {
    const main = join(folder, 'deno.mjs');
    writeFileSync(main, serveSession);
    const importMap = join(folder, 'importMap.json');
    const modules = ['crypto', 'fs', 'module', 'path', 'url', 'util', 'worker_threads'];
    const imports = Object.fromEntries(modules.map((name) => [name, `node:${name}`]));
    writeFileSync(importMap, JSON.stringify({ imports }));
    const args = [
      'run',
      '--allow-all',
      '--no-config',
      '--no-lock',
      '--no-npm',
      '--no-remote',
      `--import-map=${importMap}`,
      main,
    ];
    return startProcess(denoPath(), args, folder, {
      ...process.env,
      ...llvmpipeEnv(),
      NO_COLOR: '1',
      DENO_NO_UPDATE_CHECK: '1',
    });
  },
};

const driverFolder = '/usr/share/vulkan/icd.d';

/** A driver named by the user stands; so does a real GPU, for which no variable is set. */
function llvmpipeEnv(): Record<string, string> {
  const swiftShader = unpackSwiftShader();
  if (!swiftShader || process.env.VK_ICD_FILENAMES !== swiftShader.icdPath) return {};
  let files: string[];
  try {
    files = readdirSync(driverFolder);
  } catch {
    return {};
  }
  const file = files.find((name) => /^lvp_icd/.test(name));
  return file ? { VK_ICD_FILENAMES: join(driverFolder, file) } : {};
}
