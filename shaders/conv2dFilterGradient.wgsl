// One invocation sums 4 to 16 rows by 4 or 8 features of a filter's gradient over one slab of the result's pixels.
#if ${SHARED}
// The four invocations of a subgroup have the same rows and slab, and load the image for each other. What they have in common the compiler
// cannot see.
diagnostic(off, subgroup_uniformity);
#endif
struct Params {
  // A slab is a number of chunks; a chunk is a stretch of one line of the result.
  slabs: u32, chunks: u32, slabChunks: u32, lineChunks: u32, chunkWidth: u32,
  rowTiles: u32, columnTiles: u32, groupTiles: u32,
  // Row tap * depth + c of the gradient belongs to channel c of a group; the row after the last is the bias.
  filterRows: u32, depth: u32, columns: u32, filterWidth: u32,
  imageHeight: i32, imageWidth: i32, channels: i32, resultHeight: u32, resultWidth: u32, features: u32,
  strideHeight: i32, strideWidth: i32, dilationHeight: i32, dilationWidth: i32, paddingTop: i32, paddingLeft: i32,
}
@group(0) @binding(0) var<storage, read> image: array<${IMAGE}>;
@group(0) @binding(1) var<storage, read> gradient: array<${GRADIENT}>;
${RESULTS}

// A row of the filter: its channel, and how far its tap lies from the first pixel of a window.
struct Row { channel: i32, down: i32, right: i32, isBias: bool }

fn rowOf(row: u32, group: u32) -> Row {
  let tap = row / params.depth;
  let down = i32(tap / params.filterWidth) * params.dilationHeight - params.paddingTop;
  let right = i32(tap % params.filterWidth) * params.dilationWidth - params.paddingLeft;
  return Row(i32(group * params.depth + row % params.depth), down, right, row >= params.filterRows);
}

// First element that a row's tap reads along a line of windows; -1 outside the image, -2 for the bias.
fn lineAt(row: Row, number: u32, line: u32) -> i32 {
  let y = i32(line) * params.strideHeight + row.down;
  let at = (i32(number) * params.imageHeight + y) * params.imageWidth * params.channels + row.channel;
  return select(select(-1, at, (y >= 0) & (y < params.imageHeight)), -2, row.isBias);
}

#if ${DEPTH_VEC4}
alias Values = vec4<f32>;
const biasValues = vec4<f32>(1.0, 0.0, 0.0, 0.0);
#else
alias Values = f32;
const biasValues = 1.0;
#endif

// A column outside every image, whatever a tap adds to it.
const nowhere = -0x40000000;

// A row, or four channels of one tap, at column x of the line that begins at element `at`.
fn load(at: i32, x: i32, width: i32, channels: i32) -> Values {
  let inside = (at >= 0) & (x >= 0) & (x < width);
  let value = Values(image[u32(select(0, at + x * channels, inside)) / ${DEPTH_STEP}u]);
  return select(select(Values(), biasValues, at == -2), value, inside);
}

fn gradientAt(at: u32) -> vec4<f32> {
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

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) count: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (workgroup.y * count.x + workgroup.x) * 64u + lane;
  let columnTile = index % params.columnTiles;
  let firstRow = (index / params.columnTiles % params.rowTiles) * ${ROWS}u;
  let slab = index / (params.columnTiles * params.rowTiles);
  if (slab >= params.slabs) {
    return;
  }
  let group = columnTile / params.groupTiles;
  let column = (columnTile % params.groupTiles) * ${COLUMNS}u;
  ${START}
  let features = params.features;
  let width = params.imageWidth;
  let channels = params.channels;
  let strideWidth = params.strideWidth;
  let end = min((slab + 1u) * params.slabChunks, params.chunks);
  for (var chunk = slab * params.slabChunks; chunk < end; chunk++) {
    let line = chunk / params.lineChunks;
    let firstPixel = (chunk % params.lineChunks) * params.chunkWidth;
    let lastPixel = min(firstPixel + params.chunkWidth, params.resultWidth);
    ${LINE}
    var gradientBase = (line * params.resultWidth + firstPixel) * params.features + group * params.columns + column;
    var x = i32(firstPixel) * strideWidth;
    for (var j = firstPixel; j < lastPixel; j += ${PIXELS}u) {
      ${MULTIPLY}
      gradientBase += ${PIXELS}u * features;
      x += ${PIXELS} * strideWidth;
    }
  }
  ${STORE}
}
