import type { Tensor } from '../graph/graph.ts';
import type { RecurrentWeights } from './recurrent.ts';
import { recurrentCell, recurrentCellOp } from './recurrentCellOp.ts';
import { type RnnCellOptions, rnnKind } from './rnn.ts';

export const rnnCellOp = /* @__PURE__ */ recurrentCellOp('rnnCell');

/**
 * One step of an rnn layer, for data that comes as a stream: one dispatch, the projection of x included. The equation and the weights are
 * those of `rnn`; x is float32 [B, I], the state [B, H]. Gives the new state, which is also the output; see `gruCell` for how it stays on the device.
 *
 * @throws ShapeError where a weight or the state does not fit.
 */
export function rnnCell(
  x: Tensor,
  hiddenState: Tensor,
  weights: RecurrentWeights,
  options: RnnCellOptions = {},
): Tensor {
  const kind = rnnKind(x.graph.path('rnnCell'), options);
  return recurrentCell(rnnCellOp, kind, x, { hiddenState }, weights).hidden;
}
