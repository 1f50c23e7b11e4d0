import type { LstmWeights, RecurrentOptions, Tensor } from '../../src/index.ts';
import * as tensorloom from '../../src/index.ts';
import type { CaseReader } from './torchCase.ts';
import type { Rule } from './torchOps.ts';

// rnn, lstm and gru under PyTorch's names: weight_ih_l{layer}[_reverse] is [gates * hidden, input], gates in our own order.

/** What the strings of a recurrent case must say, so that it means our op. */
const meanings = {
  layout: ['input [T, B, I]; output [T, B, D*H]; states [layers*D, B, H]'],
  gateOrder: ['', 'i f g o', 'r z n (resetAfter: n = tanh(W x + b + r * (R h + c)))'],
  weights: ['weight_ih_l{k}[_reverse] [G*H, I], weight_hh [G*H, H], bias_ih, bias_hh'],
};

function weightsOf(read: CaseReader, layer: number, bidirectional: boolean): LstmWeights {
  const both = (make: (suffix: string) => Tensor | undefined): Tensor | undefined => {
    const forward = make('');
    if (!forward || !bidirectional) return forward;
    return tensorloom.stack([forward, make('_reverse') ?? forward]);
  };
  const matrix = (name: string) =>
    both((suffix) => {
      const tensor = read.optionalTensor(`${name}_l${layer}${suffix}`);
      return tensor && tensorloom.transpose(tensor, [1, 0]);
    });
  const vector = (name: string) => both((suffix) => read.optionalTensor(`${name}_l${layer}${suffix}`));
  const [weight, recurrentWeight] = [matrix('weight_ih'), matrix('weight_hh')];
  if (!weight || !recurrentWeight) throw new Error(`the case has no weights for layer ${layer}`);
  const projectionWeight = matrix('weight_hr');
  return {
    weight,
    recurrentWeight,
    bias: vector('bias_ih'),
    recurrentBias: vector('bias_hh'),
    ...(projectionWeight && { projectionWeight }),
  };
}

function read(reader: CaseReader): { weights: LstmWeights[]; options: RecurrentOptions; x: Tensor } {
  for (const [name, allowed] of Object.entries(meanings)) reader.choice(name, ...allowed);
  reader.number('hiddenSize');
  reader.optionalNumber('projectionSize');
  const bidirectional = reader.boolean('bidirectional');
  const lengths = reader.optionalNumbers('lengths');
  return {
    x: reader.tensor('input'),
    weights: Array.from({ length: reader.number('layers') }, (_, layer) =>
      weightsOf(reader, layer, bidirectional),
    ),
    options: {
      direction: bidirectional ? 'bidirectional' : 'forward',
      initialHiddenState: reader.optionalTensor('h0'),
      lengths: lengths && reader.graph.constant(lengths, [lengths.length], 'int32'),
    },
  };
}

export const torchRecurrent: Readonly<Record<string, Rule>> = {
  rnn(reader) {
    const { x, weights, options } = read(reader);
    const activation = { tanh: tensorloom.tanh, relu: tensorloom.relu }[
      reader.choice('activation', 'tanh', 'relu')
    ];
    const { output, hiddenState } = tensorloom.rnn(x, weights, { ...options, activation });
    return { output, hT: hiddenState };
  },
  gru(reader) {
    const { x, weights, options } = read(reader);
    const { output, hiddenState } = tensorloom.gru(x, weights, options);
    return { output, hT: hiddenState };
  },
  lstm(reader) {
    const { x, weights, options } = read(reader);
    const initialCellState = reader.optionalTensor('c0');
    const { output, hiddenState, cellState } = tensorloom.lstm(x, weights, { ...options, initialCellState });
    return { output, hT: hiddenState, cT: cellState };
  },
};
