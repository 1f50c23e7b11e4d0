/** Opens the page of demo/ in Chromium, as a visitor has it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright';
import { siteContext } from '../../demo/site/build.ts';
import { launchChromium } from './hosts.ts';

export interface Visitor {
  readonly page: Page;
  /** What went wrong on the console so far, in workers, too. */
  readonly complaints: readonly string[];
  /** Scrolls to a section and waits until it shows itself. */
  section(name: string): Promise<ReturnType<Page['locator']>>;
}

export interface DemoSite {
  readonly browser: Browser;
  readonly folder: string;
  readonly address: string;
  /** A new visitor with nothing stored. */
  visit(path?: string, options?: BrowserContextOptions): Promise<Visitor>;
  close(): Promise<void>;
}

/** Builds the page, serves it and starts a browser. */
export async function openDemoSite(options: { webgpu?: boolean } = {}): Promise<DemoSite> {
  const folder = mkdtempSync(join(tmpdir(), 'tensorloom-demo-'));
  const build = await siteContext(folder);
  await build.rebuild();
  const { port } = await build.serve({ servedir: folder, host: '127.0.0.1', port: 0 });
  const browser = await launchChromium(options);
  const address = `http://localhost:${port}/`;
  return {
    browser,
    folder,
    address,
    async visit(path = '', contextOptions = {}) {
      const context = await browser.newContext({
        viewport: { width: 1280, height: 900 },
        // Without it the headless browser names its language by the system's, in a form that Intl does not take.
        locale: 'en-US',
        ...contextOptions,
      });
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('pageerror', (error) => complaints.push(`uncaught: ${error.stack ?? error}`));
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning')
          complaints.push(`${message.type()}: ${message.text()}`);
      });
      page.on('response', (response) => {
        if (response.status() >= 400) complaints.push(`${response.status()}: ${response.url()}`);
      });
      await page.goto(address + path);
      return {
        page,
        complaints,
        async section(name) {
          const section = page.locator(`section#${name}`);
          await section.scrollIntoViewIfNeeded();
          await section.locator('.body[data-ready]').waitFor();
          return section;
        },
      };
    },
    async close() {
      await browser.close();
      await build.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
