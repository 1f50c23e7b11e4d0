import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileStore, StorageError } from '../../src/index.ts';
import { root } from '../support/root.ts';

const folder = mkdtempSync(join(tmpdir(), 'tensorloom-checkpoints-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a program of test/support, with files of at most `megabytes`, in a process of its own. */
async function run(program: string, args: readonly string[], megabytes?: number) {
  const limit = megabytes === undefined ? '' : `ulimit -f ${1024 * megabytes}; `;
  const command = `${limit}exec "$0" test/support/launch.mjs test/support/${program} "$@"`;
  const options = { cwd: root, maxBuffer: 1 << 20, timeout: 240_000 };
  return promisify(execFile)('bash', ['-c', command, process.execPath, ...args], options);
}

describe('a disk that is full', () => {
  // What a bundle needs is less than this.
  const limit = 32;

  it('leaves the old checkpoint alive, says so, and keeps no draft', async () => {
    const place = join(folder, 'full');
    const { stdout } = await run('fullDisk.ts', [place], limit);
    expect(JSON.parse(stdout)).toEqual({
      message: `StorageError: cannot write checkpoint "a" in folder ${place}: the file would be larger than the system allows; what was there before is unchanged`,
      files: ['a'],
    });
    expect(readFileSync(join(place, 'a'))).toEqual(Buffer.alloc(1_048_576, 7));
  });

  it('leaves the old checkpoint alive when the process is killed in the middle', async () => {
    const place = join(folder, 'killed');
    await expect(run('fullDisk.ts', [place, 'killed'])).rejects.toThrow();
    expect(readFileSync(join(place, 'a'))).toEqual(Buffer.alloc(1_048_576, 7));
    // The draft that the dead process left is no checkpoint, and in nobody's way.
    expect(readdirSync(place)).toHaveLength(2);
    expect(await fileStore(place).list()).toEqual(['a']);
  });

  it('is one of the reasons that are told in words', async () => {
    const blocked = join(folder, 'file');
    writeFileSync(blocked, '');
    const store = fileStore(join(blocked, 'runs'));
    const error = await store.write('a', (async function* () {})()).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StorageError);
    expect(String(error)).toMatch(
      /cannot write checkpoint "a" in folder .*runs: a part of the path is no folder/,
    );
  });
});

describe('10 million parameters with the state of Adam', () => {
  let result: { file: number; saving: number; reading: number; bytesRead: number };
  beforeAll(async () => {
    result = JSON.parse((await run('checkpointMemory.ts', [join(folder, 'large'), 'webgpu'])).stdout);
    console.log(result);
  }, 250_000);

  it('are written with less memory of the host than 2.5 times the file', () => {
    expect(result.file).toBeGreaterThan(3 * 4 * 10_000_000 - 50_000);
    expect(result.saving).toBeLessThan(2.5 * result.file);
  });

  it('are read in one pass over the bytes, with less memory than 2.5 times the file', () => {
    expect(result.bytesRead).toBe(result.file);
    expect(result.reading).toBeLessThan(2.5 * result.file);
  });
});
