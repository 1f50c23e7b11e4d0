// One invocation counts the elements of its line that come before its own, and puts it at that place where it is among the first k.
struct Params { count: u32, length: u32, inner: u32, k: u32 }
@group(0) @binding(0) var<storage, read> x: array<${X}>;
@group(0) @binding(1) var<storage, read_write> values: array<${X}>;
@group(0) @binding(2) var<storage, read_write> indices: array<i32>;
@group(0) @binding(3) var<uniform> params: Params;

// The first comes first.
fn keyOf(value: ${X}) -> u32 {
  ${KEY}
}
fn orderOf(value: ${X}) -> u32 {
#if ${LARGEST}
  return ~keyOf(value);
#else
  return keyOf(value);
#endif
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) count: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = (workgroup.y * count.x + workgroup.x) * 64u + lane;
  if (at >= params.count) {
    return;
  }
  let outer = at / (params.length * params.inner);
  let index = at / params.inner % params.length;
  let place = at % params.inner;
  let start = outer * params.length * params.inner + place;
  let own = orderOf(x[at]);
  var rank = 0u;
  for (var i = 0u; i < params.length; i++) {
    let other = orderOf(x[start + i * params.inner]);
    rank += select(0u, 1u, (other < own) | ((other == own) & (i < index)));
  }
  if (rank < params.k) {
    let to = (outer * params.k + rank) * params.inner + place;
    values[to] = x[at];
    indices[to] = i32(index);
  }
}
