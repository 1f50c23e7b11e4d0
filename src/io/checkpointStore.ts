import { StorageError } from '../core/errors.ts';
import { type ByteSource, bytesSource } from './byteSource.ts';

/** A place for checkpoints under names: a folder, a database, the origin's private files, memory. */
export interface CheckpointStore {
  /** What messages call it, such as `folder runs`. */
  readonly place: string;
  /**
   * Writes all chunks under `name`, or nothing: what was there stays until the last byte is safe, and if anything fails.
   * @throws StorageError saying why, such as a full disk. What `chunks` throws passes through as it is.
   */
  write(name: string, chunks: AsyncIterable<Uint8Array>): Promise<void>;
  /** What was written last under `name`; null where nothing was. */
  open(name: string): Promise<ByteSource | null>;
  /** All names, in alphabetical order. */
  list(): Promise<string[]>;
  /** Removes what is under `name`, if there is anything. */
  delete(name: string): Promise<void>;
}

/** What ends the name of a file that is being written; no checkpoint may be called so. */
export const draftEnding = '.draft';

/** Throws unless `name` can be a file's name everywhere. */
export function checkName(name: string): void {
  if (!/^[\w][\w.-]{0,199}$/.test(name) || name.endsWith(draftEnding)) {
    throw new StorageError(
      `checkpoint name ${JSON.stringify(name)}: expected letters, digits, "_", "-" and "." such as "run1.safetensors"`,
    );
  }
}

/** Why a system refused, in words; what is not listed is told as the system tells it. */
const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would be larger than the system allows',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the disk is read-only',
  ENOENT: 'there is no such folder',
  ENOTDIR: 'a part of the path is no folder',
  EIO: 'the disk reports an error',
  QuotaExceededError: "the browser's quota for this origin is used up",
  NotAllowedError: 'permission denied',
  SecurityError: 'this page may not store anything',
};

/** An error of the system as ours. */
export function storageError(action: string, name: string, place: string, error: unknown): StorageError {
  const { code, name: kind, message } = Object(error);
  const reason = reasons[code] ?? reasons[kind] ?? message ?? String(error);
  const rest = action === 'write' ? '; what was there before is unchanged' : '';
  return new StorageError(`cannot ${action} checkpoint "${name}" in ${place}: ${reason}${rest}`, {
    cause: error,
  });
}

/** Keeps what the chunks themselves throw apart from what the store throws. */
export class ChunkError extends Error {
  constructor(override readonly cause: unknown) {
    super('the chunks failed');
  }
}

/** Calls `put` for each chunk; an error of the chunks arrives as a ChunkError. */
export async function forEachChunk(
  chunks: AsyncIterable<Uint8Array>,
  put: (chunk: Uint8Array) => Promise<void> | void,
): Promise<void> {
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await iterator.next().catch((error: unknown) => {
        throw new ChunkError(error);
      });
      if (next.done) return;
      await put(next.value);
    }
  } finally {
    await iterator.return?.();
  }
}

/** Checkpoints in memory: they last as long as the store does. */
export function memoryStore(): CheckpointStore {
  const files = new Map<string, Uint8Array>();
  return {
    place: 'memory',
    async write(name, chunks) {
      checkName(name);
      const parts: Uint8Array[] = [];
      for await (const chunk of chunks) parts.push(chunk.slice());
      const bytes = new Uint8Array(parts.reduce((total, { length }) => total + length, 0));
      let at = 0;
      for (const part of parts) {
        bytes.set(part, at);
        at += part.length;
      }
      files.set(name, bytes);
    },
    async open(name) {
      const bytes = files.get(name);
      return bytes ? bytesSource(bytes) : null;
    },
    list: async () => [...files.keys()].sort(),
    async delete(name) {
      files.delete(name);
    },
  };
}
