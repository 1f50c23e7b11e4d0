/**
 * Element types. `bool` holds 0 or 1 and is stored as a 32-bit word on the device. `float16` is a storage type:
 * kernels compute in float32 and round when they store.
 */
export type DType = 'float32' | 'float16' | 'int32' | 'uint32' | 'bool';

export const dtypes: readonly DType[] = ['float32', 'float16', 'int32', 'uint32', 'bool'];

/** Bytes of one element in device memory. */
export function bytesPerElement(dtype: DType): number {
  return dtype === 'float16' ? 2 : 4;
}

export function isFloat(dtype: DType): boolean {
  return dtype === 'float32' || dtype === 'float16';
}

/** What a user hands in or gets back for a tensor: float16 travels as Float32Array, bool as Uint8Array. */
export type TensorData = Float32Array | Int32Array | Uint32Array | Uint8Array;

/** Rounds `value` to what an element of `dtype` can hold. Integers wrap as they do in WGSL. */
export function roundTo(dtype: DType, value: number): number {
  switch (dtype) {
    case 'float32':
      return Math.fround(value);
    case 'float16':
      return halfToNumber(numberToHalf(value));
    case 'int32':
      return value | 0;
    case 'uint32':
      return value >>> 0;
    case 'bool':
      return value === 0 ? 0 : 1;
  }
}

/** The typed array that `read` and `run` return for `dtype`. */
export function toTensorData(dtype: DType, values: ArrayLike<number>): TensorData {
  switch (dtype) {
    case 'float32':
    case 'float16':
      return Float32Array.from(values, (value) => roundTo(dtype, value));
    case 'int32':
      return Int32Array.from(values);
    case 'uint32':
      return Uint32Array.from(values);
    case 'bool':
      return Uint8Array.from(values, (value) => (value === 0 ? 0 : 1));
  }
}

const float32 = /* @__PURE__ */ new Float32Array(1);
const word = /* @__PURE__ */ (() => new Uint32Array(float32.buffer))();

/** IEEE 754 binary16 bits of `value`, rounded to nearest even. */
export function numberToHalf(value: number): number {
  float32[0] = value;
  const bits = word[0];
  const sign = (bits >>> 16) & 0x8000;
  const exponent = (bits >>> 23) & 0xff;
  const mantissa = bits & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (mantissa === 0 ? 0 : 0x200);
  const halfExponent = exponent - 112;
  if (halfExponent >= 0x1f) return sign | 0x7c00;
  if (halfExponent <= 0) {
    if (halfExponent < -10) return sign;
    return sign | roundShift(mantissa | 0x800000, 14 - halfExponent);
  }
  // A carry out of the mantissa raises the exponent, which is the right result, infinity included.
  return sign | ((halfExponent << 10) + roundShift(mantissa, 13));
}

/** `value >> shift`, rounded to nearest, ties to even. */
function roundShift(value: number, shift: number): number {
  const kept = value >>> shift;
  const rest = value & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return rest > half || (rest === half && (kept & 1) === 1) ? kept + 1 : kept;
}

/** The number that IEEE 754 binary16 `bits` stand for. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 0x1f) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}
