// One workgroup computes a tile of pixels by channels of a convolution, or of its gradient with respect to the image; each of
// its 64 invocations ROWS pixels by 8 channels.
@group(0) @binding(0) var<storage, read> source: array<${SOURCE}>;
@group(0) @binding(1) var<storage, read> filters: array<${FILTER}>;
@group(0) @binding(2) var<storage, read_write> result: array<${RESULT}>;
@group(0) @binding(3) var<uniform> params: Params;
#if ${HAS_BIAS}
@group(0) @binding(4) var<storage, read> bias: array<${BIAS}>;
#endif
${EPILOGUE}
// Params, Taps, Place and the functions that make them.
${GATHER}
// filterAt, filterRow or filterBlock, biasAt, store, multiply.
${CHANNELS}

const PIXEL_LANES = ${PIXEL_LANES}u;
const CHANNEL_LANES = 64u / PIXEL_LANES;
const PIXELS = ${ROWS}u * PIXEL_LANES;
// The tile's channels, and the source channels of one round, in groups of four.
const CHANNEL_QUADS = 2u * CHANNEL_LANES;
const DEPTH_QUADS = ${DEPTH_QUADS}u;
// One more than needed keeps neighbouring pixels in different banks of memory.
const PIXEL_STEP = DEPTH_QUADS + 1u;
var<workgroup> sourceTile: array<vec4<f32>, PIXELS * PIXEL_STEP>;
var<workgroup> filterTile: array<vec4<f32>, 4u * DEPTH_QUADS * CHANNEL_QUADS>;

// Four source channels from k on; zero outside the image and beyond the group.
fn load(at: i32, group: u32, k: u32) -> vec4<f32> {
  if ((at < 0) | (k >= params.depth)) {
    return vec4<f32>();
  }
  let first = u32(at) + group * params.depth + k;
#if ${DEPTH_VEC4}
  return vec4<f32>(source[first / 4u]);
#else
  let values = vec4<f32>(f32(source[first]), f32(source[first + 1u]), f32(source[first + 2u]), f32(source[first + 3u]));
  return select(vec4<f32>(), values, k + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(params.depth));
#endif
}

// The filter for four source channels from k on; zero beyond the group.
fn loadBlock(tap: u32, k: u32, group: u32, column: u32) -> mat4x4<f32> {
  if (k >= params.depth) {
    return mat4x4<f32>();
  }
  let block = filterBlock(filterAt(tap, k, group, column));
#if ${DEPTH_VEC4}
  return block;
#else
  let zero = vec4<f32>();
  let last = params.depth - k;
  return mat4x4<f32>(block[0], select(zero, block[1], last > 1u), select(zero, block[2], last > 2u), select(zero, block[3], last > 3u));
#endif
}

fn tileBlock(quad: u32, column: u32) -> mat4x4<f32> {
  let at = 4u * quad * CHANNEL_QUADS + column;
  return mat4x4<f32>(
    filterTile[at], filterTile[at + CHANNEL_QUADS], filterTile[at + 2u * CHANNEL_QUADS], filterTile[at + 3u * CHANNEL_QUADS],
  );
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) count: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  // Neighbouring workgroups share pixels and differ in channels. Those beyond the last repeat it and store nothing.
  let tile = workgroup.y * count.x + workgroup.x;
  let channelTile = tile % params.channelTiles;
  let group = channelTile / params.groupTiles;
  let firstColumn = channelTile % params.groupTiles * 4u * CHANNEL_QUADS;
  let firstPixel = tile / params.channelTiles % params.pixelTiles * PIXELS;
  let phase = min(tile / (params.channelTiles * params.pixelTiles), params.phases - 1u);
  let isBeyond = tile >= params.channelTiles * params.pixelTiles * params.phases;
  let rows = tapsOfRows(phase);
  let columns = tapsOfColumns(phase);
  let width = params.sourceWidth;
  let channels = i32(params.sourceChannels);
  // While staging, an invocation brings four channels of every (64 / DEPTH_QUADS)-th pixel.
  let stagedQuad = lane % DEPTH_QUADS;
  let stagedPixel = lane / DEPTH_QUADS;
  ${PLACES}
  let pixelLane = lane / CHANNEL_LANES;
  let channelLane = lane % CHANNEL_LANES;
  let column0 = firstColumn + 4u * channelLane;
  let column1 = column0 + 4u * CHANNEL_LANES;
  ${START}
  for (var i = 0; i < rows.count; i++) {
    ${LINE}
    for (var j = 0; j < columns.count; j++) {
      let tap = u32((rows.first + i * rows.step) * params.filterWidth + columns.first + j * columns.step);
      ${TAP}
      for (var first = 0u; first < params.depth; first += 4u * DEPTH_QUADS) {
        workgroupBarrier();
        ${STAGE}
        for (var block = lane; block < DEPTH_QUADS * CHANNEL_QUADS; block += 64u) {
#if ${DEPTH_FASTEST}
          let quad = block / DEPTH_QUADS;
          let depthQuad = block % DEPTH_QUADS;
#else
          let quad = block % CHANNEL_QUADS;
          let depthQuad = block / CHANNEL_QUADS;
#endif
          let values = loadBlock(tap, first + 4u * depthQuad, group, firstColumn + 4u * quad);
          let at = 4u * depthQuad * CHANNEL_QUADS + quad;
          filterTile[at] = values[0];
          filterTile[at + CHANNEL_QUADS] = values[1];
          filterTile[at + 2u * CHANNEL_QUADS] = values[2];
          filterTile[at + 3u * CHANNEL_QUADS] = values[3];
        }
        workgroupBarrier();
        for (var quad = 0u; quad < DEPTH_QUADS; quad++) {
          ${MULTIPLY}
        }
      }
    }
  }
  if (!isBeyond) {
    ${STORE}
  }
}
