import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../../test/support/root.ts';
import type { Host } from './host.ts';
import { serveSession, startProcess } from './process.ts';

/** Node with Dawn, made to look like a page as far as the libraries ask: `navigator.gpu` and WebGPU's classes. */
export const node: Host = {
  name: 'node',
  async open({ folder }) {
    const dawn = pathToFileURL(join(root, 'node_modules/webgpu/index.js')).href;
    const main = join(folder, 'node.mjs');
    writeFileSync(
      main,
      `import { create, globals } from ${JSON.stringify(dawn)};
Object.assign(globalThis, globals);
Object.defineProperty(globalThis, 'navigator', { value: { gpu: create([]), userAgent: 'node', hardwareConcurrency: 1 } });
${serveSession}`,
    );
    return startProcess(process.execPath, [main], folder, process.env);
  },
};
