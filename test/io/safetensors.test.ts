import { describe, expect, it } from 'vitest';
import type { DType, TensorData } from '../../src/core/dtype.ts';
import { DTypeError, FormatError, ShapeError } from '../../src/core/errors.ts';
import { RandomStream } from '../../src/core/random.ts';
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from '../../src/io/safetensors.ts';

const ascii = (text: string) => Array.from(text, (letter) => letter.charCodeAt(0));

/** A file of a header, as text, and data, with the true length of the header in front. */
function file(header: string, data: readonly number[] = []): Uint8Array {
  const json = new TextEncoder().encode(header);
  const length = Array.from({ length: 8 }, (_, i) => Math.floor(json.length / 256 ** i) % 256);
  return Uint8Array.from([...length, ...json, ...data]);
}

const entry = (dtype: string, shape: number[], offsets: number[]) => ({
  dtype,
  shape,
  data_offsets: offsets,
});
const withTensors = (tensors: Record<string, unknown>, data: number) =>
  file(JSON.stringify(tensors), new Array(data).fill(1));

// Written by hand from the format's description: 120 bytes of header, then 1.0 and -2.5 as IEEE 754 singles and two bools.
const handMade = Uint8Array.from([
  ...[0x78, 0, 0, 0, 0, 0, 0, 0],
  ...ascii('{"w":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},'),
  ...ascii('"mask":{"dtype":"BOOL","shape":[2],"data_offsets":[8,10]}}'),
  ...ascii('      '),
  ...[0x00, 0x00, 0x80, 0x3f],
  ...[0x00, 0x00, 0x20, 0xc0],
  ...[1, 0],
]);
const handMadeTensors: Record<string, StoredTensor> = {
  w: { shape: [2, 1], dtype: 'float32', data: Float32Array.of(1, -2.5) },
  mask: { shape: [2], dtype: 'bool', data: Uint8Array.of(1, 0) },
};

/** A file with one tensor w of these bytes. */
const single = (dtype: string, shape: number[], values: ArrayBufferView) => {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return file(JSON.stringify({ w: entry(dtype, shape, [0, bytes.length]) }), Array.from(bytes));
};

describe('decodeSafetensors of what other frameworks write', () => {
  // biome-ignore format: a table
  const cases: readonly (readonly [string, ArrayBufferView, StoredTensor['dtype'], TensorData])[] = [
    ['F64', Float64Array.of(0.1, -3), 'float32', Float32Array.of(0.1, -3)],
    // 1.0, -2.5, 3.140625 and infinity: the upper 16 bits of their singles.
    ['BF16', Uint16Array.of(0x3f80, 0xc020, 0x4049, 0x7f80), 'float32', Float32Array.of(1, -2.5, 3.140625, Number.POSITIVE_INFINITY)],
    ['I64', BigInt64Array.of(-5n, 2_147_483_647n), 'int32', Int32Array.of(-5, 2_147_483_647)],
    ['U64', BigUint64Array.of(5n, 4_294_967_295n), 'uint32', Uint32Array.of(5, 4_294_967_295)],
    ['I16', Int16Array.of(-300, 300), 'int32', Int32Array.of(-300, 300)],
    ['U16', Uint16Array.of(65_535), 'uint32', Uint32Array.of(65_535)],
    ['I8', Int8Array.of(-1, 127), 'int32', Int32Array.of(-1, 127)],
    ['U8', Uint8Array.of(255), 'uint32', Uint32Array.of(255)],
  ];
  for (const [stored, values, dtype, data] of cases) {
    it(`reads ${stored} as ${dtype}`, () => {
      const { tensors } = decodeSafetensors(single(stored, [data.length], values));
      expect(tensors.w).toEqual({ shape: [data.length], dtype, data });
    });
  }

  it('refuses integers that do not fit', () => {
    expect(() => decodeSafetensors(single('I64', [1], BigInt64Array.of(2_147_483_648n)))).toThrow(
      'decodeSafetensors: tensor "w": 2147483648 does not fit into 32 bits',
    );
    expect(() => decodeSafetensors(single('I64', [2], BigInt64Array.of(1n)))).toThrow(
      'I64 [2] needs 16 bytes, data_offsets [0, 8] give 8',
    );
  });
});

describe('encodeSafetensors', () => {
  it('writes the bytes that the format describes', () => {
    expect(encodeSafetensors(handMadeTensors)).toEqual(handMade);
  });

  it('gives the same bytes in any order of the names, with every tensor aligned', () => {
    const tensors: Record<string, StoredTensor> = {
      flags: { shape: [3], dtype: 'bool', data: Uint8Array.of(1, 0, 1) },
      halves: { shape: [3], dtype: 'float16', data: Float32Array.of(1, 2, 3) },
      b: { shape: [1], dtype: 'int32', data: Int32Array.of(-1) },
      a: { shape: [1], dtype: 'uint32', data: Uint32Array.of(7) },
    };
    const bytes = encodeSafetensors(tensors);
    expect(encodeSafetensors(Object.fromEntries(Object.entries(tensors).reverse()))).toEqual(bytes);
    const header = new TextDecoder().decode(bytes.subarray(8, 8 + bytes[0] + 256 * bytes[1]));
    expect(header.length % 8).toBe(0);
    const places = Object.entries(JSON.parse(header) as Record<string, { data_offsets: number[] }>);
    expect(places.map(([name, { data_offsets }]) => [name, ...data_offsets])).toEqual([
      ['a', 0, 4],
      ['b', 4, 8],
      ['halves', 8, 14],
      ['flags', 14, 17],
    ]);
  });

  it('refuses data that does not fit', () => {
    const stored = (shape: number[], dtype: DType, data: TensorData) => () =>
      encodeSafetensors({ w: { shape, dtype, data } });
    expect(stored([2, 2], 'float32', new Float32Array(3))).toThrow(ShapeError);
    expect(stored([2, 2], 'float32', new Float32Array(3))).toThrow(/"w": \[2, 2\] needs 4 numbers, got 3/);
    expect(stored([1], 'float32', new Int32Array(1))).toThrow(DTypeError);
    expect(stored([1], 'bool', new Uint32Array(1))).toThrow(/"w" is bool and needs a Uint8Array/);
    expect(() => encodeSafetensors({ __metadata__: handMadeTensors.w })).toThrow(FormatError);
  });
});

describe('decodeSafetensors', () => {
  it('reads a file written by hand', () => {
    expect(decodeSafetensors(handMade)).toEqual({ tensors: handMadeTensors, metadata: {} });
  });

  it('reads bytes that lie anywhere, and copies them', () => {
    const longer = new Uint8Array(handMade.length + 3);
    longer.set(handMade, 3);
    for (const bytes of [longer.subarray(3), Buffer.from(longer.buffer, 3)]) {
      const { tensors } = decodeSafetensors(bytes);
      tensors.w.data[0] = 9;
      expect(decodeSafetensors(bytes)).toEqual({ tensors: handMadeTensors, metadata: {} });
    }
  });

  it('gives back all that was written', () => {
    const tensors: Record<string, StoredTensor> = {
      'layer/weights': {
        shape: [1, 2, 2],
        dtype: 'float32',
        data: Float32Array.of(0.1, -0, Number.NaN, Number.NEGATIVE_INFINITY),
      },
      half: { shape: [3], dtype: 'float16', data: Float32Array.of(0.5, 65504, 2 ** -24) },
      labels: { shape: [2], dtype: 'int32', data: Int32Array.of(-(2 ** 31), 2 ** 31 - 1) },
      step: { shape: [], dtype: 'uint32', data: Uint32Array.of(2 ** 32 - 1) },
      'größe "1"\\\n': { shape: [1], dtype: 'bool', data: Uint8Array.of(1) },
      empty: { shape: [0, 3], dtype: 'float32', data: new Float32Array(0) },
    };
    const metadata = { format: 'tensorloom', note: '{"nested": "{"}' };
    expect(decodeSafetensors(encodeSafetensors(tensors, metadata))).toEqual({ tensors, metadata });
  });

  it('reads a file without tensors, and names that objects know', () => {
    expect(decodeSafetensors(file('{}'))).toEqual({ tensors: {}, metadata: {} });
    const { tensors, metadata } = decodeSafetensors(
      file(
        '{"__metadata__":{"__proto__":"a"},"__proto__":{"dtype":"BOOL","shape":[],"data_offsets":[0,1]}}',
        [1],
      ),
    );
    expect(Object.keys(tensors)).toEqual(['__proto__']);
    expect(Object.keys(metadata)).toEqual(['__proto__']);
  });

  it('reads headers of any length: padding is a habit, not a rule', () => {
    const { tensors } = decodeSafetensors(
      file('{"w": {"dtype":"F32","shape":[],"data_offsets":[0,4]}}', [0, 0, 0x80, 0x3f]),
    );
    expect(tensors.w.data).toEqual(Float32Array.of(1));
  });

  const wrong: [string, Uint8Array, RegExp][] = [
    ['nothing', new Uint8Array(), /at least 8 bytes, this one has 0/],
    ['half a length', handMade.subarray(0, 7), /at least 8 bytes, this one has 7/],
    ['half a header', handMade.subarray(0, 50), /cut off: the header ends at byte 128, the file has 50/],
    [
      'half the data',
      handMade.subarray(0, handMade.length - 1),
      /cut off: tensor "mask" ends at byte 10 of the data, there are 9/,
    ],
    [
      'a header beyond the limit',
      Uint8Array.of(1, 0xe1, 0xf5, 5, 0, 0, 0, 0, 123),
      /100000001 bytes, more than 100000000/,
    ],
    [
      'a header length of 64 bits',
      Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0x80, 123, 125),
      /9223372036854775810 bytes/,
    ],
    [
      'another kind of file',
      Uint8Array.from([0x89, ...ascii('PNG\r\n'), 26, 10, 0]),
      /damaged, or no safetensors file/,
    ],
    ['no UTF-8', Uint8Array.of(4, 0, 0, 0, 0, 0, 0, 0, 123, 0xff, 0xff, 125), /not UTF-8/],
    ['space before the header', file(' {}'), /does not begin with \{/],
    ['bad JSON', file('{"w": }'), /the header is not JSON/],
    ['a list', file('[]'), /does not begin with \{/],
    [
      'a name twice',
      file(
        '{"w":{"dtype":"BOOL","shape":[],"data_offsets":[0,1]},"\\u0077":{"dtype":"BOOL","shape":[],"data_offsets":[0,1]}}',
        [1],
      ),
      /the name "w" occurs twice/,
    ],
    ['metadata that is no text', file('{"__metadata__":{"epochs":3}}'), /"epochs" is 3/],
    ['metadata that is no object', file('{"__metadata__":"a"}'), /must be an object of texts/],
    ['an entry that is no object', file('{"w":3}'), /tensor "w": expected an object, got 3/],
    [
      'an unknown dtype',
      withTensors({ w: entry('F8_E4M3', [8], [0, 8]) }, 8),
      /"F8_E4M3" is not supported \(supported: F32, F16, I32, U32, BOOL, F64, BF16, I64, U64, I16, U16, I8, U8\)/,
    ],
    [
      'no dtype',
      withTensors({ w: { shape: [1], data_offsets: [0, 4] } }, 4),
      /dtype undefined is not supported/,
    ],
    [
      'a dtype from the prototype',
      withTensors({ w: entry('toString', [1], [0, 4]) }, 4),
      /"toString" is not supported/,
    ],
    [
      'a negative length',
      withTensors({ w: entry('F32', [-1], [0, 4]) }, 4),
      /shape must be an array of whole numbers/,
    ],
    [
      'half a length',
      withTensors({ w: entry('F32', [0.5], [0, 2]) }, 2),
      /shape must be an array of whole numbers/,
    ],
    [
      'a size that cannot be counted',
      withTensors({ w: entry('F32', [2 ** 40, 2 ** 40], [0, 4]) }, 4),
      /shape must be an array of whole numbers/,
    ],
    [
      'a shape that is no array',
      file('{"w":{"dtype":"F32","shape":{"length":1},"data_offsets":[0,4]}}', [0, 0, 0, 0]),
      /shape must be an array/,
    ],
    [
      'three offsets',
      withTensors({ w: entry('F32', [1], [0, 4, 8]) }, 4),
      /data_offsets must be two whole numbers/,
    ],
    [
      'a negative offset',
      withTensors({ w: entry('F32', [1], [-4, 0]) }, 4),
      /data_offsets must be two whole numbers/,
    ],
    ['offsets in reverse', withTensors({ w: entry('F32', [1], [4, 0]) }, 4), /\[4, 0\] give -4/],
    [
      'offsets of another length',
      withTensors({ w: entry('F32', [2], [0, 4]) }, 4),
      /F32 \[2\] needs 8 bytes, data_offsets \[0, 4\] give 4/,
    ],
    [
      'offsets beyond the file',
      withTensors({ w: entry('F32', [2], [0, 8]) }, 4),
      /ends at byte 8 of the data, there are 4/,
    ],
    [
      'an overlap',
      withTensors({ v: entry('F32', [2], [0, 8]), w: entry('F32', [1], [4, 8]) }, 8),
      /"w" overlaps "v"/,
    ],
    [
      'the same place twice',
      withTensors({ v: entry('F32', [1], [0, 4]), w: entry('F32', [1], [0, 4]) }, 4),
      /"w" overlaps "v"/,
    ],
    [
      'a gap',
      withTensors({ v: entry('F32', [1], [0, 4]), w: entry('F32', [1], [8, 12]) }, 12),
      /bytes 4 to 8 of the data belong to no tensor/,
    ],
    [
      'a rest',
      withTensors({ w: entry('F32', [1], [0, 4]) }, 6),
      /the last 2 bytes of the data belong to no tensor/,
    ],
    [
      'an unaligned tensor',
      withTensors({ v: entry('BOOL', [1], [0, 1]), w: entry('F32', [1], [1, 5]) }, 5),
      /must begin at a multiple of 4 bytes, not at 1/,
    ],
  ];
  it.each(wrong)('refuses %s', (_, bytes, message) => {
    expect(() => decodeSafetensors(bytes)).toThrow(FormatError);
    expect(() => decodeSafetensors(bytes)).toThrow(message);
  });

  it('throws nothing but FormatError, whatever the bytes', () => {
    const random = new RandomStream(1);
    let read = 0;
    for (let round = 0; round < 5000; round++) {
      const bytes = handMade.slice(
        0,
        random.integer(4) === 0 ? random.integer(handMade.length + 1) : undefined,
      );
      for (let change = random.integer(4); change > 0 && bytes.length > 0; change--) {
        bytes[random.integer(bytes.length)] =
          random.integer(2) === 0 ? random.integer(256) : 0x30 + random.integer(10);
      }
      try {
        const { tensors } = decodeSafetensors(bytes);
        read++;
        for (const { shape, data } of Object.values(tensors))
          expect(data.length).toBe(shape.reduce((a, b) => a * b, 1));
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
    }
    // Some changes touch only values or names, so both ways were taken.
    expect(read).toBeGreaterThan(500);
    expect(read).toBeLessThan(4500);
  });
});
