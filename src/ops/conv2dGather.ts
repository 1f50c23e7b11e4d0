import type { Shape } from '../core/shape.ts';
import { type Binding, type KernelContext, storageType, type Target } from '../graph/kernel.ts';
import type { ConvolutionAttrs } from './conv2dReference.ts';
import { channelsWgsl, gatherWgsl } from './conv2dWgsl.ts';

/** A convolution, or its gradient with respect to the image, as a gather from a source through the filter into a result. */
export interface Gather {
  readonly context: KernelContext<ConvolutionAttrs>;
  readonly label: 'conv2d' | 'conv2dInputGradient';
  readonly gradient: boolean;
  readonly source: Shape;
  readonly filter: Shape;
  readonly result: Shape;
  /** Source and result channels of one group. */
  readonly depth: number;
  readonly columns: number;
  /** Height and width of one phase in the result, and the pixels of one phase in all images. */
  readonly phaseSize: readonly [number, number];
  readonly pixels: number;
  /** For the gradient as many as strides: pixels of one phase share their taps. */
  readonly phases: number;
}

export function gatherOf(context: KernelContext<ConvolutionAttrs>, gradient: boolean): Gather {
  const { strides, groups } = context.attrs;
  const [source, filter] = context.inputs.map((input) => input.shape);
  const result = context.outputs[0].shape;
  const [images, height, width, channels] = result;
  const phaseSize = gradient
    ? ([Math.ceil(height / strides[0]), Math.ceil(width / strides[1])] as const)
    : ([height, width] as const);
  return {
    context,
    label: gradient ? 'conv2dInputGradient' : 'conv2d',
    gradient,
    source,
    filter,
    result,
    depth: source[3] / groups,
    columns: channels / groups,
    phaseSize,
    pixels: images * phaseSize[0] * phaseSize[1],
    phases: gradient ? strides[0] * strides[1] : 1,
  };
}

/** A filter of one tap that moves with the pixels: each pixel is a row of a plain matrix product. */
export function isProduct({ filter, source, result, context }: Gather): boolean {
  const { strides, padding, groups } = context.attrs;
  const still = strides.every((stride) => stride === 1) && padding.every((number) => number === 0);
  return (
    still && groups === 1 && filter[0] * filter[1] === 1 && source[1] === result[1] && source[2] === result[2]
  );
}

/** Whether a tap of some result pixel lies outside the source. */
export function isPadded({ gradient, source, filter, result, context }: Gather): boolean {
  if (gradient) return true;
  const { strides, dilations, padding } = context.attrs;
  return [0, 1].some((axis) => {
    const last =
      (result[1 + axis] - 1) * strides[axis] - padding[axis] + (filter[axis] - 1) * dilations[axis];
    return padding[axis] !== 0 || last >= source[1 + axis];
  });
}

/** Source, filter, result, then bias and what the epilogue reads. */
export function bindingsOf({ context }: Gather): Binding[] {
  const bias: Binding[] = context.inputs.length > 2 ? [{ input: 2 }] : [];
  return [{ input: 0 }, { input: 1 }, { output: 0 }, ...bias, ...context.epilogue.bindings];
}

/** The variant of a kernel that computes channels of the result four at a time; `depthVec4`: reads the source's so, too. */
export function variantOf(gather: Gather, depthVec4: boolean) {
  const { context, gradient, columns } = gather;
  const { inputs, outputs, epilogue } = context;
  const hasBias = inputs.length > 2;
  const filterVec4 = gradient ? depthVec4 : columns % 4 === 0;
  const resultVec4 = columns % 4 === 0 && epilogue.allowsVec4;
  const result = storageType(outputs[0].dtype, resultVec4 ? 4 : 1);
  return {
    SOURCE: storageType(inputs[0].dtype, depthVec4 ? 4 : 1),
    FILTER: storageType(inputs[1].dtype, filterVec4 ? 4 : 1),
    RESULT: result,
    HAS_BIAS: hasBias,
    BIAS: storageType((inputs[2] ?? inputs[0]).dtype),
    EPILOGUE: epilogue.text(hasBias ? 5 : 4, resultVec4 ? 4 : 1),
    GATHER: gatherWgsl,
    CHANNELS: channelsWgsl({ gradient, depthVec4, filterVec4, hasBias, result, resultVec4 }),
  };
}

/** How tiles of pixels and of channels are spread over invocations and workgroups. */
export interface Tiling {
  readonly pixelTiles: number;
  readonly channelTiles: number;
  readonly pixelLanes: number;
  readonly channelLanes: number;
  readonly groupTiles: number;
}

/** Values for `Params` of `gatherWgsl`. */
export function paramsOf(gather: Gather, tiling: Tiling): Record<string, number> {
  const { context, source, filter, result, phaseSize } = gather;
  const { strides, dilations, padding, groups } = context.attrs;
  return {
    gradient: Number(gather.gradient),
    phases: gather.phases,
    pixels: gather.pixels,
    pixelHeight: phaseSize[0],
    pixelWidth: phaseSize[1],
    pixelTiles: tiling.pixelTiles,
    channelTiles: tiling.channelTiles,
    pixelLanes: tiling.pixelLanes,
    channelLanes: tiling.channelLanes,
    groupTiles: tiling.groupTiles,
    groups,
    depth: gather.depth,
    columns: gather.columns,
    sourceHeight: source[1],
    sourceWidth: source[2],
    sourceChannels: source[3],
    resultHeight: result[1],
    resultWidth: result[2],
    resultChannels: result[3],
    filterHeight: filter[0],
    filterWidth: filter[1],
    strideHeight: strides[0],
    strideWidth: strides[1],
    dilationHeight: dilations[0],
    dilationWidth: dilations[1],
    paddingTop: padding[0],
    paddingLeft: padding[1],
  };
}

/** Invocations below which a device is far from busy: thousands on a GPU, hundreds where a CPU computes them. */
export function busyInvocations(target: Target): number {
  return target.fastWorkgroupMemory ? 4096 : 512;
}

/** Lines of WGSL, one for each number: not every compiler unrolls loops or keeps an indexed array in registers. */
export function repeat(count: number, text: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => text(i)).join('\n  ');
}
