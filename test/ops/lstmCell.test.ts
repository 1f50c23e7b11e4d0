import { ShapeError } from '../../src/core/errors.ts';
import type { Tensor } from '../../src/graph/graph.ts';
import { sub } from '../../src/ops/arithmetic.ts';
import { stack } from '../../src/ops/concat.ts';
import { lstm } from '../../src/ops/lstm.ts';
import { lstmCell } from '../../src/ops/lstmCell.ts';
import { reshape } from '../../src/ops/reshape.ts';
import { slice } from '../../src/ops/slice.ts';
import { checkOp } from '../support/checkOp.ts';

const small = { low: -0.5, high: 0.5 };

checkOp('lstmCell', {
  samples: [
    {
      name: 'one bias',
      inputs: [[3, 5], [5, 32], [8, 32], [32], [3, 8], [3, 8]].map((shape) => ({ shape, values: small })),
      build: ([x, weight, recurrentWeight, bias, hiddenState, cellState]) => {
        const next = lstmCell(x, { hiddenState, cellState }, { weight, recurrentWeight, bias });
        return [next.hiddenState, next.cellState];
      },
    },
    {
      name: 'two biases, peepholes, an odd size',
      inputs: [[6, 4], [4, 28], [7, 28], [28], [28], [21], [6, 7], [6, 7]].map((shape) => ({
        shape,
        values: small,
      })),
      build: ([x, weight, recurrentWeight, bias, recurrentBias, peepholeWeight, hiddenState, cellState]) => {
        const weights = { weight, recurrentWeight, bias, recurrentBias, peepholeWeight };
        const next = lstmCell(x, { hiddenState, cellState }, weights, { cellClip: 0.4, couple: true });
        return [next.hiddenState, next.cellState];
      },
    },
    {
      name: 'a projection',
      inputs: [
        [2, 3],
        [3, 32],
        [4, 32],
        [8, 4],
        [2, 4],
        [2, 8],
      ].map((shape) => ({ shape, values: small })),
      build: ([x, weight, recurrentWeight, projectionWeight, hiddenState, cellState]) => {
        const next = lstmCell(x, { hiddenState, cellState }, { weight, recurrentWeight, projectionWeight });
        return [next.hiddenState, next.cellState];
      },
    },
    {
      name: 'more units than a workgroup has, as on a GPU',
      inputs: [[5, 3], [3, 272], [68, 272], [272], [5, 68], [5, 68]].map((shape) => ({
        shape,
        values: small,
      })),
      build: ([x, weight, recurrentWeight, bias, hiddenState, cellState]) => {
        const next = lstmCell(x, { hiddenState, cellState }, { weight, recurrentWeight, bias });
        return [next.hiddenState, next.cellState];
      },
      gradient: false,
      asGpu: true,
    },
    {
      name: 'two steps are what lstm computes',
      inputs: [[2, 3, 3], [3, 20], [5, 20], [20], [1, 3, 5], [1, 3, 5]].map((shape) => ({
        shape,
        values: small,
      })),
      build: ([x, weight, recurrentWeight, bias, initialHiddenState, initialCellState]) => {
        const weights = { weight, recurrentWeight, bias };
        const { output, cellState } = lstm(x, weights, { initialHiddenState, initialCellState });
        const row = (y: Tensor, t = 0) =>
          reshape(slice(y, { axes: [0], begin: [t], size: [1] }), y.shape.slice(1));
        const states = { hiddenState: row(initialHiddenState), cellState: row(initialCellState) };
        const first = lstmCell(row(x), states, weights);
        const second = lstmCell(row(x, 1), first, weights);
        return [
          sub(output, stack([first.hiddenState, second.hiddenState])),
          sub(row(cellState), second.cellState),
        ];
      },
      expected: [new Array(30).fill(0), new Array(15).fill(0)],
    },
  ],
  errors: [
    {
      name: 'a state of another size',
      build: (graph) =>
        lstmCell(
          graph.input('x', [2, 3]),
          { hiddenState: graph.input('h', [2, 5]), cellState: graph.input('c', [2, 4]) },
          { weight: graph.input('w', [3, 16]), recurrentWeight: graph.input('u', [4, 16]) },
        ),
      error: ShapeError,
      message: /^lstmCell: hiddenState must be float32 \[2, 4\] \(\[batch, size\]\), got float32 \[2, 5\]$/,
    },
  ],
});
