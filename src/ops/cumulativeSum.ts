import source from '#shaders/cumulativeSum.wgsl' with { type: 'text' };
import { DTypeError } from '../core/errors.ts';
import { normalizeAxis, sizeOf } from '../core/shape.ts';
import { applyOne, type Op, type Tensor } from '../graph/graph.ts';
import { linearGrid, storageType } from '../graph/kernel.ts';
import { forEachLine, linesOf } from './lines.ts';

export interface CumulativeSumAttrs {
  /** Not negative. */
  readonly axis: number;
  readonly exclusive: boolean;
  readonly reverse: boolean;
}

export interface CumulativeSumOptions {
  /** The axis along which to add up, negative ones counted from the end; default -1. */
  axis?: number;
  /** Leave each element itself out of its sum, which then starts with 0; default false. */
  exclusive?: boolean;
  /** Start from the end of the axis; default false. */
  reverse?: boolean;
}

export const cumulativeSumOp: Op<CumulativeSumAttrs> = {
  name: 'cumulativeSum',
  infer([x]) {
    if (x.dtype === 'bool')
      throw new DTypeError('expected float32, float16, int32 or uint32, got bool; use cast');
    return [{ shape: x.shape, dtype: x.dtype }];
  },
  reference([x], specs, { axis, exclusive, reverse }) {
    const result = new Float64Array(x.length);
    const lines = linesOf(specs.inputs[0].shape, axis);
    forEachLine(lines, (_, start) => {
      let total = 0;
      for (let i = 0; i < lines.length; i++) {
        const at = start + (reverse ? lines.length - 1 - i : i) * lines.inner;
        result[at] = exclusive ? total : total + x[at];
        total += x[at];
      }
    });
    return [result];
  },
  kernels({ inputs, attrs, target }) {
    const [x] = inputs;
    const { count, length, inner } = linesOf(x.shape, attrs.axis);
    // Many lines side by side keep the device busy by themselves.
    const choice = length > 32 && (inner === 1 || count < 1024) ? 'scan' : 'sequential';
    const scan = (target.variants?.cumulativeSum ?? choice) === 'scan';
    const type = storageType(x.dtype);
    return [
      {
        label: `cumulativeSum/${scan ? 'scan' : 'sequential'}`,
        source,
        variant: {
          X: type,
          Y: type,
          V: storageType(x.dtype === 'float16' ? 'float32' : x.dtype),
          SCAN: scan,
          REVERSE: attrs.reverse,
          EXCLUSIVE: attrs.exclusive,
        },
        params: { lines: count, length, inner },
        bindings: [{ input: 0 }, { output: 0 }],
        workgroups: linearGrid(scan ? count : Math.ceil(count / 64)),
      },
    ];
  },
  // y[i] = sum of x[j] over j <= i  =>  dx[j] = sum of dy[i] over i >= j
  gradient([dy], _, __, attrs) {
    return [dy && applyOne(cumulativeSumOp, [dy], { ...attrs, reverse: !attrs.reverse })];
  },
  flops: ([x]) => sizeOf(x.shape),
};

/**
 * Running sums along `axis`: [1, 2, 3] becomes [1, 3, 6]; `exclusive` [0, 1, 3]; `reverse` [6, 5, 3]; both [5, 3, 0].
 * Float and integer dtypes; integers wrap. The result has the shape of `x`.
 *
 * @throws ShapeError where the axis is out of range, DTypeError for bool.
 */
export function cumulativeSum(x: Tensor, options: CumulativeSumOptions = {}): Tensor {
  return applyOne(cumulativeSumOp, [x], {
    axis: normalizeAxis(x.graph.path('cumulativeSum'), options.axis ?? -1, x.rank),
    exclusive: options.exclusive ?? false,
    reverse: options.reverse ?? false,
  });
}
