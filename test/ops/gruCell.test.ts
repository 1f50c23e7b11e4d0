import type { Tensor } from '../../src/graph/graph.ts';
import { sub } from '../../src/ops/arithmetic.ts';
import { gru } from '../../src/ops/gru.ts';
import { gruCell } from '../../src/ops/gruCell.ts';
import { reshape } from '../../src/ops/reshape.ts';
import { checkOp } from '../support/checkOp.ts';

const small = { low: -0.5, high: 0.5 };

checkOp('gruCell', {
  samples: [
    ...[true, false].map((resetAfter) => ({
      name: `resetAfter ${resetAfter}`,
      inputs: [[3, 5], [5, 27], [9, 27], [27], [27], [3, 9]].map((shape) => ({ shape, values: small })),
      build: ([x, weight, recurrentWeight, bias, recurrentBias, hiddenState]: Tensor[]) =>
        gruCell(x, hiddenState, { weight, recurrentWeight, bias, recurrentBias }, { resetAfter }),
    })),
    {
      name: 'more units than a workgroup has, as on a GPU',
      inputs: [[5, 3], [3, 204], [68, 204], [204], [5, 68]].map((shape) => ({ shape, values: small })),
      build: ([x, weight, recurrentWeight, recurrentBias, hiddenState]) =>
        gruCell(x, hiddenState, { weight, recurrentWeight, recurrentBias }),
      gradient: false,
      asGpu: true,
    },
    {
      name: 'one step is what gru computes',
      inputs: [[3, 2], [2, 15], [5, 15], [15], [3, 5]].map((shape) => ({ shape, values: small })),
      build: ([x, weight, recurrentWeight, recurrentBias, hiddenState]) => {
        const weights = { weight, recurrentWeight, recurrentBias };
        const initialHiddenState = reshape(hiddenState, [1, 3, 5]);
        const { lastOutput } = gru(reshape(x, [1, 3, 2]), weights, { initialHiddenState });
        return sub(gruCell(x, hiddenState, weights), lastOutput);
      },
      expected: new Array(15).fill(0),
    },
  ],
});
