import { StorageError } from '../core/errors.ts';
import { blobSource } from './byteSource.ts';
import {
  type CheckpointStore,
  ChunkError,
  checkName,
  draftEnding,
  forEachChunk,
  storageError,
} from './checkpointStore.ts';

/**
 * Checkpoints as files of the origin private file system: pages and workers. A file is written aside and takes its place when it
 * is closed (`createWritable`).
 *
 * ```ts
 * const store = opfsStore('my-app');
 * ```
 *
 * @param folder a folder at the top of the origin's files, made if it is not there.
 */
export function opfsStore(folder = 'tensorloom'): CheckpointStore {
  const place = `origin private folder "${folder}"`;
  const directory = async () => {
    if (typeof navigator === 'undefined' || !navigator.storage?.getDirectory) {
      throw new StorageError('this host has no origin private file system; use indexedDbStore or fileStore');
    }
    return (await navigator.storage.getDirectory()).getDirectoryHandle(folder, { create: true });
  };
  const isMissing = (error: unknown) => Object(error).name === 'NotFoundError';

  return {
    place,
    async write(name, chunks) {
      checkName(name);
      let writable: FileSystemWritableFileStream | null = null;
      let isNew = false;
      try {
        const files = await directory();
        isNew = await files.getFileHandle(name).then(
          () => false,
          (error: unknown) => {
            if (isMissing(error)) return true;
            throw error;
          },
        );
        const stream = await (await files.getFileHandle(name, { create: true })).createWritable();
        writable = stream;
        await forEachChunk(chunks, (chunk) => stream.write(chunk.slice()));
        await stream.close();
      } catch (error) {
        await writable?.abort().catch(() => {});
        // The handle made an empty file, which is no checkpoint.
        if (isNew)
          await directory()
            .then((files) => files.removeEntry(name))
            .catch(() => {});
        throw error instanceof ChunkError ? error.cause : storageError('write', name, place, error);
      }
    },
    async open(name) {
      checkName(name);
      try {
        return blobSource(await (await (await directory()).getFileHandle(name)).getFile());
      } catch (error) {
        if (isMissing(error)) return null;
        throw storageError('read', name, place, error);
      }
    },
    async list() {
      const names: string[] = [];
      for await (const name of (await directory()).keys()) if (!name.endsWith(draftEnding)) names.push(name);
      return names.sort();
    },
    async delete(name) {
      checkName(name);
      await (await directory()).removeEntry(name).catch((error: unknown) => {
        if (!isMissing(error)) throw storageError('delete', name, place, error);
      });
    },
  };
}
