import { bytesPerElement, type DType, dtypes } from '../core/dtype.ts';
import { FormatError } from '../core/errors.ts';
import { type Shape, showShape, sizeOf } from '../core/shape.ts';

// https://github.com/huggingface/safetensors#format. Eight bytes give the length N of the header (u64, little-endian);
// N bytes of JSON give for each name a dtype, a shape and data_offsets [begin, end) within the bytes that follow, and under
// "__metadata__" texts by name. The tensors lie there row by row, little-endian, and cover those bytes without gaps.
// Typed arrays are little-endian on every host that has WebGPU, so bytes are copied as they are.

/** The reference implementation's limit: a header beyond it is damage or malice. */
const longestHeader = 100_000_000;

const storedNames: Readonly<Record<DType, string>> = {
  float32: 'F32',
  float16: 'F16',
  int32: 'I32',
  uint32: 'U32',
  bool: 'BOOL',
};

/** How many bytes an element has that is stored otherwise, and what it is read as: PyTorch counts in I64, and models travel in BF16. */
const readAs: Readonly<Record<string, readonly [number, DType]>> = {
  F64: [8, 'float32'],
  BF16: [2, 'float32'],
  I64: [8, 'int32'],
  U64: [8, 'uint32'],
  I16: [2, 'int32'],
  U16: [2, 'uint32'],
  I8: [1, 'int32'],
  U8: [1, 'uint32'],
};

/** The size of an element that a file calls by this name, and the dtype that it becomes. */
function kindOf(storedName: unknown): readonly [number, DType] | undefined {
  const dtype = dtypes.find((each) => storedNames[each] === storedName);
  if (dtype) return [storedBytes(dtype), dtype];
  return typeof storedName === 'string' && Object.hasOwn(readAs, storedName) ? readAs[storedName] : undefined;
}

/** Bytes of one element in a file: a bool is one byte there. */
export function storedBytes(dtype: DType): number {
  return dtype === 'bool' ? 1 : bytesPerElement(dtype);
}

/** A tensor's name and kind, before its data is at hand. */
export interface NamedSpec {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Where a tensor's bytes lie within the data of a file. */
export interface Place extends NamedSpec {
  /** What the file calls the kind of its elements, such as `F32`. */
  readonly stored: string;
  readonly begin: number;
  readonly end: number;
}

/** What stands before the data of a file, and where each tensor lies in it, in the order of the bytes. */
export interface FileLayout {
  /** The length of the header and the header, padded to a multiple of 8 bytes. */
  readonly head: Uint8Array;
  readonly places: readonly Place[];
  /** Length of the data behind the head. */
  readonly bytes: number;
}

/**
 * Lays out a file: large elements first, so that every tensor is aligned, and then by name, so that equal input gives equal bytes.
 */
export function layOutFile(
  specs: readonly NamedSpec[],
  metadata: Readonly<Record<string, string>>,
): FileLayout {
  const ordered = [...specs].sort(
    (a, b) => storedBytes(b.dtype) - storedBytes(a.dtype) || (a.name < b.name ? -1 : 1),
  );
  const header: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) header.push(['__metadata__', metadata]);
  let bytes = 0;
  const places = ordered.map(({ name, shape, dtype }): Place => {
    const begin = bytes;
    bytes += sizeOf(shape) * storedBytes(dtype);
    const stored = storedNames[dtype];
    header.push([name, { dtype: stored, shape, data_offsets: [begin, bytes] }]);
    return { name, shape, dtype, stored, begin, end: bytes };
  });
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const headerLength = Math.ceil(json.length / 8) * 8;
  const head = new Uint8Array(8 + headerLength).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(headerLength), true);
  head.set(json, 8);
  return { head, places, bytes };
}

/** The length of the header that the first 8 bytes tell, for a file of `fileBytes`. Nothing is believed unchecked. */
export function headerLength(first: Uint8Array, fileBytes: number): number {
  if (fileBytes < 8) fail(`a file has at least 8 bytes, this one has ${fileBytes}`);
  const length = new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(longestHeader)) {
    fail(
      `the header would have ${length} bytes, more than ${longestHeader}: damaged, or no safetensors file`,
    );
  }
  const end = 8 + Number(length);
  if (end > fileBytes) fail(`cut off: the header ends at byte ${end}, the file has ${fileBytes}`);
  return Number(length);
}

/** What a header says, checked against the number of bytes that follow it. */
export function readLayout(
  json: Uint8Array,
  dataBytes: number,
): { places: Place[]; metadata: Record<string, string> } {
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(json);
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
  const { __metadata__: metadata = {}, ...rest } = header;
  if (!isRecord(metadata)) fail('__metadata__ must be an object of texts');
  const texts = Object.entries(metadata).map(([key, value]): [string, string] => {
    if (typeof value !== 'string')
      fail(`__metadata__ must hold texts only, ${JSON.stringify(key)} is ${JSON.stringify(value)}`);
    return [key, value];
  });
  const places = Object.entries(rest).map(([name, entry]) => readEntry(name, entry));
  checkCover(places, dataBytes);
  return { places, metadata: Object.fromEntries(texts) };
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
  const { dtype: stored, shape, data_offsets: offsets } = entry;
  const kind = kindOf(stored);
  if (!kind || typeof stored !== 'string') {
    const supported = [...Object.values(storedNames), ...Object.keys(readAs)].join(', ');
    fail(`${what}: dtype ${JSON.stringify(stored)} is not supported (supported: ${supported})`);
  }
  const [elementBytes, dtype] = kind;
  if (!isCounts(shape) || !Number.isSafeInteger(sizeOf(shape) * 8))
    fail(`${what}: shape must be an array of whole numbers, got ${JSON.stringify(shape)}`);
  if (!isCounts(offsets) || offsets.length !== 2) {
    fail(`${what}: data_offsets must be two whole numbers, got ${JSON.stringify(offsets)}`);
  }
  const [begin, end] = offsets;
  const expected = sizeOf(shape) * elementBytes;
  if (end - begin !== expected) {
    fail(
      `${what}: ${stored} ${showShape(shape)} needs ${expected} bytes, data_offsets [${begin}, ${end}] give ${end - begin}`,
    );
  }
  if (begin % elementBytes !== 0) {
    fail(`${what}: ${stored} must begin at a multiple of ${elementBytes} bytes, not at ${begin}`);
  }
  return { name, dtype, stored, shape, begin, end };
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

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whole numbers of at least 0. */
function isCounts(value: unknown): value is number[] {
  const isCount = (each: unknown) => typeof each === 'number' && Number.isSafeInteger(each) && each >= 0;
  return Array.isArray(value) && value.every(isCount);
}

function fail(problem: string): never {
  throw new FormatError(`decodeSafetensors: ${problem}`);
}
