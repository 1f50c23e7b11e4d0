import source from '#shaders/topK.wgsl' with { type: 'text' };
import { type DType, isFloat } from '../core/dtype.ts';
import { DTypeError, ShapeError } from '../core/errors.ts';
import { normalizeAxis, showShape, sizeOf } from '../core/shape.ts';
import { apply, applyOne, type Op, type Tensor } from '../graph/graph.ts';
import { linearGrid, storageType } from '../graph/kernel.ts';
import { forEachLine, linesOf } from './lines.ts';
import { scatterSumOp } from './scatterAdd.ts';

export interface TopKAttrs {
  /** Not negative. */
  readonly axis: number;
  readonly k: number;
  readonly largest: boolean;
}

export interface TopKOptions {
  /** The axis along which to search, negative ones counted from the end; default -1. */
  axis?: number;
  /** Take the largest elements (default) or the smallest. */
  largest?: boolean;
}

/** Outputs: the elements and their indices. */
export const topKOp: Op<TopKAttrs> = {
  name: 'topK',
  infer([x], { axis, k }) {
    if (x.dtype === 'bool')
      throw new DTypeError('expected float32, float16, int32 or uint32, got bool; use cast');
    if (!Number.isInteger(k) || k < 1 || k > x.shape[axis]) {
      throw new ShapeError(
        `k must be a whole number from 1 to the ${x.shape[axis]} elements of axis ${axis} of ${showShape(x.shape)}, got ${k}`,
      );
    }
    const shape = x.shape.map((length, i) => (i === axis ? k : length));
    return [
      { shape, dtype: x.dtype },
      { shape, dtype: 'int32' },
    ];
  },
  reference([x], { inputs, outputs }, { axis, k, largest }) {
    const lines = linesOf(inputs[0].shape, axis);
    const values = new Float64Array(sizeOf(outputs[0].shape));
    const indices = new Float64Array(values.length);
    forEachLine(lines, (line, start) => {
      const at = (i: number) => x[start + i * lines.inner];
      const order = Array.from({ length: lines.length }, (_, i) => i);
      // The sort is stable: between equal elements the index decides.
      order.sort((a, b) => (largest ? ascending(at(b), at(a)) : ascending(at(a), at(b))));
      const first = Math.floor(line / lines.inner) * k * lines.inner + (line % lines.inner);
      for (let rank = 0; rank < k; rank++) {
        values[first + rank * lines.inner] = at(order[rank]);
        indices[first + rank * lines.inner] = order[rank];
      }
    });
    return [values, indices];
  },
  kernels({ inputs: [x], attrs: { axis, k, largest } }) {
    const { length, inner } = linesOf(x.shape, axis);
    const count = sizeOf(x.shape);
    return [
      {
        label: 'topK',
        source,
        variant: { X: storageType(x.dtype), KEY: keyText[x.dtype], LARGEST: largest },
        params: { count, length, inner, k },
        bindings: [{ input: 0 }, { output: 0 }, { output: 1 }],
        workgroups: linearGrid(Math.ceil(count / 64)),
      },
    ];
  },
  // y[r] = x[indices[r]]  =>  dx[indices[r]] = dy[r], line by line, and 0 elsewhere
  gradient([dy], [x], [, indices], { axis }) {
    return [
      dy && isFloat(x.dtype) ? applyOne(scatterSumOp, [indices, dy], { axis, size: x.shape[axis] }) : null,
    ];
  },
  flops: ([x], _, { axis }) => sizeOf(x.shape) * x.shape[axis],
};

/** NaN is larger than everything. */
function ascending(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a - b || 0;
}

/** WGSL that makes of `value` an unsigned number in the order of the values: NaN is the largest, -0 is 0. */
const floatKey = `let bits = bitcast<u32>(f32(value));
  let magnitude = bits & 0x7fffffffu;
  let ordered = select(magnitude | 0x80000000u, ~bits, (bits != magnitude) & (magnitude != 0u));
  return select(ordered, 0xffffffffu, magnitude > 0x7f800000u);`;

const keyText: Readonly<Record<DType, string>> = {
  float32: floatKey,
  float16: floatKey,
  int32: 'return bitcast<u32>(value) ^ 0x80000000u;',
  uint32: 'return value;',
  bool: 'return value;',
};

/**
 * The `k` largest elements along an axis, the largest first, and their indices as int32: [64, 1000] with k = 5 gives twice [64, 5].
 * Between equal elements the one with the lower index comes first; NaN is larger than everything. Float and integer dtypes. The
 * gradient goes to the elements that were chosen.
 *
 * Each element is compared with all others of its line, length² comparisons a line, so lines of some thousands are as far as it should go.
 *
 * ```ts
 * const { values, indices } = topK(softmax(logits), 5); // the five likeliest classes
 * ```
 *
 * @throws ShapeError where `k` or the axis is out of range, DTypeError for bool.
 */
export function topK(x: Tensor, k: number, options: TopKOptions = {}): { values: Tensor; indices: Tensor } {
  const axis = normalizeAxis(x.graph.path('topK'), options.axis ?? -1, x.rank);
  const [values, indices] = apply(topKOp, [x], { axis, k, largest: options.largest ?? true });
  return { values, indices };
}
