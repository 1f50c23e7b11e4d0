import { matmul } from '../../src/index.ts';
import type { Prepare } from '../page/contender.ts';
import type { MatmulSpec } from '../workloads/matmul.ts';
import { compile, open, operand } from './run.ts';

export const prepare: Prepare<MatmulSpec> = async ({ m, k, n, transposeA, transposeB }, inputs) => {
  const { device, graph } = await open();
  const a = operand(graph, 'a', transposeA ? [k, m] : [m, k], inputs.a);
  const b = operand(graph, 'b', transposeB ? [n, k] : [k, n], inputs.b);
  return compile(device, { outputs: { y: matmul(a, b, { transposeA, transposeB }) } });
};
