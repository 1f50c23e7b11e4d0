// One invocation computes a few pixels of one channel, or of four channels that each read one channel, of a grouped convolution.
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

// Channels are counted in units of WIDTH.
const WIDTH = ${WIDTH}u;

fn load(at: i32, channel: u32) -> F {
  return select(F(), F(source[u32(max(at, 0)) / WIDTH + channel]), at >= 0);
}

fn biasAt(channel: u32) -> F {
#if ${HAS_BIAS}
  return F(bias[channel]);
#else
  return F();
#endif
}

fn store(pixel: i32, channel: u32, value: F) {
  if (pixel >= 0) {
    let at = u32(pixel) * (params.resultChannels / WIDTH) + channel;
    result[at] = ${RESULT}(finish(value, at));
  }
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) count: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let tile = workgroup.y * count.x + workgroup.x;
  let channel = (tile % params.channelTiles) * params.channelLanes + lane % params.channelLanes;
  let pixelTile = tile / params.channelTiles % params.pixelTiles;
  let phase = tile / (params.channelTiles * params.pixelTiles);
#if ${IN_A_ROW}
  // Four pixels side by side, as far as the line reaches: they share most of what their taps read.
  let quad = pixelTile * params.pixelLanes + lane / params.channelLanes;
  let lineQuads = (params.pixelWidth + 3u) / 4u;
  let firstColumn = quad % lineQuads * 4u;
  let firstPixel = quad / lineQuads * params.pixelWidth + firstColumn;
#else
  let firstPixel = pixelTile * params.pixelLanes * ${PIXELS}u + lane / params.channelLanes;
#endif
  if ((channel * WIDTH >= params.resultChannels) | (firstPixel >= params.pixels) | (phase >= params.phases)) {
    return;
  }
#if ${ONE_TO_ONE}
  let firstChannel = channel;
#else
  let firstChannel = channel / params.columns * params.depth;
#endif
  let rows = tapsOfRows(phase);
  let columns = tapsOfColumns(phase);
  ${START}
  let width = params.sourceWidth;
  let channels = i32(params.sourceChannels);
  for (var i = 0; i < rows.count; i++) {
    ${LINE}
#if ${IN_A_ROW}
    let firstTap = u32(rows.first + i * rows.step) * ${FILTER_WIDTH}u;
    ${MULTIPLY_ROW}
#else
    for (var j = 0; j < columns.count; j++) {
      let tap = u32((rows.first + i * rows.step) * params.filterWidth + columns.first + j * columns.step);
      ${TAP}
#if ${ONE_TO_ONE}
      let b = F(filters[tap * (params.resultChannels / WIDTH) + channel]);
      ${MULTIPLY}
#else
      for (var k = 0u; k < params.depth; k++) {
        let b = F(filters[${FILTER_AT}]);
        ${MULTIPLY}
      }
#endif
    }
#endif
  }
  ${STORE}
}
