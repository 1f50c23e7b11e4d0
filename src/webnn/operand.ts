import type { DType, TensorData } from '../core/dtype.ts';
import { DTypeError, FeedError } from '../core/errors.ts';
import type { Shape } from '../core/shape.ts';
import type { Tensor } from '../graph/graph.ts';
import { mod, sub } from '../ops/arithmetic.ts';
import { cast, notEqual } from '../ops/comparison.ts';

/** Element types of WebNN, and float64, which some of its test suites use. */
export type MLOperandDataType =
  | 'float32'
  | 'float16'
  | 'float64'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'int8'
  | 'uint8';

export interface MLOperandDescriptor {
  readonly dataType: MLOperandDataType;
  readonly shape: Shape;
}

/**
 * What computes each type. WebGPU has no 8-bit and no 64-bit numbers: 8-bit integers are computed with 32 bits and wrap where they
 * are cast or read; 64-bit integers must lie within 32 bits; float64 is computed as float32.
 */
const computed: Readonly<Record<MLOperandDataType, DType>> = {
  float32: 'float32',
  float16: 'float16',
  float64: 'float32',
  int32: 'int32',
  uint32: 'uint32',
  int64: 'int32',
  uint64: 'uint32',
  int8: 'int32',
  uint8: 'uint32',
};

const ranges: Readonly<Partial<Record<MLOperandDataType, readonly [number, number]>>> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  int64: [-(2 ** 31), 2 ** 31 - 1],
  uint64: [0, 2 ** 32 - 1],
  int8: [-128, 127],
  uint8: [0, 255],
};

/** The dtype of the tensors that stand for operands of a WebNN type. */
export function computedType(dataType: MLOperandDataType): DType {
  const dtype = computed[dataType];
  if (dtype) return dtype;
  throw new DTypeError(
    `unknown data type "${String(dataType)}" (expected ${Object.keys(computed).join(', ')})`,
  );
}

/** The values that an operand of a type can have; undefined for floats. */
export function rangeOf(dataType: MLOperandDataType): readonly [number, number] | undefined {
  return ranges[dataType];
}

/** One value of a WebNN graph: a tensor, and the type that it has there. */
export class MLOperand {
  constructor(
    /** The tensor of the underlying graph: bool where it is the result of a comparison, whose type is uint8. */
    readonly tensor: Tensor,
    readonly dataType: MLOperandDataType,
  ) {}

  get shape(): Shape {
    return this.tensor.shape;
  }

  /** The tensor as numbers: comparisons give 0 and 1. */
  get numbers(): Tensor {
    return this.tensor.dtype === 'bool' ? cast(this.tensor, computed[this.dataType]) : this.tensor;
  }

  /** Where the operand is not 0. */
  get truth(): Tensor {
    return this.tensor.dtype === 'bool' ? this.tensor : notEqual(this.tensor, 0);
  }
}

/** Casts as WebNN does: floats lose their fraction, and integers wrap to the width of their type. */
export function castTo(operand: MLOperand, dataType: MLOperandDataType): MLOperand {
  const dtype = computedType(dataType);
  const whole = cast(operand.numbers, dtype);
  if (dataType === 'uint8') return new MLOperand(mod(whole, 256), dataType);
  if (dataType !== 'int8') return new MLOperand(whole, dataType);
  const shifted = mod(sub(whole, -128), 256);
  return new MLOperand(sub(shifted, 128), dataType);
}

/** Values of a type as users hold them: 64-bit integers may be bigints. */
export type MLNumbers = ArrayLike<number> | ArrayLike<bigint>;

/**
 * `values` as numbers that the computing dtype can hold.
 *
 * @throws FeedError where an integer lies outside the range that is computed with.
 */
export function toNumbers(what: string, dataType: MLOperandDataType, values: MLNumbers): number[] {
  const range = ranges[dataType];
  return Array.from({ length: values.length }, (_, i) => {
    const value = Number(values[i]);
    if (range && (value < range[0] || value > range[1])) {
      throw new FeedError(
        `${what}: element ${i} is ${values[i]}; ${dataType} is computed with ${computed[dataType]}, from ${range[0]} to ${range[1]}`,
      );
    }
    return value;
  });
}

/** What a graph's output gives for each type. float16 travels as Float32Array. */
export type MLOutput = TensorData | Int8Array | BigInt64Array | BigUint64Array | Float64Array;

export function fromNumbers(dataType: MLOperandDataType, values: TensorData): MLOutput {
  const bigints = () => Array.from(values, (value) => BigInt(value));
  switch (dataType) {
    case 'int8':
      return Int8Array.from(values);
    case 'uint8':
      return Uint8Array.from(values);
    case 'int64':
      return BigInt64Array.from(bigints());
    case 'uint64':
      return BigUint64Array.from(bigints());
    case 'float64':
      return Float64Array.from(values);
    default:
      return values;
  }
}
