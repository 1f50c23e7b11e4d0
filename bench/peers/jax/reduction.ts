import type { Prepare } from '../../page/contender.ts';
import type { ReductionSpec } from '../../workloads/reduction.ts';
import { array, nn, np, openJax, runJitted } from './jax.ts';

export const prepare: Prepare<ReductionSpec> = async ({ kind, rows, columns }, inputs) => {
  await openJax();
  const axes = { inner: [1], outer: [0], all: [0, 1] };
  return runJitted(
    (x) => ({ y: kind === 'softmax' ? nn.softmax(x) : np.sum(x, axes[kind]) }),
    [array(inputs.x, [rows, columns])],
  );
};
