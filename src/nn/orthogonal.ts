import { ShapeError } from '../core/errors.ts';
import { showShape, sizeOf } from '../core/shape.ts';
import type { InitializerFunction } from './initializers.ts';

/** Vectors that are taken off the later ones in one pass over them: few enough to stay in the caches. */
const block = 16;
/** Vectors that are taken off one other at once: they share its loads. */
const atOnce = 4;

/**
 * `gain` times a matrix with orthonormal columns, or rows where it is wider than high, uniformly distributed among all such (Saxe,
 * McClelland, Ganguli: "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks", ICLR 2014). All axes but the
 * last are joined into the rows, as for the filter of a convolution.
 *
 * @throws ShapeError for less than two axes.
 */
export function orthogonal(options: { gain?: number } = {}): InitializerFunction {
  const { gain = 1 } = options;
  return (shape, random) => {
    if (shape.length < 2) {
      throw new ShapeError(`orthogonal: expected at least two axes, got ${showShape(shape)}`);
    }
    const rows = sizeOf(shape.slice(0, -1));
    const columns = shape[shape.length - 1];
    const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
    const vectors = Float64Array.from({ length: count * length }, () => random.normal());
    orthonormalize(vectors, count, length);
    const [rowStride, columnStride] = rows >= columns ? [1, length] : [length, 1];
    const values = new Float32Array(rows * columns);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        values[row * columns + column] = gain * vectors[row * rowStride + column * columnStride];
      }
    }
    return values;
  };
}

/**
 * Gram and Schmidt: each vector loses its share along the ones before it, then gets length 1. As the diagonal of R in A = QR is then
 * positive, Q of a Gaussian A is uniform (Mezzadri: "How to Generate Random Matrices from the Classical Compact Groups", 2007).
 * A Gaussian matrix is well conditioned: in float64 one pass leaves errors far below what float32 can hold.
 */
function orthonormalize(vectors: Float64Array, count: number, length: number): void {
  for (let start = 0; start < count; start += block) {
    const end = Math.min(start + block, count);
    for (let i = start; i < end; i++) {
      takeOff(vectors, i, start, i, length);
      normalize(vectors, i * length, length);
    }
    for (let later = end; later < count; later++) takeOff(vectors, later, start, end, length);
  }
}

function normalize(vectors: Float64Array, at: number, length: number): void {
  let squares = 0;
  for (let i = at; i < at + length; i++) squares += vectors[i] * vectors[i];
  const factor = 1 / Math.sqrt(squares);
  for (let i = at; i < at + length; i++) vectors[i] *= factor;
}

/** v ← v - Σ (v·q) q over the orthonormal vectors q from `first` to before `end`. */
function takeOff(vectors: Float64Array, vector: number, first: number, end: number, length: number): void {
  const at = vector * length;
  let next = first;
  for (; next + atOnce <= end; next += atOnce) takeFourOff(vectors, at, next * length, length);
  for (; next < end; next++) {
    const from = next * length;
    let dot = 0;
    for (let i = 0; i < length; i++) dot += vectors[at + i] * vectors[from + i];
    for (let i = 0; i < length; i++) vectors[at + i] -= dot * vectors[from + i];
  }
}

function takeFourOff(vectors: Float64Array, at: number, from: number, length: number): void {
  const [a, b, c, d] = [from, from + length, from + 2 * length, from + 3 * length];
  let dotA = 0;
  let dotB = 0;
  let dotC = 0;
  let dotD = 0;
  for (let i = 0; i < length; i++) {
    const value = vectors[at + i];
    dotA += value * vectors[a + i];
    dotB += value * vectors[b + i];
    dotC += value * vectors[c + i];
    dotD += value * vectors[d + i];
  }
  for (let i = 0; i < length; i++) {
    vectors[at + i] -=
      dotA * vectors[a + i] + dotB * vectors[b + i] + dotC * vectors[c + i] + dotD * vectors[d + i];
  }
}
