// One invocation computes a few pixels by 4 or 8 channels of a convolution, or of its gradient with respect to the image.
#if ${SHARED}
// The four invocations of a subgroup have the same pixels and load the source for each other. That they leave together the compiler cannot see.
diagnostic(off, subgroup_uniformity);
#endif
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

// The source from channel k on, or zero outside the image.
fn load(at: i32, k: u32) -> ${VALUES} {
#if ${PADDED}
  return select(${VALUES}(), ${VALUES}(source[(u32(max(at, 0)) + k) / ${DEPTH_STEP}u]), at >= 0);
#else
  return ${VALUES}(source[(u32(at) + k) / ${DEPTH_STEP}u]);
#endif
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) count: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  // Neighbouring lanes, then workgroups, share pixels and differ in channels.
  let tile = workgroup.y * count.x + workgroup.x;
  let unit = (tile % params.channelTiles) * params.channelLanes + lane % params.channelLanes;
  let pixelTile = tile / params.channelTiles % params.pixelTiles;
  let phase = tile / (params.channelTiles * params.pixelTiles);
  let firstPixel = pixelTile * params.pixelLanes * ${PIXELS}u + lane / params.channelLanes;
#if ${SHARED}
  // Who has no channels still loads for the others, and stores nothing.
  let group = 0u;
  let column = unit * ${COLUMNS}u;
  let exists = unit - lane % 4u < params.groupTiles;
#else
  let group = unit / params.groupTiles;
  let column = (unit % params.groupTiles) * ${COLUMNS}u;
  let exists = group < params.groups;
#endif
  if (!exists | (firstPixel >= params.pixels) | (phase >= params.phases)) {
    return;
  }
  let rows = tapsOfRows(phase);
  let columns = tapsOfColumns(phase);
  let firstChannel = group * params.depth;
  ${START}
  let width = params.sourceWidth;
  let channels = i32(params.sourceChannels);
  for (var i = 0; i < rows.count; i++) {
    ${LINE}
    for (var j = 0; j < columns.count; j++) {
      let tap = u32((rows.first + i * rows.step) * params.filterWidth + columns.first + j * columns.step);
      let filterBase = filterAt(tap, 0u, group, column);
      ${TAP}
      for (var k = 0u; k < params.depth; k += ${DEPTH_STEP}u) {
        ${MULTIPLY}
      }
    }
  }
  ${STORE}
}
