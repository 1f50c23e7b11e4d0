import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../test/support/root.ts';

/** The package's version and a digest of the library's sources, such as `0.1.0-3f9a12cd`: equal where the same kernels run. */
export function libraryVersion(): string {
  const { version }: { version: string } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const hash = createHash('sha256');
  for (const folder of ['src', 'shaders']) {
    const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
    for (const file of files.filter((name) => /\.(ts|wgsl)$/.test(name)).sort())
      hash.update(file).update(readFileSync(join(root, folder, file)));
  }
  return `${version}-${hash.digest('hex').slice(0, 8)}`;
}
