// One workgroup turns a tile of 32 by 32 elements: reads run along axis a, innermost in x, writes along b, innermost in y.
struct Params {
  tiles: u32, aTiles: u32, bTiles: u32, aLength: u32, bLength: u32, bStride: u32, aStride: u32,
  length1: u32, length2: u32, length3: u32, length4: u32, length5: u32, length6: u32, length7: u32,
  xStride0: u32, xStride1: u32, xStride2: u32, xStride3: u32, xStride4: u32, xStride5: u32, xStride6: u32, xStride7: u32,
  yStride0: u32, yStride1: u32, yStride2: u32, yStride3: u32, yStride4: u32, yStride5: u32, yStride6: u32, yStride7: u32,
}
@group(0) @binding(0) var<storage, read> x: array<${X}>;
@group(0) @binding(1) var<storage, read_write> y: array<${Y}>;
@group(0) @binding(2) var<uniform> params: Params;
${EPILOGUE}

// A row is 33 long, so that neighbours in a column lie in different banks.
var<workgroup> tile: array<F, 1056>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) count: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = workgroup.y * count.x + workgroup.x;
  if (number >= params.tiles) {
    return;
  }
  let aFirst = (number % params.aTiles) * 32u;
  let bFirst = ((number / params.aTiles) % params.bTiles) * 32u;
  // The other axes stay where they are in the tile.
  var rest = number / (params.aTiles * params.bTiles);
  var xBase = 0u;
  var yBase = 0u;
  ${AXES}
  let column = lane % 32u;
  for (var row = lane / 32u; row < 32u; row += 8u) {
    let a = aFirst + column;
    let b = bFirst + row;
    if (a < params.aLength && b < params.bLength) {
      tile[row * 33u + column] = F(x[xBase + a + b * params.bStride]);
    }
  }
  workgroupBarrier();
  for (var row = lane / 32u; row < 32u; row += 8u) {
    let a = aFirst + row;
    let b = bFirst + column;
    if (a < params.aLength && b < params.bLength) {
      let index = yBase + a * params.aStride + b;
      y[index] = ${Y}(finish(tile[column * 33u + row], index));
    }
  }
}
