import { type Shape, sizeOf } from '../core/shape.ts';
import { type Tiling, tile } from './reduceKernels.ts';

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
export function forEachLine(
  { count, length, inner }: Lines,
  visit: (line: number, start: number) => void,
): void {
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

export function planLines(lines: Lines, allowsVec4 = true): LinePlan {
  const rows = lines.inner === 1;
  const wide = planWidth(lines, 4);
  const divisible = (rows ? lines.length : lines.inner) % 4 === 0;
  // As in reduceKernels.ts, four lines side by side are taken at once only by single invocations.
  return allowsVec4 && divisible && (rows || wide.tiling.lanes === 1) ? wide : planWidth(lines, 1);
}

function planWidth({ count, length, inner }: Lines, width: 1 | 4): LinePlan {
  const rows = inner === 1;
  const params = rows
    ? { lines: count, length: length / width, inner }
    : { lines: count / width, length, inner: inner / width };
  return { rows, width, params, tiling: tile(rows, params.lines, params.length, params.inner, width) };
}
