import type { Prepare } from '../../page/contender.ts';
import type { Conv2dSpec } from '../../workloads/conv2d.ts';
import { permute } from '../permute.ts';
import { runModel } from './ort.ts';

/** ONNX: NCHW, OIHW. */
export const prepare: Prepare<Conv2dSpec> = async (spec, inputs) => {
  const { part, batch, size, inChannels, outChannels, filterSize, stride, depthwise } = spec;
  if (part !== 'forward') return { unable: 'inference only' };
  const outSize = size / stride;
  const filterShape = [filterSize, filterSize, inChannels, depthwise ? 1 : outChannels];
  const order = depthwise ? [2, 3, 0, 1] : [3, 2, 0, 1];
  const yShape = [batch, outChannels, outSize, outSize];
  const runnable = await runModel({
    nodes: [
      {
        op: 'Conv',
        inputs: ['x', 'w'],
        outputs: ['y'],
        attributes: {
          auto_pad: 'SAME_UPPER',
          strides: [stride, stride],
          kernel_shape: [filterSize, filterSize],
          group: depthwise ? inChannels : 1,
        },
      },
    ],
    inputs: {
      x: {
        shape: [batch, inChannels, size, size],
        values: permute(inputs.x, [batch, size, size, inChannels], [0, 3, 1, 2]),
      },
    },
    initializers: {
      w: {
        shape: order.map((axis) => filterShape[axis]),
        values: permute(inputs.filter, filterShape, order),
      },
    },
    outputs: { y: yShape },
  });
  return {
    ...runnable,
    async run() {
      const { y } = await runnable.run();
      return { y: permute(y, yShape, [0, 2, 3, 1]) };
    },
  };
};
