import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root, found upwards from this file, so that it also holds for bundles in `cache`. */
export const root = above(dirname(fileURLToPath(import.meta.url)));

/** Where tools put what they make: inside node_modules, so `npm ci` begins anew and nothing lies about. */
export const cache = join(root, 'node_modules', '.cache', 'tensorloom');

function above(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  if (dirname(folder) === folder) throw new Error('no package.json above this file');
  return above(dirname(folder));
}
