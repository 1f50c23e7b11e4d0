import { lstm } from '../../src/ops/lstm.ts';
import { checkOp } from '../support/checkOp.ts';
import { recurrentSample } from '../support/recurrentSamples.ts';

const variants = ['looped', 'resident', 'stepwise', 'chunked'].map((lstm) => ({ lstm }));

checkOp('lstm', {
  samples: [
    recurrentSample(
      lstm,
      4,
      { name: 'plain', steps: 5, batch: 3, inputSize: 4, hiddenSize: 8, bias: true, variants },
      {},
    ),
    recurrentSample(
      lstm,
      4,
      {
        name: 'odd',
        steps: 7,
        batch: 3,
        inputSize: 5,
        hiddenSize: 7,
        bias: true,
        recurrentBias: true,
        states: ['initialHiddenState', 'initialCellState'],
        variants,
      },
      {},
      ({ output, hiddenState, cellState }) => [output, hiddenState, cellState],
    ),
    recurrentSample(
      lstm,
      4,
      {
        name: 'bi lengths',
        steps: 7,
        batch: 3,
        inputSize: 4,
        hiddenSize: 8,
        bidirectional: true,
        bias: true,
        lengths: [7, 0, 3],
        states: ['initialHiddenState', 'initialCellState'],
        extra: { peepholeWeight: [24] },
        variants,
      },
      { batchFirst: true },
      ({ output, hiddenState, cellState }) => [output, hiddenState, cellState],
    ),
  ],
});
