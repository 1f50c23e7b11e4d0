import { type DType, halfToNumber, numberToHalf, type TensorData, toTensorData } from '../core/dtype.ts';
import { DTypeError, FormatError, ShapeError } from '../core/errors.ts';
import { type Shape, showShape, sizeOf } from '../core/shape.ts';
import type { ByteSource } from './byteSource.ts';
import { headerLength, layOutFile, type NamedSpec, type Place, readLayout } from './safetensorsHeader.ts';

/** A tensor as a file holds it. */
export interface StoredTensor {
  readonly shape: Shape;
  readonly dtype: DType;
  /** float16 travels as Float32Array, bool as Uint8Array, as in `device.read`. */
  readonly data: TensorData;
}

/** What a safetensors file holds. */
export interface TensorFile {
  readonly tensors: Record<string, StoredTensor>;
  readonly metadata: Record<string, string>;
}

/** A safetensors file of which only the header has been read. */
export interface TensorReader {
  /** Name, shape and dtype of each tensor, in the order of the bytes. */
  readonly tensors: readonly NamedSpec[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Reads one tensor: nothing but its bytes is held. */
  read(name: string): Promise<TensorData>;
}

const arrayTypes = {
  float32: Float32Array,
  float16: Float32Array,
  int32: Int32Array,
  uint32: Uint32Array,
  bool: Uint8Array,
};

/**
 * Writes tensors as a safetensors file. Large elements come first and the header is padded to a multiple of 8 bytes, so that
 * every tensor is aligned; equal input gives equal bytes, whatever the order of the names.
 *
 * ```ts
 * const bytes = encodeSafetensors({ 'dense/weights': { shape: [2, 1], dtype: 'float32', data: Float32Array.of(1, 2) } });
 * ```
 *
 * @param metadata free texts by name.
 * @throws ShapeError where the data has another length than the shape; DTypeError where it is another kind of array.
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, StoredTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const specs = Object.entries(tensors).map(([name, { shape, dtype, data }]) => {
    checkTensor({ name, shape, dtype }, data);
    return { name, shape, dtype };
  });
  const { head, places, bytes } = layOutFile(specs, metadata);
  const file = new Uint8Array(head.length + bytes);
  file.set(head);
  for (const { name, dtype, begin } of places)
    file.set(storedBytesOf(dtype, tensors[name].data), head.length + begin);
  return file;
}

/**
 * The same file piece by piece: `read` is asked for one tensor after the other, so that no more than one is held at a time.
 *
 * ```ts
 * const chunks = safetensorsChunks(model.variables, (variable) => device.read(variable));
 * await store.write('weights.safetensors', chunks);
 * ```
 */
export async function* safetensorsChunks<Spec extends NamedSpec>(
  specs: readonly Spec[],
  read: (spec: Spec) => Promise<TensorData> | TensorData,
  metadata: Readonly<Record<string, string>> = {},
): AsyncGenerator<Uint8Array> {
  const byName = new Map(specs.map((spec) => [spec.name, spec]));
  const { head, places } = layOutFile(specs, metadata);
  yield head;
  for (const { name, dtype } of places) {
    const spec = byName.get(name);
    if (!spec) continue;
    const data = await read(spec);
    checkTensor(spec, data);
    yield storedBytesOf(dtype, data);
  }
}

function storedBytesOf(dtype: DType, data: TensorData): Uint8Array {
  const stored = dtype === 'float16' ? Uint16Array.from(data, numberToHalf) : data;
  return new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
}

function checkTensor({ name, shape, dtype }: NamedSpec, data: TensorData): void {
  const what = `encodeSafetensors: "${name}"`;
  if (name === '__metadata__') throw new FormatError(`${what} is the name of the metadata, not of a tensor`);
  const expected = arrayTypes[dtype];
  if (!expected) throw new DTypeError(`${what} has the unknown dtype "${dtype}"`);
  if (!(data instanceof expected)) throw new DTypeError(`${what} is ${dtype} and needs a ${expected.name}`);
  if (data.length !== sizeOf(shape)) {
    throw new ShapeError(`${what}: ${showShape(shape)} needs ${sizeOf(shape)} numbers, got ${data.length}`);
  }
}

/**
 * Reads a safetensors file. Nothing in it is believed unchecked: offsets must be aligned to their elements and cover the data exactly,
 * without overlap, gap or rest, and each length must be what dtype and shape say. The data is copied out of `bytes`.
 *
 * ```ts
 * const { tensors, metadata } = decodeSafetensors(await readFile('digits.safetensors'));
 * ```
 *
 * F64 and BF16 are read as float32, other integers as int32 or uint32.
 *
 * @throws FormatError saying what is wrong; also for other dtypes, and for integers of 64 bits that 32 cannot hold.
 */
export function decodeSafetensors(bytes: Uint8Array): TensorFile {
  const dataStart = 8 + headerLength(bytes, bytes.length);
  const { places, metadata } = readLayout(bytes.subarray(8, dataStart), bytes.length - dataStart);
  const tensors = places.map((place): [string, StoredTensor] => {
    const { name, dtype, shape, begin, end } = place;
    return [name, { shape, dtype, data: decode(place, bytes.subarray(dataStart + begin, dataStart + end)) }];
  });
  return { tensors: Object.fromEntries(tensors), metadata };
}

/**
 * Opens a safetensors file for reading tensor by tensor. The header is checked as `decodeSafetensors` does it, against the size of the
 * source, before anything of that size is allocated.
 *
 * ```ts
 * const reader = await openSafetensors(source);
 * device.write(weights, await reader.read('dense/weights'));
 * ```
 *
 * @throws FormatError saying what is wrong with the file.
 */
export async function openSafetensors(source: ByteSource): Promise<TensorReader> {
  const first = source.size < 8 ? new Uint8Array(8) : await source.read(0, 8);
  const dataStart = 8 + headerLength(first, source.size);
  const { places, metadata } = readLayout(await source.read(8, dataStart - 8), source.size - dataStart);
  const tensors = places.sort((a, b) => a.begin - b.begin);
  const byName = new Map(tensors.map((place): [string, Place] => [place.name, place]));
  return {
    tensors,
    metadata,
    async read(name) {
      const place = byName.get(name);
      if (!place) throw new FormatError(`openSafetensors: the file has no tensor "${name}"`);
      return decode(place, await source.read(dataStart + place.begin, place.end - place.begin));
    },
  };
}

/** Bytes as numbers. Those that lie alone in their buffer are taken as they are, others are copied. */
function decode({ name, dtype, stored }: Place, bytes: Uint8Array): TensorData {
  const alone = bytes.byteLength === bytes.buffer.byteLength;
  // A copy (which `slice` of a Node Buffer is not) begins at 0 of a buffer of its own, so any element type may look at it.
  const { buffer } = alone ? bytes : new Uint8Array(bytes);
  switch (stored) {
    case 'F64':
      return Float32Array.from(new Float64Array(buffer));
    case 'BF16':
      // The upper half of a float32.
      return new Float32Array(Uint32Array.from(new Uint16Array(buffer), (bits) => bits << 16).buffer);
    case 'I64':
      return Int32Array.from(new BigInt64Array(buffer), (value) =>
        narrow(name, value, -(2n ** 31n), 2n ** 31n),
      );
    case 'U64':
      return Uint32Array.from(new BigUint64Array(buffer), (value) => narrow(name, value, 0n, 2n ** 32n));
    case 'I16':
      return Int32Array.from(new Int16Array(buffer));
    case 'U16':
      return Uint32Array.from(new Uint16Array(buffer));
    case 'I8':
      return Int32Array.from(new Int8Array(buffer));
    case 'U8':
      return Uint32Array.from(new Uint8Array(buffer));
  }
  switch (dtype) {
    case 'float32':
      return new Float32Array(buffer);
    case 'float16':
      return Float32Array.from(new Uint16Array(buffer), halfToNumber);
    case 'int32':
      return new Int32Array(buffer);
    case 'uint32':
      return new Uint32Array(buffer);
    case 'bool':
      return toTensorData('bool', new Uint8Array(buffer));
  }
}

function narrow(name: string, value: bigint, least: bigint, limit: bigint): number {
  if (value >= least && value < limit) return Number(value);
  throw new FormatError(
    `decodeSafetensors: tensor ${JSON.stringify(name)}: ${value} does not fit into 32 bits`,
  );
}
