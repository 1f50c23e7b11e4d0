import {
  type CheckpointStore,
  ChunkError,
  checkName,
  forEachChunk,
  storageError,
} from './checkpointStore.ts';

// Two tables. `files` holds for each name the number of its newest version and the lengths of its chunks; `chunks` holds the chunks
// under [version, place]. A version is written chunk by chunk, each in a transaction of its own (a transaction ends by itself
// while a device is read), and becomes the file in one last transaction, which also removes the version before it.

interface Entry {
  readonly version: string;
  readonly lengths: readonly number[];
}

/** Bytes of one record at most: what is read back at a time. */
const recordBytes = 16_777_216;

/**
 * Checkpoints in IndexedDB: pages and workers. What is stored belongs to the origin; the browser may evict it when space is short, unless
 * `navigator.storage.persist()` was granted.
 *
 * ```ts
 * const store = indexedDbStore('my-app');
 * ```
 */
export function indexedDbStore(database = 'tensorloom'): CheckpointStore {
  const place = `IndexedDB "${database}"`;
  let opened: Promise<IDBDatabase> | null = null;
  const connect = () => {
    opened ??= openDatabase(database).catch((error: unknown) => {
      opened = null;
      throw error;
    });
    return opened;
  };
  const chunksOf = (version: string) => IDBKeyRange.bound([version], [version, []]);

  return {
    place,
    async write(name, chunks) {
      checkName(name);
      const version = crypto.randomUUID();
      const lengths: number[] = [];
      const put = async (bytes: Uint8Array) => {
        const key = [version, lengths.length];
        lengths.push(bytes.length);
        // A copy of its own: a view would drag its whole buffer into the database.
        await within(await connect(), ['chunks'], (table) => table('chunks').put(bytes.slice().buffer, key));
      };
      try {
        await forEachChunk(chunks, async (chunk) => {
          for (let at = 0; at < chunk.length; at += recordBytes)
            await put(chunk.subarray(at, at + recordBytes));
        });
        await within(await connect(), ['files', 'chunks'], async (table) => {
          const before: Entry | undefined = await answer(table('files').get(name));
          table('files').put({ version, lengths } satisfies Entry, name);
          if (before) table('chunks').delete(chunksOf(before.version));
        });
      } catch (error) {
        await connect()
          .then((db) => within(db, ['chunks'], (table) => table('chunks').delete(chunksOf(version))))
          .catch(() => {});
        throw error instanceof ChunkError ? error.cause : storageError('write', name, place, error);
      }
    },
    async open(name) {
      checkName(name);
      try {
        const db = await connect();
        const entry: Entry | undefined = await within(db, ['files'], (table) =>
          answer(table('files').get(name)),
        );
        if (!entry) return null;
        const { version, lengths } = entry;
        return {
          size: lengths.reduce((total, length) => total + length, 0),
          async read(offset, length) {
            const bytes = new Uint8Array(length);
            let begin = 0;
            for (const [i, size] of lengths.entries()) {
              const [from, to] = [Math.max(offset, begin), Math.min(offset + length, begin + size)];
              if (from < to) {
                const record: ArrayBuffer | undefined = await within(db, ['chunks'], (table) =>
                  answer(table('chunks').get([version, i])),
                );
                if (!record) throw storageError('read', name, place, 'it was replaced while it was read');
                bytes.set(new Uint8Array(record, from - begin, to - from), from - offset);
              }
              begin += size;
            }
            return bytes;
          },
        };
      } catch (error) {
        throw storageError('read', name, place, error);
      }
    },
    async list() {
      const keys = await within(await connect(), ['files'], (table) => answer(table('files').getAllKeys()));
      return keys.map(String).sort();
    },
    async delete(name) {
      await within(await connect(), ['files', 'chunks'], async (table) => {
        const entry: Entry | undefined = await answer(table('files').get(name));
        if (entry) table('chunks').delete(chunksOf(entry.version));
        table('files').delete(name);
      });
    },
  };
}

function openDatabase(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore('files');
    request.result.createObjectStore('chunks');
  };
  return answer(request);
}

function answer<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Runs `body` in one transaction and waits until it is safe on the disk. */
async function within<Result>(
  db: IDBDatabase,
  tables: string[],
  body: (table: (name: string) => IDBObjectStore) => Result | Promise<Result>,
): Promise<Result> {
  const transaction = db.transaction(tables, 'readwrite', { durability: 'strict' });
  const ended = new Promise<void>((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error('the transaction was aborted'));
  });
  // Whoever waits for a request hears of its failure first.
  ended.catch(() => {});
  const result = await body((name) => transaction.objectStore(name));
  await ended;
  return result;
}
