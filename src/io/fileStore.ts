import {
  type CheckpointStore,
  ChunkError,
  checkName,
  draftEnding,
  forEachChunk,
  storageError,
} from './checkpointStore.ts';

/** The part of `node:fs/promises` that is used, which Deno has as well. */
interface FileSystem {
  mkdir(path: string, options: { recursive: true }): Promise<unknown>;
  open(path: string, flags: 'w' | 'r'): Promise<FileHandle>;
  rename(from: string, to: string): Promise<void>;
  rm(path: string, options: { force: true }): Promise<void>;
  readdir(path: string): Promise<string[]>;
}

interface FileHandle {
  write(
    bytes: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ bytesWritten: number }>;
  read(bytes: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesRead: number }>;
  stat(): Promise<{ size: number }>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

let drafts = 0;

/**
 * Checkpoints as files of a folder, which is made if it is not there. Node and Deno. A file is written beside the old one, forced to the
 * disk, and takes its name: whoever opens it sees the old one or the new one, whole.
 *
 * ```ts
 * const store = fileStore('runs');
 * await saveCheckpoint(training, store, 'digits.safetensors');
 * ```
 */
export function fileStore(folder: string): CheckpointStore {
  const place = `folder ${folder}`;
  const pathOf = (name: string) => {
    checkName(name);
    return `${folder}/${name}`;
  };

  async function writeDraft(fs: FileSystem, draft: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    await fs.mkdir(folder, { recursive: true });
    const file = await fs.open(draft, 'w');
    try {
      let at = 0;
      await forEachChunk(chunks, async (chunk) => {
        for (let done = 0; done < chunk.length; ) {
          const { bytesWritten } = await file.write(chunk, done, chunk.length - done, at + done);
          done += bytesWritten;
        }
        at += chunk.length;
      });
      await file.sync();
    } finally {
      await file.close();
    }
  }

  return {
    place,
    async write(name, chunks) {
      const path = pathOf(name);
      const fs = await fileSystem();
      const draft = `${path}.${Date.now().toString(36)}${drafts++}${draftEnding}`;
      try {
        await writeDraft(fs, draft, chunks);
        await fs.rename(draft, path);
      } catch (error) {
        await fs.rm(draft, { force: true }).catch(() => {});
        throw error instanceof ChunkError ? error.cause : storageError('write', name, place, error);
      }
    },
    async open(name) {
      const path = pathOf(name);
      const fs = await fileSystem();
      try {
        const file = await fs.open(path, 'r');
        const { size } = await file.stat();
        return {
          size,
          async read(offset, length) {
            const bytes = new Uint8Array(length);
            for (let done = 0; done < length; ) {
              const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
              if (bytesRead === 0) throw storageError('read', name, place, 'the file became shorter');
              done += bytesRead;
            }
            return bytes;
          },
          close: () => file.close(),
        };
      } catch (error) {
        if (Object(error).code === 'ENOENT') return null;
        throw storageError('read', name, place, error);
      }
    },
    async list() {
      const names = await (await fileSystem()).readdir(folder).catch(() => []);
      return names.filter((name) => !name.endsWith(draftEnding)).sort();
    },
    async delete(name) {
      await (await fileSystem()).rm(pathOf(name), { force: true });
    },
  };
}

function fileSystem(): Promise<FileSystem> {
  // In a variable, so that bundlers for pages leave the import alone.
  const moduleName = 'node:fs/promises';
  return import(/* @vite-ignore */ moduleName);
}
