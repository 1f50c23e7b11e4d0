import type { Runnable } from '../../page/contender.ts';
import { adamOptions } from '../../reference/adam.ts';
import { flush, tf } from './tf.ts';

/** Training steps of all trainable variables with Adam. */
export function train(loss: () => tf.Scalar): Runnable {
  const { learningRate, beta1, beta2, epsilon } = adamOptions;
  const optimizer = new tf.AdamOptimizer(learningRate, beta1, beta2, epsilon);
  let last: tf.Scalar | null = null;
  const step = () => {
    const next = optimizer.minimize(loss, true);
    last?.dispose();
    last = next;
  };
  return {
    step,
    flush,
    async run() {
      step();
      return { loss: await last!.data() };
    },
  };
}
