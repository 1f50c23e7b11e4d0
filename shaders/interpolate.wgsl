// One invocation computes one element of y [outer, length, inner], or four neighbours: the weighted sum of `taps` elements along axis 1
// of x [outer, size, inner].
struct Params { count: u32, length: u32, size: u32, inner: u32, taps: u32 }
@group(0) @binding(0) var<storage, read> x: array<${X}>;
@group(0) @binding(1) var<storage, read> places: array<i32>;
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<${Y}>;
@group(0) @binding(4) var<uniform> params: Params;
${EPILOGUE}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) count: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (workgroup.y * count.x + workgroup.x) * 256u + lane;
  if (index >= params.count) {
    return;
  }
  let first = ((index / params.inner) % params.length) * params.taps;
  let base = (index / (params.inner * params.length)) * params.size * params.inner + index % params.inner;
  var total = F();
  for (var tap = first; tap < first + params.taps; tap++) {
    // Weight 0 fills up short sums: what it names may be NaN.
    total += select(F(), weights[tap] * F(x[base + u32(places[tap]) * params.inner]), weights[tap] != 0.0);
  }
  y[index] = ${Y}(finish(total, index));
}
