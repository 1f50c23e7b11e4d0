import type { Prepare } from '../../page/contender.ts';
import type { ReductionSpec } from '../../workloads/reduction.ts';
import { openTf, runEager, tf } from './tf.ts';

export const prepare: Prepare<ReductionSpec> = async ({ kind, rows, columns }, inputs) => {
  await openTf();
  const x = tf.tensor2d(inputs.x, [rows, columns]);
  const axes = { inner: [1], outer: [0], all: [0, 1] };
  return runEager(() => ({ y: kind === 'softmax' ? tf.softmax(x) : tf.sum(x, axes[kind]) }));
};
