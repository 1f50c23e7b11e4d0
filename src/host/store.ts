import { files } from './files.ts';
import { hostName } from './host.ts';

const database = 'tensorloom';
const table = 'texts';

/** A text kept under `name`: in IndexedDB in pages and workers, in the file of that path in Node and Deno. Null where there is none. */
export async function readStored(name: string): Promise<string | null> {
  if (hasFiles()) {
    const { readFile } = await files();
    try {
      return await readFile(name, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw error;
    }
  }
  const found: unknown = await inDatabase('readonly', (store) => store.get(name));
  return typeof found === 'string' ? found : null;
}

/** Keeps `text` under `name`, in place of what was there. */
export async function writeStored(name: string, text: string): Promise<void> {
  if (hasFiles()) {
    const { writeFile } = await files();
    await writeFile(name, text);
  } else await inDatabase('readwrite', (store) => store.put(text, name));
}

function hasFiles(): boolean {
  return hostName() === 'node' || hostName() === 'deno';
}

async function inDatabase<Value>(
  mode: IDBTransactionMode,
  act: (store: IDBObjectStore) => IDBRequest<Value>,
): Promise<Value> {
  const opening = indexedDB.open(database, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(table);
  const opened = await settled(opening);
  try {
    return await settled(act(opened.transaction(table, mode).objectStore(table)));
  } finally {
    opened.close();
  }
}

function settled<Value>(request: IDBRequest<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
