import source from '#shaders/conv2d.wgsl' with { type: 'text' };
import depthwiseSource from '#shaders/conv2dDepthwise.wgsl' with { type: 'text' };
import { type KernelCall, type KernelContext, linearGrid, storageType } from '../graph/kernel.ts';
import {
  bindingsOf,
  busyInvocations,
  type Gather,
  gatherOf,
  isPadded,
  isProduct,
  paramsOf,
  repeat,
  variantOf,
} from './conv2dGather.ts';
import type { ConvolutionAttrs } from './conv2dReference.ts';
import { im2colCalls, tiledCall } from './conv2dTiledKernels.ts';
import { gatherWgsl } from './conv2dWgsl.ts';
import { matmulCalls } from './matmulKernels.ts';

/**
 * How a convolution, or the gradient with respect to its image, may be computed:
 * - `direct`: in registers, source channels one at a time; for few of them.
 * - `implicit`: an implicit matrix product [pixels, taps * depth] x [taps * depth, channels] in registers, source channels
 *   four at a time.
 * - `implicitTiled`: the same through tiles in workgroup memory.
 * - `im2col`: the windows are written out as a matrix first; for small images with many channels.
 * - `depthwise`: a channel, or four, per invocation; for groups of few channels.
 * - `matmul`: a plain matrix product; for a filter of one tap and strides of 1.
 */
export const gatherVariants = [
  'direct',
  'implicit',
  'implicitTiled',
  'im2col',
  'depthwise',
  'matmul',
] as const;
type Variant = (typeof gatherVariants)[number];

/** Workgroups and products below which tiles in workgroup memory do not pay. */
const busyTiles = 64;
const tiledProducts = 2 ** 24;
/** Length of a sum from which on few of them are cut into slices, which the matrix product after im2col can do. */
const longSum = 4096;

/** The calls of `conv2d` (inputs: image, filter, bias) or, for `gradient`, of `conv2dInputGradient` (result, filter, bias). */
export function gatherCalls(context: KernelContext<ConvolutionAttrs>, gradient: boolean): KernelCall[] {
  const gather = gatherOf(context, gradient);
  switch (chooseVariant(gather)) {
    case 'direct':
      return [registerCall(gather, 'direct', false)];
    case 'implicit':
      return [registerCall(gather, 'implicit', gather.depth % 4 === 0)];
    case 'implicitTiled':
      return [tiledCall(gather)];
    case 'im2col':
      return im2colCalls(gather);
    case 'depthwise':
      return [depthwiseCall(gather)];
    case 'matmul':
      return productCalls(gather);
  }
}

function chooseVariant(gather: Gather): Variant {
  const { depth, columns, context, pixels, phases, filter } = gather;
  const { groups } = context.attrs;
  const forced = gatherVariants.find((name) => name === context.target.variants?.[gather.label]);
  const possible = { matmul: isProduct(gather), im2col: groups === 1 && !gather.gradient };
  if (forced && (forced in possible ? possible[forced as keyof typeof possible] : true)) return forced;
  if (possible.matmul) return 'matmul';
  if (groups > 1 && (columns < 4 || (columns < 8 && depth === 1))) return 'depthwise';
  const products = pixels * filter[0] * filter[1] * depth * columns * groups;
  const tiles = phases * groups * Math.ceil(pixels / 64) * Math.ceil(columns / 64);
  const large = tiles >= busyTiles && products >= tiledProducts && columns >= 16 && depth >= 8;
  if (large && context.target.fastWorkgroupMemory) return 'implicitTiled';
  const sum = filter[0] * filter[1] * depth;
  const few = (pixels * columns) / 8 < busyInvocations(context.target);
  const fits = 4 * pixels * sum <= context.target.limits.storageBindingBytes;
  if (possible.im2col && few && sum >= longSum && fits) return 'im2col';
  return depth <= 4 ? 'direct' : 'implicit';
}

function productCalls({ context, label, gradient, source: { 3: depth }, result }: Gather): KernelCall[] {
  const { inputs, outputs, target, epilogue } = context;
  return matmulCalls(
    {
      label: `${label}/matmul`,
      a: { binding: { input: 0 }, dtype: inputs[0].dtype, transposed: false, batchStrides: [] },
      b: { binding: { input: 1 }, dtype: inputs[1].dtype, transposed: gradient, batchStrides: [] },
      y: { binding: { output: 0 }, dtype: outputs[0].dtype },
      bias: inputs[2] && { binding: { input: 2 }, dtype: inputs[2].dtype },
      m: result[0] * result[1] * result[2],
      n: result[3],
      k: depth,
      batch: [],
      epilogue,
    },
    target,
  );
}

function registerCall(gather: Gather, variant: string, depthVec4: boolean): KernelCall {
  const { context, gradient, columns, phases } = gather;
  const { groups } = context.attrs;
  const block = sharedBlock(gather) ?? blockFor(gather, depthVec4);
  const { pixels, channels, shared } = block;
  const groupTiles = Math.ceil(columns / channels);
  const lanes = lanesFor(groups * groupTiles);
  const pixelTiles = Math.ceil(gather.pixels / (lanes.pixelLanes * pixels));
  const channelTiles = Math.ceil((groups * groupTiles) / lanes.channelLanes);
  return {
    label: `${gather.label}/${variant}${shared ? '/shared' : ''}`,
    source,
    variant: {
      ...variantOf(gather, depthVec4),
      VALUES: depthVec4 ? 'vec4<f32>' : 'f32',
      DEPTH_STEP: depthVec4 ? 4 : 1,
      PADDED: isPadded(gather),
      SHARED: shared,
      PIXELS: pixels,
      COLUMNS: channels,
      ...registerTexts(block, gradient, depthVec4),
    },
    params: paramsOf(gather, { ...lanes, pixelTiles, channelTiles, groupTiles }),
    bindings: bindingsOf(gather),
    workgroups: linearGrid(pixelTiles * channelTiles * phases),
  };
}

/** Pixels and channels of one invocation. */
interface Block {
  readonly pixels: number;
  readonly channels: number;
  /** Four invocations side by side share their pixels: each loads a quarter of them and hands them to the others. */
  readonly shared: boolean;
}

/** Large blocks load less for each product, small ones keep more of a device busy. */
function blockFor(gather: Gather, depthVec4: boolean): Block {
  const { context, label, columns } = gather;
  const { target } = context;
  const blocks = [
    [4, 8],
    [4, 4],
    [2, 4],
  ] as const;
  // With four source channels at a time, a block of 8 by 8 takes more registers than many GPUs have for it.
  const all = depthVec4 && target.fastWorkgroupMemory ? blocks : ([[8, 8], ...blocks] as const);
  const fitting = all.filter(([, channels]) => channels - 4 < columns);
  const busy = target.variants?.[label] ? fitting[0] : fitting.find((block) => keepsBusy(gather, block));
  const [pixels, channels] = busy ?? [1, 4];
  return { pixels, channels, shared: false };
}

/** The block where subgroups of four can share pixels: enough channels for all four of them. */
function sharedBlock(gather: Gather): Block | undefined {
  const { context, columns } = gather;
  const { target, attrs } = context;
  if (target.subgroupSize !== 4 || attrs.groups > 1) return undefined;
  const blocks = [
    [16, 8],
    [8, 8],
    [16, 4],
    [8, 4],
  ] as const;
  const busy = blocks.find(
    ([pixels, channels]) =>
      pixels * channels <= target.registerWords &&
      columns > 3 * channels &&
      (target.variants?.[gather.label] !== undefined || keepsBusy(gather, [pixels, channels])),
  );
  return busy && { pixels: busy[0], channels: busy[1], shared: true };
}

function keepsBusy(
  { context, pixels, phases, columns }: Gather,
  [rows, channels]: readonly [number, number],
): boolean {
  const { attrs, target } = context;
  const invocations = Math.ceil(pixels / rows) * phases * attrs.groups * Math.ceil(columns / channels);
  return invocations >= busyInvocations(target);
}

function registerTexts(
  { pixels, channels, shared }: Block,
  gradient: boolean,
  depthVec4: boolean,
): Record<string, string> {
  const quads = channels / 4;
  const places = shared ? pixels / 4 : pixels;
  const eachQuad = (text: (q: number) => string) => repeat(quads, text);
  const at = (q: number) =>
    gradient
      ? `filterBase + ${4 * q}u * params.sourceChannels + k`
      : `filterBase + k * params.resultChannels + ${4 * q}u`;
  const sum = (i: number, q: number) =>
    depthVec4 ? `multiply(sum${i}_${q}, a${i}, b${q})` : `fma(vec4<f32>(a${i}), b${q}, sum${i}_${q})`;
  const number = (p: number) => (shared ? `(${4 * p}u + lane % 4u)` : `${p}u`);
  const load = (p: number) => `load(at${p}, firstChannel + k)`;
  /** What belongs to pixel i, of what four invocations have for one place each. */
  const ofPixel = (i: number, name: string, rest = '') =>
    shared ? `subgroupBroadcast(${name}${Math.floor(i / 4)}${rest}, ${i % 4}u)` : `${name}${i}${rest}`;
  return {
    ...tapTexts(places),
    START: `${eachQuad((q) => `let bias${q} = biasAt(group * params.columns + column + ${4 * q}u);`)}
  ${repeat(places, (p) => `let place${p} = locate(firstPixel + ${number(p)} * params.pixelLanes, rows, columns);`)}
  ${repeat(pixels, (i) => eachQuad((q) => `var sum${i}_${q} = bias${q};`))}`,
    MULTIPLY: `${eachQuad((q) => `let b${q} = ${depthVec4 ? 'filterBlock' : 'filterRow'}(${at(q)});`)}
  ${shared ? repeat(places, (p) => `let mine${p} = ${load(p)};`) : ''}
  ${repeat(
    pixels,
    (i) => `let a${i} = ${shared ? ofPixel(i, 'mine') : load(i)};
  ${eachQuad((q) => `sum${i}_${q} = ${sum(i, q)};`)}`,
  )}`,
    // SwiftShader compiles a store to four branches, and has its variables in memory anyway: one text in a loop.
    STORE: shared
      ? `var sums = array<vec4<f32>, ${pixels * quads}>(${repeat(pixels, (i) => eachQuad((q) => `sum${i}_${q},`))});
  var pixels = array<i32, ${pixels}>(${repeat(pixels, (i) => `${ofPixel(i, 'place', '.pixel')},`)});
  for (var i = 0u; i < ${pixels * quads}u; i++) {
    store(pixels[i / ${quads}u], group, column + i % ${quads}u * 4u, sums[i]);
  }`
      : repeat(pixels, (i) =>
          eachQuad((q) => `store(place${i}.pixel, group, column + ${4 * q}u, sum${i}_${q});`),
        ),
  };
}

/** Where each pixel reads: the line once for each row of the filter, the place in it for each tap. */
function tapTexts(pixels: number): Record<string, string> {
  return {
    LINE: repeat(pixels, (i) => `let line${i} = lineAt(place${i}, i * rows.advance);`),
    TAP: repeat(
      pixels,
      (i) => `let at${i} = sourceAt(line${i}, place${i}.column + j * columns.advance, width, channels);`,
    ),
  };
}

function depthwiseCall(gather: Gather): KernelCall {
  const { context, depth, columns, result, phases } = gather;
  const { inputs, outputs, epilogue } = context;
  const oneToOne = depth === 1 && columns === 1;
  const width = oneToOne && result[3] % 4 === 0 && epilogue.allowsVec4 ? 4 : 1;
  const units = result[3] / width;
  const pixels = Math.ceil(gather.pixels / 4) * units * phases >= busyInvocations(context.target) ? 4 : 1;
  const inARow = oneToOne && pixels === 4 && readsSideBySide(gather);
  const lanes = lanesFor(units);
  const quads = (gather.pixels / gather.phaseSize[1]) * Math.ceil(gather.phaseSize[1] / 4);
  const pixelTiles = Math.ceil(
    inARow ? quads / lanes.pixelLanes : gather.pixels / (lanes.pixelLanes * pixels),
  );
  const channelTiles = Math.ceil(units / lanes.channelLanes);
  return {
    label: `${gather.label}/depthwise`,
    source: depthwiseSource,
    variant: {
      SOURCE: storageType(inputs[0].dtype, width),
      FILTER: storageType(inputs[1].dtype, width),
      RESULT: storageType(outputs[0].dtype, width),
      HAS_BIAS: inputs.length > 2,
      BIAS: storageType((inputs[2] ?? inputs[0]).dtype, width),
      EPILOGUE: epilogue.text(inputs.length > 2 ? 5 : 4, width),
      GATHER: gatherWgsl,
      WIDTH: width,
      ONE_TO_ONE: oneToOne,
      PIXELS: pixels,
      FILTER_AT: gather.gradient
        ? '(tap * params.columns + channel % params.columns) * params.sourceChannels + firstChannel + k'
        : '(tap * params.depth + k) * params.resultChannels + channel',
      IN_A_ROW: inARow,
      FILTER_WIDTH: gather.filter[1],
      ...(inARow ? rowTexts(gather) : spreadTexts(pixels, oneToOne)),
    },
    params: paramsOf(gather, { ...lanes, pixelTiles, channelTiles, groupTiles: 1 }),
    bindings: bindingsOf(gather),
    workgroups: linearGrid(pixelTiles * channelTiles * phases),
  };
}

/** Whether neighbouring pixels read neighbouring places, by taps that are few enough to be written out. */
function readsSideBySide({ context, gradient, filter }: Gather): boolean {
  const { strides, dilations } = context.attrs;
  return strides[1] === 1 && dilations[1] === 1 && filter[1] <= 7 && (!gradient || strides[0] === 1);
}

/** Pixels of an invocation that lie apart, so that neighbouring invocations read what lies together. */
function spreadTexts(pixels: number, oneToOne: boolean): Record<string, string> {
  return {
    START: repeat(
      pixels,
      (i) => `let place${i} = locate(firstPixel + ${i}u * params.pixelLanes, rows, columns);
  var sum${i} = biasAt(channel);`,
    ),
    ...tapTexts(pixels),
    MULTIPLY: repeat(
      pixels,
      (i) => `sum${i} = fma(load(at${i}, firstChannel${oneToOne ? '' : ' + k'}), b, sum${i});`,
    ),
    MULTIPLY_ROW: '',
    STORE: repeat(pixels, (i) => `store(place${i}.pixel, channel, sum${i});`),
  };
}

/** Four pixels side by side: what lies at an offset from the first one is loaded once for all taps that read it. */
function rowTexts({ filter, gradient }: Gather): Record<string, string> {
  const width = filter[1];
  const first = gradient ? 1 - width : 0;
  const multiply = (offset: number) =>
    [0, 1, 2, 3]
      .map((i) => ({ i, tap: gradient ? i - offset : offset - i }))
      .filter(({ tap }) => tap >= 0 && tap < width)
      .map(({ i, tap }) => `sum${i} = fma(value${offset - first}, b${tap}, sum${i});`)
      .join('\n  ');
  return {
    START: `let place = locate(firstPixel, rows, columns);
  ${repeat(4, (i) => `var sum${i} = biasAt(channel);`)}`,
    LINE: 'let line = lineAt(place, i * rows.advance);',
    TAP: '',
    MULTIPLY: '',
    MULTIPLY_ROW: `${repeat(width, (j) => `let b${j} = F(filters[(firstTap + ${j}u) * (params.resultChannels / WIDTH) + channel]);`)}
  ${repeat(
    width + 3,
    (
      n,
    ) => `let value${n} = load(sourceAt(line, place.column + (${n + first}), width, channels), firstChannel);
  ${multiply(n + first)}`,
  )}`,
    STORE: repeat(
      4,
      (i) =>
        `store(select(-1, place.pixel + ${i}, firstColumn + ${i}u < params.pixelWidth), channel, sum${i});`,
    ),
  };
}

/** How the 64 invocations of a workgroup are spread over units of channels and over pixels. */
function lanesFor(units: number): { pixelLanes: number; channelLanes: number } {
  let channelLanes = 1;
  while (channelLanes < units && channelLanes < 16) channelLanes *= 2;
  return { pixelLanes: 64 / channelLanes, channelLanes };
}
