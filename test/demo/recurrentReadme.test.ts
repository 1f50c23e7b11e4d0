import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { root } from '../support/root.ts';

// The program under "Recurrent networks", on the reference: the kernels have tests of their own.

const folder = join(root, 'node_modules/.cache/tensorloom', `readme-${process.pid}`);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function program(): string {
  const [, section = ''] = readFileSync(join(root, 'README.md'), 'utf8').split('\n## Recurrent networks\n');
  const text = /^```ts\n([\s\S]*?)^```$/m.exec(section)?.[1];
  if (!text) throw new Error('README.md has no block of ts under "Recurrent networks"');
  return text
    .replaceAll(`from 'tensorloom'`, `from '../../../../src/index.ts'`)
    .replace('openDevice()', `openDevice({ backend: 'cpu' })`);
}

it('classifies, tags, and reads word by word as it reads whole sentences', async () => {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'recurrent.ts');
  writeFileSync(path, program());
  const { stdout } = await promisify(execFile)(process.execPath, ['test/support/launch.mjs', path], {
    cwd: root,
  });
  expect(Number(/^loss (\S+)$/m.exec(stdout)?.[1]), stdout).toBeLessThan(0.2);
  // Padding may have any tag.
  const tags = /^tags (.*)$/m.exec(stdout)?.[1].split(' ') ?? [];
  const words = [0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13];
  expect(words.map((place) => tags[place])).toEqual('0 1 2 1 2 0 1 2 0 1 2 1'.split(' '));
  const numbers = (text = '') => text.split(' ').map(Number);
  const [first, , last] = [...stdout.matchAll(/^so far (.*)$/gm)].map(([, line]) => numbers(line));
  const sentence = numbers(/^sentence (.*)$/m.exec(stdout)?.[1]);
  for (const i of [0, 1]) expect(last[i]).toBeCloseTo(sentence[i], 5);
  expect(first[0]).not.toBeCloseTo(sentence[0], 2);
  // The second sentence belongs to class 1.
  expect(sentence[1]).toBeGreaterThan(sentence[0]);
});
