// One invocation normalises several rows of a column (a channel, or four), after it has joined the partial statistics of its
// channels; that of the first rows also writes the statistics down.
struct Params {
  columnBlocks: u32, slabs: u32, columns: u32, rowLanes: u32, slabRows: u32, rows: u32, channels: u32, inner: u32,
  blockRows: u32, elementsPerRow: f32, epsilon: f32, momentum: f32, unbiased: f32,
}
@group(0) @binding(0) var<storage, read> x: array<${X}>;
@group(0) @binding(1) var<storage, read> scale: array<${S}>;
@group(0) @binding(2) var<storage, read> offset: array<${S}>;
@group(0) @binding(3) var<storage, read_write> y: array<${Y}>;
@group(0) @binding(4) var<storage, read_write> runningMean: array<${S}>;
@group(0) @binding(5) var<storage, read_write> runningVariance: array<${S}>;
@group(0) @binding(6) var<storage, read_write> statistics: array<${S}>;
@group(0) @binding(7) var<storage, read> partials: array<${S}>;
@group(0) @binding(8) var<uniform> params: Params;
${EPILOGUE}
alias S = ${S};
alias Bits = ${BITS};

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
  // All slabs have slabRows rows, the last has what is left. Distances from the first slab's mean keep the digits.
  let lastSlab = params.slabs - 1u;
  let lastRows = f32(params.rows - lastSlab * params.slabRows);
  let slabRows = f32(params.slabRows);
  let firstMean = partials[channel];
  var distance = S();
  for (var slab = 1u; slab < params.slabs; slab++) {
    let apart = partials[slab * 2u * params.channels + channel] - firstMean;
    distance += apart * select(slabRows, lastRows, slab == lastSlab);
  }
  let mean = firstMean + distance / f32(params.rows);
  var deviation = S();
  for (var slab = 0u; slab < params.slabs; slab++) {
    let at = slab * 2u * params.channels + channel;
    let apart = partials[at] - mean;
    let slabElements = params.elementsPerRow * select(slabRows, lastRows, slab == lastSlab);
    deviation += partials[at + params.channels] + apart * apart * slabElements;
  }
  let inverse = inverseSqrt(deviation / (f32(params.rows) * params.elementsPerRow) + params.epsilon);
  if (block == 0u && rowLane == 0u) {
    // Where the batch has overflowed, the running statistics stay: a network whose loss diverges can still be used.
    let finite = (bitcast<Bits>(deviation) & Bits(0x7f800000u)) != Bits(0x7f800000u);
    let runs = runningMean[channel];
    let spreads = runningVariance[channel];
    runningMean[channel] = select(runs, runs + params.momentum * (mean - runs), finite);
    runningVariance[channel] =
      select(spreads, spreads + params.momentum * (deviation / params.unbiased - spreads), finite);
    statistics[channel] = mean;
    statistics[channel + params.channels] = inverse;
  }
  let factor = inverse * scale[channel];
  let end = min((block + 1u) * params.blockRows, params.rows);
  for (var row = block * params.blockRows + rowLane; row < end; row += params.rowLanes) {
    let index = place(row, channel);
    y[index] = ${Y}(finish((F(x[index]) - mean) * factor + offset[channel], index));
  }
}
