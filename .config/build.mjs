/** Makes dist/: one ES module per entry of package.json's `exports`, with the shaders inside, and the declarations. */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { compactWgsl } from './wgsl.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { exports: entries, peerDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** Packages that go into dist/, so their licences go with them. */
const bundled = ['wgsl-preprocessor', 'pbf'];
const inBundled = new RegExp(`node_modules/(${bundled.join('|')})/[^/]*\\.js$`);

const withLicence = {
  name: 'with-licence',
  setup(esbuild) {
    esbuild.onLoad({ filter: inBundled }, ({ path }) => {
      const name = inBundled.exec(path)[1];
      const licence = readFileSync(join(dirname(path), 'LICENSE'), 'utf8').trim();
      return { contents: `/*! ${name}\n\n${licence}\n*/\n${readFileSync(path, 'utf8')}` };
    });
  },
};

rmSync(join(root, 'dist'), { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: Object.values(entries).map((entry) =>
    entry.default.replace('./dist/', 'src/').replace(/js$/, 'ts'),
  ),
  outdir: 'dist',
  outbase: 'src',
  bundle: true,
  splitting: true,
  chunkNames: 'shared/[hash]',
  format: 'esm',
  platform: 'neutral',
  target: 'es2022',
  external: [...Object.keys(peerDependencies), 'node:*'],
  legalComments: 'inline',
  sourcemap: true,
  plugins: [withLicence, compactWgsl],
  metafile: true,
  logLevel: 'warning',
});

const foreign = Object.keys(metafile.inputs).filter(
  (path) => /node_modules\//.test(path) && !inBundled.test(path),
);
if (foreign.length > 0)
  throw new Error(`dist/ would contain packages whose licences are not with it: ${foreign.join(', ')}`);

const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
const { status } = spawnSync(process.execPath, [tsc, '--project', '.config/tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
