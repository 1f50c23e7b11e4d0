import source from '#shaders/lossTotals.wgsl' with { type: 'text' };
import { ShapeError } from '../core/errors.ts';
import { showShape, sizeOf } from '../core/shape.ts';
import { applyOne, type Op, type Tensor, type Variable } from '../graph/graph.ts';

export interface LossTotalsAttrs {
  /** In the batch whose mean loss it is. */
  readonly samples: number;
}

/** Inputs the loss (one number) and the totals [3]; the output is the totals, updated in place. */
export const lossTotalsOp: Op<LossTotalsAttrs> = {
  name: 'lossTotals',
  infer([loss, totals]) {
    if (loss.dtype !== 'float32' || sizeOf(loss.shape) !== 1)
      throw new ShapeError(
        `the loss must be one float32 number, got ${loss.dtype} ${showShape(loss.shape)}; reduce it with mean()`,
      );
    return [{ shape: totals.shape, dtype: totals.dtype }];
  },
  reference([[loss], [total, counted, failed]], _, { samples }) {
    return Number.isFinite(loss)
      ? [Float64Array.of(total + loss * samples, counted + samples, failed)]
      : [Float64Array.of(total, counted, failed + 1)];
  },
  inPlace: () => [[0, 1]],
  kernels: ({ attrs: { samples } }) => [
    {
      label: 'lossTotals',
      source,
      variant: {},
      params: { samples },
      bindings: [{ input: 0 }, { output: 0 }],
      workgroups: [1, 1, 1],
    },
  ],
  flops: () => 3,
};

/**
 * The sum of the losses of an epoch's samples, how many they are, and how many batches had no finite loss and were left out: [3]. This is how
 * `fit` knows the loss without reading it back in each step.
 */
export function lossTotals(loss: Tensor, totals: Variable, samples: number): Tensor {
  return applyOne(lossTotalsOp, [loss, totals], { samples });
}
