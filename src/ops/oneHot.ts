import { ShapeError } from '../core/errors.ts';
import { normalizeAxis } from '../core/shape.ts';
import { applyOne, type Tensor } from '../graph/graph.ts';
import { elementwise } from './elementwise.ts';
import { checkIndices } from './gather.ts';
import { expandDimensions } from './squeeze.ts';

interface OneHotAttrs {
  readonly on: number;
  readonly off: number;
}

/** Operands: indices, and the numbers 0 … depth - 1 along the axis of the result. */
const oneHotOp = /* @__PURE__ */ elementwise<OneHotAttrs>({
  name: 'oneHot',
  takes: 'integer',
  dtype: () => 'float32',
  scalar:
    ({ on, off }) =>
    (index, place) =>
      index === place ? on : off,
  wgsl: ([index, place], { on, off }) =>
    `select(F(${literal(off)}), F(${literal(on)}), ${index} == ${place})`,
  gradient: () => [null, null],
});

export interface OneHotOptions {
  /** Where the result's new axis stands; default -1, the last. */
  axis?: number;
  /** The value at the index; default 1. */
  on?: number;
  /** All other values; default 0. */
  off?: number;
}

/**
 * float32 rows with one element `on` each: [3] int32 or uint32 labels with depth 10 give [3, 10]. A row whose index is not one of
 * 0 … depth - 1 is all `off`. It is an elementwise op: it costs no kernel where one follows that reads it.
 *
 * ```ts
 * const targets = oneHot(labels, 10); // [64] -> [64, 10]
 * ```
 *
 * @throws DTypeError where `indices` are not integers; ShapeError where `depth` or `axis` do not fit.
 */
export function oneHot(indices: Tensor, depth: number, options: OneHotOptions = {}): Tensor {
  const { graph, dtype, rank } = indices;
  const path = graph.path('oneHot');
  checkIndices(dtype, path);
  if (!Number.isInteger(depth) || depth < 1)
    throw new ShapeError(`${path}: depth must be a whole number of at least 1, got ${depth}`);
  const { on = 1, off = 0 } = options;
  if (!Number.isFinite(on) || !Number.isFinite(off))
    throw new ShapeError(`${path}: on and off must be finite, got ${on} and ${off}`);
  const axis = normalizeAxis(path, options.axis ?? -1, rank + 1);
  const numbers = Array.from({ length: depth }, (_, i) => i);
  const places = graph.constant(numbers, [depth, ...new Array<number>(rank - axis).fill(1)], dtype);
  return applyOne(oneHotOp, [expandDimensions(indices, axis), places], { on, off });
}

function literal(value: number): string {
  const rounded = Math.fround(value);
  return Number.isInteger(rounded) && Math.abs(rounded) < 1e9 ? rounded.toFixed(1) : rounded.toExponential();
}
