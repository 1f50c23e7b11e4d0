import { halfToNumber } from '../core/dtype.ts';
import { DTypeError, FormatError } from '../core/errors.ts';
import { showShape, sizeOf } from '../core/shape.ts';
import type { TensorProto } from './schema.ts';
import {
  bfloatToNumber,
  type ElementType,
  elementTypeOf,
  type OnnxType,
  supportedTypes,
  typeName,
} from './types.ts';

/** A tensor as an ONNX file holds it: numbers as they are there, which a float32 or int32 may not be able to hold. */
export interface OnnxTensor {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape: readonly number[];
  readonly numbers: ArrayLike<number>;
}

/** Looks up the bytes that lie in another file. */
export type ExternalBytes = (location: string) => Uint8Array;

/**
 * The numbers of a `TensorProto`.
 *
 * @throws FormatError where there are more or fewer numbers than its shape says; DTypeError for types that are not supported.
 */
export function readTensor(proto: TensorProto, external?: ExternalBytes): OnnxTensor {
  const { name, dims } = proto;
  const what = `tensor "${name}"`;
  const type = elementTypeOf(proto.dataType);
  if (!type) {
    throw new DTypeError(
      `${what} has the element type ${typeName(proto.dataType)}, which is not supported (supported: ${supportedTypes})`,
    );
  }
  const size = sizeOf(dims);
  if (dims.some((length) => length < 0) || !Number.isSafeInteger(size * 8)) {
    throw new FormatError(`${what} has the shape ${showShape(dims)}`);
  }
  const raw = proto.isExternal ? externalBytes(what, proto, external) : proto.rawData;
  const listed = listOf(proto, type);
  const numbers = raw && (listed.length === 0 || raw.length > 0) ? decode(what, type, size, raw) : listed;
  if (numbers.length !== size) {
    throw new FormatError(
      `${what} of the shape ${showShape(dims)} needs ${size} numbers, the file has ${numbers.length}`,
    );
  }
  return { name, type: type.name, shape: dims, numbers };
}

function externalBytes(what: string, { externalData }: TensorProto, external?: ExternalBytes): Uint8Array {
  const location = externalData.get('location');
  if (!location) throw new FormatError(`${what} lies in another file, whose name is missing`);
  if (!external)
    throw new FormatError(`${what} lies in another file, "${location}", which a tensor here may not`);
  const bytes = external(location);
  const offset = Number(externalData.get('offset') ?? 0);
  const length = Number(externalData.get('length') ?? bytes.length - offset);
  const valid = [offset, length].every((number) => Number.isSafeInteger(number) && number >= 0);
  if (!valid || offset + length > bytes.length) {
    throw new FormatError(
      `${what}: bytes ${offset} to ${offset + length} of "${location}" are wanted, which has ${bytes.length}`,
    );
  }
  return bytes.subarray(offset, offset + length);
}

/** The numbers where they are given as a list; half floats stand there as their bits. */
function listOf(proto: TensorProto, { name, dtype, bytes }: ElementType): ArrayLike<number> {
  switch (name) {
    case 'float':
      return Float32Array.from(proto.floatData);
    case 'double':
      return proto.doubleData;
    case 'int64':
      return proto.int64Data;
    case 'uint32':
    case 'uint64':
      return proto.uint64Data;
    case 'float16':
      return proto.int32Data.map(halfToNumber);
    case 'bfloat16':
      return proto.int32Data.map(bfloatToNumber);
    default:
      return dtype === 'uint32'
        ? proto.int32Data.map((value) => value & (2 ** (8 * bytes) - 1))
        : proto.int32Data;
  }
}

function decode(what: string, type: ElementType, size: number, raw: Uint8Array): ArrayLike<number> {
  if (raw.length !== size * type.bytes) {
    throw new FormatError(
      `${what}: ${size} numbers of ${type.name} need ${size * type.bytes} bytes, the file has ${raw.length}`,
    );
  }
  // A copy begins at 0 of a buffer of its own, so that any element type may look at it.
  const { buffer } = new Uint8Array(raw);
  switch (type.name) {
    case 'float':
      return new Float32Array(buffer);
    case 'double':
      return new Float64Array(buffer);
    case 'int8':
      return new Int8Array(buffer);
    case 'int16':
      return new Int16Array(buffer);
    case 'int32':
      return new Int32Array(buffer);
    case 'uint16':
      return new Uint16Array(buffer);
    case 'uint32':
      return new Uint32Array(buffer);
    case 'int64':
      return Float64Array.from(new BigInt64Array(buffer), Number);
    case 'uint64':
      return Float64Array.from(new BigUint64Array(buffer), Number);
    case 'float16':
      return Float32Array.from(new Uint16Array(buffer), halfToNumber);
    case 'bfloat16':
      return Float32Array.from(new Uint16Array(buffer), bfloatToNumber);
    case 'uint8':
    case 'bool':
      return new Uint8Array(buffer);
  }
}
