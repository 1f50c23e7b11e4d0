import * as layers from '@tensorflow/tfjs-layers';
import type { Prepare } from '../../page/contender.ts';
import type { CharLstmSpec } from '../../workloads/charLstm.ts';
import { swapTimeAndBatch } from './layout.ts';
import { openTf, tf } from './tf.ts';
import { train } from './train.ts';

export const prepare: Prepare<CharLstmSpec> = async ({ steps, batch, characters, hiddenSize }, inputs) => {
  await openTf();
  const model = layers.sequential({
    layers: [
      layers.layers.lstm({
        units: hiddenSize,
        returnSequences: true,
        recurrentActivation: 'sigmoid',
        inputShape: [steps, characters],
      }),
      layers.layers.dense({ units: characters }),
    ],
  });
  model.setWeights([
    tf.tensor2d(inputs.weight, [characters, 4 * hiddenSize]),
    tf.tensor2d(inputs.recurrentWeight, [hiddenSize, 4 * hiddenSize]),
    tf.tensor1d(inputs.bias),
    tf.tensor2d(inputs.outputWeight, [hiddenSize, characters]),
    tf.tensor1d(inputs.outputBias),
  ]);
  const x = tf.tensor3d(swapTimeAndBatch(inputs.x, steps, batch, characters), [batch, steps, characters]);
  const labels = tf.tensor1d(Int32Array.from(swapTimeAndBatch(inputs.labels, steps, batch, 1)), 'int32');
  const oneHot = tf.oneHot(labels, characters).toFloat();
  return train(() => {
    const logits = model.apply(x, { training: true }) as tf.Tensor;
    return tf.losses.softmaxCrossEntropy(oneHot, logits.reshape([-1, characters])).asScalar();
  });
};
