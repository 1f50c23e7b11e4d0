import { renameSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build } from 'esbuild';
import { cache, root } from './root.ts';

/**
 * Bundles test files for a host without Vitest. The one ESM file that comes out exports `runCollected`
 * (see miniVitest.ts); its path is returned.
 */
export function bundleSuite(name: string, testFiles: string[]): Promise<string> {
  const imports = testFiles.map((file) => `import ${JSON.stringify(`./${relative(root, file)}`)};`);
  return bundle(name, [...imports, `export { runCollected } from 'vitest';`].join('\n'));
}

/** Bundles ESM source text, whose imports are relative to the repository's root, into one file that any host can import. */
export async function bundle(name: string, contents: string): Promise<string> {
  const path = join(cache, `${name}.js`);
  const draft = `${path}.${process.pid}`;
  await build({
    stdin: { contents, resolveDir: root, sourcefile: `${name}.ts`, loader: 'ts' },
    absWorkingDir: root,
    outfile: draft,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    // What only Node has is imported dynamically and never reached elsewhere.
    external: ['webgpu', 'node:*'],
    alias: { vitest: join(root, 'test/support/miniVitest.ts') },
    // package.json says that no module has side effects; a test file, imported for its tests, is nothing but that.
    ignoreAnnotations: true,
    sourcemap: 'inline',
    logLevel: 'error',
  });
  // Renamed when complete, for another run may be reading the last one.
  renameSync(draft, path);
  return path;
}
