import type { DType } from '../core/dtype.ts';
import { halfToNumber, numberToHalf } from '../core/dtype.ts';

/** ONNX' names of the element types that can be read. */
export type OnnxType =
  | 'float'
  | 'float16'
  | 'bfloat16'
  | 'double'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'bool';

/**
 * How an ONNX element type is held. The rule: every float type is float32, every signed integer int32, every unsigned one
 * uint32, bool is bool. int64 and uint64 keep their lower range: constants beyond it become the nearest number that fits, feeds
 * beyond it are refused. The results of int8, int16, uint8 and uint16 arithmetic wrap as they do in ONNX. float16 and bfloat16
 * are computed in float32 and rounded where a model casts to them and where it gives them back.
 */
export interface ElementType {
  readonly name: OnnxType;
  /** `TensorProto.DataType` */
  readonly code: number;
  readonly dtype: DType;
  /** Bytes of one element in a file. */
  readonly bytes: number;
  /** Bits of an integer narrower than its dtype. */
  readonly narrowBits?: 8 | 16;
  readonly signed: boolean;
}

const elementTypes: readonly ElementType[] = [
  { name: 'float', code: 1, dtype: 'float32', bytes: 4, signed: true },
  { name: 'uint8', code: 2, dtype: 'uint32', bytes: 1, narrowBits: 8, signed: false },
  { name: 'int8', code: 3, dtype: 'int32', bytes: 1, narrowBits: 8, signed: true },
  { name: 'uint16', code: 4, dtype: 'uint32', bytes: 2, narrowBits: 16, signed: false },
  { name: 'int16', code: 5, dtype: 'int32', bytes: 2, narrowBits: 16, signed: true },
  { name: 'int32', code: 6, dtype: 'int32', bytes: 4, signed: true },
  { name: 'int64', code: 7, dtype: 'int32', bytes: 8, signed: true },
  { name: 'bool', code: 9, dtype: 'bool', bytes: 1, signed: false },
  { name: 'float16', code: 10, dtype: 'float32', bytes: 2, signed: true },
  { name: 'double', code: 11, dtype: 'float32', bytes: 8, signed: true },
  { name: 'uint32', code: 12, dtype: 'uint32', bytes: 4, signed: false },
  { name: 'uint64', code: 13, dtype: 'uint32', bytes: 8, signed: false },
  { name: 'bfloat16', code: 16, dtype: 'float32', bytes: 2, signed: true },
];

/** Names of the codes that are not supported, for messages. */
const otherNames: Readonly<Record<number, string>> = {
  0: 'undefined',
  8: 'string',
  14: 'complex64',
  15: 'complex128',
  17: 'float8e4m3fn',
  18: 'float8e4m3fnuz',
  19: 'float8e5m2',
  20: 'float8e5m2fnuz',
  21: 'uint4',
  22: 'int4',
  23: 'float4e2m1',
  24: 'float8e8m0',
  25: 'uint2',
  26: 'int2',
};

/** The element type of `TensorProto.DataType` `code`; undefined where it is not supported. */
export function elementTypeOf(code: number): ElementType | undefined {
  return elementTypes.find((type) => type.code === code);
}

export function typeName(code: number): string {
  return elementTypeOf(code)?.name ?? otherNames[code] ?? `type ${code}`;
}

export function elementType(name: OnnxType): ElementType {
  const found = elementTypes.find((type) => type.name === name);
  if (!found) throw new RangeError(`no element type ${name}`);
  return found;
}

export function dtypeOf(name: OnnxType): DType {
  return elementType(name).dtype;
}

export function isFloatType(name: OnnxType): boolean {
  return dtypeOf(name) === 'float32';
}

export const supportedTypes = elementTypes.map(({ name }) => name).join(', ');

const float32 = /* @__PURE__ */ new Float32Array(1);
const word = /* @__PURE__ */ (() => new Uint32Array(float32.buffer))();

/** The number that bfloat16 `bits` stand for: the upper half of a float32. */
export function bfloatToNumber(bits: number): number {
  word[0] = bits << 16;
  return float32[0];
}

/** `value` rounded to what an element of the type can hold, for host data on its way in or out. */
export function roundToType(name: OnnxType, value: number): number {
  switch (name) {
    case 'float16':
      return halfToNumber(numberToHalf(value));
    case 'bfloat16': {
      if (Number.isNaN(value)) return value;
      float32[0] = value;
      word[0] += 0x7fff + ((word[0] >>> 16) & 1);
      return bfloatToNumber(word[0] >>> 16);
    }
    case 'bool':
      return value === 0 ? 0 : 1;
    default:
      return value;
  }
}

/** The nearest number that `dtype` can hold: constants of 64 bits are brought into range this way. */
export function intoRange(dtype: DType, value: number): number {
  if (dtype === 'int32') return Math.min(Math.max(value, -(2 ** 31)), 2 ** 31 - 1);
  if (dtype === 'uint32') return Math.min(Math.max(value, 0), 2 ** 32 - 1);
  return value;
}
