/** Runs bundles (see bundleSuite.ts) in the hosts that are not this Node process: a page, a worker, Deno. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright';
import { cache } from './root.ts';
import { unpackSwiftShader } from './swiftshader.ts';

export interface RunOptions {
  /** The exported function to call, without arguments; what it returns must survive JSON. */
  call?: string;
  timeoutMilliseconds?: number;
}

const twentyMinutes = 1_200_000;

/**
 * Chromium on SwiftShader or, where that has no binaries, the Chrome that is installed. Chromium never takes the real GPU
 * here: which flags and drivers that needs differs from machine to machine, and Node uses the GPU already. Without `webgpu` it
 * finds no adapter.
 */
export async function launchChromium({ webgpu = true } = {}): Promise<Browser> {
  const swiftShader = unpackSwiftShader();
  const args = webgpu ? ['--enable-unsafe-webgpu'] : [];
  if (!swiftShader) return chromium.launch({ channel: 'chrome', args });
  return chromium.launch({
    executablePath: swiftShader.chromiumPath,
    env: { ...process.env, ...swiftShader.chromiumEnv } as Record<string, string>,
    args: [...args, ...(webgpu ? ['--use-webgpu-adapter=swiftshader'] : [])],
  });
}

/** Calls a bundle's export in a page of Chromium, or in a module worker of that page, and returns what it returned. */
export async function runInChromium(
  bundlePath: string,
  {
    call = 'runCollected',
    timeoutMilliseconds = twentyMinutes,
    inWorker = false,
  }: RunOptions & { inWorker?: boolean } = {},
): Promise<unknown> {
  const browser = await launchChromium();
  const console: string[] = [];
  const timer = setTimeout(() => {
    console.push(`no answer in ${timeoutMilliseconds / 1000} s`);
    void browser.close();
  }, timeoutMilliseconds);
  try {
    const page = await browser.newPage();
    page.on('crash', () => {
      console.push('the page crashed');
      void browser.close();
    });
    page.on('pageerror', (error) => console.push(`uncaught: ${error.stack ?? error}`));
    page.on('console', (message) => {
      console.push(`${message.type()}: ${message.text()}`);
    });
    await serve(page, bundlePath);
    // Localhost counts as a secure context, and only those have navigator.gpu; nothing listens there, `serve` answers.
    await page.goto('http://localhost/');
    const value: unknown = await page.evaluate(inWorker ? callInWorker(call) : callInPage(call));
    if (console.some((line) => /^(error|uncaught):/.test(line))) throw new Error('messages on the console');
    return value;
  } catch (error) {
    throw hostError(`Chromium ${inWorker ? 'worker' : 'page'}`, error, console);
  } finally {
    clearTimeout(timer);
    await browser.close();
  }
}

async function serve(page: Page, bundlePath: string): Promise<void> {
  const answers: Record<string, { contentType: string; body: string }> = {
    '/': { contentType: 'text/html', body: '<!doctype html><meta charset="utf-8"><title>tensorloom</title>' },
    '/bundle.js': { contentType: 'text/javascript', body: readFileSync(bundlePath, 'utf8') },
    '/worker.js': { contentType: 'text/javascript', body: workerSource },
  };
  await page.route('**/*', (route) =>
    route.fulfill(answers[new URL(route.request().url()).pathname] ?? { status: 204 }),
  );
}

// What runs in the page is text, since Vitest rewrites the imports inside functions.

const callInPage = (call: string) => `import('/bundle.js').then((bundle) => bundle.${call}())`;

const callInWorker = (call: string) => `new Promise((resolve, reject) => {
  const worker = new Worker('/worker.js', { type: 'module' });
  worker.onerror = (event) => reject(new Error(event.message || 'the worker did not start'));
  worker.onmessage = ({ data }) => ('error' in data ? reject(new Error(data.error)) : resolve(data.value));
  worker.postMessage('${call}');
})`;

const workerSource = `
import * as bundle from '/bundle.js';
onmessage = async ({ data: call }) => {
  try {
    postMessage({ value: await bundle[call]() });
  } catch (error) {
    postMessage({ error: String(error?.stack ?? error) });
  }
};`;

/** Deno itself, without its bin.cjs, which waits for it in a way that leaves it running when it is told to stop. */
export function denoPath(): string {
  return createRequire(import.meta.url)('deno/install_api.cjs').runInstall();
}

/** Calls a bundle's export in Deno and returns what it returned. Deno takes its adapter from this process's environment. */
export async function runInDeno(
  bundlePath: string,
  { call = 'runCollected', timeoutMilliseconds = twentyMinutes }: RunOptions = {},
): Promise<unknown> {
  const mark = 'result of the bundle:';
  const program = `
    const bundle = await import(${JSON.stringify(pathToFileURL(bundlePath).href)});
    console.log(${JSON.stringify(`\n${mark}`)} + JSON.stringify(await bundle.${call}()));
    Deno.exit();`;
  const args = ['eval', '--no-config', '--no-lock', '--no-npm', '--no-remote', program];
  const child = spawn(denoPath(), args, {
    cwd: cache,
    env: { ...process.env, NO_COLOR: '1', DENO_NO_UPDATE_CHECK: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let complaints = '';
  child.stdout.on('data', (text) => {
    output += text;
  });
  child.stderr.on('data', (text) => {
    complaints += text;
  });
  const timer = setTimeout(() => {
    complaints += `no answer in ${timeoutMilliseconds / 1000} s`;
    child.kill('SIGKILL');
  }, timeoutMilliseconds);
  try {
    const ending = await new Promise<string>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    const result = output.split('\n').find((line) => line.startsWith(mark));
    if (ending !== 'exit code 0' || result === undefined)
      throw new Error(`ended with ${ending} and gave no result`);
    return JSON.parse(result.slice(mark.length));
  } catch (error) {
    throw hostError('Deno', error, `${output}\n${complaints}`.split('\n'));
  } finally {
    clearTimeout(timer);
  }
}

function hostError(host: string, cause: unknown, said: string[]): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  // The last lines also tell which test was running (see miniVitest.ts).
  return new Error([`${host}: ${reason}`, ...said.slice(-20)].join('\n').trim());
}
