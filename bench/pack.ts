// `npm run bench:pack`: writes bench/dist/tensorloom-bench-linux-x64/, which measures on a machine that has a GPU driver and nothing else.

import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from '../test/support/root.ts';
import { unpackSwiftShader } from '../test/support/swiftshader.ts';
import { familyNames, installPeers, listContenders, plainWebGpu } from './contenders.ts';
import { writeWorkloads } from './hosts/bundle.ts';
import { libraryVersion } from './version.ts';

const folder = join(root, 'bench/dist/tensorloom-bench-linux-x64');
const inside = join(folder, 'unpacked');
/** Megabytes that the folder may have. */
const largest = 64;

const swiftShader = unpackSwiftShader();
if (!swiftShader) throw new Error('bench:pack: needs Linux on x64, for the Vulkan loader that it packs');
installPeers();
rmSync(folder, { recursive: true, force: true });
mkdirSync(inside, { recursive: true });

copyFileSync(process.execPath, join(inside, 'node'));
// The loader finds the machine's own drivers; SwiftShader stays out.
copyFileSync(join(swiftShader.libraryPath, 'libvulkan.so.1'), join(inside, 'libvulkan.so.1'));
const dawn = join(root, 'node_modules/webgpu');
for (const path of ['package.json', 'index.js', 'LICENSE.md', 'dist/linux-x64'])
  cpSync(join(dawn, path), join(inside, 'webgpu', path), { recursive: true });

writeFileSync(join(inside, 'version.txt'), libraryVersion());
const families = familyNames();
await writeWorkloads(families, join(inside, 'workloads.mjs'));
for (const contender of [...listContenders(), plainWebGpu]) {
  // Tens of megabytes of WebAssembly, which asks Dawn's binding for more than it has.
  if (contender.name === 'onnxruntime') continue;
  for (const family of [...families, 'roof']) {
    const files = await contender.session(family);
    if (files) cpSync(files.folder, join(inside, 'sessions', contender.name, family), { recursive: true });
  }
}
await build({
  entryPoints: [join(root, 'bench/packed/main.ts')],
  outfile: join(inside, 'main.mjs'),
  bundle: true,
  minify: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  // commander is CommonJS.
  banner: {
    js: `import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);`,
  },
  logLevel: 'error',
});

const archive = join(folder, 'bench.tar.gz');
const { status } = spawnSync('tar', ['-czf', archive, '-C', folder, 'unpacked'], { stdio: 'inherit' });
if (status !== 0) throw new Error('bench:pack: tar failed');
rmSync(inside, { recursive: true });
writeFileSync(
  join(folder, 'run.sh'),
  `#!/bin/sh
# Measures on this machine's GPU: sh run.sh [--help] [workloads]. Needs Linux on x86-64 with glibc and a Vulkan driver; no network.
# The results go to results/.
set -e
here=$(cd "$(dirname "$0")" && pwd)
if [ ! -f "$here/unpacked/complete" ]; then
  tar -xzf "$here/bench.tar.gz" -C "$here"
  touch "$here/unpacked/complete"
fi
export LD_LIBRARY_PATH="$here/unpacked\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
exec "$here/unpacked/node" "$here/unpacked/main.mjs" "$@"
`,
);
chmodSync(join(folder, 'run.sh'), 0o755);
const megabytes = statSync(archive).size / 2 ** 20;
console.log(`${folder}: ${megabytes.toFixed(1)} MiB; copy it and start it with: sh run.sh`);
if (megabytes > largest) throw new Error(`bench:pack: more than ${largest} MiB`);
