import { type Shape, sizeOf } from '../core/shape.ts';
import { tile, type Tiling } from './reduceKernels.ts';

/** A tensor seen as lines along one axis: elements of a line lie `inner` apart. */
export interface Lines {
  /** How many lines there are. */
  readonly count: number;
  readonly length: number;
  readonly inner: number;
}

export function linesOf(shape: Shape, axis: number): Lines {
  const inner = sizeOf(shape.slice(axis + 1));
  return { count: sizeOf(shape) / shape[axis], length: shape[axis], inner };
}

/** Calls `visit` with each line's number and the offset of its first element. */
export function forEachLine({ count, length, inner }: Lines, visit: (line: number, start: number) => void): void {
  for (let line = 0; line < count; line++) {
    visit(line, Math.floor(line / inner) * length * inner + (line % inner));
  }
}

/** How a kernel goes through lines: along memory where the axis is innermost, else with neighbouring lines side by side. */
export interface LinePlan {
  readonly rows: boolean;
  readonly width: 1 | 4;
  readonly tiling: Tiling;
  /** The params `lines`, `length` and `inner`, in units of `width`. */
  readonly params: { readonly lines: number; readonly length: number; readonly inner: number };
}

export function planLines({ count, length, inner }: Lines, allowsVec4 = true): LinePlan {
  const rows = inner === 1;
  const width = allowsVec4 && (rows ? length : inner) % 4 === 0 ? 4 : 1;
  const params = rows
    ? { lines: count, length: length / width, inner }
    : { lines: count / width, length, inner: inner / width };
  return { rows, width, params, tiling: tile(rows, params.lines, params.length, params.inner, width) };
}
