// One workgroup computes dx for several rows, each by the lanes that share it: a row is a group of channels of one sample.
struct Params {
  rows: u32, groups: u32, length: u32, run: u32, inner: u32, lanes: u32, rowsPerWorkgroup: u32,
}
@group(0) @binding(0) var<storage, read> x: array<${X}>;
@group(0) @binding(1) var<storage, read> dy: array<${DY}>;
@group(0) @binding(2) var<storage, read> scale: array<${S}>;
@group(0) @binding(3) var<storage, read> statistics: array<f32>;
@group(0) @binding(4) var<storage, read_write> dx: array<${DX}>;
@group(0) @binding(5) var<uniform> params: Params;
${EPILOGUE}

#if ${TREE}
var<workgroup> sums: array<f32, ${LANES}>;
var<workgroup> products: array<f32, ${LANES}>;
#endif

fn horizontal(value: F) -> f32 {
#if ${VEC4}
  return dot(value, vec4<f32>(1.0));
#else
  return value;
#endif
}

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
  var mean = 0.0;
  var inverse = 0.0;
  var total = F();
  var product = F();
  if (inside) {
    mean = statistics[row];
    inverse = statistics[row + params.rows];
    for (var at = lane; at < params.length; at += params.lanes) {
      let index = placeOf(row, at);
      let slope = F(dy[index]) * scale[channelOf(row, at)];
      total += slope;
      product += slope * ((F(x[index]) - mean) * inverse);
    }
  }
  var sumOfSlopes = horizontal(total);
  var sumOfProducts = horizontal(product);
#if ${TREE}
  sums[local] = sumOfSlopes;
  products[local] = sumOfProducts;
  for (var half = params.lanes / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      sums[local] += sums[local + half * laneStep];
      products[local] += products[local + half * laneStep];
    }
  }
  workgroupBarrier();
  sumOfSlopes = sums[local - lane * laneStep];
  sumOfProducts = products[local - lane * laneStep];
#endif
  if (!inside) {
    return;
  }
  let elements = ${WIDTH} * f32(params.length);
#if ${CENTERED}
  let meanOfSlopes = sumOfSlopes / elements;
#else
  let meanOfSlopes = 0.0;
#endif
  let meanOfProducts = sumOfProducts / elements;
  for (var at = lane; at < params.length; at += params.lanes) {
    let index = placeOf(row, at);
    let slope = F(dy[index]) * scale[channelOf(row, at)];
    let normalized = (F(x[index]) - mean) * inverse;
    dx[index] = ${DX}(finish((slope - meanOfSlopes - normalized * meanOfProducts) * inverse, index));
  }
}
