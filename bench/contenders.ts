import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../test/support/root.ts';

const bench = join(root, 'bench');

/** A library, and the files in which it does the workload families: a file's stem is the family's name. */
export interface Contender {
  readonly name: string;
  /** The file for `family`, or null where the library has none. */
  file(family: string): string | null;
}

function contender(name: string, folder: string): Contender {
  return {
    name,
    file(family) {
      const path = join(bench, folder, `${family}.ts`);
      return existsSync(path) ? path : null;
    },
  };
}

/** Ours first, then each folder of `peers/`. */
export function listContenders(): Contender[] {
  const peers = readdirSync(join(bench, 'peers'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => contender(name, join('peers', name)));
  return [contender('tensorloom', 'tensorloom'), ...peers];
}

/** Plain WebGPU, for the roofs. */
export const plainWebGpu = contender('webgpu', 'webgpu');

/** Installs what `bench/package.json` lists, unless it is there. */
export function installPeers(): void {
  if (existsSync(join(bench, 'node_modules', '.package-lock.json'))) return;
  console.log('installing the peers into bench/node_modules');
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: bench,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error('npm ci in bench/ failed: see above');
}
