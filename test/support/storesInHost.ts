import { type CheckpointStore, fileStore, indexedDbStore, memoryStore, opfsStore } from '../../src/index.ts';

// Runs in a page, a worker, Deno and Node: what a store keeps, bit by bit, also when writing fails.

async function* chunksOf(bytes: Uint8Array, size: number, failAt = Number.POSITIVE_INFINITY) {
  for (let at = 0; at < bytes.length; at += size) {
    if (at >= failAt) throw new Error('the device was lost');
    yield bytes.subarray(at, at + size);
  }
}

function noise(length: number, seed: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state >>> 24;
  });
}

async function same(store: CheckpointStore, name: string, want: Uint8Array): Promise<string> {
  const source = await store.open(name);
  if (!source) return 'nothing there';
  try {
    if (source.size !== want.length) return `${source.size} bytes, not ${want.length}`;
    for (const [offset, length] of [
      [0, want.length],
      [0, 0],
      [1, 70_001],
      [want.length - 3, 3],
      [999_983, 17],
    ]) {
      const got = await source.read(offset, length);
      if (got.length !== length || got.some((byte, i) => byte !== want[offset + i]))
        return `differs in ${length} from ${offset}`;
    }
    return 'same';
  } finally {
    await source.close?.();
  }
}

/** What happened, step by step; equal in all places. */
export async function exercise(store: CheckpointStore): Promise<string[]> {
  const said: string[] = [];
  const say = async (what: string, result: Promise<unknown> | unknown) => {
    said.push(
      `${what}: ${await Promise.resolve(result).then(String, (error: Error) => `${error.name}, ${error.message.replace(store.place, 'the store')}`)}`,
    );
  };
  const [first, second] = [noise(1_000_003, 1), noise(1_000_100, 2)];
  await say(
    'nothing',
    store.open('a').then((source) => source === null),
  );
  await store.write('a', chunksOf(first, 65_537));
  await say('written', same(store, 'a', first));
  await say('failing', store.write('a', chunksOf(second, 65_537, 500_000)));
  await say('unharmed', same(store, 'a', first));
  await say('failing new', store.write('b', chunksOf(second, 65_537, 500_000)));
  await say('list', store.list());
  await store.write('a', chunksOf(second, 1_000_100));
  await say('replaced', same(store, 'a', second));
  await store.write('b.safetensors', chunksOf(first, 400_000));
  await say('list', store.list());
  await say('bad name', store.write('../a', chunksOf(first, 400_000)));
  await store.delete('a');
  await store.delete('a');
  await say('list', store.list());
  await store.delete('b.safetensors');
  return said;
}

export const expectedStory = [
  'nothing: true',
  'written: same',
  'failing: Error, the device was lost',
  'unharmed: same',
  'failing new: Error, the device was lost',
  'list: a',
  'replaced: same',
  'list: a,b.safetensors',
  `bad name: StorageError, checkpoint name "../a": expected letters, digits, "_", "-" and "." such as "run1.safetensors"`,
  'list: b.safetensors',
];

export const inBrowser = async () => ({
  indexedDb: await exercise(indexedDbStore('tensorloom-test')),
  opfs: await exercise(opfsStore('tensorloom-test')),
  memory: await exercise(memoryStore()),
});

/** In a folder of the system's that the caller names in a global. */
export const inFolder = async () => {
  const { storeFolder } = globalThis as { storeFolder?: string };
  return exercise(fileStore(storeFolder ?? 'node_modules/.cache/tensorloom/stores'));
};
