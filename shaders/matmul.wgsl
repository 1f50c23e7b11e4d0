// One invocation computes ROWS rows by 4 or 8 columns of one product, over one slice of the inner dimension.
#if ${SHARED}
// The four invocations of a subgroup have the same rows and load a for each other. That they leave together the compiler cannot see.
diagnostic(off, subgroup_uniformity);
#endif
struct Params {
  m: u32, n: u32, k: u32,
  sliceLength: u32, columnTiles: u32, rowTiles: u32,
  batches: u32, batch1: u32, batch2: u32,
  aStride0: u32, aStride1: u32, aStride2: u32,
  bStride0: u32, bStride1: u32, bStride2: u32,
}
@group(0) @binding(0) var<storage, read> a: array<${A}>;
@group(0) @binding(1) var<storage, read> b: array<${B}>;
@group(0) @binding(2) var<storage, read_write> y: array<${Y}>;
@group(0) @binding(3) var<uniform> params: Params;
#if ${HAS_BIAS}
@group(0) @binding(4) var<storage, read> bias: array<${BIAS}>;
#endif
#if ${HAS_COLUMN_SUM}
// Sum over the inner dimension of b's rows: the gradient of a bias.
@group(0) @binding(4) var<storage, read_write> columnSum: array<${COLUMN_SUM}>;
#endif
${EPILOGUE}

${STORE_FUNCTION}

// Where a has row `row` at step k; beyond the last row the last one is repeated, and never stored.
fn atA(base: u32, row: u32, k: u32) -> u32 {
  let existing = min(row, params.m - 1u);
#if ${TRANSPOSE_A}
  return base + k * params.m + existing;
#else
  return base + existing * params.k + k;
#endif
}

// The same for step k and a column of b.
fn atB(base: u32, k: u32, column: u32) -> u32 {
  let existing = min(column, params.n - 1u);
#if ${TRANSPOSE_B}
  return base + existing * params.k + k;
#else
  return base + k * params.n + existing;
#endif
}

// Four values of a from element `at` on: steps of a row, or rows of a step where a is transposed.
fn loadA(at: u32) -> vec4<f32> {
#if ${A_VEC4}
  return vec4<f32>(a[at / 4u]);
#else
  return vec4<f32>(f32(a[at]), f32(a[at + 1u]), f32(a[at + 2u]), f32(a[at + 3u]));
#endif
}

fn loadB(at: u32) -> vec4<f32> {
#if ${B_VEC4}
  return vec4<f32>(b[at / 4u]);
#else
  return vec4<f32>(f32(b[at]), f32(b[at + 1u]), f32(b[at + 2u]), f32(b[at + 3u]));
#endif
}

fn oneA(at: u32) -> f32 {
#if ${A_VEC4}
  return f32(a[at / 4u][at % 4u]);
#else
  return f32(a[at]);
#endif
}

fn oneB(at: u32) -> f32 {
#if ${B_VEC4}
  return f32(b[at / 4u][at % 4u]);
#else
  return f32(b[at]);
#endif
}

// Steps k to k + 3 of a row.
fn stepsOfA(base: u32, row: u32, k: u32) -> vec4<f32> {
#if ${TRANSPOSE_A}
  return vec4<f32>(
    oneA(atA(base, row, k)), oneA(atA(base, row, k + 1u)), oneA(atA(base, row, k + 2u)), oneA(atA(base, row, k + 3u)),
  );
#else
  return loadA(atA(base, row, k));
#endif
}

// The same of four rows of a transposed a, which lie side by side, one in each column of the matrix.
fn rowsOfA(base: u32, row: u32, k: u32) -> mat4x4<f32> {
  return transpose(mat4x4<f32>(
    loadA(atA(base, row, k)), loadA(atA(base, row, k + 1u)), loadA(atA(base, row, k + 2u)), loadA(atA(base, row, k + 3u)),
  ));
}

// Row k of b at four columns.
fn rowOfB(base: u32, k: u32, column: u32) -> vec4<f32> {
#if ${COLUMNS_VEC4}
  return loadB(atB(base, k, column));
#else
  return vec4<f32>(
    oneB(atB(base, k, column)), oneB(atB(base, k, column + 1u)), oneB(atB(base, k, column + 2u)), oneB(atB(base, k, column + 3u)),
  );
#endif
}

// Rows k to k + 3, one in each column of the matrix.
fn rowsOfB(base: u32, k: u32, column: u32) -> mat4x4<f32> {
#if ${TRANSPOSE_B}
  return transpose(mat4x4<f32>(
    loadB(atB(base, k, column)), loadB(atB(base, k, column + 1u)), loadB(atB(base, k, column + 2u)), loadB(atB(base, k, column + 3u)),
  ));
#else
  return mat4x4<f32>(
    rowOfB(base, k, column), rowOfB(base, k + 1u, column), rowOfB(base, k + 2u, column), rowOfB(base, k + 3u, column),
  );
#endif
}

// Four steps of a row of a and of four columns of b.
fn multiply(sum: vec4<f32>, a: vec4<f32>, b: mat4x4<f32>) -> vec4<f32> {
  return fma(vec4<f32>(a.w), b[3], fma(vec4<f32>(a.z), b[2], fma(vec4<f32>(a.y), b[1], fma(vec4<f32>(a.x), b[0], sum))));
}

@compute @workgroup_size(16, 4)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) count: vec3<u32>,
  @builtin(local_invocation_id) local: vec3<u32>,
) {
  // Neighbouring workgroups share rows of a; the slices come outermost.
  let tile = workgroup.y * count.x + workgroup.x;
  let column = ((tile % params.columnTiles) * 16u + local.x) * ${COLUMNS}u;
  let firstRow = ((tile / params.columnTiles % params.rowTiles) * 4u + local.y) * ${ROWS}u;
  let product = tile / (params.columnTiles * params.rowTiles);
  let slice = product / params.batches;
  let batch = product % params.batches;
  // Of those that share rows, who has no columns still loads for the others.
  let lane = local.x % ${LANES}u;
  if (column - lane * ${COLUMNS}u >= params.n || firstRow >= params.m || slice * params.sliceLength >= params.k) {
    return;
  }
  let batch0 = batch / (params.batch1 * params.batch2);
  let batch1 = (batch / params.batch2) % params.batch1;
  let batch2 = batch % params.batch2;
  let aBase = batch0 * params.aStride0 + batch1 * params.aStride1 + batch2 * params.aStride2;
  let bBase = batch0 * params.bStride0 + batch1 * params.bStride1 + batch2 * params.bStride2;
  let end = min(params.k, (slice + 1u) * params.sliceLength);
  ${START}
  var k = slice * params.sliceLength;
  for (; k + 4u <= end; k += 4u) {
    ${MULTIPLY}
  }
  ${MULTIPLY_REST}
  if (column >= params.n) {
    return;
  }
  let yBase = product * params.m * params.n;
  ${STORE}
}
