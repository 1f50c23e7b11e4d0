import { conv2d, depthwiseConv2d, grad, mul, sum } from '../../src/index.ts';
import type { Prepare } from '../page/contender.ts';
import type { Conv2dSpec } from '../workloads/conv2d.ts';
import { compile, open, operand } from './run.ts';

export const prepare: Prepare<Conv2dSpec> = async (spec, inputs) => {
  const { part, batch, size, inChannels, outChannels, filterSize, stride, depthwise } = spec;
  const { device, graph } = await open();
  const x = operand(graph, 'x', [batch, size, size, inChannels], inputs.x);
  const filter = operand(
    graph,
    'filter',
    [filterSize, filterSize, inChannels, depthwise ? 1 : outChannels],
    inputs.filter,
  );
  const options = { strides: stride, padding: 'same' } as const;
  const y = depthwise ? depthwiseConv2d(x, filter, options) : conv2d(x, filter, options);
  if (part === 'forward') return compile(device, { outputs: { y } });
  const loss = sum(mul(y, operand(graph, 'dy', y.shape, inputs.dy)));
  const [gradient] = grad(loss, [part === 'inputGradient' ? x : filter]);
  return compile(device, { outputs: { [part === 'inputGradient' ? 'dx' : 'dFilter']: gradient } });
};
