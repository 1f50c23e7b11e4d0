import {
  adam,
  add,
  batchNorm,
  conv2d,
  type Device,
  flatten,
  Graph,
  globalAveragePool2d,
  linear,
  maxPool2d,
  openDevice,
  relu,
  reshape,
  softmaxCrossEntropy,
  type Tensor,
  type Variable,
} from '../../src/index.ts';
import type { Prepare, Runnable, TypedArray } from '../page/contender.ts';
import { adamOptions } from '../reference/adam.ts';
import { buildNetwork, type NetworkSpec } from '../workloads/network.ts';
import { compile, operand } from './run.ts';

export const prepare: Prepare<NetworkSpec> = async (spec, inputs) =>
  trainNetwork(await openDevice({ backend: 'webgpu' }), spec, inputs);

/** On any device: the reference is the same network on the CPU. */
export function trainNetwork(
  device: Device,
  { batch, size, channels, layers }: NetworkSpec,
  inputs: Record<string, TypedArray>,
): Promise<Runnable> {
  const graph = new Graph();
  const image = operand(graph, 'image', [batch, size, size, channels], inputs.image);
  const statistics: (readonly [Variable, Tensor])[] = [];
  const [logits] = buildNetwork<Tensor>(layers, image, [size, size, channels], {
    parameter: (name, shape) => graph.variable(name, shape, { initializer: inputs[name] }),
    conv: (x, filter, bias, strides) =>
      conv2d(x, filter, { bias: bias ?? undefined, strides, padding: 'same' }),
    batchNorm(x, scale, offset) {
      const state = (name: string) =>
        graph.variable(`${name}${statistics.length}`, scale.shape, { trainable: false });
      const { output, updates } = batchNorm(x, {
        scale,
        offset,
        runningMean: state('mean'),
        runningVariance: state('variance'),
      });
      statistics.push(...updates);
      return output;
    },
    relu,
    maxPool: (x) => maxPool2d(x, { windowSize: 2 }),
    globalAverage: (x) => reshape(globalAveragePool2d(x), [x.shape[0], x.shape[3]]),
    flatten,
    dense: linear,
    add: (a, b) => add(a, b),
    again: (x) => x,
  });
  const loss = softmaxCrossEntropy(logits, operand(graph, 'label', [batch], inputs.label));
  return compile(device, {
    outputs: { loss },
    updates: [...statistics, ...adam(adamOptions).minimize(loss)],
  });
}
