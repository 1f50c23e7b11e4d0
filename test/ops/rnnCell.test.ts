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
  ],
});
