import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileStore } from '../../src/index.ts';
import { bundle } from '../support/bundleSuite.ts';
import { runInChromium, runInDeno } from '../support/hosts.ts';
import { cache } from '../support/root.ts';
import { exercise, expectedStory } from '../support/storesInHost.ts';

describe('checkpoint stores', () => {
  let path = '';
  const folder = mkdtempSync(join(tmpdir(), 'tensorloom-stores-'));
  beforeAll(async () => {
    path = await bundle('stores', `export { inBrowser, inFolder } from './test/support/storesInHost.ts';`);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  for (const inWorker of [false, true]) {
    it(`keep what they are given in a ${inWorker ? 'worker' : 'page'}: IndexedDB, OPFS, memory`, async () => {
      const stories = await runInChromium(path, { call: 'inBrowser', inWorker });
      expect(stories).toEqual({ indexedDb: expectedStory, opfs: expectedStory, memory: expectedStory });
    });
  }

  it('keep what they are given in Deno: files', async () => {
    expect(await runInDeno(path, { call: 'inFolder' })).toEqual(expectedStory);
    rmSync(join(cache, 'node_modules'), { recursive: true, force: true });
  });

  it('keep what they are given in Node: files, and leave no drafts', async () => {
    const inside = join(folder, 'new', 'runs');
    expect(await exercise(fileStore(inside))).toEqual(expectedStory);
    expect(existsSync(inside)).toBe(true);
    expect(readdirSync(inside)).toEqual([]);
  });
});
