import { softmax, sum } from '../../src/index.ts';
import type { Prepare } from '../page/contender.ts';
import type { ReductionSpec } from '../workloads/reduction.ts';
import { compile, open, operand } from './run.ts';

export const prepare: Prepare<ReductionSpec> = async ({ kind, rows, columns }, inputs) => {
  const { device, graph } = await open();
  const x = operand(graph, 'x', [rows, columns], inputs.x);
  const axes = { inner: [1], outer: [0], all: [0, 1] };
  return compile(device, { outputs: { y: kind === 'softmax' ? softmax(x) : sum(x, { axes: axes[kind] }) } });
};
