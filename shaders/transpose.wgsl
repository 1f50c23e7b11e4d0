// One invocation turns a block of four by four elements: it reads along axis a, innermost in x, and writes along b, innermost in y.
// Eight by eight invocations of a workgroup lie side by side, so that they read 128 bytes in a row and write as many.
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

// Lengths and strides count groups of four elements, but for the strides between the four.
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) count: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = workgroup.y * count.x + workgroup.x;
  let a = (number % params.aTiles) * 8u + lane % 8u;
  let b = ((number / params.aTiles) % params.bTiles) * 8u + lane / 8u;
  if (number >= params.tiles || a >= params.aLength || b >= params.bLength) {
    return;
  }
  // The place on all other axes.
  var rest = number / (params.aTiles * params.bTiles);
  var xBase = a + 4u * b * params.bStride;
  var yBase = b + 4u * a * params.aStride;
  ${AXES}
  let row0 = F(x[xBase]);
  let row1 = F(x[xBase + params.bStride]);
  let row2 = F(x[xBase + 2u * params.bStride]);
  let row3 = F(x[xBase + 3u * params.bStride]);
  y[yBase] = ${Y}(finish(F(row0.x, row1.x, row2.x, row3.x), yBase));
  yBase += params.aStride;
  y[yBase] = ${Y}(finish(F(row0.y, row1.y, row2.y, row3.y), yBase));
  yBase += params.aStride;
  y[yBase] = ${Y}(finish(F(row0.z, row1.z, row2.z, row3.z), yBase));
  yBase += params.aStride;
  y[yBase] = ${Y}(finish(F(row0.w, row1.w, row2.w, row3.w), yBase));
}
