import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { root } from '../support/root.ts';

/**
 * Lines of the originals that are neither empty nor comments: keras.io/examples/vision/mnist_convnet, keras.io/examples/nlp/bidirectional_lstm_imdb,
 * pytorch.org/tutorials/beginner/basics/quickstart_tutorial (as of 2024).
 */
const originals = { cnn: 35, lstm: 21, loop: 80 };

async function run(name: string, ...args: string[]): Promise<string> {
  const command = ['test/support/launch.mjs', `demo/tutorials/${name}.ts`, ...args];
  return (await promisify(execFile)(process.execPath, command, { cwd: root, timeout: 280_000 })).stdout;
}

describe('the first tutorials of others', () => {
  for (const [name, lines] of Object.entries(originals)) {
    it(`take no more lines than the original: ${name}`, () => {
      const text = readFileSync(join(root, `demo/tutorials/${name}.ts`), 'utf8');
      const own = text.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('//'));
      expect(own.length).toBeLessThanOrEqual(lines);
    });
  }

  it('run and learn: the convolutional network', async () => {
    const output = await run('cnn', '600', '2');
    // Guessing gives 0.1.
    expect(Number(/^Test accuracy: (.*)$/m.exec(output)?.[1]), output).toBeGreaterThan(0.3);
  }, 300_000);

  it('run and learn: the LSTM', async () => {
    const losses = [...(await run('lstm', '1000', '3')).matchAll(/^epoch \d\/3 {2}loss (\S+)/gm)].map(
      (match) => Number(match[1]),
    );
    expect(losses).toHaveLength(3);
    expect(losses[2]).toBeLessThan(losses[0] - 0.05);
  }, 300_000);

  it('run and learn: the loop that is written out', async () => {
    const output = await run('loop', '1280', '4');
    const accuracies = [...output.matchAll(/^Test accuracy: (\S+) %/gm)].map((match) => Number(match[1]));
    expect(accuracies, output).toHaveLength(4);
    expect(accuracies[3]).toBeGreaterThan(Math.max(15, accuracies[0]));
  }, 300_000);
});
