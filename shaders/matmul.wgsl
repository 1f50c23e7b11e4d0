// One invocation computes ROWS rows by 4 columns of one product (by 8 where WIDE), over one slice of the inner dimension.
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

// Four values of a from element `at` on.
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

// Row `k` of b at four columns; beyond the last column the last one is repeated, and never stored.
fn rowOfB(base: u32, k: u32, column: u32) -> vec4<f32> {
#if ${TRANSPOSE_B}
  let last = params.n - 1u;
  return vec4<f32>(
    oneB(base + column * params.k + k),
    oneB(base + min(column + 1u, last) * params.k + k),
    oneB(base + min(column + 2u, last) * params.k + k),
    oneB(base + min(column + 3u, last) * params.k + k),
  );
#else
#if ${WHOLE_COLUMNS}
  return loadB(base + k * params.n + column);
#else
  let at = base + k * params.n;
  let last = params.n - 1u;
  return vec4<f32>(
    oneB(at + column), oneB(at + min(column + 1u, last)), oneB(at + min(column + 2u, last)), oneB(at + min(column + 3u, last)),
  );
#endif
#endif
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
  if (column >= params.n || firstRow >= params.m || slice * params.sliceLength >= params.k) {
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
#if ${TRANSPOSE_B}
    let last = params.n - 1u;
    let block = transpose(mat4x4<f32>(
      loadB(bBase + column * params.k + k),
      loadB(bBase + min(column + 1u, last) * params.k + k),
      loadB(bBase + min(column + 2u, last) * params.k + k),
      loadB(bBase + min(column + 3u, last) * params.k + k),
    ));
    let b0 = block[0];
    let b1 = block[1];
    let b2 = block[2];
    let b3 = block[3];
#if ${WIDE}
    let wideBlock = transpose(mat4x4<f32>(
      loadB(bBase + (column + 4u) * params.k + k),
      loadB(bBase + (column + 5u) * params.k + k),
      loadB(bBase + (column + 6u) * params.k + k),
      loadB(bBase + (column + 7u) * params.k + k),
    ));
    let c0 = wideBlock[0];
    let c1 = wideBlock[1];
    let c2 = wideBlock[2];
    let c3 = wideBlock[3];
#endif
#else
    let b0 = rowOfB(bBase, k, column);
    let b1 = rowOfB(bBase, k + 1u, column);
    let b2 = rowOfB(bBase, k + 2u, column);
    let b3 = rowOfB(bBase, k + 3u, column);
#if ${WIDE}
    let c0 = rowOfB(bBase, k, column + 4u);
    let c1 = rowOfB(bBase, k + 1u, column + 4u);
    let c2 = rowOfB(bBase, k + 2u, column + 4u);
    let c3 = rowOfB(bBase, k + 3u, column + 4u);
#endif
#endif
    ${MULTIPLY}
  }
  for (; k < end; k++) {
    let b0 = rowOfB(bBase, k, column);
#if ${WIDE}
    let c0 = rowOfB(bBase, k, column + 4u);
#endif
    ${MULTIPLY_ONE}
  }
  let yBase = product * params.m * params.n;
  ${STORE}
}
