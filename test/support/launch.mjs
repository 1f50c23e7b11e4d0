/**
 * Runs a TypeScript program of this repository in Node, with a WebGPU adapter:
 *
 *     node test/support/launch.mjs demo/cli/main.ts [arguments]
 *
 * Node 20 reads no TypeScript, so esbuild bundles the program first (packages stay outside). The program gets a process
 * of its own because the variables that lead to SwiftShader are read only when a process starts.
 */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
const drafts = join(root, 'node_modules', '.cache', 'tensorloom', `run-${process.pid}`);

process.on('exit', () => rmSync(drafts, { recursive: true, force: true }));
const [program, ...args] = process.argv.slice(2);
const [programBundle, adapterEnvBundle] = await Promise.all(
  [program, join(root, 'test/support/adapterEnv.ts')].map(bundle),
);

const { findAdapterEnv, noAdapter } = await import(pathToFileURL(adapterEnvBundle).href);
const env = findAdapterEnv();
// Not the end: what needs no GPU (a help text, the CPU reference) still works.
if (!env) console.error(noAdapter);

const child = spawn(process.execPath, ['--enable-source-maps', programBundle, ...args], {
  stdio: 'inherit',
  env: { ...process.env, ...env },
});
// Ctrl-C reaches the child by itself; this process only waits for what the child makes of it.
process.on('SIGINT', () => {});
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  throw error;
});
child.on('exit', (code, signal) => {
  process.exitCode = code ?? 1;
  if (!signal) return;
  rmSync(drafts, { recursive: true, force: true });
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
});

async function bundle(entry, index) {
  const outfile = join(drafts, `${index}.mjs`);
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    // package.json says that no module has side effects, which holds for src/ only.
    ignoreAnnotations: true,
    sourcemap: 'inline',
    logLevel: 'error',
  });
  return outfile;
}
