import { createReadStream, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { launchChromium } from '../../test/support/hosts.ts';
import { type Host, remote } from './host.ts';

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** Headless Chromium: a browser of its own for each contender, so that no cache is shared. */
export const chrome: Host = {
  name: 'chrome',
  async open({ folder }) {
    const server = createServer(({ url = '/' }, response) => {
      const path = join(folder, normalize(new URL(url, 'http://localhost').pathname));
      // Without these two the page gets neither threads for WebAssembly nor fine timers.
      response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
      response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
      if (url === '/') {
        response
          .setHeader('Content-Type', 'text/html')
          .end('<!doctype html><meta charset="utf-8"><title>bench</title>');
      } else if (existsSync(path)) {
        response.setHeader('Content-Type', types[extname(path)] ?? 'application/octet-stream');
        createReadStream(path).pipe(response);
      } else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const browser = await launchChromium();
    const said: string[] = [];
    try {
      const page = await browser.newPage();
      page.on('console', (message) => said.push(message.text()));
      page.on('pageerror', (error) => said.push(String(error)));
      await page.goto(`http://localhost:${port}/`);
      await page.evaluate(
        `import('/session.js').then(({ session }) => { globalThis.benchSession = session; })`,
      );
      return remote(
        async (method, args) => {
          try {
            return await page.evaluate(`benchSession.${method}(...${JSON.stringify(args)})`);
          } catch (error) {
            throw new Error([String(error), ...said.slice(-5)].join('\n'));
          }
        },
        async () => {
          await browser.close();
          server.close();
        },
      );
    } catch (error) {
      await browser.close();
      server.close();
      throw error;
    }
  },
};
