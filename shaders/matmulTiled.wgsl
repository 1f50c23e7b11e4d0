// One workgroup computes a tile of 64 by 64 outputs through workgroup memory, 16 steps of the inner dimension at a time;
// each of its 256 invocations computes 4 by 4 of them.
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

// Sixteen steps by 64 rows of a, and by 64 columns of b; four neighbours in a word.
var<workgroup> aTile: array<vec4<f32>, 256>;
var<workgroup> bTile: array<vec4<f32>, 256>;

// Elements [outer, inner] to [outer, inner + 3] of a matrix with `inners` columns; 0 beyond its edges.
fn loadA(base: u32, outer: u32, inner: u32, outers: u32, inners: u32) -> vec4<f32> {
  if (outer >= outers || inner >= inners) {
    return vec4<f32>();
  }
  let at = base + outer * inners + inner;
#if ${A_VEC4}
  return vec4<f32>(a[at / 4u]);
#else
  let last = base + outers * inners - 1u;
  let values = vec4<f32>(f32(a[at]), f32(a[min(at + 1u, last)]), f32(a[min(at + 2u, last)]), f32(a[min(at + 3u, last)]));
  return select(vec4<f32>(), values, vec4<u32>(0u, 1u, 2u, 3u) + inner < vec4<u32>(inners));
#endif
}

fn loadB(base: u32, outer: u32, inner: u32, outers: u32, inners: u32) -> vec4<f32> {
  if (outer >= outers || inner >= inners) {
    return vec4<f32>();
  }
  let at = base + outer * inners + inner;
#if ${B_VEC4}
  return vec4<f32>(b[at / 4u]);
#else
  let last = base + outers * inners - 1u;
  let values = vec4<f32>(f32(b[at]), f32(b[min(at + 1u, last)]), f32(b[min(at + 2u, last)]), f32(b[min(at + 3u, last)]));
  return select(vec4<f32>(), values, vec4<u32>(0u, 1u, 2u, 3u) + inner < vec4<u32>(inners));
#endif
}

@compute @workgroup_size(16, 16)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) count: vec3<u32>,
  @builtin(local_invocation_id) local: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let tile = workgroup.y * count.x + workgroup.x;
  let tileColumn = (tile % params.columnTiles) * 64u;
  let tileRow = (tile / params.columnTiles % params.rowTiles) * 64u;
  let product = tile / (params.columnTiles * params.rowTiles);
  let slice = product / params.batches;
  let batch = product % params.batches;
  let batch0 = batch / (params.batch1 * params.batch2);
  let batch1 = (batch / params.batch2) % params.batch1;
  let batch2 = batch % params.batch2;
  let aBase = batch0 * params.aStride0 + batch1 * params.aStride1 + batch2 * params.aStride2;
  let bBase = batch0 * params.bStride0 + batch1 * params.bStride1 + batch2 * params.bStride2;
  let column = tileColumn + local.x * 4u;
  let firstRow = tileRow + local.y * 4u;
  let start = slice * params.sliceLength;
  let end = min(params.k, start + params.sliceLength);
  // Along a matrix's rows a group of four lies across 16 steps (lane % 4) or across 64 rows or columns (lane % 16).
  let stepGroup = (lane % 4u) * 4u;
  let lineOfStepGroup = lane / 4u;
  let lineGroup = (lane % 16u) * 4u;
  let stepOfLineGroup = lane / 16u;

  var sum0_0 = vec4<f32>();
  var sum0_1 = vec4<f32>();
  var sum0_2 = vec4<f32>();
  var sum0_3 = vec4<f32>();
#if ${HAS_COLUMN_SUM}
  var sumOfB0 = vec4<f32>();
#endif
  for (var k = start; k < end; k += 16u) {
#if ${TRANSPOSE_A}
    aTile[lane] = loadA(aBase, k + stepOfLineGroup, tileRow + lineGroup, end, params.m);
#else
    let aWord = loadA(aBase, tileRow + lineOfStepGroup, k + stepGroup, params.m, params.k);
    for (var i = 0u; i < 4u; i++) {
      aTile[(stepGroup + i) * 16u + lineOfStepGroup / 4u][lineOfStepGroup % 4u] = select(0.0, aWord[i], k + stepGroup + i < end);
    }
#endif
#if ${TRANSPOSE_B}
    let bWord = loadB(bBase, tileColumn + lineOfStepGroup, k + stepGroup, params.n, params.k);
    for (var i = 0u; i < 4u; i++) {
      bTile[(stepGroup + i) * 16u + lineOfStepGroup / 4u][lineOfStepGroup % 4u] = select(0.0, bWord[i], k + stepGroup + i < end);
    }
#else
    bTile[lane] = loadB(bBase, k + stepOfLineGroup, tileColumn + lineGroup, end, params.n);
#endif
    workgroupBarrier();
    ${MULTIPLY}
    workgroupBarrier();
  }
  if (slice * params.sliceLength < params.k && column < params.n && firstRow < params.m) {
    let yBase = product * params.m * params.n;
    ${STORE}
  }
}
