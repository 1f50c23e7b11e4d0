import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../test/support/root.ts';
import { bundleSession } from './hosts/bundle.ts';
import type { SessionFiles } from './hosts/host.ts';

const bench = join(root, 'bench');

/** A library, and the files in which it does the workload families: a file's stem is the family's name. */
export interface Contender {
  readonly name: string;
  /** The bundles that do `family`, or null where the library has no file for it. */
  session(family: string): Promise<SessionFiles | null>;
}

function contender(name: string, folder: string): Contender {
  return {
    name,
    async session(family) {
      const path = join(bench, folder, `${family}.ts`);
      return existsSync(path) ? bundleSession(path, family) : null;
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

/** The families for which `workloads/` has a file, without the roofs. */
export function familyNames(): string[] {
  return readdirSync(join(bench, 'workloads'))
    .map((file) => file.replace(/\.ts$/, ''))
    .filter((name) => name !== 'workload' && name !== 'roof');
}
