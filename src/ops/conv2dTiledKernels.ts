import source from '#shaders/conv2dTiled.wgsl' with { type: 'text' };
import im2colSource from '#shaders/im2col.wgsl' with { type: 'text' };
import { type Binding, type KernelCall, linearGrid, storageType } from '../graph/kernel.ts';
import { bindingsOf, type Gather, paramsOf, repeat, variantOf } from './conv2dGather.ts';
import { matmulCalls } from './matmulKernels.ts';

/** Workgroups from which on a device is busy with large tiles. */
const busyTiles = 512;

/** Through tiles in workgroup memory: each invocation computes 8 or 4 pixels by 8 channels. */
export function tiledCall(gather: Gather): KernelCall {
  const { context, depth, columns, pixels, phases } = gather;
  const depthVec4 = depth % 4 === 0;
  // 64 pixels by 64 channels, or 128 by 32 where there are few channels; half of the pixels where there are few of them.
  const pixelLanes = columns <= 32 ? 16 : 8;
  const channelLanes = 64 / pixelLanes;
  const largeTiles =
    Math.ceil(pixels / (8 * pixelLanes)) *
    phases *
    context.attrs.groups *
    Math.ceil(columns / (8 * channelLanes));
  const forced = context.target.variants?.[gather.label] !== undefined;
  const rows = forced || largeTiles >= busyTiles ? 8 : 4;
  const depthQuads = depth % 16 === 0 || depth > 32 ? 4 : 2;
  const groupTiles = Math.ceil(columns / (8 * channelLanes));
  const pixelTiles = Math.ceil(pixels / (rows * pixelLanes));
  const channelTiles = context.attrs.groups * groupTiles;
  // Each invocation stages every (64 / depthQuads)-th pixel of the tile.
  const step = 64 / depthQuads;
  const staged = (rows * pixelLanes) / step;
  const repeatRows = (text: (i: number) => string) => repeat(rows, text);
  return {
    label: `${gather.label}/implicitTiled`,
    source,
    variant: {
      ...variantOf(gather, depthVec4),
      ROWS: rows,
      PIXEL_LANES: pixelLanes,
      DEPTH_QUADS: depthQuads,
      DEPTH_VEC4: depthVec4,
      DEPTH_FASTEST: gather.gradient,
      PLACES: repeat(
        staged,
        (s) => `let place${s} = locate(firstPixel + stagedPixel + ${s * step}u, rows, columns);`,
      ),
      LINE: repeat(staged, (s) => `let line${s} = lineAt(place${s}, i * rows.advance);`),
      TAP: repeat(
        staged,
        (s) => `let at${s} = sourceAt(line${s}, place${s}.column + j * columns.advance, width, channels);`,
      ),
      STAGE: repeat(
        staged,
        (s) =>
          `sourceTile[(stagedPixel + ${s * step}u) * PIXEL_STEP + stagedQuad] = load(at${s}, group, first + 4u * stagedQuad);`,
      ),
      START: `let bias0 = biasAt(group * params.columns + column0);
  let bias1 = biasAt(group * params.columns + column1);
  ${repeatRows((i) => `var sum${i}_0 = bias0;\n  var sum${i}_1 = bias1;`)}`,
      MULTIPLY: `let b0 = tileBlock(quad, channelLane);
  let b1 = tileBlock(quad, channelLane + CHANNEL_LANES);
  ${repeatRows(
    (i) => `let a${i} = sourceTile[(pixelLane + ${i}u * PIXEL_LANES) * PIXEL_STEP + quad];
  sum${i}_0 = multiply(sum${i}_0, a${i}, b0);
  sum${i}_1 = multiply(sum${i}_1, a${i}, b1);`,
  )}`,
      STORE: repeatRows(
        (i) => `let pixel${i} = locate(firstPixel + pixelLane + ${i}u * PIXEL_LANES, rows, columns).pixel;
  store(pixel${i}, group, column0, sum${i}_0);
  store(pixel${i}, group, column1, sum${i}_1);`,
      ),
    },
    params: paramsOf(gather, { pixelTiles, channelTiles, pixelLanes, channelLanes, groupTiles }),
    bindings: bindingsOf(gather),
    workgroups: linearGrid(pixelTiles * channelTiles * phases),
  };
}

/** The windows as a matrix [pixels, taps * channels] in scratch memory, then a matrix product with the filter. */
export function im2colCalls(gather: Gather): KernelCall[] {
  const { context, source: image, filter, pixels, result } = gather;
  const { inputs, outputs, target, epilogue } = context;
  const width = image[3] % 4 === 0 ? 4 : 1;
  const k = filter[0] * filter[1] * image[3];
  const count = (pixels * k) / width;
  const windows: Binding = { scratch: 'windows', bytes: 4 * pixels * k };
  const { strides, dilations, padding } = context.attrs;
  return [
    {
      label: 'conv2d/im2col',
      source: im2colSource,
      variant: { IMAGE: storageType(inputs[0].dtype, width), WINDOWS: storageType('float32', width) },
      params: {
        count,
        channels: image[3] / width,
        taps: filter[0] * filter[1],
        filterWidth: filter[1],
        imageHeight: image[1],
        imageWidth: image[2],
        resultHeight: result[1],
        resultWidth: result[2],
        strideHeight: strides[0],
        strideWidth: strides[1],
        dilationHeight: dilations[0],
        dilationWidth: dilations[1],
        paddingTop: padding[0],
        paddingLeft: padding[1],
      },
      bindings: [{ input: 0 }, windows],
      workgroups: linearGrid(Math.ceil(count / 64)),
    },
    ...matmulCalls(
      {
        label: 'conv2d/im2col/matmul',
        a: { binding: windows, dtype: 'float32', transposed: false, batchStrides: [] },
        b: { binding: { input: 1 }, dtype: inputs[1].dtype, transposed: false, batchStrides: [] },
        y: { binding: { output: 0 }, dtype: outputs[0].dtype },
        bias: inputs[2] && { binding: { input: 2 }, dtype: inputs[2].dtype },
        m: pixels,
        n: result[3],
        k,
        batch: [],
        epilogue,
      },
      target,
    ),
  ];
}
