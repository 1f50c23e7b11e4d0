import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Device } from '../../src/backends/backend.ts';
import { openDevice } from '../../src/backends/open.ts';
import { tune } from '../../src/backends/tune.ts';
import { readTuning, writeTuning } from '../../src/backends/tuning.ts';
import { Graph } from '../../src/graph/graph.ts';
import { matmul } from '../../src/ops/matmul.ts';
import { bundle } from '../support/bundleSuite.ts';
import { runInChromium, runInDeno } from '../support/hosts.ts';

const key = 'matmul float32[64, 64] float32[64, 64] {"transposeA":false,"transposeB":false}';

function product() {
  const graph = new Graph();
  return { y: matmul(graph.input('a', [64, 64]), graph.input('b', [64, 64])) };
}

describe('measured choices of kernels', () => {
  let device: Device;
  let adapter: string;
  beforeAll(async () => {
    device = await openDevice({ backend: 'webgpu' });
    const { vendor, architecture, name } = device.info;
    adapter = [vendor, architecture, name].filter(Boolean).join(' ');
  });
  afterAll(() => device.dispose());

  const kernels = async (variants?: Record<string, string>) => {
    const program = await device.compile({ outputs: product(), variants });
    program.dispose();
    return program.stats.kernels;
  };

  it('come before the cost model and after a forced variant', async () => {
    const untouched = await kernels();
    device.tuning = { [adapter]: { [key]: 'splitK' } };
    expect(await kernels()).toEqual(['matmul/slices (matmul)', 'matmul/sum (matmul)']);
    expect(await kernels({ matmul: 'tiled' })).toEqual(['matmul/tiled (matmul)']);
    device.tuning = { [adapter]: { [key]: 'no such variant' }, 'another adapter': { [key]: 'splitK' } };
    expect(await kernels()).toEqual(untouched);
  });

  it('are measured for each op and shape, and leave nothing behind', async () => {
    const { memory } = device;
    const table = await tune(device, { outputs: product() });
    expect(Object.keys(table)).toEqual([adapter, 'another adapter']);
    expect(device.tuning).toEqual(table);
    const choice = table[adapter][key];
    expect(['default', 'direct', 'wide', 'shared', 'tiled', 'splitK']).toContain(choice);
    const program = await device.compile({ outputs: product() });
    const ones = new Float32Array(64 * 64).fill(1);
    expect((await program.run({ a: ones, b: ones })).y).toEqual(ones.map(() => 64));
    program.dispose();
    expect(device.memory).toEqual(memory);
  });
});

describe('a kept table', () => {
  const table = { adapter: { [key]: 'wide' } };
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tuning-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is a file in Node', async () => {
    const path = join(folder, 'node.json');
    expect(await readTuning(path)).toEqual({});
    await writeTuning(path, table);
    expect(await readTuning(path)).toEqual(table);
    writeFileSync(path, '[1]');
    await expect(readTuning(path)).rejects.toThrow(/is no tuning table/);
    writeFileSync(path, '{');
    await expect(readTuning(path)).rejects.toThrow(/is no JSON/);
  });

  it('lies in IndexedDB in a page and a worker, and in a file in Deno', async () => {
    const path = await bundle(
      'tuning',
      `import { readTuning, writeTuning } from './src/backends/tuning.ts';
      export async function roundTrip() {
        const name = ${JSON.stringify(join(folder, 'deno.json'))};
        const before = await readTuning(name);
        await writeTuning(name, ${JSON.stringify(table)});
        await writeTuning(name, ${JSON.stringify(table)});
        return [before, await readTuning(name)];
      }`,
    );
    const call = 'roundTrip';
    expect(await runInChromium(path, { call })).toEqual([{}, table]);
    expect(await runInChromium(path, { call, inWorker: true })).toEqual([{}, table]);
    expect(await runInDeno(path, { call })).toEqual([{}, table]);
  });
});
