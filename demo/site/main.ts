/**
 * Builds the page of demo/page into demo/dist: static files for any web host. With --serve it serves them on localhost, builds again
 * when a file changes, and opens the page where there is a desktop.
 */
import { join } from 'node:path';
import open from 'open';
import { root } from '../../test/support/root.ts';
import { siteContext } from './build.ts';

const folder = join(root, 'demo/dist');
const site = await siteContext(folder);
await site.rebuild();
if (process.argv.includes('--serve')) {
  await site.watch();
  // esbuild takes the next port where this one is taken.
  const { port } = await site.serve({ servedir: folder, host: '127.0.0.1' });
  const address = `http://localhost:${port}/`;
  console.log(`The page is at ${address} (Korean: ${address}?lang=ko). Ctrl-C ends it.`);
  const { DISPLAY, WAYLAND_DISPLAY } = process.env;
  if (DISPLAY || WAYLAND_DISPLAY || process.platform !== 'linux') await open(address);
} else {
  console.log(
    'The page is in demo/dist. Put its files on any web host; WebGPU wants https there, or localhost.',
  );
  await site.dispose();
}
