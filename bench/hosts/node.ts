import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from './host.ts';
import { serveSession, startProcess } from './process.ts';

/** Node with Dawn (`dawn` is the URL of its package), made to look like a page as far as the libraries ask: `navigator.gpu` and WebGPU's classes. */
export const nodeHost = (dawn: string): Host => ({
  name: 'node',
  async open({ folder }) {
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
});
