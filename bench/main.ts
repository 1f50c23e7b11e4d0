// `npm run bench`: see README.md beside this file.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../test/support/root.ts';
import { runBench } from './cli.ts';
import { familyNames, installPeers, listContenders, plainWebGpu } from './contenders.ts';
import { bundleWorkloads } from './hosts/bundle.ts';
import { libraryVersion } from './version.ts';

await runBench({
  program: 'npm run bench --',
  hosts: {
    chrome: async () => (await import('./hosts/chrome.ts')).chrome,
    deno: async () => (await import('./hosts/deno.ts')).deno,
    node: async () => {
      const dawn = pathToFileURL(join(root, 'node_modules/webgpu/index.js')).href;
      return (await import('./hosts/node.ts')).nodeHost(dawn);
    },
  },
  families: await bundleWorkloads(familyNames()),
  contenders() {
    installPeers();
    return listContenders();
  },
  plain: plainWebGpu,
  version: libraryVersion(),
});
