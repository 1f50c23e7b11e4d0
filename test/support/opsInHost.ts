import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'vitest';
import { bundleSuite } from './bundleSuite.ts';
import type { TestResult } from './miniVitest.ts';
import { root } from './root.ts';

/** Runs the tests of test/ops in a host and registers one test per result; for the top level of a test file. */
export async function opsInHost(host: string, run: (bundlePath: string) => Promise<unknown>): Promise<void> {
  const folder = join(root, 'test/ops');
  const files = readdirSync(folder).filter((name) => name.endsWith('.test.ts'));
  try {
    const bundlePath = await bundleSuite(
      `ops-${host}`,
      files.map((name) => join(folder, name)),
    );
    for (const result of (await run(bundlePath)) as TestResult[]) it(result.name, () => settle(result));
  } catch (error) {
    it(`the tests run in ${host}`, () => {
      throw error;
    });
  }
}

function settle({ ok, message }: TestResult): void {
  if (ok) return;
  const error = new Error(message);
  // The message holds the host's stack; the one from here would only hide it.
  error.stack = message;
  throw error;
}
