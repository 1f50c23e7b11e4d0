import type { DType } from '../core/dtype.ts';
import { FeedError, ShapeError, TensorloomError } from '../core/errors.ts';
import { type Shape, showShape, sizeOf } from '../core/shape.ts';
import type { TensorSpec } from '../graph/kernel.ts';

/** Any typed array of numbers. */
export type NumberArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint8ClampedArray
  | Uint16Array
  | Uint32Array;

/** Numbers in arrays of arrays, as JSON has them. */
export type Nested = readonly (number | Nested)[];

/** Numbers with their shape, whose first axis counts the samples: what `encodeSafetensors`, `decodeIdx` and `padSequences` know, too. */
export interface ShapedData {
  readonly data: NumberArray | readonly number[];
  /** Such as [8000, 28, 28, 1]. */
  readonly shape: Shape;
  /** Default: int32 for integer arrays, uint32 for a Uint32Array, float32 for all others. */
  readonly dtype?: DType;
}

/** One number for each sample (a typed array or a list), rows in arrays of arrays, or data with a shape. */
export type FieldData = NumberArray | Nested | ShapedData;

/** One field, or several by name. */
export type Fields = FieldData | Readonly<Record<string, FieldData>>;

/** What `fit`, `evaluate` and `dataset` take. */
export interface DataArrays {
  /** What the model gets: one field, or a record with the names of the model's inputs. */
  readonly x: Fields;
  /** What it should give: one field, or a record with the names of the model's outputs. */
  readonly y?: Fields;
  /** How much each sample counts in the loss, one number each; default 1. */
  readonly weights?: FieldData;
}

/** One sample's or one batch's numbers, by flat name: `x`, `y`, `weights`, or `x/left` where there are several. */
export type Values = Readonly<Record<string, ArrayLike<number>>>;

/** All samples in memory, by flat name, and the order in which an epoch takes them. */
export interface Rows {
  readonly kind: 'rows';
  readonly arrays: Readonly<Record<string, NumberArray>>;
  /** Numbers of the rows in the order of an epoch (from 1); null: as they lie. */
  order(epoch: number): Uint32Array | null;
}

/** Samples that come one after the other. */
export interface Stream {
  readonly kind: 'stream';
  /** All samples of an epoch (from 1). Two calls for one epoch give the same, so that a training can be resumed. */
  samples(epoch: number): AsyncIterable<Values>;
}

/** What is trained on or judged by. Datasets are plain records; `shuffleDataset`, `mapDataset` and their like make others of them. */
export interface Dataset {
  /** Shape and dtype of one sample, by flat name. */
  readonly fields: Readonly<Record<string, TensorSpec>>;
  /** Samples of an epoch; null where only counting tells. */
  readonly size: number | null;
  readonly source: Rows | Stream;
}

/**
 * A dataset of arrays. Nothing is copied that is a typed array already.
 *
 * ```ts
 * const digits = dataset({ x: { data: pixels, shape: [8000, 784] }, y: labels }); // Float32Array, Int32Array of 8000
 * const gate = dataset({ x: [[0, 0], [0, 1], [1, 0], [1, 1]], y: [[0], [1], [1], [0]] });
 * ```
 *
 * @throws ShapeError where the fields have different numbers of samples, or data does not fill its shape; FeedError where there are no
 * samples.
 */
export function dataset({ x, y, weights }: DataArrays): Dataset {
  const given = { ...flatten('x', x), ...(y ? flatten('y', y) : {}), ...(weights ? { weights } : {}) };
  const fields: Record<string, TensorSpec> = {};
  const arrays: Record<string, NumberArray> = {};
  let size: number | null = null;
  for (const [name, value] of Object.entries(given)) {
    const { data, shape, dtype } = shaped(name, value);
    size ??= shape[0];
    if (shape[0] !== size) {
      throw new ShapeError(
        `dataset: ${name} ${showShape(shape)} has ${shape[0]} samples, ${Object.keys(given)[0]} has ${size}`,
      );
    }
    fields[name] = { shape: shape.slice(1), dtype };
    arrays[name] = data;
  }
  if (!size) throw new FeedError('dataset: there are no samples');
  return { fields, size, source: { kind: 'rows', arrays, order: () => null } };
}

/** A dataset as it is, or one of arrays. */
export function toDataset(data: Dataset | DataArrays): Dataset {
  return 'source' in data ? data : dataset(data);
}

function isShaped(value: Fields): value is ShapedData {
  return typeof value === 'object' && 'shape' in value && 'data' in value && Array.isArray(value.shape);
}

function isField(value: Fields): value is FieldData {
  return Array.isArray(value) || ArrayBuffer.isView(value) || isShaped(value);
}

/** `x` of one field, or `x/name` for each of several. */
export function flatten(name: string, value: Fields): Record<string, FieldData> {
  if (typeof value !== 'object' || value === null)
    throw new TensorloomError(`dataset: ${name} must be numbers, or fields by name; got ${typeof value}`);
  if (isField(value)) return { [name]: value };
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [`${name}/${key}`, field]));
}

/** What is meant by `value`: a typed array, its shape and the dtype that it has on the device. */
export function shaped(name: string, value: FieldData): { data: NumberArray; shape: Shape; dtype: DType } {
  if (isShaped(value)) {
    const { data, shape } = value;
    const dtype = value.dtype ?? dtypeOf(data);
    if (shape.length === 0 || data.length !== sizeOf(shape)) {
      throw new ShapeError(
        `dataset: ${name}: ${showShape(shape)} needs ${sizeOf(shape)} numbers, got ${data.length}`,
      );
    }
    return { data: ArrayBuffer.isView(data) ? data : typed(dtype, data), shape, dtype };
  }
  if (!Array.isArray(value)) {
    const data = value as NumberArray;
    return { data, shape: [data.length], dtype: dtypeOf(data) };
  }
  const shape: number[] = [];
  for (let level: unknown = value; Array.isArray(level) || ArrayBuffer.isView(level); ) {
    const list = level as ArrayLike<unknown>;
    shape.push(list.length);
    level = list[0];
  }
  const numbers = new Float32Array(sizeOf(shape));
  let filled = 0;
  const fill = (level: unknown, depth: number) => {
    if (depth === shape.length && typeof level === 'number') {
      numbers[filled++] = level;
      return;
    }
    const list = level as ArrayLike<unknown>;
    if (typeof level !== 'object' || level === null || list.length !== shape[depth]) {
      throw new ShapeError(
        `dataset: ${name}: expected ${showShape(shape)} as the first sample has it, sample ${Math.floor((filled * shape[0]) / numbers.length)} differs`,
      );
    }
    for (let i = 0; i < list.length; i++) fill(list[i], depth + 1);
  };
  fill(value, 0);
  return { data: numbers, shape, dtype: 'float32' };
}

function dtypeOf(data: ArrayLike<number>): DType {
  if (data instanceof Float32Array || data instanceof Float64Array || Array.isArray(data)) return 'float32';
  if (data instanceof BigInt64Array || data instanceof BigUint64Array)
    throw new TensorloomError('dataset: 64-bit integers are not supported; use an Int32Array');
  return data instanceof Uint32Array ? 'uint32' : 'int32';
}

function typed(dtype: DType, data: readonly number[]): NumberArray {
  if (dtype === 'int32') return Int32Array.from(data);
  return dtype === 'uint32' ? Uint32Array.from(data) : Float32Array.from(data);
}

/** Values of one sample of `rows`: views, no copies. */
export function rowAt({ arrays }: Rows, fields: Dataset['fields'], row: number): Record<string, NumberArray> {
  const values: Record<string, NumberArray> = {};
  for (const [name, { shape }] of Object.entries(fields)) {
    const length = sizeOf(shape);
    values[name] = arrays[name].subarray(row * length, (row + 1) * length);
  }
  return values;
}

export type SampleField = number | ArrayLike<number> | ShapedData;

/** A sample as its maker writes it: `{ x, y, weights }`, where x and y may be records of fields. */
export type Sample = Readonly<Record<string, SampleField | Readonly<Record<string, SampleField>>>>;

/** Flat names and numbers of a sample, with the shapes that it tells. */
export function flattenSample(sample: Sample): Record<string, { values: ArrayLike<number>; shape: Shape }> {
  const flat: Record<string, { values: ArrayLike<number>; shape: Shape }> = {};
  const add = (name: string, value: SampleField | Readonly<Record<string, SampleField>>) => {
    if (typeof value === 'number') flat[name] = { values: [value], shape: [] };
    else if (typeof value === 'object' && value !== null && 'shape' in value && 'data' in value) {
      const { data, shape } = value as ShapedData;
      flat[name] = { values: data, shape };
    } else if (typeof value === 'object' && value !== null && typeof value.length === 'number') {
      flat[name] = { values: value as ArrayLike<number>, shape: [value.length] };
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, field] of Object.entries(value)) add(`${name}/${key}`, field as SampleField);
    } else throw new FeedError(`dataset: ${name} of a sample must be numbers, got ${typeof value}`);
  };
  for (const [name, value] of Object.entries(sample)) add(name, value);
  return flat;
}
