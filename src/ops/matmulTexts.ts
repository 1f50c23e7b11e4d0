import type { DType } from '../core/dtype.ts';
import { storageType } from '../graph/kernel.ts';

// The inner loops are written out for each row: not every compiler unrolls them or keeps an indexed array in registers.

function lines(count: number, line: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => line(i)).join('\n    ');
}

/** What the texts of an inner loop depend on. */
export interface InnerText {
  readonly rows: number;
  /** Whether a is. */
  readonly transposed: boolean;
  /** Whether four rows of a transposed a are loaded at once. */
  readonly rowsVec4: boolean;
  /** Four invocations side by side share their rows: each loads a quarter of a's values and hands them to the others. */
  readonly shared: boolean;
  /** Four columns each. */
  readonly quads: number;
  readonly columnSum: boolean;
}

/** The sums `sum${quad}_${row}`, and those of b's rows. */
export function startText({ rows, quads, columnSum }: InnerText): string {
  return lines(quads, (q) => {
    const sums = lines(rows, (i) => `var sum${q}_${i} = vec4<f32>();`);
    return columnSum ? `${sums}\n    var sumOfB${q} = vec4<f32>();` : sums;
  });
}

/** Four steps of the inner dimension. */
export function multiplyText(text: InnerText): string {
  const { rows, quads, columnSum } = text;
  return [
    lines(quads, (q) => `let b${q} = rowsOfB(bBase, k, column + ${4 * q}u);`),
    loadsOfA(text),
    lines(rows, (i) => {
      const sums = lines(quads, (q) => `sum${q}_${i} = multiply(sum${q}_${i}, a${i}, b${q});`);
      return `let a${i} = ${stepsOfA(text, i)};\n    ${sums}`;
    }),
    columnSum ? lines(quads, (q) => `sumOfB${q} += (b${q}[0] + b${q}[1]) + (b${q}[2] + b${q}[3]);`) : '',
  ].join('\n    ');
}

/** What is loaded of a for four rows at once. */
function loadsOfA({ rows, transposed, rowsVec4, shared }: InnerText): string {
  return lines(rows / 4, (q) => {
    const row = `firstRow + ${4 * q}u`;
    if (shared)
      return `let mine${q} = loadA(atA(aBase, ${transposed ? `${row}, k + lane` : `${row} + lane, k`}));`;
    return rowsVec4 ? `let rows${q} = rowsOfA(aBase, ${row}, k);` : '';
  });
}

/** Four steps of row i. */
function stepsOfA({ transposed, rowsVec4, shared }: InnerText, i: number): string {
  const [four, part] = [Math.floor(i / 4), i % 4];
  if (shared && transposed) {
    // Each of the four has loaded a step of its own, for four rows.
    const steps = [0, 1, 2, 3].map((j) => `subgroupBroadcast(mine${four}[${part}], ${j}u)`);
    return `vec4<f32>(${steps.join(', ')})`;
  }
  if (shared) return `subgroupBroadcast(mine${four}, ${part}u)`;
  return rowsVec4 ? `rows${four}[${part}]` : `stepsOfA(aBase, firstRow + ${i}u, k)`;
}

/** The steps that are left, one at a time. */
export function multiplyRestText({ rows, quads, columnSum }: InnerText): string {
  const steps = lines(quads, (q) => {
    const sums = lines(rows, (i) => `sum${q}_${i} = fma(a${i}, b${q}, sum${q}_${i});`);
    return `let b${q} = rowOfB(bBase, k, column + ${4 * q}u);
    ${sums}${columnSum ? `\n    sumOfB${q} += b${q};` : ''}`;
  });
  return `for (; k < end; k++) {
    ${lines(rows, (i) => `let a${i} = vec4<f32>(oneA(atA(aBase, firstRow + ${i}u, k)));`)}
    ${steps}
  }`;
}

export function tiledMultiplyText(columnSum: boolean): string {
  return lines(16, (step) => {
    const rows = ['x', 'y', 'z', 'w'].map(
      (part, i) => `sum0_${i} = fma(vec4<f32>(a${step}.${part}), b${step}, sum0_${i});`,
    );
    return `let a${step} = aTile[${16 * step}u + local.y];
    let b${step} = bTile[${16 * step}u + local.x];
    ${rows.join('\n    ')}${columnSum ? `\n    sumOfB0 += b${step};` : ''}`;
  });
}

/** `store`: four columns of a row, as far as they exist. */
export function storeFunction(dtype: DType, vec4: boolean, hasBias: boolean): string {
  const type = storageType(dtype, vec4 ? 4 : 1);
  const bias = (j: number) => `f32(bias[column + ${j}u])`;
  const added = (text: string) => (hasBias ? ` + ${text}` : '');
  const stores = vec4
    ? `y[at / 4u] = ${type}(finish(value${added(`vec4<f32>(${[0, 1, 2, 3].map(bias).join(', ')})`)}, at / 4u));`
    : lines(4, (j) => {
        const store = `y[at + ${j}u] = ${type}(finish(value[${j}]${added(bias(j))}, at + ${j}u));`;
        return `if (column + ${j}u < params.n) { ${store} }`;
      });
  return `fn store(yBase: u32, row: u32, column: u32, value: vec4<f32>) {
  if (row < params.m) {
    let at = yBase + row * params.n + column;
    ${stores}
  }
}`;
}

/** Stores the sums; `columnSum` is the type of its elements, where it is wanted. */
export function storeText(
  { rows, quads }: Pick<InnerText, 'rows' | 'quads'>,
  looped: boolean,
  columnSum: DType | undefined,
): string {
  const sums = Array.from({ length: quads * rows }, (_, i) => `sum${Math.floor(i / rows)}_${i % rows}`);
  const store = (i: string, sum: string) =>
    `store(yBase, firstRow + ${i} % ${rows}u, column + ${i} / ${rows}u * 4u, ${sum});`;
  // One text in a loop: SwiftShader compiles a store to four branches, and adapters on a CPU have such variables in memory anyway.
  const stores = looped
    ? `var sums = array<vec4<f32>, ${sums.length}>(${sums.join(', ')});
  for (var i = 0u; i < ${sums.length}u; i++) {
    ${store('i', 'sums[i]')}
  }`
    : lines(sums.length, (i) => store(`${i}u`, sums[i]));
  if (!columnSum) return stores;
  const totals = lines(4 * quads, (j) => {
    const total = `${storageType(columnSum)}(sumOfB${Math.floor(j / 4)}[${j % 4}])`;
    return `if (column + ${j}u < params.n) { columnSum[slice * params.n + column + ${j}u] = ${total}; }`;
  });
  return `${stores}\n  if (firstRow == 0u) {\n    ${totals}\n  }`;
}
