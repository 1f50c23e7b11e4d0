import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { cache, root } from '../../test/support/root.ts';
import type { Workload } from '../workloads/workload.ts';
import type { SessionFiles } from './host.ts';

/** Bundles a contender's file for a family, and the session beside it, for any host. */
export async function bundleSession(contenderFile: string, family: string): Promise<SessionFiles> {
  const name = contenderFile.replace(/^.*bench\//, '').replace(/\W+/g, '-');
  const folder = join(cache, 'bench', name);
  mkdirSync(folder, { recursive: true });
  // Hosts that take a file's kind from the nearest package.json.
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  await Promise.all([
    bundle(
      join(folder, 'session.js'),
      `import { makeSession } from './bench/page/session.ts';
import { workloads } from './bench/workloads/${family}.ts';
export const session = makeSession(workloads, () => import('./contender.js'));`,
      ['./contender.js'],
    ),
    bundle(join(folder, 'contender.js'), `export { prepare } from ${JSON.stringify(contenderFile)};`, []),
  ]);
  for (const asset of assetsOf(contenderFile)) {
    const target = join(folder, asset.slice(asset.lastIndexOf('/') + 1));
    if (!existsSync(target)) copyFileSync(join(root, 'bench', asset), target);
  }
  return { folder };
}

/** Files that the library fetches at run time: those that an `assets.json` beside the contender lists. */
function assetsOf(contenderFile: string): string[] {
  const list = join(contenderFile, '..', 'assets.json');
  return existsSync(list) ? (JSON.parse(readFileSync(list, 'utf8')) as string[]) : [];
}

async function bundle(outfile: string, contents: string, external: string[]): Promise<void> {
  await build({
    stdin: { contents, resolveDir: root, loader: 'ts' },
    absWorkingDir: root,
    outfile,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    // Networks that workloads import.
    loader: { '.onnx': 'binary' },
    // What only Node has is imported dynamically and never reached elsewhere.
    external: [
      ...external,
      'webgpu',
      'node:*',
      'module',
      'fs',
      'path',
      'url',
      'worker_threads',
      'util',
      'crypto',
    ],
    logLevel: 'error',
  });
}

/** Bundles `bench/workloads/NAME.ts` of each name into a module that exports `families`, the workloads by name. */
export async function writeWorkloads(names: readonly string[], outfile: string): Promise<void> {
  const imports = names.map(
    (name, i) => `import { workloads as w${i} } from './bench/workloads/${name}.ts';`,
  );
  const entries = names.map((name, i) => `[${JSON.stringify(name)}, w${i}]`);
  await bundle(outfile, `${imports.join('\n')}\nexport const families = new Map([${entries.join()}]);`, []);
}

/** Loads the workloads: Node 20 reads no TypeScript. */
export async function bundleWorkloads(names: readonly string[]): Promise<Map<string, Workload[]>> {
  const folder = join(cache, 'bench');
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, `workloads-${process.pid}.mjs`);
  await writeWorkloads(names, outfile);
  try {
    const { families }: { families: Map<string, Workload[]> } = await import(pathToFileURL(outfile).href);
    return families;
  } finally {
    rmSync(outfile);
  }
}
