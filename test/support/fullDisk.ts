/**
 * A process of its own, whose files may not grow beyond a limit that the caller sets (ulimit -f): writes a small checkpoint, then one that is
 * too large, and prints what came of it. With `killed` the process dies in the middle.
 */
import { readdirSync } from 'node:fs';
import { fileStore } from '../../src/index.ts';

const [folder, killed] = process.argv.slice(2);
// With a listener the process outlives the signal, and hears of the limit as an error.
process.on('SIGXFSZ', () => {});

async function* megabytes(count: number, value: number) {
  for (let i = 0; i < count; i++) {
    if (killed && i === 20) process.kill(process.pid, 'SIGKILL');
    yield new Uint8Array(1_048_576).fill(value);
  }
}

const store = fileStore(folder);
await store.write('a', megabytes(1, 7));
const message = await store.write('a', megabytes(64, 8)).then(
  () => 'written',
  (error: Error) => `${error.name}: ${error.message}`,
);
console.log(JSON.stringify({ message, files: readdirSync(folder) }));
