import type { Tensor } from '../graph/graph.ts';
import { type GruCellOptions, gruKind } from './gru.ts';
import type { RecurrentWeights } from './recurrent.ts';
import { recurrentCell, recurrentCellOp } from './recurrentCellOp.ts';

export const gruCellOp = /* @__PURE__ */ recurrentCellOp('gruCell');

/**
 * One step of a gru layer, for data that comes as a stream: one dispatch, the projection of x included (with `resetAfter: false` a few). The
 * equations and the weights are those of `gru`; x is float32 [B, I], the state [B, H]. Gives the new state.
 *
 * ```ts
 * const h = graph.variable('h', [1, 128], { trainable: false });
 * const next = gruCell(x, h, weights);
 * const program = await device.compile({ outputs: { next }, updates: [[h, next]] }); // the state stays on the device
 * ```
 *
 * A gradient through the step is made of elementary ops: train over sequences with `gru`.
 *
 * @throws ShapeError where a weight or the state does not fit.
 */
export function gruCell(
  x: Tensor,
  hiddenState: Tensor,
  weights: RecurrentWeights,
  options: GruCellOptions = {},
): Tensor {
  const kind = gruKind(x.graph.path('gruCell'), options);
  return recurrentCell(gruCellOp, kind, x, { hiddenState }, weights).hidden;
}
