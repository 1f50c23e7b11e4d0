import { vjp } from '@jax-js/jax';
import type { Prepare } from '../../page/contender.ts';
import { type BatchNormSpec, epsilon } from '../../workloads/batchNorm.ts';
import { array, np, openJax, runJitted, type Value } from './jax.ts';

export const prepare: Prepare<BatchNormSpec> = async ({ shape }, inputs) => {
  await openJax();
  const normalize = (x: Value, scale: Value, offset: Value) => {
    const centred = x.ref.sub(np.mean(x, [0, 1, 2], { keepdims: true }));
    const variance = np.mean(np.square(centred.ref), [0, 1, 2], { keepdims: true });
    return centred
      .div(np.sqrt(variance.add(epsilon)))
      .mul(scale)
      .add(offset);
  };
  return runJitted(
    (x, dy, scale, offset) => {
      const [y, back] = vjp(normalize, [x, scale, offset]);
      const [dx, dScale, dOffset] = back(dy) as Value[];
      back.dispose();
      return { y, dx, dScale, dOffset };
    },
    [
      array(inputs.x, [...shape]),
      array(inputs.dy, [...shape]),
      array(inputs.scale, [shape[3]]),
      array(inputs.offset, [shape[3]]),
    ],
  );
};
