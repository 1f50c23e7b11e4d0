// One workgroup sums dy, and dy times the normalised x, over a slab of rows, for a block of columns (channels, or four).
struct Params {
  columnBlocks: u32, columns: u32, rowLanes: u32, tree: u32, slabRows: u32, rows: u32, channels: u32, inner: u32,
  rowsPerSample: u32, groupChannels: u32, groups: u32, statistics: u32,
}
@group(0) @binding(0) var<storage, read> x: array<${X}>;
@group(0) @binding(1) var<storage, read> dy: array<${DY}>;
@group(0) @binding(2) var<storage, read> statistics: array<${STATISTIC}>;
#if ${WHOLE}
@group(0) @binding(3) var<storage, read_write> dScale: array<${S}>;
@group(0) @binding(4) var<storage, read_write> dOffset: array<${S}>;
@group(0) @binding(5) var<uniform> params: Params;
#else
@group(0) @binding(3) var<storage, read_write> partials: array<${S}>;
@group(0) @binding(4) var<uniform> params: Params;
#endif
alias F = ${F};

var<workgroup> sums: array<F, ${LANES}>;
var<workgroup> products: array<F, ${LANES}>;

// x is [rows, channels], or [outer, channels, inner] with outer * inner rows.
fn place(row: u32, channel: u32) -> u32 {
#if ${CHANNELS_LAST}
  return row * params.channels + channel;
#else
  return ((row / params.inner) * params.channels + channel) * params.inner + row % params.inner;
#endif
}

// Mean and inverse standard deviation lie behind each other: one of each for a channel, or for a group of a sample.
fn statistic(row: u32, channel: u32) -> u32 {
#if ${PER_CHANNEL}
  return channel;
#else
  return (row / params.rowsPerSample) * params.groups + channel / params.groupChannels;
#endif
}

@compute @workgroup_size(${LANES})
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) count: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = workgroup.y * count.x + workgroup.x;
  let slab = number / params.columnBlocks;
  let rowLane = lane / params.columns;
  let channel = (number % params.columnBlocks) * params.columns + lane % params.columns;
  let inside = rowLane < params.rowLanes && channel < params.channels;
  let end = min((slab + 1u) * params.slabRows, params.rows);
  var total = F();
  var product = F();
  if (inside) {
    for (var row = slab * params.slabRows + rowLane; row < end; row += params.rowLanes) {
      let at = place(row, channel);
      let own = statistic(row, channel);
      let value = F(dy[at]);
      total += value;
      product += value * ((F(x[at]) - F(statistics[own])) * F(statistics[own + params.statistics]));
    }
  }
  sums[lane] = total;
  products[lane] = product;
  for (var half = params.tree; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (rowLane < half && rowLane + half < params.rowLanes) {
      sums[lane] += sums[lane + half * params.columns];
      products[lane] += products[lane + half * params.columns];
    }
  }
  if (rowLane == 0u && channel < params.channels) {
#if ${FOUR_ROWS}
    let offsetSum = dot(sums[lane], vec4<f32>(1.0));
    let scaleSum = dot(products[lane], vec4<f32>(1.0));
#else
    let offsetSum = sums[lane];
    let scaleSum = products[lane];
#endif
#if ${WHOLE}
    dScale[channel] = scaleSum;
    dOffset[channel] = offsetSum;
#else
    let at = slab * 2u * params.channels + channel;
    partials[at] = scaleSum;
    partials[at + params.channels] = offsetSum;
#endif
  }
}
