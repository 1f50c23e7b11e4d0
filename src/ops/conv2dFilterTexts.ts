// The inner loop is written out: not every compiler unrolls loops or keeps an indexed array in registers.

/** What one invocation sums at once. */
export interface Block {
  readonly rowQuads: number;
  readonly columnQuads: number;
  /** Pixels in each round of the loop. */
  readonly pixels: number;
  /** Four invocations side by side share their rows: each loads a quarter of them and hands them to the others. */
  readonly shared: boolean;
}

/** What fills the holes of conv2dFilterGradient.wgsl that depend on the block. */
export function denseTexts(block: Block, depthVec4: boolean): Record<string, string> {
  const { rowQuads, columnQuads, shared } = block;
  const rows = Array.from({ length: 4 * rowQuads }, (_, r) => r);
  const quads = Array.from({ length: columnQuads }, (_, q) => q);
  const sums = rows.flatMap((r) => quads.map((q) => `sum${r}_${q}`));
  const loaded = loadedRows(block, depthVec4);
  return {
    START: join([
      ...(shared ? ['let quarter = lane % 4u;'] : []),
      ...loaded.map(({ name, row }) => `let row${name} = rowOf(firstRow + ${row}, group);`),
      ...sums.map((sum) => `var ${sum} = vec4<f32>();`),
    ]),
    LINE: join(
      loaded.map(
        ({ name }) =>
          `let line${name} = lineAt(row${name}, line / params.resultHeight, line % params.resultHeight);`,
      ),
    ),
    MULTIPLY: join(
      Array.from({ length: block.pixels }, (_, p) => `{\n      ${pixelText(block, depthVec4, p)}\n      }`),
    ),
    // SwiftShader compiles a store to four branches, and has its variables in memory anyway: one text in a loop.
    STORE: shared
      ? `var sums = array<vec4<f32>, ${sums.length}>(${sums.join(', ')});
  for (var i = 0u; i < ${sums.length}u; i++) {
    store(slab, firstRow + i / ${columnQuads}u, group, column + i % ${columnQuads}u * 4u, sums[i]);
  }`
      : join(
          rows.flatMap((r) =>
            quads.map((q) => `store(slab, firstRow + ${r}u, group, column + ${4 * q}u, sum${r}_${q});`),
          ),
        ),
  };
}

const join = (lines: string[]) => lines.join('\n      ');

/** What an invocation loads for each pixel: rows, or with four channels at a time the first of four rows; of its own quarter where shared. */
function loadedRows({ rowQuads, shared }: Block, depthVec4: boolean) {
  const count = (4 * rowQuads) / (depthVec4 ? 4 : 1) / (shared ? 4 : 1);
  const step = depthVec4 ? 4 : 1;
  return Array.from({ length: count }, (_, i) => ({
    name: `${i}`,
    row: shared ? `(${4 * i}u + quarter) * ${step}u` : `${i * step}u`,
  }));
}

/** The sums take in pixel p of a round; beyond the last pixel, nothing. */
function pixelText(block: Block, depthVec4: boolean, p: number): string {
  const { rowQuads, columnQuads, pixels, shared } = block;
  const loaded = loadedRows(block, depthVec4);
  const quads = Array.from({ length: columnQuads }, (_, q) => q);
  // Without a pixel no column of the image, and no gradient.
  const certain = pixels === 1;
  const g = (q: number) => {
    const value = `gradientAt(gradientBase + ${p}u * features + ${4 * q}u)`;
    return certain ? value : `select(vec4<f32>(), ${value}, exists)`;
  };
  const x = certain ? 'x' : `select(nowhere, x + ${p} * strideWidth, exists)`;
  const values = Array.from({ length: (4 * rowQuads) / (depthVec4 ? 4 : 1) }, (_, i) =>
    shared ? `subgroupBroadcast(mine${Math.floor(i / 4)}, ${i % 4}u)` : `mine${i}`,
  );
  const value = (r: number) => (depthVec4 ? `x${r >> 2}.${'xyzw'[r % 4]}` : `x${r}`);
  return join([
    ...(certain ? [] : [`let exists = j + ${p}u < lastPixel;`]),
    `let at = ${x};`,
    ...quads.map((q) => `let g${q} = ${g(q)};`),
    ...loaded.map(
      ({ name }) => `let mine${name} = load(line${name}, at + row${name}.right, width, channels);`,
    ),
    ...values.map((text, i) => `let x${i} = ${text};`),
    ...Array.from({ length: 4 * rowQuads }, (_, r) =>
      join(quads.map((q) => `sum${r}_${q} = fma(vec4<f32>(${value(r)}), g${q}, sum${r}_${q});`)),
    ),
  ]);
}
