// One workgroup normalises several rows, each by the lanes that share it: a row is a group of channels of one sample.
struct Params {
  rows: u32, groups: u32, length: u32, run: u32, inner: u32, lanes: u32, rowsPerWorkgroup: u32, epsilon: f32,
}
@group(0) @binding(0) var<storage, read> x: array<${X}>;
@group(0) @binding(1) var<storage, read> scale: array<${S}>;
@group(0) @binding(2) var<storage, read> offset: array<${S}>;
@group(0) @binding(3) var<storage, read_write> y: array<${Y}>;
@group(0) @binding(4) var<storage, read_write> statistics: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;
${EPILOGUE}

#if ${TREE}
var<workgroup> counts: array<f32, ${LANES}>;
var<workgroup> means: array<f32, ${LANES}>;
var<workgroup> deviations: array<f32, ${LANES}>;
#endif

// x is [sample, spatial, group, run], where a run holds the group's channels and what lies inside each.
fn startOf(row: u32) -> u32 {
  let group = row % params.groups;
  return (row / params.groups) * params.groups * params.length + group * params.run;
}

// The element of a row that is number `at` of it, and its channel.
fn placeOf(row: u32, at: u32) -> u32 {
#if ${CONTIGUOUS}
  return startOf(row) + at;
#else
  return startOf(row) + at + (at / params.run) * (params.groups - 1u) * params.run;
#endif
}

fn channelOf(row: u32, at: u32) -> u32 {
#if ${CONTIGUOUS}
  return (row % params.groups) * params.run + at;
#else
  return ((row % params.groups) * params.run + at % params.run) / params.inner;
#endif
}

@compute @workgroup_size(${LANES})
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) count: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  // Where a row lies in many short runs its neighbours lie between them: then neighbouring lanes take neighbouring rows.
#if ${INTERLEAVED}
  let rowLane = local % params.rowsPerWorkgroup;
  let lane = local / params.rowsPerWorkgroup;
  let laneStep = params.rowsPerWorkgroup;
#else
  let rowLane = local / params.lanes;
  let lane = local % params.lanes;
  let laneStep = 1u;
#endif
  let row = (workgroup.y * count.x + workgroup.x) * params.rowsPerWorkgroup + rowLane;
  let inside = row < params.rows;
  var n = 0.0;
  var total = F();
  var squares = F();
#if ${CENTERED}
  // Sums of x - shift and its square, where shift is the lane's first value: none of them is large beside the deviations.
  var shift = F();
  if (inside && lane < params.length) {
    shift = F(x[placeOf(row, lane)]);
  }
#endif
  if (inside) {
    for (var at = lane; at < params.length; at += params.lanes) {
#if ${CENTERED}
      let value = F(x[placeOf(row, at)]) - shift;
      total += value;
#else
      let value = F(x[placeOf(row, at)]);
#endif
      squares += value * value;
      n += 1.0;
    }
  }
#if ${CENTERED}
  total /= max(n, 1.0);
  squares = max(squares - total * total * n, F());
#if ${VEC4}
  var mean = dot(shift + total, vec4<f32>(0.25));
  let between = shift + total - mean;
  var deviation = dot(squares, vec4<f32>(1.0)) + n * dot(between, between);
#else
  var mean = shift + total;
  var deviation = squares;
#endif
#else
  var mean = 0.0;
#if ${VEC4}
  var deviation = dot(squares, vec4<f32>(1.0));
#else
  var deviation = squares;
#endif
#endif
#if ${TREE}
  counts[local] = n;
  means[local] = mean;
  deviations[local] = deviation;
  // Chan, Golub, LeVeque: the deviations of two parts, and that of their means.
  for (var half = params.lanes / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    let other = local + half * laneStep;
    if (lane < half && counts[other] > 0.0) {
      let both = counts[local] + counts[other];
      let apart = means[other] - means[local];
      means[local] += apart * (counts[other] / both);
      deviations[local] += deviations[other] + ${WIDTH} * apart * apart * (counts[local] * counts[other] / both);
      counts[local] = both;
    }
  }
  workgroupBarrier();
  mean = means[local - lane * laneStep];
  deviation = deviations[local - lane * laneStep];
#endif
  if (!inside) {
    return;
  }
  let inverse = inverseSqrt(deviation / (${WIDTH} * f32(params.length)) + params.epsilon);
  if (lane == 0u) {
    statistics[row] = mean;
    statistics[row + params.rows] = inverse;
  }
  for (var at = lane; at < params.length; at += params.lanes) {
    let index = placeOf(row, at);
    let channel = channelOf(row, at);
    y[index] = ${Y}(finish((F(x[index]) - mean) * inverse * scale[channel] + offset[channel], index));
  }
}
