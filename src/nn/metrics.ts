import type { Tensor } from '../graph/graph.ts';

/**
 * A measure of quality that is exact over any number of batches: each batch gives totals, computed on the device, which the caller
 * adds up, element by element; the value comes from the sums. So a smaller last batch weighs what it should.
 *
 * ```ts
 * const metric = accuracy();
 * const program = await device.compile({ outputs: { ...metric.totals(logits, labels) } });
 * ```
 */
export interface Metric<Value = number> {
  /** Such as `accuracy`: the key under which training reports it. */
  readonly name: string;
  /**
   * float32 tensors, such as { correct, count }. Counts are exact up to 2^24 a batch.
   *
   * @param mask float32 or bool, in the shape of the samples ([batch], or [batch, steps]): 0 leaves a sample out.
   */
  totals(output: Tensor, target: Tensor, mask?: Tensor): Readonly<Record<string, Tensor>>;
  /** The value that belongs to summed totals. NaN where nothing was counted. */
  value(totals: Readonly<Record<string, ArrayLike<number>>>): Value;
}
