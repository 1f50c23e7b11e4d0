import { gruCell } from '../../src/ops/gruCell.ts';
import { checkOp } from '../support/checkOp.ts';

const small = { low: -0.5, high: 0.5 };

checkOp('gruCell', {
  samples: [true, false].map((resetAfter) => ({
    name: `resetAfter ${resetAfter}`,
    inputs: [[3, 5], [5, 27], [9, 27], [27], [27], [3, 9]].map((shape) => ({ shape, values: small })),
    build: ([x, weight, recurrentWeight, bias, recurrentBias, hiddenState]) =>
      gruCell(x, hiddenState, { weight, recurrentWeight, bias, recurrentBias }, { resetAfter }),
  })),
});
