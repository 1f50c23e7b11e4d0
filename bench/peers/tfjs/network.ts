import type { Prepare } from '../../page/contender.ts';
import { buildNetwork, type NetworkSpec, parameterShapes } from '../../workloads/network.ts';
import { openTf, tf } from './tf.ts';
import { train } from './train.ts';

export const prepare: Prepare<NetworkSpec> = async (spec, inputs) => {
  const { batch, size, channels, layers } = spec;
  await openTf();
  const image = tf.tensor4d(inputs.image, [batch, size, size, channels]);
  const labels = tf.oneHot(tf.tensor1d(inputs.label as Int32Array, 'int32'), 10).toFloat();
  const parameters = new Map<string, tf.Variable>();
  // Before the first step: an optimizer changes the variables that it finds then.
  for (const [name, shape] of parameterShapes(spec)) {
    parameters.set(name, tf.variable(tf.tensor(inputs[name], [...shape]), true, name));
  }
  return train(() => {
    const [logits] = buildNetwork<tf.Tensor>(layers, image, [size, size, channels], {
      parameter: (name) => parameters.get(name)!,
      conv(x, filter, bias, stride) {
        const y = tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, stride, 'same');
        return bias ? y.add(bias) : y;
      },
      batchNorm(x, scale, offset) {
        const { mean, variance } = tf.moments(x, [0, 1, 2]);
        return tf.batchNorm(
          x,
          mean as tf.Tensor1D,
          variance as tf.Tensor1D,
          offset as tf.Tensor1D,
          scale as tf.Tensor1D,
          1e-5,
        );
      },
      relu: (x) => x.relu(),
      maxPool: (x) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid'),
      globalAverage: (x) => x.mean([1, 2]),
      flatten: (x) => x.reshape([batch, -1]),
      dense: (x, weight, bias) => x.matMul(weight).add(bias),
      add: (a, b) => a.add(b),
      again: (x) => x,
    });
    return tf.losses.softmaxCrossEntropy(labels, logits).asScalar();
  });
};
