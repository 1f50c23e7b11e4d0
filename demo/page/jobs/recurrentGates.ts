import {
  add,
  type Device,
  embedding,
  gruCell,
  linear,
  lstmCell,
  matmul,
  mul,
  type Program,
  rnnCell,
  sigmoid,
  slice,
  type Tensor,
  tanh,
  type Variable,
} from 'tensorloom';
import type { TextNetwork } from '../../models/text.ts';
import { known } from './recurrentBook.ts';

/** Gates of a cell and its states, in the order in which they are shown. */
export const seriesOf = {
  lstm: ['i', 'f', 'g', 'o', 'c', 'h'],
  gru: ['r', 'z', 'n', 'h'],
  rnn: ['h'],
} as const;

export type GateSeries = (typeof seriesOf)[keyof typeof seriesOf][number];

export interface GateReading {
  /** What was read, without the characters that the network does not know. */
  readonly text: string;
  readonly hiddenSize: number;
  /** [T, H] each, by name. */
  readonly values: Readonly<Partial<Record<GateSeries, Float32Array>>>;
}

export interface GateReader {
  read(text: string): Promise<GateReading>;
}

/** Compiles one step of the first recurrent layer with its gates to look at; it shares the weights of the training. */
export async function gateReader(device: Device, network: TextNetwork): Promise<GateReader> {
  const { graph, settings, table, weights } = network;
  const { cell, hiddenSize, alphabet } = settings;
  const character = graph.input('gates/character', [1], 'int32');
  const hidden = graph.variable('gates/hiddenState', [1, hiddenSize], { trainable: false });
  const cellState = graph.variable('gates/cellState', [1, hiddenSize], { trainable: false });
  const x = embedding(table, character);
  const [own] = weights;
  const { weight, recurrentWeight, bias, recurrentBias } = own;
  const fromInput = linear(x, weight, bias);
  const fromState = recurrentBias
    ? linear(hidden, recurrentWeight, recurrentBias)
    : matmul(hidden, recurrentWeight);
  const part = (sums: Tensor, gate: number) =>
    slice(sums, { axes: [1], begin: [gate * hiddenSize], size: [hiddenSize] });

  let outputs: Partial<Record<GateSeries, Tensor>>;
  let updates: (readonly [Variable, Tensor])[];
  if (cell === 'lstm') {
    const sums = add(fromInput, fromState);
    const next = lstmCell(x, { hiddenState: hidden, cellState }, own);
    const [i, f, o] = [0, 1, 3].map((gate) => sigmoid(part(sums, gate)));
    outputs = { i, f, g: tanh(part(sums, 2)), o, c: next.cellState, h: next.hiddenState };
    updates = [
      [hidden, next.hiddenState],
      [cellState, next.cellState],
    ];
  } else if (cell === 'gru') {
    const [r, z] = [0, 1].map((gate) => sigmoid(add(part(fromInput, gate), part(fromState, gate))));
    // The reset gate acts on the product, as in PyTorch and Keras.
    const n = tanh(add(part(fromInput, 2), mul(r, part(fromState, 2))));
    const h = gruCell(x, hidden, own);
    outputs = { r, z, n, h };
    updates = [[hidden, h]];
  } else {
    const h = rnnCell(x, hidden, own);
    outputs = { h };
    updates = [[hidden, h]];
  }
  const program: Program<GateSeries> = await device.compile({
    outputs: outputs as Record<GateSeries, Tensor>,
    updates,
  });

  return {
    async read(asked) {
      const text = known(asked, alphabet);
      const names = seriesOf[cell];
      const values: Partial<Record<GateSeries, Float32Array>> = {};
      for (const name of names) values[name] = new Float32Array(text.length * hiddenSize);
      for (const [state] of updates) device.write(state, new Float32Array(hiddenSize));
      for (const [t, each] of Array.from(text).entries()) {
        const step = await program.run({ 'gates/character': [alphabet.indexOf(each)] });
        for (const name of names) values[name]?.set(step[name] as Float32Array, t * hiddenSize);
      }
      return { text, hiddenSize, values };
    },
  };
}
