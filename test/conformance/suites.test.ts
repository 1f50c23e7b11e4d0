import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { type Device, openDevice } from '../../src/index.ts';
import { root } from '../support/root.ts';
import { readFolder } from './folder.ts';
import { runCases } from './runner.ts';
import { suites } from './suites/all.ts';

// Cases of the public suites that lie in this folder, on both backends. README.md tells where they come from.
for (const suite of suites) {
  const cases = suite.cases(readFolder(join(root, 'test/conformance', suite.name)));
  for (const backend of ['cpu', 'webgpu'] as const) {
    describe(`${suite.name} on ${backend}`, () => {
      let device: Device;
      const skipped = new Map<string, number>();
      beforeAll(async () => {
        device = await openDevice({ backend });
      });
      afterAll(() => {
        device.dispose();
        for (const [reason, count] of skipped)
          console.warn(`${suite.name} on ${backend}: skipped ${count} of ${cases.length}: ${reason}`);
      });

      for (const each of cases) {
        it(`${each.op}: ${each.name}`, async () => {
          const { results } = await runCases(device, [each]);
          const [{ verdict, reason }] = results;
          if (verdict === 'failed') throw new Error(reason);
          if (verdict === 'skipped') skipped.set(reason, (skipped.get(reason) ?? 0) + 1);
        });
      }
    });
  }
}
