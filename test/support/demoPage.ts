/** Opens the page of demo/ in Chromium, as a visitor has it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright';
import { siteContext } from '../../demo/site/build.ts';
import { launchChromium } from './hosts.ts';

/** What a visitor's window shows at a time, where nothing else is said. */
export const usualWindow = { width: 1280, height: 900 };

export interface Visitor {
  readonly page: Page;
  /** What went wrong on the console so far, in workers, too. */
  readonly complaints: readonly string[];
  /** Follows the link to a section and waits until it shows itself. */
  section(name: string): Promise<ReturnType<Page['locator']>>;
  /** Tasks of the page's main thread that took longer than 50 ms, since the page was opened or since a time of `now`. */
  longTasks(since?: number): Promise<LongTask[]>;
  /** Milliseconds since the page was opened, by its own clock. */
  now(): Promise<number>;
  /**
   * Begins to record the tasks of the page's main thread; what it returns ends that, and gives the longest one's milliseconds of CPU
   * time. By the clock a task is as long as others take the processor away from it.
   */
  recordTasks(): Promise<() => Promise<number>>;
}

export interface LongTask {
  readonly start: number;
  readonly milliseconds: number;
}

declare global {
  /** In the page: see `watchLongTasks`. */
  var longTasks: LongTask[];
}

/** Runs in the page before its own scripts. */
function watchLongTasks(): void {
  globalThis.longTasks = [];
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries())
      globalThis.longTasks.push({ start: startTime, milliseconds: duration });
  }).observe({ type: 'longtask', buffered: true });
}

export interface DemoSite {
  readonly browser: Browser;
  readonly folder: string;
  readonly address: string;
  /** A new visitor with nothing stored. */
  visit(path?: string, options?: BrowserContextOptions): Promise<Visitor>;
  close(): Promise<void>;
}

/** What is used of Chromium's trace events. Times are microseconds, `tdur` is CPU time. */
interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly tdur?: number;
  readonly args: { readonly name?: string };
}

function longestTask(trace: string): number {
  const { traceEvents }: { traceEvents: TraceEvent[] } = JSON.parse(trace);
  const threads = traceEvents.filter(
    ({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain',
  );
  const times = traceEvents
    .filter(({ pid, tid }) => threads.some((main) => main.pid === pid && main.tid === tid))
    .map(({ tdur }) => (tdur ?? 0) / 1000);
  return times.reduce((most, time) => Math.max(most, time), 0);
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
        viewport: usualWindow,
        // Without it the headless browser names its language by the system's, in a form that Intl does not take.
        locale: 'en-US',
        ...contextOptions,
      });
      // A training on a software adapter takes as long as it takes; the tests have their own limit.
      context.setDefaultTimeout(150_000);
      const page = await context.newPage();
      await page.addInitScript(watchLongTasks);
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
          await page.locator(`nav a[href="#${name}"]`).click();
          await section.locator('.body[data-ready]').waitFor();
          return section;
        },
        async longTasks(since = 0) {
          const tasks = await page.evaluate(() => globalThis.longTasks);
          return tasks.filter(({ start }) => start >= since);
        },
        now: () => page.evaluate(() => performance.now()),
        async recordTasks() {
          await browser.startTracing(page, { categories: ['toplevel'] });
          return async () => longestTask((await browser.stopTracing()).toString());
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
