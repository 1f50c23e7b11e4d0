import type { Prepare } from '../../page/contender.ts';
import type { MatmulSpec } from '../../workloads/matmul.ts';
import { array, np, openJax, runJitted } from './jax.ts';

export const prepare: Prepare<MatmulSpec> = async ({ m, k, n, transposeA, transposeB }, inputs) => {
  await openJax();
  const a = array(inputs.a, transposeA ? [k, m] : [m, k]);
  const b = array(inputs.b, transposeB ? [n, k] : [k, n]);
  return runJitted(
    (left, right) => ({
      y: np.matmul(transposeA ? left.transpose() : left, transposeB ? right.transpose() : right),
    }),
    [a, b],
  );
};
