import { batchNorm, grad, mul, sum } from '../../src/index.ts';
import type { Prepare } from '../page/contender.ts';
import { type BatchNormSpec, epsilon } from '../workloads/batchNorm.ts';
import { compile, open, operand } from './run.ts';

export const prepare: Prepare<BatchNormSpec> = async ({ shape }, inputs) => {
  const { device, graph } = await open();
  const channels = [shape[3]];
  const x = operand(graph, 'x', shape, inputs.x);
  const scale = operand(graph, 'scale', channels, inputs.scale);
  const offset = operand(graph, 'offset', channels, inputs.offset);
  const { output: y, updates } = batchNorm(x, {
    scale,
    offset,
    epsilon,
    runningMean: graph.variable('mean', channels, { trainable: false }),
    runningVariance: graph.variable('variance', channels, { trainable: false }),
  });
  const [dx, dScale, dOffset] = grad(sum(mul(y, operand(graph, 'dy', shape, inputs.dy))), [x, scale, offset]);
  return compile(device, { outputs: { y, dx, dScale, dOffset }, updates });
};
