import source from '#shaders/matmul.wgsl' with { type: 'text' };
import tiledSource from '#shaders/matmulTiled.wgsl' with { type: 'text' };
import sumSource from '#shaders/sumPartials.wgsl' with { type: 'text' };
import type { DType } from '../core/dtype.ts';
import {
  type Binding,
  type Epilogue,
  type KernelCall,
  linearGrid,
  longestLoop,
  noEpilogue,
  storageType,
  type Target,
} from '../graph/kernel.ts';
import {
  type InnerText,
  multiplyRestText,
  multiplyText,
  startText,
  storeFunction,
  storeText,
  tiledMultiplyText,
} from './matmulTexts.ts';

/** How a product may be computed, and the entry of `Target.variants` that says so. */
export const matmulVariants = {
  entry: 'matmul',
  names: ['direct', 'wide', 'shared', 'tiled', 'splitK'],
} as const;

/** A product y = a b of matrices in memory, one for each batch. */
export interface Product {
  readonly label: string;
  /** a is [m, k], or [k, m] where it is transposed. */
  readonly a: Operand;
  /** b is [k, n], or [n, k] where it is transposed. */
  readonly b: Operand;
  readonly y: { readonly binding: Binding; readonly dtype: DType };
  /** One number for each of the n columns, added to every row. */
  readonly bias?: { readonly binding: Binding; readonly dtype: DType };
  /** Receives the sum of b's rows, one number for each column: with b = dy this is the gradient of a bias. Without batches. */
  readonly columnSum?: { readonly binding: Binding; readonly dtype: DType };
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Up to three batch axes, outermost first; empty for one product. */
  readonly batch: readonly number[];
  readonly epilogue: Epilogue;
}

export interface Operand {
  readonly binding: Binding;
  readonly dtype: DType;
  readonly transposed: boolean;
  /** Elements between two matrices along each batch axis; 0 where one matrix serves all. */
  readonly batchStrides: readonly number[];
}

/** Invocations below which a device is far from busy: the inner dimension is then cut into slices. A CPU is busy with few. */
const busyInvocations = (target: Target) => (target.fastWorkgroupMemory ? 2048 : 256);
/** Multiplications from which on a kernel pays that takes twice as long to compile. */
const largeProduct = 2 ** 27;
/** The shortest slice of the inner dimension that is worth a partial result. */
const shortestSlice = 256;

/**
 * The dispatches of a product: one, or two where few outputs with a long inner dimension are computed in slices, whose
 * partial results a second dispatch adds up in a fixed order.
 */
export function matmulCalls(product: Product, target: Target): KernelCall[] {
  const { m, n, k } = product;
  const batches = product.batch.reduce((total, length) => total * length, 1);
  const choice = target.variants?.matmul;
  const blocks = chooseBlocks(product, batches, target);
  const busy = busyInvocations(target);
  const invocations = Math.ceil(m / blocks.rows) * Math.ceil(n / blocks.columns) * batches;
  const wanted = choice === 'direct' || invocations >= busy ? 1 : Math.ceil(busy / invocations);
  const useful = choice === 'splitK' ? Math.min(4, k) : Math.min(wanted, slicesAtMost(k));
  const sliced = Math.max(useful, Math.ceil(k / longestLoop));
  // Whole groups of four, so that vec4 loads stay aligned.
  const sliceLength = sliced <= 1 ? k : Math.ceil(k / sliced / 4) * 4;
  const slices = Math.ceil(k / sliceLength);
  const makeCall = blocks.kind === 'tiled' ? tiledCall : memoryCall;
  if (slices === 1) return [makeCall(product, blocks, k, 1, batches, target)];

  const count = batches * m * n;
  const partials: Binding = { scratch: 'partials', bytes: 4 * slices * count };
  const columnPartials: Binding = { scratch: 'columnPartials', bytes: 4 * slices * n };
  const { bias, columnSum, epilogue, y } = product;
  const partial = makeCall(
    {
      ...product,
      y: { binding: partials, dtype: 'float32' },
      bias: undefined,
      columnSum: columnSum && { binding: columnPartials, dtype: 'float32' },
      epilogue: noEpilogue,
    },
    blocks,
    sliceLength,
    slices,
    batches,
    target,
  );
  const extra = bias ? [bias.binding] : columnSum ? [columnPartials, columnSum.binding] : [];
  return [
    partial,
    {
      label: `${product.label}/sum`,
      source: sumSource,
      variant: {
        Y: storageType(y.dtype),
        HAS_BIAS: bias !== undefined,
        BIAS: storageType(bias?.dtype ?? 'float32'),
        HAS_COLUMN_SUM: columnSum !== undefined,
        COLUMN_SUM: storageType(columnSum?.dtype ?? 'float32'),
        EPILOGUE: epilogue.text(3 + extra.length, 1),
      },
      params: { count, slices, columns: n },
      bindings: [partials, y.binding, ...extra, ...epilogue.bindings],
      workgroups: linearGrid(Math.ceil(Math.max(count, columnSum ? n : 0) / 256)),
    },
  ];
}

/** What one invocation computes, and how: see `matmulVariants`. */
interface Blocks {
  readonly kind: 'direct' | 'wide' | 'shared' | 'tiled';
  readonly rows: number;
  readonly columns: 4 | 8;
}

/** More rows and columns share more of a and b; fewer give small products more invocations. */
function chooseBlocks({ a, m, n, k }: Product, batches: number, target: Target): Blocks {
  const choice = target.variants?.matmul;
  const isFree = choice === undefined;
  const isGpu = target.fastWorkgroupMemory;
  if (choice === 'tiled' || (isFree && isGpu && m >= 64 && n >= 64 && k >= 32))
    return { kind: 'tiled', rows: 4, columns: 4 };
  const busy = busyInvocations(target);
  /** Whether blocks of so many rows by eight columns keep a device busy, and leave few rows over. */
  const fits = (rows: number, slices = 1) =>
    8 * rows <= target.registerWords &&
    8 * Math.ceil(m / rows) * rows <= 9 * m &&
    Math.ceil(m / rows) * (n / 8) * batches * slices >= busy;
  // Of eight columns all exist or none.
  const isShared = target.subgroupSize === 4 && n % 8 === 0 && (!a.transposed || hasVec4(a, m));
  if (isShared && (isFree || choice === 'shared')) {
    const whole = m * n * k * batches >= largeProduct ? [32, 16, 8] : [16, 8];
    // Rather in slices of the inner dimension than with few rows.
    const possible =
      whole.find((rows) => fits(rows)) ?? [16, 8, 4].find((rows) => fits(rows, slicesAtMost(k)));
    const rows = isFree ? possible : 8;
    if (rows) return { kind: 'shared', rows, columns: 8 };
  }
  if (n % 8 === 0 && (isFree || choice === 'wide')) {
    // A CPU reads further along b's rows in this way, which matters most where nothing else is read.
    const possible = (isGpu ? [8] : [16, 8, 4, 2, 1]).find((rows) => fits(rows));
    const rows = isFree ? possible : 8;
    if (rows) return { kind: 'wide', rows, columns: 8 };
  }
  const rows = [8, 4, 2].find(
    (rows) => m >= rows && Math.ceil(m / rows) * Math.ceil(n / 4) * batches >= busy,
  );
  return { kind: 'direct', rows: rows ?? 1, columns: 4 };
}

/** Slices of the inner dimension that are each worth a partial result. */
function slicesAtMost(k: number): number {
  return Math.max(1, Math.min(Math.floor(k / shortestSlice), 32));
}

type MakeCall = (
  product: Product,
  blocks: Blocks,
  sliceLength: number,
  slices: number,
  batches: number,
  target: Target,
) => KernelCall;

/** Each invocation reads straight from memory. */
function memoryCall(...given: Parameters<MakeCall>): KernelCall {
  const [{ a, b, m, n, k, columnSum }, { kind, rows, columns }, , , , target] = given;
  const call = productCall(...given);
  const shared = kind === 'shared';
  const text: InnerText = {
    rows,
    transposed: a.transposed,
    rowsVec4: a.transposed && rows % 4 === 0 && hasVec4(a, m),
    shared,
    quads: columns / 4,
    columnSum: columnSum !== undefined,
  };
  return {
    ...call,
    label: kind === 'direct' ? call.label : `${call.label}/${kind}`,
    source,
    variant: {
      ...call.variant,
      COLUMNS_VEC4: n % 4 === 0 && !b.transposed,
      SHARED: shared,
      LANES: shared ? 4 : 1,
      COLUMNS: columns,
      ROWS: rows,
      START: startText(text),
      MULTIPLY: multiplyText(text),
      // Slices divide by four.
      MULTIPLY_REST: k % 4 === 0 ? '' : multiplyRestText(text),
      STORE: storeText(text, !target.fastWorkgroupMemory, columnSum?.dtype),
    },
  };
}

/** Workgroups share tiles of a and b in their memory: what pays on GPUs that have such memory in hardware. */
function tiledCall(...given: Parameters<MakeCall>): KernelCall {
  const [product, , , slices, batches] = given;
  const call = productCall(...given);
  return {
    ...call,
    label: `${call.label}/tiled`,
    source: tiledSource,
    variant: {
      ...call.variant,
      MULTIPLY: tiledMultiplyText(product.columnSum !== undefined),
      STORE: storeText({ rows: 4, quads: 1 }, false, product.columnSum?.dtype),
    },
    params: { ...call.params, rowTiles: Math.ceil(product.m / 64) },
    workgroups: linearGrid(Math.ceil(product.n / 64) * Math.ceil(product.m / 64) * batches * slices),
  };
}

/** What all kernels have in common. */
function productCall(...given: Parameters<MakeCall>) {
  const [product, { rows, columns }, sliceLength, slices, batches] = given;
  const { a, b, y, bias, columnSum, m, n, k, epilogue } = product;
  const aVec4 = hasVec4(a, a.transposed ? m : k);
  const bVec4 = hasVec4(b, b.transposed ? k : n);
  const yVec4 = n % 4 === 0 && epilogue.allowsVec4;
  const width = yVec4 ? 4 : 1;
  const [, batch1, batch2] = paddedAxes(product.batch, 1);
  const [aStride0, aStride1, aStride2] = paddedAxes(a.batchStrides, 0);
  const [bStride0, bStride1, bStride2] = paddedAxes(b.batchStrides, 0);
  const [columnTiles, rowTiles] = [Math.ceil(n / (16 * columns)), Math.ceil(m / (4 * rows))];
  const extra = bias ? [bias.binding] : columnSum ? [columnSum.binding] : [];
  return {
    label: slices === 1 ? product.label : `${product.label}/slices`,
    variant: {
      A: storageType(a.dtype, aVec4 ? 4 : 1),
      B: storageType(b.dtype, bVec4 ? 4 : 1),
      Y: storageType(y.dtype, width),
      HAS_BIAS: bias !== undefined,
      BIAS: storageType(bias?.dtype ?? 'float32'),
      HAS_COLUMN_SUM: columnSum !== undefined,
      COLUMN_SUM: storageType(columnSum?.dtype ?? 'float32'),
      A_VEC4: aVec4,
      B_VEC4: bVec4,
      TRANSPOSE_A: a.transposed,
      TRANSPOSE_B: b.transposed,
      EPILOGUE: epilogue.text(4 + extra.length, width),
      STORE_FUNCTION: storeFunction(y.dtype, yVec4, bias !== undefined),
    },
    params: {
      m,
      n,
      k,
      sliceLength,
      columnTiles,
      rowTiles,
      batches,
      batch1,
      batch2,
      aStride0,
      aStride1,
      aStride2,
      bStride0,
      bStride1,
      bStride2,
    },
    bindings: [a.binding, b.binding, y.binding, ...extra, ...epilogue.bindings],
    workgroups: linearGrid(columnTiles * rowTiles * batches * slices),
  };
}

/** Whether an operand with lines of `length` elements can be read four at a time. */
function hasVec4({ batchStrides }: Operand, length: number): boolean {
  return length % 4 === 0 && batchStrides.every((stride) => stride % 4 === 0);
}

/** Three axes, outermost first; missing ones in front. */
function paddedAxes(axes: readonly number[], missing: number): number[] {
  return [...new Array<number>(3 - axes.length).fill(missing), ...axes];
}
