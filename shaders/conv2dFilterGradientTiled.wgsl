// One workgroup sums a tile of 64 rows by 64 features of a filter's gradient over one slab of pixels; each of its 64
// invocations 8 rows by 8 features. Rows come in quads: four channels of one tap.
struct Params {
  slabs: u32, slabPixels: u32, pixels: u32, rowTiles: u32, columnTiles: u32, groupTiles: u32,
  taps: u32, depth: u32, depthQuads: u32, columns: u32, filterRows: u32, filterWidth: u32,
  imageHeight: i32, imageWidth: i32, channels: i32, resultHeight: i32, resultWidth: i32, features: u32,
  strideHeight: i32, strideWidth: i32, dilationHeight: i32, dilationWidth: i32, paddingTop: i32, paddingLeft: i32,
}
@group(0) @binding(0) var<storage, read> image: array<${IMAGE}>;
@group(0) @binding(1) var<storage, read> gradient: array<${GRADIENT}>;
${RESULTS}

var<workgroup> imageTile: array<vec4<f32>, 256>;
var<workgroup> gradientTile: array<vec4<f32>, 256>;

// Four channels of a quad at one pixel of the image; zero outside.
fn loadImage(line: i32, column: i32, inside: bool, channel: i32) -> vec4<f32> {
  if (!(inside & (column >= 0) & (column < params.imageWidth))) {
    return vec4<f32>();
  }
  let at = u32((line * params.imageWidth + column) * params.channels + channel);
#if ${DEPTH_VEC4}
  return vec4<f32>(image[at / 4u]);
#else
  return vec4<f32>(f32(image[at]), f32(image[at + 1u]), f32(image[at + 2u]), f32(image[at + 3u]));
#endif
}

fn loadGradient(pixel: u32, end: u32, group: u32, column: u32) -> vec4<f32> {
  if ((pixel >= end) | (column >= params.columns)) {
    return vec4<f32>();
  }
  let at = pixel * params.features + group * params.columns + column;
#if ${COLUMNS_VEC4}
  return vec4<f32>(gradient[at / 4u]);
#else
  return vec4<f32>(f32(gradient[at]), f32(gradient[at + 1u]), f32(gradient[at + 2u]), f32(gradient[at + 3u]));
#endif
}

fn store(slab: u32, row: u32, group: u32, column: u32, value: vec4<f32>) {
  if ((row >= params.filterRows + ${BIAS_ROWS}u) | (column >= params.columns)) {
    return;
  }
  let feature = group * params.columns + column;
  ${STORE_ONE}
}

// Stores row `offset` of a quad where the quad has that many channels.
fn storeRow(slab: u32, quad: u32, offset: u32, group: u32, column: u32, value: vec4<f32>) {
  let channel = 4u * (quad % params.depthQuads) + offset;
  let tap = quad / params.depthQuads;
  if ((channel < params.depth) & (tap < params.taps)) {
    store(slab, tap * params.depth + channel, group, column, value);
  }
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) count: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  // Workgroups beyond the last repeat its work with an empty slab and store nothing.
  let tile = workgroup.y * count.x + workgroup.x;
  let columnTile = tile % params.columnTiles;
  let rowTile = tile / params.columnTiles % params.rowTiles;
  let slab = tile / (params.columnTiles * params.rowTiles);
  let group = columnTile / params.groupTiles;
  let firstColumn = columnTile % params.groupTiles * 64u;
  let firstPixel = min(slab * params.slabPixels, params.pixels);
  let end = min(firstPixel + params.slabPixels, params.pixels);
  // While staging, an invocation brings one quad of rows and one of features at four neighbouring pixels.
  let stagedQuad = lane % 16u;
  let stagedPixel = lane / 16u * 4u;
  let quad = rowTile * 16u + stagedQuad;
  let tap = i32(quad / params.depthQuads);
  let channel = i32(group * params.depth + quad % params.depthQuads * 4u);
  let down = tap / i32(params.filterWidth) * params.dilationHeight - params.paddingTop;
  let right = tap % i32(params.filterWidth) * params.dilationWidth - params.paddingLeft;
  let isRow = tap < i32(params.taps);
  let rowLane = lane / 8u;
  let columnLane = lane % 8u;
  var bias0 = vec4<f32>();
  var bias1 = vec4<f32>();
  ${START}
  for (var first = firstPixel; first < end; first += 16u) {
    var line = i32(first + stagedPixel) / params.resultWidth;
    var j = i32(first + stagedPixel) % params.resultWidth;
    workgroupBarrier();
    for (var p = 0u; p < 4u; p++) {
      let pixel = first + stagedPixel + p;
      let row = line % params.resultHeight * params.strideHeight + down;
      let inside = isRow & (pixel < end) & (row >= 0) & (row < params.imageHeight);
      let at = (stagedPixel + p) * 16u + stagedQuad;
      imageTile[at] = loadImage(line / params.resultHeight * params.imageHeight + row, j * params.strideWidth + right, inside, channel);
      gradientTile[at] = loadGradient(pixel, end, group, firstColumn + 4u * stagedQuad);
      j++;
      if (j == params.resultWidth) {
        j = 0;
        line++;
      }
    }
    workgroupBarrier();
    for (var p = 0u; p < 256u; p += 16u) {
      let x0 = imageTile[p + rowLane];
      let x1 = imageTile[p + rowLane + 8u];
      let g0 = gradientTile[p + columnLane];
      let g1 = gradientTile[p + columnLane + 8u];
      ${MULTIPLY}
      if (rowTile == 0u) {
        bias0 += g0;
        bias1 += g1;
      }
    }
  }
  if (slab >= params.slabs) {
    return;
  }
  let column0 = firstColumn + 4u * columnLane;
  let column1 = column0 + 32u;
  ${STORE}
  if ((rowTile == 0u) & (rowLane == 0u)) {
    store(slab, params.filterRows, group, column0, bias0);
    store(slab, params.filterRows, group, column1, bias1);
  }
}
