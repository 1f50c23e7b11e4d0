import type { Prepare } from '../../page/contender.ts';
import type { Conv2dSpec } from '../../workloads/conv2d.ts';
import { openTf, runEager, tf } from './tf.ts';

export const prepare: Prepare<Conv2dSpec> = async (spec, inputs) => {
  await openTf();
  const { part, batch, size, inChannels, outChannels, filterSize, stride, depthwise } = spec;
  const outSize = size / stride;
  const xShape: [number, number, number, number] = [batch, size, size, inChannels];
  const filterShape: [number, number, number, number] = [
    filterSize,
    filterSize,
    inChannels,
    depthwise ? 1 : outChannels,
  ];
  const x = tf.tensor4d(inputs.x, xShape);
  const filter = tf.tensor4d(inputs.filter, filterShape);
  const dy = tf.tensor4d(inputs.dy, [batch, outSize, outSize, outChannels]);
  // The kernels that its gradients call, without the forward pass before them.
  const attributes = { strides: stride, pad: 'same', dilations: 1, dataFormat: 'NHWC' };
  const run = (kernel: string, tensors: Record<string, tf.Tensor>, more: tf.NamedAttrMap) =>
    tf.engine().runKernel(kernel, tensors, { ...attributes, ...more }) as tf.Tensor;
  const prefix = depthwise ? 'DepthwiseConv2dNative' : 'Conv2D';
  return runEager((): Record<string, tf.Tensor> => {
    if (part === 'forward')
      return {
        y: depthwise ? tf.depthwiseConv2d(x, filter, stride, 'same') : tf.conv2d(x, filter, stride, 'same'),
      };
    return part === 'inputGradient'
      ? { dx: run(`${prefix}BackpropInput`, { dy, filter }, { inputShape: xShape }) }
      : { dFilter: run(`${prefix}BackpropFilter`, { x, dy }, { filterShape }) };
  });
};
