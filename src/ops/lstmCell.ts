import type { Tensor } from '../graph/graph.ts';
import { type LstmCellOptions, type LstmWeights, lstmKind } from './lstm.ts';
import { recurrentCell, recurrentCellOp } from './recurrentCellOp.ts';

export const lstmCellOp = /* @__PURE__ */ recurrentCellOp('lstmCell');

/** The two states of an lstm layer, float32 [B, H]; with a projection of size R the hidden one is [B, R]. */
export interface LstmState {
  hiddenState: Tensor;
  cellState: Tensor;
}

/**
 * One step of an lstm layer, for data that comes as a stream: one dispatch, the projection of x included. The equations and the weights are
 * those of `lstm`; x is float32 [B, I].
 *
 * ```ts
 * const h = graph.variable('h', [1, 128], { trainable: false });
 * const c = graph.variable('c', [1, 128], { trainable: false });
 * const next = lstmCell(x, { hiddenState: h, cellState: c }, weights);
 * const program = await device.compile({
 *   outputs: { y: linear(next.hiddenState, outputWeight) },
 *   updates: [[h, next.hiddenState], [c, next.cellState]], // the states stay on the device
 * });
 * ```
 *
 * Peepholes, or two biases, cost one more dispatch; a projection a few. A gradient through the step is made of elementary ops: train over sequences
 * with `lstm`.
 *
 * @throws ShapeError where a weight or a state does not fit.
 */
export function lstmCell(
  x: Tensor,
  state: LstmState,
  weights: LstmWeights,
  options: LstmCellOptions = {},
): LstmState {
  const kind = lstmKind(x.graph.path('lstmCell'), options);
  const { hidden, cell } = recurrentCell(lstmCellOp, kind, x, state, weights);
  return { hiddenState: hidden, cellState: cell };
}
