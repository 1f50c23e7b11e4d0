import { join } from 'node:path';
import { defineConfig, type Plugin } from 'vitest/config';
import { findAdapterEnv, noAdapter } from './support/adapterEnv.ts';
import { root } from './support/root.ts';

// The tests run in processes that this one starts, so what is set here is there when they start.
const adapterEnv = findAdapterEnv();
if (!adapterEnv) throw new Error(noAdapter);
Object.assign(process.env, adapterEnv);

/** Makes `import source from '#shaders/x.wgsl' with { type: 'text' }` yield the file's text, as esbuild and Deno do. */
const wgslAsText: Plugin = {
  name: 'wgsl-as-text',
  enforce: 'pre',
  transform: (code, id) =>
    /\.wgsl(\?|$)/.test(id) ? { code: `export default ${JSON.stringify(code)};`, map: null } : undefined,
};

export default defineConfig({
  plugins: [wgslAsText],
  resolve: {
    // The snippets of the page name the package's entries; see tsconfig.json.
    alias: [
      { find: /^tensorloom$/, replacement: join(root, 'src/index.ts') },
      { find: /^tensorloom\/(\w+)$/, replacement: join(root, 'src/$1.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    // Processes, not threads: LD_LIBRARY_PATH works for a new process only, and a crash in a driver fails one file.
    pool: 'forks',
    maxWorkers: 2,
    // Software adapters are slow, and a first dispatch waits for its pipeline: the slowest test takes 45 seconds on two free cores.
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
