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

/** How a product may be computed, and the entry of `Target.variants` that says so. */
export const matmulVariants = { entry: 'matmul', names: ['direct', 'wide', 'tiled', 'splitK'] } as const;

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
/** Multiplications from which on a kernel pays that takes half a second more to compile. */
const largeProduct = 2 ** 26;
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
  const tiled =
    choice === 'tiled' ||
    (choice === undefined && target.fastWorkgroupMemory && m >= 64 && n >= 64 && k >= 32);
  const busy = busyInvocations(target);
  const wideRows = tiled ? undefined : chooseWideRows(product, batches, target);
  const rows = tiled ? 4 : (wideRows ?? rowsPerInvocation(m, n, batches, busy));
  const invocations = Math.ceil(m / rows) * Math.ceil(n / 4) * batches;
  const wanted = choice === 'direct' || invocations >= busy ? 1 : Math.ceil(busy / invocations);
  const possible = choice === 'splitK' ? Math.min(4, k) : Math.floor(k / shortestSlice);
  const useful = choice === 'splitK' ? possible : Math.min(wanted, possible, 32);
  const sliced = Math.max(useful, Math.ceil(k / longestLoop));
  // Whole groups of four, so that vec4 loads stay aligned.
  const sliceLength = sliced <= 1 ? k : Math.ceil(k / sliced / 4) * 4;
  const slices = Math.ceil(k / sliceLength);
  const makeCall = tiled ? tiledCall : wideRows ? wideCall : directCall;
  if (slices === 1) return [makeCall(product, rows, k, 1, batches)];

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
    rows,
    sliceLength,
    slices,
    batches,
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

/**
 * Rows of an invocation that computes eight columns, which share each value of a: a third less to load for each multiplication.
 * All eight exist or none. Undefined where four columns are better.
 */
function chooseWideRows({ m, n, k }: Product, batches: number, target: Target): number | undefined {
  const choice = target.variants?.matmul;
  if (n % 8 !== 0 || (choice !== undefined && choice !== 'wide')) return undefined;
  if (choice === 'wide') return 8;
  const busy = busyInvocations(target);
  // A CPU reads further along b's rows in this way, which matters most where nothing else is read. Sixteen rows compile twice as long.
  const few = target.fastWorkgroupMemory ? [8] : [8, 4, 2, 1];
  const all = m * n * k * batches >= largeProduct ? [16, ...few] : few;
  return all.find((rows) => {
    const blocks = Math.ceil(m / rows);
    return (
      8 * rows <= target.registerWords && 8 * blocks * rows <= 9 * m && blocks * (n / 8) * batches >= busy
    );
  });
}

/** More rows share more of b; fewer give small products more invocations. */
function rowsPerInvocation(m: number, n: number, batches: number, busy: number): number {
  for (const rows of [8, 4, 2]) {
    if (m >= rows && Math.ceil(m / rows) * Math.ceil(n / 4) * batches >= busy) return rows;
  }
  return 1;
}

type MakeCall = (
  product: Product,
  rows: number,
  sliceLength: number,
  slices: number,
  batches: number,
) => KernelCall;

/** Each invocation reads straight from memory. */
const directCall: MakeCall = (...given) => memoryCall(4, ...given);

/** The same with eight columns for each invocation. */
const wideCall: MakeCall = (...given) => memoryCall(8, ...given);

function memoryCall(columns: 4 | 8, ...given: Parameters<MakeCall>): KernelCall {
  const [product, rows] = given;
  const { a, n, columnSum } = product;
  const call = productCall(columns, ...given);
  const text: InnerText = {
    rows,
    transposed: a.transposed,
    // Four rows of a transposed a lie side by side.
    rowsVec4: a.transposed && rows % 4 === 0 && hasVec4(a, product.m),
    columnSum: columnSum !== undefined,
    columns,
  };
  return {
    ...call,
    label: columns === 8 ? `${call.label}/wide` : call.label,
    source,
    variant: {
      ...call.variant,
      WHOLE_COLUMNS: n % 4 === 0,
      WIDE: columns === 8,
      COLUMNS: columns,
      ROWS: rows,
      START: startText(text),
      MULTIPLY: multiplyText(text),
      MULTIPLY_ONE: multiplyOneText(text),
    },
  };
}

/** Workgroups share tiles of a and b in their memory: what pays on GPUs that have such memory in hardware. */
function tiledCall(...given: Parameters<MakeCall>): KernelCall {
  const [product, , , slices, batches] = given;
  const call = productCall(4, ...given);
  return {
    ...call,
    label: `${call.label}/tiled`,
    source: tiledSource,
    variant: {
      ...call.variant,
      TRANSPOSE_A: product.a.transposed,
      MULTIPLY: tiledMultiplyText(product.columnSum !== undefined),
    },
    params: { ...call.params, rowTiles: Math.ceil(product.m / 64) },
    workgroups: linearGrid(Math.ceil(product.n / 64) * Math.ceil(product.m / 64) * batches * slices),
  };
}

/** What all kernels have in common. */
function productCall(columns: 4 | 8, ...given: Parameters<MakeCall>) {
  const [product, rows, sliceLength, slices, batches] = given;
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
      TRANSPOSE_B: b.transposed,
      EPILOGUE: epilogue.text(4 + extra.length, width),
      STORE: storeText(
        rows,
        columns,
        yVec4,
        y.dtype,
        bias !== undefined,
        columnSum ? storageType(columnSum.dtype) : null,
      ),
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

// The inner loops are written out for each row: not every compiler unrolls them or keeps an indexed array in registers.

function lines(count: number, line: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => line(i)).join('\n    ');
}

/** What the texts of an inner loop depend on. */
interface InnerText {
  readonly rows: number;
  readonly transposed: boolean;
  readonly rowsVec4: boolean;
  readonly columnSum: boolean;
  readonly columns: 4 | 8;
}

/** Groups of four columns: the sums of the first are `sum0`, those of the second `wide0`; their rows of b are b0 to b3, c0 to c3. */
const groups = (columns: 4 | 8) =>
  columns === 8
    ? [
        ['sum', 'b', 'sumOfB'],
        ['wide', 'c', 'sumOfC'],
      ]
    : [['sum', 'b', 'sumOfB']];

/** Sums start at zero; rows beyond the last repeat it and are never stored. */
function startText({ rows, transposed, columnSum, columns }: InnerText): string {
  const stride = transposed ? '' : ' * params.k';
  const own = lines(rows, (i) => {
    const row = i === 0 ? 'firstRow' : `min(firstRow + ${i}u, params.m - 1u)`;
    const sums = groups(columns).map(([sum]) => `var ${sum}${i} = vec4<f32>();`);
    return `${sums.join(' ')}\n  let a${i}Base = aBase + ${row}${stride};`;
  });
  const columnSums = groups(columns).map(([, , total]) => `\n  var ${total} = vec4<f32>();`);
  return own + (columnSum ? columnSums.join('') : '');
}

function multiplyText({ rows, transposed, rowsVec4, columnSum, columns }: InnerText): string {
  const blocks = !rowsVec4
    ? ''
    : lines(rows / 4, (q) => {
        const row = q === 0 ? 'firstRow' : `min(firstRow + ${4 * q}u, params.m - 4u)`;
        const columnsOfA = [0, 1, 2, 3].map((j) => `loadA(aBase + (k + ${j}u) * params.m + ${row})`);
        return `let rows${q} = transpose(mat4x4<f32>(${columnsOfA.join(', ')}));`;
      }).concat('\n    ');
  const multiply = lines(rows, (i) => {
    const load = rowsVec4
      ? `rows${Math.floor(i / 4)}[${i % 4}]`
      : transposed
        ? `vec4<f32>(${[0, 1, 2, 3].map((j) => `oneA(a${i}Base + (k + ${j}u) * params.m)`).join(', ')})`
        : `loadA(a${i}Base + k)`;
    const sums = groups(columns).map(
      ([sum, b]) =>
        `${sum}${i} = fma(vec4<f32>(a${i}.w), ${b}3, fma(vec4<f32>(a${i}.z), ${b}2, fma(vec4<f32>(a${i}.y), ${b}1, fma(vec4<f32>(a${i}.x), ${b}0, ${sum}${i}))));`,
    );
    return [`let a${i} = ${load};`, ...sums].join('\n    ');
  });
  const totals = groups(columns).map(
    ([, b, total]) => `\n    ${total} += (${b}0 + ${b}1) + (${b}2 + ${b}3);`,
  );
  return blocks + multiply + (columnSum ? totals.join('') : '');
}

function multiplyOneText({ rows, transposed, columnSum, columns }: InnerText): string {
  const at = (i: number) => (transposed ? `a${i}Base + k * params.m` : `a${i}Base + k`);
  const multiply = lines(rows, (i) =>
    groups(columns)
      .map(([sum, b]) => `${sum}${i} = fma(vec4<f32>(oneA(${at(i)})), ${b}0, ${sum}${i});`)
      .join('\n    '),
  );
  const totals = groups(columns).map(([, b, total]) => `\n    ${total} += ${b}0;`);
  return multiply + (columnSum ? totals.join('') : '');
}

function tiledMultiplyText(columnSum: boolean): string {
  return lines(16, (step) => {
    const rows = ['x', 'y', 'z', 'w'].map(
      (part, i) => `sum${i} = fma(vec4<f32>(a${step}.${part}), b${step}, sum${i});`,
    );
    return `let a${step} = aTile[${16 * step}u + local.y];
    let b${step} = bTile[${16 * step}u + local.x];
    ${rows.join('\n    ')}${columnSum ? `\n    sumOfB += b${step};` : ''}`;
  });
}

function storeText(
  rows: number,
  columns: 4 | 8,
  vec4: boolean,
  dtype: DType,
  bias: boolean,
  columnSum: string | null,
): string {
  const type = storageType(dtype, vec4 ? 4 : 1);
  const parts = vec4 ? [''] : ['.x', '.y', '.z', '.w'];
  // Of eight columns all exist; of four those up to n.
  const storeRow = (i: number, sum: string, offset: number) =>
    parts
      .map((part, j) => {
        const at = (more: number) => (offset + more === 0 ? 'column' : `column + ${offset + more}u`);
        const index = vec4
          ? `(yBase + (firstRow + ${i}u) * params.n + ${at(0)}) / 4u`
          : `yBase + (firstRow + ${i}u) * params.n + ${at(j)}`;
        const added = !bias
          ? ''
          : vec4
            ? ` + vec4<f32>(${[0, 1, 2, 3].map((more) => `f32(bias[${at(more)}])`).join(', ')})`
            : ` + f32(bias[${at(j)}])`;
        const inside = [
          ...(i > 0 ? [`firstRow + ${i}u < params.m`] : []),
          ...(j > 0 && columns === 4 ? [`${at(j)} < params.n`] : []),
        ].join(' && ');
        const store = `let index = ${index};\n    y[index] = ${type}(finish(${sum}${i}${part}${added}, index));`;
        return inside ? `if (${inside}) {\n    ${store}\n    }` : `{\n    ${store}\n    }`;
      })
      .join('\n    ');
  const stores = lines(rows, (i) =>
    groups(columns)
      .map(([sum], group) => storeRow(i, sum, 4 * group))
      .join('\n    '),
  );
  if (!columnSum) return stores;
  const sums = groups(columns).flatMap(([, , total], group) =>
    ['x', 'y', 'z', 'w'].map((part, j) => {
      const column = `column + ${4 * group + j}u`;
      return `if (${column} < params.n) { columnSum[slice * params.n + ${column}] = ${columnSum}(${total}.${part}); }`;
    }),
  );
  return `${stores}\n  if (firstRow == 0u) {\n    ${sums.join('\n    ')}\n  }`;
}
