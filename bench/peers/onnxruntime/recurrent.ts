import type { Prepare, TypedArray } from '../../page/contender.ts';
import type { RecurrentSpec } from '../../workloads/recurrent.ts';
import { runModel } from './ort.ts';

export const prepare: Prepare<RecurrentSpec> = (spec, inputs) => {
  const { cell, steps, batch, inputSize, hiddenSize, resetAfter } = spec;
  if (spec.part !== 'forward') return { unable: 'inference only' };
  // ONNX: lstm i, o, f, c; gru z, r, h
  const order = cell === 'lstm' ? [0, 3, 1, 2] : [1, 0, 2];
  const width = order.length * hiddenSize;
  const rows = (values: TypedArray, height: number) => rowsOfGates(values, height, hiddenSize, order);
  const bias = new Float32Array([...rows(inputs.bias, 1), ...rows(inputs.recurrentBias, 1)]);
  return runModel({
    nodes: [
      {
        op: cell.toUpperCase(),
        inputs: ['x', 'w', 'r', 'b'],
        outputs: ['y'],
        attributes:
          cell === 'lstm'
            ? { hidden_size: hiddenSize }
            : { hidden_size: hiddenSize, linear_before_reset: Number(resetAfter) },
      },
      { op: 'Squeeze', inputs: ['y', 'axes'], outputs: ['output'] },
    ],
    inputs: { x: { shape: [steps, batch, inputSize], values: inputs.x } },
    initializers: {
      w: { shape: [1, width, inputSize], values: rows(inputs.weight, inputSize) },
      r: { shape: [1, width, hiddenSize], values: rows(inputs.recurrentWeight, hiddenSize) },
      b: { shape: [1, 2 * width], values: bias },
      axes: { shape: [1], values: new BigInt64Array([1n]) },
    },
    outputs: { output: [steps, batch, hiddenSize] },
  });
};

/** [height, gates*size] to [gates*size, height], the gates in ONNX's order. */
function rowsOfGates(values: TypedArray, height: number, size: number, order: readonly number[]) {
  const width = order.length * size;
  const rows = new Float32Array(values.length);
  for (let column = 0; column < width; column++) {
    const from = order[Math.floor(column / size)] * size + (column % size);
    for (let i = 0; i < height; i++) rows[column * height + i] = values[i * width + from];
  }
  return rows;
}
