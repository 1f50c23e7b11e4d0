import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  adam,
  blobSource,
  bytesSource,
  checkpoint,
  compileModel,
  type Device,
  encodeSafetensors,
  FormatError,
  fit,
  loadWeights,
  matchTensors,
  memoryStore,
  openDevice,
  openSafetensors,
  predict,
  relu,
  StorageError,
  saveWeights,
  softmaxCrossEntropy,
} from '../../src/index.ts';
import { batchNorm, dense, sequential } from '../../src/layers.ts';
import { errorsOf, rejection } from '../errors/checkError.ts';

const check = errorsOf(import.meta.url);
const x = { data: Float32Array.from({ length: 12 }, (_, i) => Math.sin(i)), shape: [4, 3] };
const y = Int32Array.of(0, 1, 1, 0);

for (const backend of ['cpu', 'webgpu'] as const) {
  describe(`weights, on ${backend}`, () => {
    let device: Device;
    beforeAll(async () => {
      device = await openDevice({ backend });
    });
    afterAll(() => device.dispose());

    const makeModel = (seed: number, units = 5) =>
      compileModel(
        sequential([dense(units, { name: 'body' }), batchNorm(), relu, dense(2, { name: 'head' })], {
          name: 'net',
        }),
        {
          device,
          seed,
          loss: softmaxCrossEntropy,
          optimizer: adam({ learningRate: 0.1 }),
          input: { shape: [3], dtype: 'float32' },
        },
      );

    it('are saved and loaded, also before any data was seen, and from the checkpoint of a training', async () => {
      const store = memoryStore();
      const first = await makeModel(1);
      await fit(first, { x, y }, { epochs: 2, checkpoint: checkpoint(store, { name: 'training' }) });
      await saveWeights(first, store, 'weights', { note: 'two epochs' });
      const want = await predict(first, x);
      for (const name of ['weights', 'training']) {
        const other = await makeModel(2);
        expect(await loadWeights(other, store, name)).toHaveLength(8);
        expect((await predict(other, x)).data).toEqual(want.data);
      }
      const source = await store.open('weights');
      expect((await openSafetensors(source!)).metadata).toEqual({ note: 'two epochs' });
    });

    it('are loaded in part, by pattern and under other names', async () => {
      const store = memoryStore();
      const first = await makeModel(1);
      await saveWeights(first, store, 'weights');
      const other = await makeModel(2);
      const [body, , , , , , head] = other.variables;
      const before = await device.read(head);
      expect((await loadWeights(other, store, 'weights', { include: 'net/body/*' })).sort()).toEqual([
        'net/body/bias',
        'net/body/weight',
      ]);
      expect(await device.read(body)).toEqual(await device.read(first.variables[0]));
      expect(await device.read(head)).toEqual(before);
      expect(await loadWeights(other, store, 'weights', { include: /head\/w/ })).toEqual(['net/head/weight']);
      const file = encodeSafetensors({
        'model.body.bias': { shape: [5], dtype: 'float32', data: Float32Array.of(1, 2, 3, 4, 5) },
      });
      const rename = (name: string) => name.replace('net/', 'model/').replaceAll('/', '.');
      await loadWeights(other, blobSource(new Blob([file.slice()])), 'foreign.safetensors', {
        include: /body\/bias/,
        rename,
      });
      expect([...(await device.read(other.variables[1]))]).toEqual([1, 2, 3, 4, 5]);
    });

    it('of another architecture are refused, with both sides of every difference, and nothing changes', async () => {
      const store = memoryStore();
      await saveWeights(await makeModel(1, 6), store, 'weights');
      const model = await makeModel(2);
      const before = await device.read(model.variables[0]);
      const error = await rejection(async () => void (await loadWeights(model, store, 'weights')));
      check(
        error,
        'loadWeights',
        FormatError,
        'checkpoint "weights" in memory does not fit the model: ',
        'net/body/weight is float32 [3, 6] in the file and float32 [3, 5] in the model',
        'net/head/weight is float32 [6, 2] in the file and float32 [5, 2] in the model',
      );
      expect(await device.read(model.variables[0])).toEqual(before);
      const file = encodeSafetensors({ stranger: { shape: [2], dtype: 'int32', data: Int32Array.of(1, 2) } });
      const other = await rejection(async () => void (await loadWeights(model, bytesSource(file), 'file')));
      check(
        other,
        'loadWeights',
        FormatError,
        'missing in the file: net/body/weight float32 [3, 5], ',
        'unexpected in the file: stranger int32 [2]',
      );
      const none = await rejection(
        async () => void (await loadWeights(model, store, 'weights', { include: 'nothing/*' })),
      );
      check(none, 'loadWeights', FormatError, 'no tensor of the model matches nothing/*');
      const absent = await rejection(async () => void (await loadWeights(model, store, 'weihgts')));
      check(
        absent,
        'loadWeights',
        StorageError,
        'there is no checkpoint "weihgts" in memory (there are: weights)',
      );
    });
  });
}

describe('a file that is read piece by piece', () => {
  const tensors = {
    a: { shape: [2], dtype: 'float32', data: Float32Array.of(1, 2) },
    b: { shape: [1], dtype: 'bool', data: Uint8Array.of(1) },
  } as const;

  it('is judged by its header and its size, before anything is read', async () => {
    const whole = encodeSafetensors(tensors);
    const reader = await openSafetensors(bytesSource(whole));
    expect(reader.tensors.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(await reader.read('a')).toEqual(Float32Array.of(1, 2));
    expect(await reader.read('b')).toEqual(Uint8Array.of(1));
    await expect(reader.read('c')).rejects.toThrow('the file has no tensor "c"');
    await expect(openSafetensors(bytesSource(whole.subarray(0, whole.length - 1)))).rejects.toThrow(
      /cut off/,
    );
    await expect(openSafetensors(bytesSource(new Uint8Array(3)))).rejects.toThrow(/at least 8 bytes/);
    // A header that would fill the memory is never allocated.
    const huge = {
      size: 2 ** 40,
      read: async (_: number, length: number) => new Uint8Array(length).fill(255),
    };
    await expect(openSafetensors(huge)).rejects.toThrow(/the header would have/);
  });

  it('may be large: offsets beyond what a product of them could count', async () => {
    const header = {
      a: { dtype: 'F32', shape: [50_000_000], data_offsets: [0, 200_000_000] },
      b: { dtype: 'F32', shape: [50_000_000], data_offsets: [200_000_000, 400_000_000] },
    };
    const json = new TextEncoder().encode(JSON.stringify(header).padEnd(160));
    const head = new Uint8Array(168);
    new DataView(head.buffer).setBigUint64(0, 160n, true);
    head.set(json, 8);
    const source = {
      size: 168 + 400_000_000,
      read: async (offset: number, length: number) => head.slice(offset, offset + length),
    };
    expect((await openSafetensors(source)).tensors.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it('is matched with what is wanted', () => {
    const wanted = [{ name: 'a', shape: [2], dtype: 'float32' }] as const;
    expect(matchTensors('file', wanted, [{ name: 'a', shape: [2], dtype: 'float32' }])).toHaveLength(1);
    expect(() => matchTensors('file', wanted, [{ name: 'a', shape: [2], dtype: 'int32' }])).toThrow(
      'file does not fit the model: a is int32 [2] in the file and float32 [2] in the model',
    );
  });
});
