import type { Prepare } from '../../page/contender.ts';
import { type BatchNormSpec, epsilon } from '../../workloads/batchNorm.ts';
import { openTf, runEager, tf } from './tf.ts';

export const prepare: Prepare<BatchNormSpec> = async ({ shape }, inputs) => {
  await openTf();
  const x = tf.tensor4d(inputs.x, [...shape]);
  const dy = tf.tensor4d(inputs.dy, [...shape]);
  const scale = tf.tensor1d(inputs.scale as Float32Array);
  const offset = tf.tensor1d(inputs.offset as Float32Array);
  // As tf.layers.batchNormalization does it in training.
  const normalize = (image: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) => {
    const { mean, variance } = tf.moments(image, [0, 1, 2]);
    return tf.batchNorm(
      image,
      mean as tf.Tensor1D,
      variance as tf.Tensor1D,
      beta as tf.Tensor1D,
      gamma as tf.Tensor1D,
      epsilon,
    );
  };
  let y: tf.Tensor;
  const gradients = tf.grads((image: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) => {
    y = tf.keep(normalize(image, gamma, beta));
    return y;
  });
  return runEager(() => {
    const [dx, dScale, dOffset] = gradients([x, scale, offset], dy);
    return { y, dx, dScale, dOffset };
  });
};
