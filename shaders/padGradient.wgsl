// One invocation computes one element of dx [outer, size, inner], or four neighbours: the sum of dy [outer, padded, inner] over
// the places along axis 1 that padding filled from it.
struct Params { count: u32, size: u32, padded: u32, inner: u32, before: u32 }
@group(0) @binding(0) var<storage, read> dy: array<${DY}>;
@group(0) @binding(1) var<storage, read_write> dx: array<${DX}>;
@group(0) @binding(2) var<uniform> params: Params;
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
  let place = (index / params.inner) % params.size;
  let base = (index / (params.inner * params.size)) * params.padded * params.inner + index % params.inner;
  var total = F();
#if ${EDGE}
  // The first and the last element also stand in the padding on their side.
  let first = select(params.before + place, 0u, place == 0u);
  let last = select(params.before + place, params.padded - 1u, place == params.size - 1u);
  for (var at = first; at <= last; at++) {
    total += F(dy[base + at * params.inner]);
  }
#else
  if (place > 0u && place <= params.before) {
    total += F(dy[base + (params.before - place) * params.inner]);
  }
  total += F(dy[base + (params.before + place) * params.inner]);
  let mirrored = params.before + 2u * (params.size - 1u) - place;
  if (place < params.size - 1u && mirrored < params.padded) {
    total += F(dy[base + mirrored * params.inner]);
  }
#endif
  dx[index] = ${DX}(finish(total, index));
}
