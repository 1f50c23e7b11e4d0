// One invocation computes dx for several rows of a column (a channel, or four), after it has added up the partial sums of its
// channels; that of the first rows also writes the gradients of scale and offset down.
struct Params {
  columnBlocks: u32, slabs: u32, columns: u32, rowLanes: u32, rows: u32, channels: u32, inner: u32,
  blockRows: u32, elements: f32,
}
@group(0) @binding(0) var<storage, read> x: array<${X}>;
@group(0) @binding(1) var<storage, read> dy: array<${DY}>;
@group(0) @binding(2) var<storage, read> scale: array<${S}>;
@group(0) @binding(3) var<storage, read> statistics: array<${S}>;
@group(0) @binding(4) var<storage, read_write> dx: array<${DX}>;
@group(0) @binding(5) var<storage, read_write> dScale: array<${S}>;
@group(0) @binding(6) var<storage, read_write> dOffset: array<${S}>;
@group(0) @binding(7) var<storage, read> partials: array<${S}>;
@group(0) @binding(8) var<uniform> params: Params;
${EPILOGUE}
alias S = ${S};

// x is [rows, channels], or [outer, channels, inner] with outer * inner rows.
fn place(row: u32, channel: u32) -> u32 {
#if ${CHANNELS_LAST}
  return row * params.channels + channel;
#else
  return ((row / params.inner) * params.channels + channel) * params.inner + row % params.inner;
#endif
}

@compute @workgroup_size(${LANES})
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) count: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = workgroup.y * count.x + workgroup.x;
  let block = number / params.columnBlocks;
  let rowLane = lane / params.columns;
  let channel = (number % params.columnBlocks) * params.columns + lane % params.columns;
  if (rowLane >= params.rowLanes || channel >= params.channels) {
    return;
  }
  var scaleSum = S();
  var offsetSum = S();
  for (var slab = 0u; slab < params.slabs; slab++) {
    let at = slab * 2u * params.channels + channel;
    scaleSum += partials[at];
    offsetSum += partials[at + params.channels];
  }
  if (block == 0u && rowLane == 0u) {
    dScale[channel] = scaleSum;
    dOffset[channel] = offsetSum;
  }
  let mean = statistics[channel];
  let inverse = statistics[channel + params.channels];
  let factor = scale[channel] * inverse;
  let meanOfDy = offsetSum / params.elements;
  let slope = scaleSum / params.elements;
  let end = min((block + 1u) * params.blockRows, params.rows);
  for (var row = block * params.blockRows + rowLane; row < end; row += params.rowLanes) {
    let index = place(row, channel);
    let normalized = (F(x[index]) - mean) * inverse;
    dx[index] = ${DX}(finish((F(dy[index]) - meanOfDy - normalized * slope) * factor, index));
  }
}
