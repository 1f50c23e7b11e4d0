import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright';

/**
 * Opens a page, at localhost a secure context (in which WebGPU exists), and returns what it has written to the console when a
 * line matches `until`. `files` are texts by path; all other paths are files of `folder`. Nothing comes from the network.
 */
export async function consoleOf(
  browser: Browser,
  folder: string,
  files: Readonly<Record<string, string>>,
  until: RegExp,
  address = 'http://localhost/',
): Promise<string> {
  const page = await browser.newPage();
  const lines: string[] = [];
  try {
    await page.route('**/*', (route) => {
      const path = new URL(route.request().url()).pathname;
      if (path === '/favicon.ico') return route.fulfill({ status: 204 });
      const contentType = path === '/' ? 'text/html' : 'text/javascript';
      return route.fulfill({ contentType, body: files[path] ?? readFileSync(join(folder, path), 'utf8') });
    });
    const finished = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no answer in 50 s')), 50_000);
      page.on('close', () => clearTimeout(timer));
      page.on('pageerror', (error) => reject(error));
      page.on('console', (message) => {
        lines.push(message.text());
        if (message.type() === 'error') reject(new Error('an error on the console'));
        if (until.test(message.text())) resolve();
      });
    });
    // A page that fails while it loads has been heard of before anybody waits for it.
    finished.catch(() => {});
    await page.goto(address);
    await finished;
    return lines.join('\n');
  } catch (error) {
    throw new Error([`Chromium: ${error}`, ...lines].join('\n'));
  } finally {
    await page.close();
  }
}

/** A page that is nothing but one module. */
export function pageWith(program: string): string {
  return `<!doctype html><meta charset="utf-8"><title>tensorloom</title><script type="module">${program}</script>`;
}
