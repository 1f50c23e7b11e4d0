import source from '#shaders/batchNorm.wgsl' with { type: 'text' };
import gradientSource from '#shaders/batchNormGradient.wgsl' with { type: 'text' };
import statisticsSource from '#shaders/batchNormStatistics.wgsl' with { type: 'text' };
import { sizeOf } from '../core/shape.ts';
import {
  type Binding,
  type KernelCall,
  type KernelContext,
  linearGrid,
  storageType,
} from '../graph/kernel.ts';
import { channelPlan, partialBytes, sumsCall } from './normalizationKernels.ts';

export interface BatchNormAttrs {
  /** The axis of the channels. */
  readonly axis: number;
  readonly epsilon: number;
  readonly momentum: number;
}

/** Two dispatches: partial statistics of slabs; then each invocation joins those of its channels and normalises. */
export function batchNormKernels({
  inputs: [x],
  outputs: [y],
  attrs,
  target,
  epilogue,
}: KernelContext<BatchNormAttrs>): KernelCall[] {
  const plan = channelPlan(x.shape, attrs.axis, epilogue.allowsVec4, target);
  const {
    width,
    channelsLast,
    perChannel,
    elementsPerRow,
    params,
    slabs,
    slabRows,
    columnBlocks,
    blocks,
    blockRows,
  } = plan;
  const partials: Binding = { scratch: 'partials', bytes: partialBytes(plan) };
  const elements = sizeOf(x.shape) / x.shape[attrs.axis];
  const X = storageType(x.dtype, width);
  return [
    {
      label: 'batchNormTraining/statistics',
      source: statisticsSource,
      variant: {
        LANES: plan.lanes,
        X,
        S: perChannel,
        F: storageType('float32', width),
        CHANNELS_LAST: channelsLast,
        FOUR_ROWS: elementsPerRow === 4,
      },
      params: { ...params, slabRows, tree: plan.tree },
      bindings: [{ input: 0 }, partials],
      workgroups: linearGrid(columnBlocks * slabs),
    },
    {
      label: 'batchNormTraining/normalize',
      source,
      variant: {
        LANES: plan.lanes,
        X,
        Y: storageType(y.dtype, width),
        S: perChannel,
        BITS: perChannel === 'f32' ? 'u32' : 'vec4<u32>',
        CHANNELS_LAST: channelsLast,
        EPILOGUE: epilogue.text(9, width),
      },
      params: {
        ...params,
        slabs,
        slabRows,
        blockRows,
        elementsPerRow,
        epsilon: attrs.epsilon,
        momentum: attrs.momentum,
        unbiased: Math.max(1, elements - 1),
      },
      bindings: [
        { input: 0 },
        { input: 1 },
        { input: 2 },
        { output: 0 },
        { output: 1 },
        { output: 2 },
        { output: 3 },
        partials,
        ...epilogue.bindings,
      ],
      workgroups: linearGrid(columnBlocks * blocks),
    },
  ];
}

/** Two dispatches: partial sums of slabs; then each invocation adds up those of its channels and computes its part of dx. */
export function batchNormGradientKernels(context: KernelContext<BatchNormAttrs>): KernelCall[] {
  const { inputs, outputs, attrs, target, epilogue } = context;
  const [x, dy] = inputs;
  const plan = channelPlan(x.shape, attrs.axis, epilogue.allowsVec4, target);
  const { width, channelsLast, perChannel, params, slabs, columnBlocks, blocks, blockRows } = plan;
  const partials: Binding = { scratch: 'partials', bytes: partialBytes(plan) };
  return [
    sumsCall({
      label: 'batchNormGradient/sums',
      x: { binding: { input: 0 }, dtype: x.dtype },
      dy: { binding: { input: 1 }, dtype: dy.dtype },
      statistics: { input: 3 },
      plan,
      statisticsPlan: { kind: 'channel' },
      to: { partials },
    }),
    {
      label: 'batchNormGradient/dx',
      source: gradientSource,
      variant: {
        LANES: plan.lanes,
        X: storageType(x.dtype, width),
        DY: storageType(dy.dtype, width),
        DX: storageType(outputs[0].dtype, width),
        S: perChannel,
        CHANNELS_LAST: channelsLast,
        EPILOGUE: epilogue.text(9, width),
      },
      params: { ...params, slabs, blockRows, elements: sizeOf(x.shape) / x.shape[attrs.axis] },
      bindings: [
        { input: 0 },
        { input: 1 },
        { input: 2 },
        { input: 3 },
        { output: 0 },
        { output: 1 },
        { output: 2 },
        partials,
        ...epilogue.bindings,
      ],
      workgroups: linearGrid(columnBlocks * blocks),
    },
  ];
}
