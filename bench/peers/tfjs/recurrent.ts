import * as layers from '@tensorflow/tfjs-layers';
import type { Prepare, TypedArray } from '../../page/contender.ts';
import type { RecurrentSpec } from '../../workloads/recurrent.ts';
import { swapTimeAndBatch } from './layout.ts';
import { openTf, runEager, tf } from './tf.ts';

export const prepare: Prepare<RecurrentSpec> = async (spec, inputs) => {
  const { part, cell, steps, batch, inputSize, hiddenSize } = spec;
  if (cell === 'gru' && spec.resetAfter) return { unable: 'resetAfter throws "not implemented"' };
  await openTf();
  const options = {
    units: hiddenSize,
    returnSequences: true,
    recurrentActivation: 'sigmoid' as const,
    inputShape: [steps, inputSize],
  };
  const layer = cell === 'lstm' ? layers.layers.lstm(options) : layers.layers.gru(options);
  const model = layers.sequential({ layers: [layer] });
  const order = cell === 'lstm' ? [0, 1, 2, 3] : [1, 0, 2];
  const width = order.length * hiddenSize;
  // One bias where others have two.
  const bias = inputs.bias.map((value, i) => value + inputs.recurrentBias[i]) as TypedArray;
  layer.setWeights([
    tf.tensor2d(gatesInOrder(inputs.weight, hiddenSize, order), [inputSize, width]),
    tf.tensor2d(gatesInOrder(inputs.recurrentWeight, hiddenSize, order), [hiddenSize, width]),
    tf.tensor1d(gatesInOrder(bias, hiddenSize, order)),
  ]);
  const x = tf.tensor3d(swapTimeAndBatch(inputs.x, steps, batch, inputSize), [batch, steps, inputSize]);
  if (part === 'forward') {
    return runEager(
      () => ({ output: model.predict(x, { batchSize: batch }) as tf.Tensor }),
      (_, values) => swapTimeAndBatch(values, batch, steps, hiddenSize),
    );
  }
  const dOutput = tf.tensor3d(swapTimeAndBatch(inputs.dOutput, steps, batch, hiddenSize), [
    batch,
    steps,
    hiddenSize,
  ]);
  // Gradients by the names of variables, of which the input is one here.
  const input = tf.variable(x, true, 'input');
  return runEager(
    () => {
      const { grads } = tf.variableGrads(() =>
        (model.apply(input, { training: true }) as tf.Tensor).mul(dOutput).sum().asScalar(),
      );
      const of = (suffix: string) => grads[Object.keys(grads).find((name) => name.endsWith(suffix))!];
      return {
        dX: grads.input,
        dWeight: of('/kernel'),
        dRecurrentWeight: of('/recurrent_kernel'),
        dBias: of('/bias'),
      };
    },
    (name, values) =>
      name === 'dX'
        ? swapTimeAndBatch(values, batch, steps, inputSize)
        : gatesInOrder(values, hiddenSize, order),
  );
};

function gatesInOrder(
  values: Float32Array | Int32Array,
  size: number,
  order: readonly number[],
): Float32Array {
  const width = size * order.length;
  return Float32Array.from(values, (_, i) => {
    const column = i % width;
    return values[i - column + order[Math.floor(column / size)] * size + (column % size)];
  });
}
