import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { cache } from '../../test/support/root.ts';
import { readDigits } from '../cli/mnist.ts';
import { readMobyDick } from '../cli/mobyDick.ts';

const files = join(cache, 'page-data-1');

/**
 * Puts the page's data into `folder`: `digits.bin` (10,000 digits of 784 grey values, 8,000 to learn from first, then as many
 * labels) and `text.bin` (Moby-Dick, UTF-8). Both are gzipped, and named so that no server unpacks them by itself. They are packed
 * once and kept.
 */
export function putData(folder: string): void {
  if (!existsSync(files)) {
    mkdirSync(cache, { recursive: true });
    const draft = mkdtempSync(join(cache, 'page-data-draft-'));
    writeData(draft);
    try {
      renameSync(draft, files);
    } catch (error) {
      // Another process was quicker.
      rmSync(draft, { recursive: true, force: true });
      if (!existsSync(files)) throw error;
    }
  }
  cpSync(files, folder, { recursive: true });
}

function writeData(folder: string): void {
  const { train, heldOut } = readDigits();
  const pixels = [train, heldOut].map(({ pixels }) =>
    Uint8Array.from(pixels, (value) => Math.round(255 * value)),
  );
  const labels = [train, heldOut].map(({ labels }) => Uint8Array.from(labels));
  writeFileSync(join(folder, 'digits.bin'), gzipSync(Buffer.concat([...pixels, ...labels]), { level: 9 }));
  const { alphabet, train: first, heldOut: rest } = readMobyDick();
  const text = [first, rest].map((part) => Array.from(part, (index) => alphabet[index]).join('')).join('');
  writeFileSync(join(folder, 'text.bin'), gzipSync(text, { level: 9 }));
}
