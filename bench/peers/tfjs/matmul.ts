import type { Prepare } from '../../page/contender.ts';
import type { MatmulSpec } from '../../workloads/matmul.ts';
import { openTf, runEager, tf } from './tf.ts';

export const prepare: Prepare<MatmulSpec> = async ({ m, k, n, transposeA, transposeB }, inputs) => {
  await openTf();
  const a = tf.tensor2d(inputs.a, transposeA ? [k, m] : [m, k]);
  const b = tf.tensor2d(inputs.b, transposeB ? [n, k] : [k, n]);
  return runEager(() => ({ y: tf.matMul(a, b, transposeA, transposeB) }));
};
