import { ShapeError } from '../core/errors.ts';
import { type Shape, sameShape, showShape, sizeOf } from '../core/shape.ts';

/** A tensor outside of any graph, row by row, such as a file holds. */
export interface PlainTensor {
  readonly shape: Shape;
  readonly data: ArrayLike<number>;
}

/** What is made of one; `encodeSafetensors` takes it as it is. */
export interface Float32Tensor extends PlainTensor {
  readonly dtype: 'float32';
  readonly data: Float32Array;
}

export function float32Tensor(shape: Shape, data: ArrayLike<number>): Float32Tensor {
  return { shape: [...shape], dtype: 'float32', data: Float32Array.from(data) };
}

/** Throws unless `tensor` has this shape and as many elements. `meaning` tells where the shape comes from. */
export function checkPlain(what: string, tensor: PlainTensor, shape: Shape, meaning: string): void {
  if (!sameShape(tensor.shape, shape)) {
    throw new ShapeError(`${what} must be ${showShape(shape)} (${meaning}), got ${showShape(tensor.shape)}`);
  }
  if (tensor.data.length !== sizeOf(shape)) {
    throw new ShapeError(
      `${what}: ${showShape(shape)} has ${sizeOf(shape)} elements, its data ${tensor.data.length}`,
    );
  }
}

/** [m, n] -> [n, m] */
export function transposed({ shape: [rows, columns], data }: PlainTensor): Float32Tensor {
  const at = (i: number) => data[(i % rows) * columns + Math.floor(i / rows)];
  return float32Tensor(
    [columns, rows],
    Array.from({ length: rows * columns }, (_, i) => at(i)),
  );
}

/** Cuts the last axis into blocks that `from` names by a letter each, and puts them into the order of `to`. */
export function reordered({ shape, data }: PlainTensor, from: string, to: string): Float32Tensor {
  const columns = shape[shape.length - 1];
  const width = columns / from.length;
  const result = float32Tensor(shape, data);
  for (let i = 0; i < result.data.length; i++) {
    const column = i % columns;
    const block = from.indexOf(to[Math.floor(column / width)]);
    result.data[i] = data[i - column + block * width + (column % width)];
  }
  return result;
}

/** Tensors of one shape under a new first axis. */
export function stacked(tensors: readonly PlainTensor[]): Float32Tensor {
  const data = tensors.flatMap((tensor) => Array.from(tensor.data));
  return float32Tensor([tensors.length, ...tensors[0].shape], data);
}

/** The tensors that lie along the first axis. */
export function unstacked({ shape: [count, ...shape], data }: PlainTensor): Float32Tensor[] {
  const size = sizeOf(shape);
  const values = Array.from(data);
  return Array.from({ length: count }, (_, i) =>
    float32Tensor(shape, values.slice(i * size, (i + 1) * size)),
  );
}

export function added(a: PlainTensor, b: PlainTensor): Float32Tensor {
  return float32Tensor(
    a.shape,
    Array.from(a.data, (value, i) => value + b.data[i]),
  );
}

export function zerosLike({ shape }: PlainTensor): Float32Tensor {
  return float32Tensor(shape, new Float32Array(sizeOf(shape)));
}
