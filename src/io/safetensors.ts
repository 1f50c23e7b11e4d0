import {
  bytesPerElement,
  type DType,
  dtypes,
  halfToNumber,
  numberToHalf,
  type TensorData,
  toTensorData,
} from '../core/dtype.ts';
import { DTypeError, FormatError, ShapeError } from '../core/errors.ts';
import { type Shape, showShape, sizeOf } from '../core/shape.ts';

// https://github.com/huggingface/safetensors#format. Eight bytes give the length N of the header (u64, little-endian);
// N bytes of JSON give for each name a dtype, a shape and data_offsets [begin, end) within the bytes that follow, and under
// "__metadata__" texts by name. The tensors lie there row by row, little-endian, and cover those bytes without gaps.
// Typed arrays are little-endian on every host that has WebGPU, so bytes are copied as they are.

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

/** The reference implementation's limit: a header beyond it is damage or malice. */
const longestHeader = 100_000_000;

const storedNames: Readonly<Record<DType, string>> = {
  float32: 'F32',
  float16: 'F16',
  int32: 'I32',
  uint32: 'U32',
  bool: 'BOOL',
};

function dtypeOf(storedName: unknown): DType | undefined {
  return dtypes.find((dtype) => storedNames[dtype] === storedName);
}

const arrayTypes = {
  float32: Float32Array,
  float16: Float32Array,
  int32: Int32Array,
  uint32: Uint32Array,
  bool: Uint8Array,
};

/** Bytes of one element in a file: a bool is one byte there. */
function storedBytes(dtype: DType): number {
  return dtype === 'bool' ? 1 : bytesPerElement(dtype);
}

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
  const entries = Object.entries(tensors).sort(
    ([a, first], [b, second]) => storedBytes(second.dtype) - storedBytes(first.dtype) || (a < b ? -1 : 1),
  );
  const header: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) header.push(['__metadata__', metadata]);
  let bytes = 0;
  for (const [name, tensor] of entries) {
    checkTensor(name, tensor);
    const end = bytes + tensor.data.length * storedBytes(tensor.dtype);
    header.push([
      name,
      { dtype: storedNames[tensor.dtype], shape: tensor.shape, data_offsets: [bytes, end] },
    ]);
    bytes = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const headerLength = Math.ceil(json.length / 8) * 8;
  const file = new Uint8Array(8 + headerLength + bytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerLength), true);
  file.set(json, 8);
  file.fill(0x20, 8 + json.length, 8 + headerLength);
  let at = 8 + headerLength;
  for (const [, { dtype, data }] of entries) {
    const stored = dtype === 'float16' ? Uint16Array.from(data, numberToHalf) : data;
    file.set(new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength), at);
    at += stored.byteLength;
  }
  return file;
}

function checkTensor(name: string, { shape, dtype, data }: StoredTensor): void {
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
 * @throws FormatError saying what is wrong; also for dtypes that tensorloom has not (it has F32, F16, I32, U32 and BOOL).
 */
export function decodeSafetensors(bytes: Uint8Array): TensorFile {
  const { header, dataStart } = readHeader(bytes);
  const { __metadata__: metadata = {}, ...rest } = header;
  if (!isRecord(metadata)) fail('__metadata__ must be an object of texts');
  const texts = Object.entries(metadata).map(([key, value]): [string, string] => {
    if (typeof value !== 'string')
      fail(`__metadata__ must hold texts only, ${JSON.stringify(key)} is ${JSON.stringify(value)}`);
    return [key, value];
  });
  const places = Object.entries(rest).map(([name, entry]) => readEntry(name, entry));
  checkCover(places, bytes.length - dataStart);
  const tensors = places.map(({ name, dtype, shape, begin, end }): [string, StoredTensor] => {
    // A copy (which `slice` of a Node Buffer is not) begins at 0 of a buffer of its own, so any element type may look at it.
    const { buffer } = new Uint8Array(bytes.subarray(dataStart + begin, dataStart + end));
    return [name, { shape, dtype, data: decode(dtype, buffer) }];
  });
  return { tensors: Object.fromEntries(tensors), metadata: Object.fromEntries(texts) };
}

interface Place {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: number[];
  readonly begin: number;
  readonly end: number;
}

function readHeader(bytes: Uint8Array): { header: Record<string, unknown>; dataStart: number } {
  if (bytes.length < 8) fail(`a file has at least 8 bytes, this one has ${bytes.length}`);
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(longestHeader)) {
    fail(
      `the header would have ${length} bytes, more than ${longestHeader}: damaged, or no safetensors file`,
    );
  }
  const dataStart = 8 + Number(length);
  if (dataStart > bytes.length) {
    fail(`cut off: the header ends at byte ${dataStart}, the file has ${bytes.length}`);
  }
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(8, dataStart));
  } catch {
    fail('the header is not UTF-8');
  }
  if (!text.startsWith('{')) fail('the header does not begin with {');
  try {
    header = JSON.parse(text);
  } catch (error) {
    fail(`the header is not JSON: ${error instanceof Error ? error.message : error}`);
  }
  if (!isRecord(header)) fail('the header is not a JSON object');
  const twice = repeatedKey(text);
  if (twice !== null) fail(`the name ${JSON.stringify(twice)} occurs twice`);
  return { header, dataStart };
}

/** A key that one object of `json`, which must be valid, gives twice: JSON.parse would silently keep the last. */
function repeatedKey(json: string): string | null {
  const open: Set<string>[] = [];
  let last = '';
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[{}:]/g)) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (token !== ':') last = token;
    else {
      const key: string = JSON.parse(last);
      const keys = open[open.length - 1];
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return null;
}

function readEntry(name: string, entry: unknown): Place {
  const what = `tensor ${JSON.stringify(name)}`;
  if (!isRecord(entry)) fail(`${what}: expected an object, got ${JSON.stringify(entry)}`);
  const { dtype: storedName, shape, data_offsets: offsets } = entry;
  const dtype = dtypeOf(storedName);
  if (!dtype) {
    fail(
      `${what}: dtype ${JSON.stringify(storedName)} is not supported (supported: ${Object.values(storedNames).join(', ')})`,
    );
  }
  if (!isCounts(shape))
    fail(`${what}: shape must be an array of whole numbers, got ${JSON.stringify(shape)}`);
  if (!isCounts(offsets) || offsets.length !== 2) {
    fail(`${what}: data_offsets must be two whole numbers, got ${JSON.stringify(offsets)}`);
  }
  const [begin, end] = offsets;
  const expected = sizeOf(shape) * storedBytes(dtype);
  if (end - begin !== expected) {
    fail(
      `${what}: ${storedName} ${showShape(shape)} needs ${expected} bytes, data_offsets [${begin}, ${end}] give ${end - begin}`,
    );
  }
  if (begin % storedBytes(dtype) !== 0) {
    fail(`${what}: ${storedName} must begin at a multiple of ${storedBytes(dtype)} bytes, not at ${begin}`);
  }
  return { name, dtype, shape, begin, end };
}

/** Throws unless the tensors cover `bytes` bytes without overlap, gap or rest. */
function checkCover(places: readonly Place[], bytes: number): void {
  let covered = 0;
  let before = '';
  for (const { name, begin, end } of [...places].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    const what = `tensor ${JSON.stringify(name)}`;
    if (end > bytes) fail(`cut off: ${what} ends at byte ${end} of the data, there are ${bytes}`);
    if (begin < covered)
      fail(
        `${what} overlaps ${JSON.stringify(before)}: it begins at byte ${begin}, that one ends at ${covered}`,
      );
    if (begin > covered) fail(`bytes ${covered} to ${begin} of the data belong to no tensor`);
    covered = end;
    before = name;
  }
  if (covered < bytes) fail(`the last ${bytes - covered} bytes of the data belong to no tensor`);
}

function decode(dtype: DType, buffer: ArrayBuffer): TensorData {
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

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whole numbers of at least 0 whose product can still be counted. */
function isCounts(value: unknown): value is number[] {
  const isCount = (each: unknown) => typeof each === 'number' && Number.isSafeInteger(each) && each >= 0;
  return Array.isArray(value) && value.every(isCount) && Number.isSafeInteger(sizeOf(value) * 4);
}

function fail(problem: string): never {
  throw new FormatError(`decodeSafetensors: ${problem}`);
}
