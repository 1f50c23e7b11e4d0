import { expect, it } from 'vitest';
import { create, globals } from 'webgpu';
import { bundle } from '../support/bundleSuite.ts';
import { runInChromium, runInDeno } from '../support/hosts.ts';
import { type Smoke, smoke } from '../support/smoke.ts';

const bundlePath = await bundle('smoke', `export { smoke } from './test/support/smoke.ts';`);
// Kept as long as this process lives: Dawn aborts when the object that `create` gives is collected.
const gpu = create([]);
const expected = Array.from({ length: 64 }, (_, i) => 2 * i);

const hosts: Record<string, () => Promise<unknown>> = {
  Node: () => smoke(gpu),
  'a page': () => runInChromium(bundlePath, { call: 'smoke' }),
  'a worker': () => runInChromium(bundlePath, { call: 'smoke', inWorker: true }),
  Deno: () => runInDeno(bundlePath, { call: 'smoke' }),
};
Object.assign(globalThis, globals);

for (const [host, run] of Object.entries(hosts)) {
  it(`WebGPU works in ${host}`, async () => {
    const result = (await run()) as Smoke;
    expect(result.doubled).toEqual(expected);
  });
}
