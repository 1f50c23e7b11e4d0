import source from '#shaders/lossTotals.wgsl' with { type: 'text' };
import { ShapeError } from '../core/errors.ts';
import { showShape, sizeOf } from '../core/shape.ts';
import { applyOne, type Op, type Tensor, type Variable } from '../graph/graph.ts';

export interface LossTotalsAttrs {
  /** In the batch whose mean loss it is. */
  readonly samples: number;
}

/** Scalars that one dispatch can add up besides the loss: WebGPU grants eight storage buffers. */
export const scalarsAtMost = 6;

/** Inputs the loss (one number), the totals [3 + scalars] and the scalars; the output is the totals, updated in place. */
export const lossTotalsOp: Op<LossTotalsAttrs> = {
  name: 'lossTotals',
  infer([loss, totals, ...scalars]) {
    for (const each of [loss, ...scalars]) {
      if (each.dtype !== 'float32' || sizeOf(each.shape) !== 1)
        throw new ShapeError(
          `the loss must be one float32 number, got ${each.dtype} ${showShape(each.shape)}; reduce it with mean()`,
        );
    }
    return [{ shape: totals.shape, dtype: totals.dtype }];
  },
  reference([[loss], [total, counted, failed, ...sums], ...scalars], _, { samples }) {
    const heads = Number.isFinite(loss)
      ? [total + loss * samples, counted + samples, failed]
      : [total, counted, failed + 1];
    return [Float64Array.of(...heads, ...sums.map((sum, i) => sum + scalars[i][0]))];
  },
  inPlace: () => [[0, 1]],
  kernels({ inputs, attrs: { samples } }) {
    const scalars = inputs.slice(2).map((_, i) => i);
    return [
      {
        label: 'lossTotals',
        source,
        variant: {
          SCALARS: scalars
            .map((i) => `@group(0) @binding(${i + 3}) var<storage, read> scalar${i}: array<f32>;`)
            .join('\n'),
          SUMS: scalars.map((i) => `totals[${i + 3}] += scalar${i}[0];`).join('\n  '),
        },
        params: { samples },
        bindings: [{ input: 0 }, { output: 0 }, ...scalars.map((i) => ({ input: i + 2 }))],
        workgroups: [1, 1, 1],
      },
    ];
  },
  flops: (inputs) => inputs.length,
};

/**
 * The sum of the losses of an epoch's samples, how many they are, how many batches had no finite loss and were left out, and the sums of up to
 * six scalars: [3 + scalars], in one dispatch. This is how `fit` knows loss and metrics without reading them back in each step.
 */
export function lossTotals(
  loss: Tensor,
  totals: Variable,
  samples: number,
  scalars: readonly Tensor[] = [],
): Tensor {
  return applyOne(lossTotalsOp, [loss, totals, ...scalars], { samples });
}
