import { GraphError } from '../core/errors.ts';

// In which order the gates of a recurrent cell lie side by side, here and elsewhere, by a letter each: of an lstm input, forget and output
// gate and the new candidate g, of a gru reset gate, update gate z and the new state n.

export type RecurrentCellName = 'rnn' | 'lstm' | 'gru';

type GateOrder = Readonly<Record<RecurrentCellName, string>>;

/** As `rnn`, `lstm` and `gru` take them; PyTorch's order, too. */
export const gateOrder: GateOrder = { rnn: 'h', lstm: 'ifgo', gru: 'rzn' };

/** Keras calls them i f c o and z r h. */
export const kerasOrder: GateOrder = { rnn: 'h', lstm: 'ifgo', gru: 'zrn' };

/** ONNX calls them i o f c and z r h. */
export const onnxOrder: GateOrder = { rnn: 'h', lstm: 'iofg', gru: 'zrn' };

const webnnLayouts = { lstm: ['iofg', 'ifgo'], gru: ['zrn', 'rzn'] } as const;

/** The order that a layout of WebNN names, the first one by default. */
export function webnnOrder(what: string, cell: 'lstm' | 'gru', layout: string = webnnLayouts[cell][0]) {
  const allowed = webnnLayouts[cell];
  if (allowed.some((each) => each === layout)) return layout;
  throw new GraphError(`${what}: unknown layout "${layout}" of ${cell} (expected ${allowed.join(' or ')})`);
}

/** Gates that a peephole of an lstm leads to. */
export const peepholeOrder = 'ifo';

/** The same in ONNX and WebNN. */
export const onnxPeepholeOrder = 'iof';

/** Where each gate of `to` stands in `from`. */
export function gatePlaces(from: string, to: string): number[] {
  return to.split('').map((gate) => from.indexOf(gate));
}

/** Which gates a message speaks of: `gru, gates z r n`. */
export function gatesText(cell: RecurrentCellName, order: string): string {
  return `${cell}, gates ${order.split('').join(' ')}`;
}
