// What runs on a bare machine, in a folder that `npm run bench:pack` has written (see ../pack.ts).

import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runBench } from '../cli.ts';
import type { Contender } from '../contenders.ts';
import { nodeHost } from '../hosts/node.ts';
import type { Workload } from '../workloads/workload.ts';

const here = dirname(fileURLToPath(import.meta.url));
const sessions = join(here, 'sessions');
// Beside run.sh, not among what it has unpacked.
const results = join(here, '..', 'results');

const contender = (name: string): Contender => ({
  name,
  async session(family) {
    const folder = join(sessions, name, family);
    return existsSync(folder) ? { folder } : null;
  },
});

const { families }: { families: Map<string, Workload[]> } = await import(
  pathToFileURL(join(here, 'workloads.mjs')).href
);
mkdirSync(results, { recursive: true });
await runBench({
  program: 'sh run.sh',
  hosts: { node: async () => nodeHost(pathToFileURL(join(here, 'webgpu/index.js')).href) },
  families,
  contenders: () => {
    const peers = readdirSync(sessions).filter((name) => name !== 'tensorloom' && name !== 'webgpu');
    return ['tensorloom', ...peers].map(contender);
  },
  plain: contender('webgpu'),
  version: readFileSync(join(here, 'version.txt'), 'utf8'),
  defaultJson: join(results, `${new Date().toISOString().slice(0, 19).replace(/:/g, '-')}.json`),
});
