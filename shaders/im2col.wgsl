// One invocation copies an element, or four channels, of a window to its place in the matrix [pixels, taps * channels].
struct Params {
  // Channels are counted in units of one or four.
  count: u32, channels: u32, taps: u32, filterWidth: u32,
  imageHeight: i32, imageWidth: i32, resultHeight: u32, resultWidth: u32,
  strideHeight: i32, strideWidth: i32, dilationHeight: i32, dilationWidth: i32, paddingTop: i32, paddingLeft: i32,
}
@group(0) @binding(0) var<storage, read> image: array<${IMAGE}>;
@group(0) @binding(1) var<storage, read_write> windows: array<${WINDOWS}>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) count: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (workgroup.y * count.x + workgroup.x) * 64u + lane;
  if (index >= params.count) {
    return;
  }
  let channel = index % params.channels;
  let tap = index / params.channels % params.taps;
  let pixel = index / (params.channels * params.taps);
  let line = pixel / params.resultWidth;
  let row = i32(line % params.resultHeight) * params.strideHeight - params.paddingTop + i32(tap / params.filterWidth) * params.dilationHeight;
  let column = i32(pixel % params.resultWidth) * params.strideWidth - params.paddingLeft + i32(tap % params.filterWidth) * params.dilationWidth;
  let inside = (row >= 0) & (row < params.imageHeight) & (column >= 0) & (column < params.imageWidth);
  let at = ((i32(line / params.resultHeight) * params.imageHeight + row) * params.imageWidth + column) * i32(params.channels) + i32(channel);
  windows[index] = select(${WINDOWS}(), ${WINDOWS}(image[u32(select(0, at, inside))]), inside);
}
