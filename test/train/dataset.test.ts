import Papa from 'papaparse';
import { describe, expect, it } from 'vitest';
import type { Dataset } from '../../src/index.ts';
import {
  classWeights,
  dataset,
  decodeIdx,
  FeedError,
  FormatError,
  imagesToField,
  mapDataset,
  padSequences,
  prefetchDataset,
  shuffleDataset,
  splitDataset,
  streamDataset,
  tableFields,
} from '../../src/index.ts';
import { samplesOf } from '../../src/train/transforms.ts';

const numbers = (count: number) =>
  dataset({
    x: Float32Array.from({ length: count }, (_, i) => i),
    y: Int32Array.from({ length: count }, (_, i) => i % 3),
  });

async function xOf(data: Dataset, epoch = 1): Promise<number[]> {
  const found: number[] = [];
  for await (const { x } of samplesOf(data, epoch)) found.push(x[0]);
  return found;
}
const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b);
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

const stream = (count: number) =>
  streamDataset(
    async function* () {
      for (let i = 0; i < count; i++) yield { x: i };
    },
    { x: { shape: [], dtype: 'float32' } },
  );

describe('a dataset', () => {
  it('knows shapes and dtypes of what it is made of', () => {
    const { fields, size } = dataset({
      x: {
        left: [
          [1, 2],
          [3, 4],
        ],
        right: { data: new Uint8Array(8), shape: [2, 2, 2], dtype: 'float32' },
      },
      y: Uint32Array.of(1, 2),
      weights: [1, 0.5],
    });
    expect(size).toBe(2);
    expect(fields).toEqual({
      'x/left': { shape: [2], dtype: 'float32' },
      'x/right': { shape: [2, 2], dtype: 'float32' },
      y: { shape: [], dtype: 'uint32' },
      weights: { shape: [], dtype: 'float32' },
    });
  });

  it('is shuffled by seed and epoch, whole or within a window', async () => {
    for (const data of [numbers(50), stream(50)]) {
      const shuffled = shuffleDataset(data, { seed: 4, window: 10 });
      const [first, again, second] = [await xOf(shuffled), await xOf(shuffled), await xOf(shuffled, 2)];
      expect(again).toEqual(first);
      expect(second).not.toEqual(first);
      expect(first).not.toEqual(upTo(50));
      expect(sorted(first)).toEqual(upTo(50));
      expect(await xOf(shuffleDataset(data, { seed: 5, window: 10 }))).not.toEqual(first);
    }
    // Within a window nothing can come earlier than its place in it.
    (await xOf(shuffleDataset(stream(50), { window: 10 }))).forEach((value, place) => {
      expect(value).toBeLessThan(place + 11);
    });
  });

  it('is parted without loss, and each part shuffled by itself', async () => {
    const [held, rest] = splitDataset(numbers(50), 0.3, { seed: 1 });
    expect([held.size, rest.size]).toEqual([15, 35]);
    expect(sorted([...(await xOf(held)), ...(await xOf(rest))])).toEqual(upTo(50));
    const shuffled = await xOf(shuffleDataset(rest, { seed: 2 }), 3);
    expect(sorted(shuffled)).toEqual(sorted(await xOf(rest)));
    expect(() => splitDataset(stream(5), 0.5)).toThrow(FeedError);
  });

  it('is changed sample by sample, with random numbers of its own', async () => {
    const changed = mapDataset(
      numbers(6),
      ({ x, y }, { epoch, random }) => ({ x: [x[0], epoch + random.uniform()], y: y[0] }),
      { seed: 3 },
    );
    expect(changed.fields).toEqual({ x: { shape: [2], dtype: 'float32' }, y: { shape: [], dtype: 'int32' } });
    const draws = async (epoch: number) => {
      const found: number[] = [];
      for await (const { x } of samplesOf(changed, epoch)) found.push(x[1]);
      return found;
    };
    expect(await draws(2)).toEqual(await draws(2));
    expect((await draws(2)).map(Math.floor)).toEqual([2, 2, 2, 2, 2, 2]);
    expect(new Set((await draws(1)).map((value) => value % 1)).size).toBe(6);
  });

  it('is made ahead, in order, and tells of failures where they are', async () => {
    let made = 0;
    const slow = streamDataset(
      async function* () {
        for (let i = 0; i < 9; i++) {
          made++;
          if (i === 7) throw new RangeError('the network is gone');
          yield { x: i };
        }
      },
      { x: { shape: [], dtype: 'float32' } },
    );
    const seen: number[] = [];
    await expect(async () => {
      for await (const { x } of samplesOf(prefetchDataset(slow, 3), 1)) {
        seen.push(x[0]);
        await new Promise((resolve) => setTimeout(resolve, 1));
        if (seen.length === 1) expect(made).toBeGreaterThanOrEqual(4);
      }
    }).rejects.toThrow('the network is gone');
    expect(seen).toEqual(upTo(7));
  });

  it('weighs its classes', () => {
    const data = dataset({ x: [1, 2, 3, 4], y: Int32Array.of(0, 0, 0, 1) });
    const weightsOf = ({ source }: Dataset) => (source.kind === 'rows' ? [...source.arrays.weights] : []);
    expect(weightsOf(classWeights(data, 'balanced'))).toEqual([2 / 3, 2 / 3, 2 / 3, 2].map(Math.fround));
    expect(weightsOf(classWeights(data, { 0: 1, 1: 20 }))).toEqual([1, 1, 1, 20]);
    expect(() => classWeights(data, [1])).toThrow(/no weight for class 1 \(there are 0\)/);
    expect(() => classWeights(dataset({ x: [1], y: [1] }), 'balanced')).toThrow(/one class number \(int32\)/);
  });
});

describe('padSequences', () => {
  it('brings sequences to one length', () => {
    const { data, shape, lengths, dtype } = padSequences([[5, 2], [], [7, 1, 3]], { dtype: 'int32' });
    expect([...data]).toEqual([5, 2, 0, 0, 0, 0, 7, 1, 3]);
    expect([shape, [...lengths], dtype]).toEqual([[3, 3], [2, 0, 3], 'int32']);
    const other = padSequences([[1], [1, 2, 3]], { length: 2, side: 'start', truncate: 'start', value: -1 });
    expect([...other.data]).toEqual([-1, 1, 2, 3]);
    const features = padSequences([
      [[1, 2]],
      [
        [3, 4],
        [5, 6],
      ],
    ]);
    expect([features.shape, [...features.data]]).toEqual([
      [2, 2, 2],
      [1, 2, 0, 0, 3, 4, 5, 6],
    ]);
    expect(() => padSequences([[[1, 2]], [[3]]])).toThrow(
      'padSequences: step 0 of sequence 1 has 1 features, the first step has 2',
    );
    expect(() => padSequences([])).toThrow(FeedError);
  });
});

describe('IDX', () => {
  const header = (type: number, ...shape: number[]) => [
    0,
    0,
    type,
    shape.length,
    ...shape.flatMap((n) => [0, 0, n >> 8, n & 255]),
  ];
  it('reads what LeCun wrote', () => {
    // The first bytes of train-labels-idx1-ubyte, but for the count: 5, 0, 4, 1, 9.
    expect(decodeIdx(Uint8Array.from([...header(8, 5), 5, 0, 4, 1, 9]))).toEqual({
      data: Uint8Array.of(5, 0, 4, 1, 9),
      shape: [5],
    });
    expect(decodeIdx(Uint8Array.from([...header(0x0d, 1, 2), 0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0]))).toEqual({
      data: Float32Array.of(1, -2),
      shape: [1, 2],
    });
    expect(decodeIdx(Uint8Array.from([...header(0x0b, 1), 0xff, 0xfe])).data).toEqual(Int16Array.of(-2));
  });
  for (const [what, bytes, message] of [
    ['cut off', [...header(8, 5), 1], /cut off: u8 \[5\] makes 13 bytes, the file has 9/],
    ['too long', [...header(8, 1), 1, 1], /too long/],
    [
      'a shape that no memory holds',
      [...header(8), 0].fill(255, 3, 4),
      /cut off: the header ends at byte 1024/,
    ],
    ['a huge shape', [0, 0, 8, 2, 255, 255, 255, 255, 255, 255, 255, 255], /cut off/],
    ['compressed', [0x1f, 0x8b, 8, 0], /DecompressionStream/],
    ['another kind', [...new TextEncoder().encode('PNG!')], /must begin with 00 00 and a type/],
    ['empty', [], /at least 4 bytes/],
  ] as const) {
    it(`refuses what is ${what}`, () => {
      const attempt = () => decodeIdx(Uint8Array.from(bytes));
      expect(attempt).toThrow(FormatError);
      expect(attempt).toThrow(message);
    });
  }
});

describe('tables', () => {
  const text = 'length,width,species\n5.1,3.5,setosa\n7.0,3.2,versicolor\n"6.3",3.3,setosa\n';
  const rows = Papa.parse<Record<string, string>>(text, { header: true, skipEmptyLines: true }).data;
  it('give fields of numbers and of classes', () => {
    const { x, y, w } = tableFields(rows, { x: ['length', 'width'], y: { classes: 'species' }, w: 'width' });
    expect(x).toMatchObject({ shape: [3, 2], data: Float32Array.of(5.1, 3.5, 7, 3.2, 6.3, 3.3) });
    expect(y).toMatchObject({ shape: [3], names: ['setosa', 'versicolor'], data: Int32Array.of(0, 1, 0) });
    expect(w.shape).toEqual([3]);
    expect(dataset({ x, y }).fields).toEqual({
      x: { shape: [2], dtype: 'float32' },
      y: { shape: [], dtype: 'int32' },
    });
  });
  it('name the row and the column of what is wrong', () => {
    expect(() => tableFields(rows, { x: 'height' })).toThrow(
      'no column "height" (columns: length, width, species)',
    );
    expect(() => tableFields(rows, { x: 'species' })).toThrow(
      'row 1, column "species": "setosa" is no number',
    );
    expect(() => tableFields([...rows, { length: '' }], { x: 'length' })).toThrow(
      'row 4 has nothing in column "length"',
    );
    expect(() => tableFields(rows, { y: { classes: 'species', names: ['setosa'] } })).toThrow(
      'row 2, column "species": "versicolor" is none of setosa',
    );
    expect(() => tableFields([], { x: 'a' })).toThrow(FormatError);
  });
});

describe('images', () => {
  it('become a field of grey, colour, or colour and alpha', () => {
    const pixels = { width: 2, height: 1, data: Uint8ClampedArray.of(255, 0, 0, 255, 0, 0, 255, 0) };
    expect(imagesToField([pixels], { channels: 1 }).data).toEqual(Float32Array.of(0.299, 0.114));
    expect(imagesToField([pixels, pixels], { scale: 1 })).toMatchObject({
      shape: [2, 1, 2, 3],
      data: Float32Array.of(255, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0, 255),
    });
    expect([...imagesToField([pixels], { channels: 4, scale: 1 }).data]).toEqual([
      255, 0, 0, 255, 0, 0, 255, 0,
    ]);
    expect(() => imagesToField([pixels, { ...pixels, width: 1 }])).toThrow(
      'image 1 is 1 x 1 with 8 bytes, the first is 2 x 1',
    );
    expect(() => imagesToField([])).toThrow(FormatError);
  });
});
