// One workgroup computes mean and sum of squared deviations of a slab of rows, for a block of columns (channels, or four).
struct Params {
  columnBlocks: u32, columns: u32, rowLanes: u32, tree: u32, slabRows: u32, rows: u32, channels: u32, inner: u32,
}
@group(0) @binding(0) var<storage, read> x: array<${X}>;
@group(0) @binding(1) var<storage, read_write> partials: array<${S}>;
@group(0) @binding(2) var<uniform> params: Params;
alias F = ${F};

var<workgroup> counts: array<f32, ${LANES}>;
var<workgroup> means: array<F, ${LANES}>;
var<workgroup> deviations: array<F, ${LANES}>;

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
  let slab = number / params.columnBlocks;
  let rowLane = lane / params.columns;
  let channel = (number % params.columnBlocks) * params.columns + lane % params.columns;
  let end = min((slab + 1u) * params.slabRows, params.rows);
  let first = slab * params.slabRows + rowLane;
  // Sums of x - shift and its square, where shift is the lane's first value: none of them is large beside the deviations.
  var shift = F();
  var total = F();
  var squares = F();
  var n = 0.0;
  if (rowLane < params.rowLanes && channel < params.channels && first < end) {
    shift = F(x[place(first, channel)]);
    var row = first;
    // Four loads under way at once.
    for (; row + 3u * params.rowLanes < end; row += 4u * params.rowLanes) {
      let value0 = F(x[place(row, channel)]) - shift;
      let value1 = F(x[place(row + params.rowLanes, channel)]) - shift;
      let value2 = F(x[place(row + 2u * params.rowLanes, channel)]) - shift;
      let value3 = F(x[place(row + 3u * params.rowLanes, channel)]) - shift;
      total += (value0 + value1) + (value2 + value3);
      squares += (value0 * value0 + value1 * value1) + (value2 * value2 + value3 * value3);
      n += 4.0;
    }
    for (; row < end; row += params.rowLanes) {
      let value = F(x[place(row, channel)]) - shift;
      total += value;
      squares += value * value;
      n += 1.0;
    }
    total /= n;
  }
  counts[lane] = n;
  means[lane] = shift + total;
  deviations[lane] = max(squares - total * total * n, F());
  // Chan, Golub, LeVeque: the deviations of two parts, and that of their means.
  for (var half = params.tree; half > 0u; half /= 2u) {
    workgroupBarrier();
    let other = lane + half * params.columns;
    if (rowLane < half && rowLane + half < params.rowLanes && counts[other] > 0.0) {
      let both = counts[lane] + counts[other];
      let apart = means[other] - means[lane];
      means[lane] += apart * (counts[other] / both);
      deviations[lane] += deviations[other] + apart * apart * (counts[lane] * counts[other] / both);
      counts[lane] = both;
    }
  }
  if (rowLane == 0u && channel < params.channels) {
    let at = slab * 2u * params.channels + channel;
#if ${FOUR_ROWS}
    let four = means[lane];
    let mean = (four.x + four.y + four.z + four.w) * 0.25;
    let apart = four - mean;
    partials[at] = mean;
    partials[at + params.channels] = dot(deviations[lane], vec4<f32>(1.0)) + counts[lane] * dot(apart, apart);
#else
    partials[at] = means[lane];
    partials[at + params.channels] = deviations[lane];
#endif
  }
}
