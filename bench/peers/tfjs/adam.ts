import type { Prepare } from '../../page/contender.ts';
import { adamOptions } from '../../reference/adam.ts';
import type { AdamSpec } from '../../workloads/adam.ts';
import { flush, openTf, tf } from './tf.ts';

export const prepare: Prepare<AdamSpec> = async (_, inputs) => {
  await openTf();
  const { learningRate, beta1, beta2, epsilon } = adamOptions;
  const optimizer = new tf.AdamOptimizer(learningRate, beta1, beta2, epsilon);
  const first: tf.Tensor = tf.tensor1d(inputs.parameter as Float32Array);
  const parameter = tf.variable(first, true, 'parameter');
  const gradient = tf.tensor1d(inputs.gradient as Float32Array);
  const step = () => optimizer.applyGradients([{ name: 'parameter', tensor: gradient }]);
  return {
    step,
    flush,
    async run() {
      step();
      return { parameter: await parameter.data() };
    },
  };
};
