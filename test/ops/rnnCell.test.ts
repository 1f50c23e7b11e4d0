import { relu } from '../../src/ops/activations.ts';
import { sub } from '../../src/ops/arithmetic.ts';
import { reshape } from '../../src/ops/reshape.ts';
import { rnn } from '../../src/ops/rnn.ts';
import { rnnCell } from '../../src/ops/rnnCell.ts';
import { checkOp } from '../support/checkOp.ts';

checkOp('rnnCell', {
  samples: [
    {
      inputs: [[1, 130], [130, 65], [65, 65], [65], [1, 65]].map((shape) => ({
        shape,
        values: { low: -0.1, high: 0.1 },
      })),
      build: ([x, weight, recurrentWeight, bias, hiddenState]) =>
        rnnCell(x, hiddenState, { weight, recurrentWeight, bias }),
    },
    {
      name: 'one step is what rnn computes',
      inputs: [
        [5, 3],
        [3, 7],
        [7, 7],
        [5, 7],
      ].map((shape) => ({ shape })),
      build: ([x, weight, recurrentWeight, hiddenState]) => {
        const weights = { weight, recurrentWeight };
        const initialHiddenState = reshape(hiddenState, [1, 5, 7]);
        const { lastOutput } = rnn(reshape(x, [1, 5, 3]), weights, { initialHiddenState, activation: relu });
        return sub(rnnCell(x, hiddenState, weights, { activation: relu }), lastOutput);
      },
      expected: new Array(35).fill(0),
      asGpu: true,
    },
  ],
});
