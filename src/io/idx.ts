import { FormatError } from '../core/errors.ts';
import { showShape, sizeOf } from '../core/shape.ts';

// The format of MNIST (LeCun, Cortes, Burges: http://yann.lecun.com/exdb/mnist/): two bytes 0, a byte for the type, a byte for the
// number of axes; the length of each axis (u32); the numbers, row by row. Everything is big-endian.

/** What an IDX file holds. */
export interface IdxData {
  readonly data: Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;
  readonly shape: number[];
}

const types: Readonly<
  Record<number, { bytes: number; name: string; make(view: DataView): IdxData['data'] }>
> = {
  8: {
    bytes: 1,
    name: 'u8',
    make: (view) => Uint8Array.from({ length: view.byteLength }, (_, i) => view.getUint8(i)),
  },
  9: {
    bytes: 1,
    name: 'i8',
    make: (view) => Int8Array.from({ length: view.byteLength }, (_, i) => view.getInt8(i)),
  },
  11: {
    bytes: 2,
    name: 'i16',
    make: (view) => Int16Array.from({ length: view.byteLength / 2 }, (_, i) => view.getInt16(2 * i)),
  },
  12: {
    bytes: 4,
    name: 'i32',
    make: (view) => Int32Array.from({ length: view.byteLength / 4 }, (_, i) => view.getInt32(4 * i)),
  },
  13: {
    bytes: 4,
    name: 'f32',
    make: (view) => Float32Array.from({ length: view.byteLength / 4 }, (_, i) => view.getFloat32(4 * i)),
  },
  14: {
    bytes: 8,
    name: 'f64',
    make: (view) => Float64Array.from({ length: view.byteLength / 8 }, (_, i) => view.getFloat64(8 * i)),
  },
};

/**
 * Reads an IDX file, such as MNIST's `train-images-idx3-ubyte`: [60000, 28, 28] bytes.
 *
 * ```ts
 * const images = decodeIdx(await readFile('train-images-idx3-ubyte'));
 * const labels = decodeIdx(await readFile('train-labels-idx1-ubyte'));
 * const digits = dataset({ x: { ...images, dtype: 'float32' }, y: Int32Array.from(labels.data) });
 * ```
 *
 * @throws FormatError saying what is wrong; also for a file that is still compressed.
 */
export function decodeIdx(bytes: Uint8Array): IdxData {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes[0] === 0x1f && bytes[1] === 0x8b)
    fail("it is compressed with gzip; unpack it with new DecompressionStream('gzip')");
  if (bytes.length < 4) fail(`a file has at least 4 bytes, this one has ${bytes.length}`);
  const type = types[bytes[2]];
  if (bytes[0] !== 0 || bytes[1] !== 0 || !type) {
    const start = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    fail(`it must begin with 00 00 and a type from 08 to 0e, not with ${start}`);
  }
  const begin = 4 + 4 * bytes[3];
  if (bytes.length < begin) fail(`cut off: the header ends at byte ${begin}, the file has ${bytes.length}`);
  const shape = Array.from({ length: bytes[3] }, (_, axis) => view.getUint32(4 + 4 * axis));
  const expected = begin + sizeOf(shape) * type.bytes;
  if (bytes.length !== expected) {
    const what = bytes.length < expected ? 'cut off' : 'too long';
    fail(`${what}: ${type.name} ${showShape(shape)} makes ${expected} bytes, the file has ${bytes.length}`);
  }
  return { data: type.make(new DataView(bytes.buffer, bytes.byteOffset + begin, expected - begin)), shape };
}

function fail(problem: string): never {
  throw new FormatError(`decodeIdx: ${problem}`);
}
