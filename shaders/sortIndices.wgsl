// One invocation finds the place of one index in the list sorted by row, and by position among equal rows: it counts those before it.
struct Params { picked: u32, size: u32 }
@group(0) @binding(0) var<storage, read> indices: array<${INDEX}>;
@group(0) @binding(1) var<storage, read_write> sorted: array<vec2<u32>>;
@group(0) @binding(2) var<uniform> params: Params;
${ROW_OF}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) count: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let own = (workgroup.y * count.x + workgroup.x) * 64u + lane;
  if (own >= params.picked) {
    return;
  }
  let row = rowOf(indices[own], params.size);
  var before = 0u;
  for (var i = 0u; i < own; i++) {
    before += select(0u, 1u, rowOf(indices[i], params.size) <= row);
  }
  for (var i = own + 1u; i < params.picked; i++) {
    before += select(0u, 1u, rowOf(indices[i], params.size) < row);
  }
  sorted[before] = vec2<u32>(row, own);
}
