import depthwiseSource from '#shaders/conv2dDepthwiseFilterGradient.wgsl' with { type: 'text' };
import source from '#shaders/conv2dFilterGradient.wgsl' with { type: 'text' };
import sumSource from '#shaders/conv2dFilterGradientSum.wgsl' with { type: 'text' };
import tiledSource from '#shaders/conv2dFilterGradientTiled.wgsl' with { type: 'text' };
import { type Shape, sizeOf } from '../core/shape.ts';
import {
  type Binding,
  type KernelCall,
  type KernelContext,
  linearGrid,
  longestLoop,
  noEpilogue,
  storageType,
} from '../graph/kernel.ts';
import { type Block, denseTexts } from './conv2dFilterTexts.ts';
import { busyInvocations } from './conv2dGather.ts';
import type { ConvolutionAttrs } from './conv2dReference.ts';
import { matmulCalls } from './matmulKernels.ts';

/**
 * How a filter's gradient may be computed:
 * - `direct`: rows of the filter one at a time; for few channels.
 * - `implicit`: an implicit matrix product [rows, pixels] x [pixels, features], four rows (channels of one tap) at a time.
 * - `implicitTiled`: the same through tiles in workgroup memory.
 * - `depthwise`: a feature, or four, per invocation; for groups of few channels.
 * - `matmul`: a plain matrix product; for a filter of one tap and strides of 1.
 * All but the last cut the pixels into slabs where there are few sums but many pixels; a second call adds up the slabs.
 */
export const filterGradientVariants = ['direct', 'implicit', 'implicitTiled', 'depthwise', 'matmul'] as const;
type Variant = (typeof filterGradientVariants)[number];

/** The pixels that are worth a slab, and how many slabs there may be. */
const slabPixels = 64;
const mostSlabs = 128;
/** Products below which tiles in workgroup memory do not pay, workgroups that keep a device busy, pixels worth a slab then. */
const tiledProducts = 2 ** 24;
const busyTiles = 512;
const tiledSlabPixels = 256;

type Context = KernelContext<ConvolutionAttrs>;

interface Extents {
  readonly image: Shape;
  readonly gradient: Shape;
  readonly filter: Shape;
  readonly depth: number;
  readonly columns: number;
  readonly filterRows: number;
  /** 1 where the bias's gradient is wanted, as one more row. */
  readonly biasRows: number;
}

/** The calls of `conv2dFilterGradient`: inputs image and result's gradient, outputs filter's and bias's gradient. */
export function filterGradientCalls(context: Context): KernelCall[] {
  const [image, gradient] = context.inputs.map((input) => input.shape);
  const filter = context.outputs[0].shape;
  const extents: Extents = {
    image,
    gradient,
    filter,
    depth: filter[2],
    columns: filter[3] / context.attrs.groups,
    filterRows: filter[0] * filter[1] * filter[2],
    biasRows: context.outputs.length - 1,
  };
  switch (chooseVariant(context, extents)) {
    case 'direct':
      return denseCalls(context, extents, 'direct', false);
    case 'implicit':
      return denseCalls(context, extents, 'implicit', extents.depth % 4 === 0);
    case 'implicitTiled':
      return tiledCalls(context, extents);
    case 'depthwise':
      return depthwiseCalls(context, extents);
    case 'matmul':
      return matmulCallsOf(context, extents);
  }
}

function chooseVariant(context: Context, extents: Extents): Variant {
  const product = isProduct(context, extents);
  const forced = filterGradientVariants.find(
    (name) => name === context.target.variants?.conv2dFilterGradient,
  );
  if (forced && (forced !== 'matmul' || product)) return forced;
  if (product) return 'matmul';
  const { columns, depth, filter, gradient } = extents;
  if (context.attrs.groups > 1 && columns < 4) return 'depthwise';
  const products = sizeOf(filter) * gradient[0] * gradient[1] * gradient[2];
  const large = products >= tiledProducts && columns >= 16 && depth >= 8;
  return large && context.target.fastWorkgroupMemory ? 'implicitTiled' : 'implicit';
}

function isProduct({ attrs }: Context, { image, gradient, filter }: Extents): boolean {
  const still =
    attrs.strides.every((stride) => stride === 1) && attrs.padding.every((number) => number === 0);
  return (
    still &&
    attrs.groups === 1 &&
    filter[0] * filter[1] === 1 &&
    image[1] === gradient[1] &&
    image[2] === gradient[2]
  );
}

function matmulCallsOf({ inputs, outputs, target }: Context, { image }: Extents): KernelCall[] {
  return matmulCalls(
    {
      label: 'conv2dFilterGradient/matmul',
      a: { binding: { input: 0 }, dtype: inputs[0].dtype, transposed: true, batchStrides: [] },
      b: { binding: { input: 1 }, dtype: inputs[1].dtype, transposed: false, batchStrides: [] },
      y: { binding: { output: 0 }, dtype: outputs[0].dtype },
      columnSum: outputs[1] && { binding: { output: 1 }, dtype: outputs[1].dtype },
      m: image[3],
      n: outputs[0].shape[3],
      k: image[0] * image[1] * image[2],
      batch: [],
      epilogue: noEpilogue,
    },
    target,
  );
}

/**
 * Into how many slabs pixels are cut: as keeps a device `busy` with so many `units` for each slab, none too small to be `worth` it,
 * and none that would go round loops too often. `rounds` are those of all pixels.
 */
function slabCount(
  pixels: number,
  { busy, units, worth, rounds }: { busy: number; units: number; worth: number; rounds: number },
): number {
  const useful = Math.min(mostSlabs, Math.ceil(busy / units), Math.floor(pixels / worth));
  return Math.max(1, useful, Math.ceil(rounds / longestLoop));
}

/** How pixels are cut into slabs of chunks of lines, where one slab has `invocations` invocations. */
function slabsFor({ target }: Context, { gradient }: Extents, invocations: number) {
  const [images, height, width] = gradient;
  const lines = images * height;
  const wanted = slabCount(lines * width, {
    busy: busyInvocations(target),
    units: invocations,
    worth: slabPixels,
    // A chunk is a round, too.
    rounds: lines * (width + 1),
  });
  const lineChunks = wanted <= lines ? 1 : Math.min(Math.ceil(wanted / lines), Math.ceil(width / 16));
  const chunkWidth = Math.ceil(width / lineChunks);
  const chunks = lines * Math.ceil(width / chunkWidth);
  const slabChunks = Math.ceil(chunks / wanted);
  return {
    slabs: Math.ceil(chunks / slabChunks),
    chunks,
    slabChunks,
    lineChunks: Math.ceil(width / chunkWidth),
    chunkWidth,
  };
}

function denseCalls(context: Context, extents: Extents, variant: string, depthVec4: boolean): KernelCall[] {
  const { filterRows, biasRows, columns, image } = extents;
  const { groups } = context.attrs;
  const block = blockFor(context, extents, depthVec4);
  const rowTiles = Math.ceil((filterRows + biasRows) / (4 * block.rowQuads));
  const groupTiles = Math.ceil(columns / (4 * block.columnQuads));
  const columnTiles = groups * groupTiles;
  const slabs = slabsFor(context, extents, rowTiles * columnTiles);
  const call: KernelCall = {
    label: `conv2dFilterGradient/${variant}${block.shared ? '/shared' : ''}`,
    source,
    variant: {
      ...variantOf(context, extents, depthVec4, slabs.slabs > 1),
      DEPTH_VEC4: depthVec4,
      DEPTH_STEP: depthVec4 ? 4 : 1,
      SHARED: block.shared,
      ROWS: 4 * block.rowQuads,
      COLUMNS: 4 * block.columnQuads,
      PIXELS: block.pixels,
      ...denseTexts(block, depthVec4),
    },
    params: {
      ...paramsOf(context, extents),
      ...slabs,
      rowTiles,
      columnTiles,
      groupTiles,
      features: extents.gradient[3],
      channels: image[3],
    },
    bindings: [{ input: 0 }, { input: 1 }, ...resultBindings(context, extents, slabs.slabs)],
    workgroups: linearGrid(Math.ceil((rowTiles * columnTiles * slabs.slabs) / 64)),
  };
  return [call, ...sumCalls(context, extents, slabs.slabs)];
}

function blockFor({ attrs, target }: Context, extents: Extents, depthVec4: boolean): Block {
  const { columns, depth, gradient } = extents;
  if (target.subgroupSize === 4 && attrs.groups === 1) {
    // All four have columns of the same rows.
    const shared = [2, 1].find((quads) => Math.ceil(columns / (4 * quads)) % 4 === 0);
    if (shared) return { rowQuads: 4, columnQuads: shared, pixels: gradient[2] >= 8 ? 4 : 1, shared: true };
  }
  const rowQuads = depthVec4 && depth % 8 === 0 ? 2 : 1;
  return { rowQuads, columnQuads: columns > 4 ? 2 : 1, pixels: 1, shared: false };
}

/** What the kernels that sum four features at a time have in common. */
function variantOf(
  { inputs, outputs }: Context,
  { biasRows, columns }: Extents,
  depthVec4: boolean,
  partial: boolean,
) {
  const columnsVec4 = columns % 4 === 0;
  const type = storageType(partial ? 'float32' : outputs[0].dtype, columnsVec4 ? 4 : 1);
  const names = partial ? ['partials'] : ['filterGradient', ...(biasRows > 0 ? ['biasGradient'] : [])];
  const declarations = names.map(
    (name, i) => `@group(0) @binding(${2 + i}) var<storage, read_write> ${name}: array<${type}>;`,
  );
  const storeBias =
    biasRows > 0 ? ` else {\n    ${storeText('biasGradient', 'feature', type, columnsVec4)}\n  }` : '';
  return {
    IMAGE: storageType(inputs[0].dtype, depthVec4 ? 4 : 1),
    GRADIENT: storageType(inputs[1].dtype, columnsVec4 ? 4 : 1),
    RESULTS: [...declarations, `@group(0) @binding(${2 + names.length}) var<uniform> params: Params;`].join(
      '\n',
    ),
    BIAS_ROWS: biasRows,
    COLUMNS_VEC4: columnsVec4,
    STORE_ONE: partial
      ? `let at = (slab * (params.filterRows + ${biasRows}u) + row) * params.features + feature;
  ${storeText('partials', 'at', type, columnsVec4)}`
      : `let at = row * params.features + feature;
  if (row < params.filterRows) {
    ${storeText('filterGradient', 'at', type, columnsVec4)}
  }${storeBias}`,
  };
}

function storeText(target: string, at: string, type: string, vec4: boolean): string {
  if (vec4) return `${target}[${at} / 4u] = ${type}(value);`;
  const parts = ['x', 'y', 'z', 'w'].map((part, i) => {
    const store = `${target}[${at} + ${i}u] = ${type}(value.${part});`;
    return i === 0 ? store : `if (column + ${i}u < params.columns) { ${store} }`;
  });
  return parts.join('\n  ');
}

function tiledCalls(context: Context, extents: Extents): KernelCall[] {
  const { filter, depth, columns, image, gradient } = extents;
  const depthVec4 = depth % 4 === 0;
  const depthQuads = Math.ceil(depth / 4);
  const taps = filter[0] * filter[1];
  const rowTiles = Math.ceil((taps * depthQuads) / 16);
  const groupTiles = Math.ceil(columns / 64);
  const columnTiles = context.attrs.groups * groupTiles;
  const pixels = gradient[0] * gradient[1] * gradient[2];
  const wanted = slabCount(pixels, {
    busy: busyTiles,
    units: rowTiles * columnTiles,
    worth: tiledSlabPixels,
    rounds: 2 * pixels,
  });
  const slabPixels = Math.ceil(pixels / wanted / 16) * 16;
  const slabs = Math.ceil(pixels / slabPixels);
  const rows = Array.from({ length: 8 }, (_, r) => r);
  const lines = (text: (r: number, q: number) => string) =>
    rows.flatMap((r) => [text(r, 0), text(r, 1)]).join('\n      ');
  const call: KernelCall = {
    label: 'conv2dFilterGradient/implicitTiled',
    source: tiledSource,
    variant: {
      ...variantOf(context, extents, depthVec4, slabs > 1),
      DEPTH_VEC4: depthVec4,
      START: lines((r, q) => `var sum${r}_${q} = vec4<f32>();`),
      MULTIPLY: lines(
        (r, q) => `sum${r}_${q} = fma(vec4<f32>(x${r >> 2}.${'xyzw'[r % 4]}), g${q}, sum${r}_${q});`,
      ),
      STORE: lines(
        (r, q) =>
          `storeRow(slab, rowTile * 16u + rowLane + ${8 * (r >> 2)}u, ${r % 4}u, group, column${q}, sum${r}_${q});`,
      ),
    },
    params: {
      ...paramsOf(context, extents),
      slabs,
      slabPixels,
      pixels,
      rowTiles,
      columnTiles,
      groupTiles,
      taps,
      depthQuads,
      features: gradient[3],
      channels: image[3],
    },
    bindings: [{ input: 0 }, { input: 1 }, ...resultBindings(context, extents, slabs)],
    workgroups: linearGrid(rowTiles * columnTiles * slabs),
  };
  return [call, ...sumCalls(context, extents, slabs)];
}

function depthwiseCalls(context: Context, extents: Extents): KernelCall[] {
  const { inputs, outputs } = context;
  const { filterRows, biasRows, depth, columns, image, gradient } = extents;
  const oneToOne = depth === 1 && columns === 1;
  const width = oneToOne && gradient[3] % 4 === 0 ? 4 : 1;
  const units = gradient[3] / width;
  const rowTiles = Math.ceil((filterRows + biasRows) / 4);
  const slabs = slabsFor(context, extents, rowTiles * units);
  const type = storageType('float32', width);
  const call: KernelCall = {
    label: 'conv2dFilterGradient/depthwise',
    source: depthwiseSource,
    variant: {
      IMAGE: storageType(inputs[0].dtype, width),
      GRADIENT: storageType(inputs[1].dtype, width),
      RESULT: storageType(outputs[0].dtype, width),
      PARTIAL: slabs.slabs > 1,
      PARTIAL_TYPE: type,
      HAS_BIAS: biasRows > 0,
      BIAS_ROWS: biasRows,
      ONE_TO_ONE: oneToOne,
      F: type,
    },
    params: { ...paramsOf(context, extents), ...slabs, rowTiles, units, channels: image[3] / width },
    bindings: [{ input: 0 }, { input: 1 }, ...resultBindings(context, extents, slabs.slabs)],
    workgroups: linearGrid(Math.ceil((rowTiles * units * slabs.slabs) / 64)),
  };
  return [call, ...sumCalls(context, extents, slabs.slabs)];
}

/** The partial sums: for each slab the filter's gradient, then the bias's. */
function partialsOf({ filterRows, biasRows, gradient }: Extents, slabs: number): Binding {
  return { scratch: 'partials', bytes: 4 * slabs * (filterRows + biasRows) * gradient[3] };
}

function resultBindings(context: Context, extents: Extents, slabs: number): Binding[] {
  return slabs > 1 ? [partialsOf(extents, slabs)] : context.outputs.map((_, output) => ({ output }));
}

function sumCalls({ outputs }: Context, extents: Extents, slabs: number): KernelCall[] {
  if (slabs === 1) return [];
  const { filterRows, biasRows, gradient } = extents;
  const count = (filterRows + biasRows) * gradient[3];
  return [
    {
      label: 'conv2dFilterGradient/sum',
      source: sumSource,
      variant: { RESULT: storageType(outputs[0].dtype), HAS_BIAS: biasRows > 0 },
      params: { slabs, count, filterCount: filterRows * gradient[3] },
      bindings: [partialsOf(extents, slabs), ...outputs.map((_, output) => ({ output }))],
      workgroups: linearGrid(Math.ceil(count / 64)),
    },
  ];
}

function paramsOf(
  { attrs }: Context,
  { image, gradient, filter, filterRows, depth, columns }: Extents,
): Record<string, number> {
  return {
    filterRows,
    depth,
    columns,
    filterWidth: filter[1],
    imageHeight: image[1],
    imageWidth: image[2],
    resultHeight: gradient[1],
    resultWidth: gradient[2],
    strideHeight: attrs.strides[0],
    strideWidth: attrs.strides[1],
    dilationHeight: attrs.dilations[0],
    dilationWidth: attrs.dilations[1],
    paddingTop: attrs.padding[0],
    paddingLeft: attrs.padding[1],
  };
}
