// One invocation sums four rows of one feature, or of four features that each read one channel, over one slab of pixels.
struct Params {
  // A slab is a number of chunks; a chunk is a stretch of one line of the result. Units are WIDTH features.
  slabs: u32, chunks: u32, slabChunks: u32, lineChunks: u32, chunkWidth: u32,
  rowTiles: u32, units: u32,
  filterRows: u32, depth: u32, columns: u32, filterWidth: u32,
  imageHeight: i32, imageWidth: i32, channels: i32, resultHeight: u32, resultWidth: u32,
  strideHeight: i32, strideWidth: i32, dilationHeight: i32, dilationWidth: i32, paddingTop: i32, paddingLeft: i32,
}
@group(0) @binding(0) var<storage, read> image: array<${IMAGE}>;
@group(0) @binding(1) var<storage, read> gradient: array<${GRADIENT}>;
#if ${PARTIAL}
@group(0) @binding(2) var<storage, read_write> partials: array<${PARTIAL_TYPE}>;
@group(0) @binding(3) var<uniform> params: Params;
#else
@group(0) @binding(2) var<storage, read_write> filterGradient: array<${RESULT}>;
#if ${HAS_BIAS}
@group(0) @binding(3) var<storage, read_write> biasGradient: array<${RESULT}>;
@group(0) @binding(4) var<uniform> params: Params;
#else
@group(0) @binding(3) var<uniform> params: Params;
#endif
#endif
alias F = ${F};

// A row of the filter: its channel in units, and how far its tap lies from the first pixel of a window.
struct Row { channel: i32, down: i32, right: i32, isBias: bool }

fn rowOf(row: u32, unit: u32) -> Row {
  let tap = row / params.depth;
  let down = i32(tap / params.filterWidth) * params.dilationHeight - params.paddingTop;
  let right = i32(tap % params.filterWidth) * params.dilationWidth - params.paddingLeft;
#if ${ONE_TO_ONE}
  let channel = unit;
#else
  let channel = unit / params.columns * params.depth + row % params.depth;
#endif
  return Row(i32(channel), down, right, row >= params.filterRows);
}

fn load(row: Row, number: u32, line: u32, column: u32) -> F {
  let y = i32(line) * params.strideHeight + row.down;
  let x = i32(column) * params.strideWidth + row.right;
  let inside = (y >= 0) & (y < params.imageHeight) & (x >= 0) & (x < params.imageWidth) & !row.isBias;
  let at = ((i32(number) * params.imageHeight + y) * params.imageWidth + x) * params.channels + row.channel;
  return select(F(select(0.0, 1.0, row.isBias)), F(image[u32(select(0, at, inside))]), inside);
}

fn store(slab: u32, row: u32, unit: u32, value: F) {
#if ${PARTIAL}
  if (row < params.filterRows + ${BIAS_ROWS}u) {
    partials[(slab * (params.filterRows + ${BIAS_ROWS}u) + row) * params.units + unit] = value;
  }
#else
  if (row < params.filterRows) {
    filterGradient[row * params.units + unit] = ${RESULT}(value);
  }
#if ${HAS_BIAS}
  if (row == params.filterRows) {
    biasGradient[unit] = ${RESULT}(value);
  }
#endif
#endif
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) count: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (workgroup.y * count.x + workgroup.x) * 64u + lane;
  let unit = index % params.units;
  let firstRow = (index / params.units % params.rowTiles) * 4u;
  let slab = index / (params.units * params.rowTiles);
  if (slab >= params.slabs) {
    return;
  }
  let row0 = rowOf(firstRow, unit);
  let row1 = rowOf(firstRow + 1u, unit);
  let row2 = rowOf(firstRow + 2u, unit);
  let row3 = rowOf(firstRow + 3u, unit);
  var sum0 = F();
  var sum1 = F();
  var sum2 = F();
  var sum3 = F();
  let end = min((slab + 1u) * params.slabChunks, params.chunks);
  for (var chunk = slab * params.slabChunks; chunk < end; chunk++) {
    let line = chunk / params.lineChunks;
    let number = line / params.resultHeight;
    let i = line % params.resultHeight;
    let firstPixel = (chunk % params.lineChunks) * params.chunkWidth;
    let lastPixel = min(firstPixel + params.chunkWidth, params.resultWidth);
    for (var j = firstPixel; j < lastPixel; j++) {
      let g = F(gradient[(line * params.resultWidth + j) * params.units + unit]);
      sum0 = fma(load(row0, number, i, j), g, sum0);
      sum1 = fma(load(row1, number, i, j), g, sum1);
      sum2 = fma(load(row2, number, i, j), g, sum2);
      sum3 = fma(load(row3, number, i, j), g, sum3);
    }
  }
  store(slab, firstRow, unit, sum0);
  store(slab, firstRow + 1u, unit, sum1);
  store(slab, firstRow + 2u, unit, sum2);
  store(slab, firstRow + 3u, unit, sum3);
}
