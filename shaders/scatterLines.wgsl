// One invocation adds up one line of updates [outer, picked, inner] along axis 1 into its line of y [outer, size, inner].
struct Params { lines: u32, picked: u32, size: u32, inner: u32 }
@group(0) @binding(0) var<storage, read> indices: array<${INDEX}>;
@group(0) @binding(1) var<storage, read> updates: array<${X}>;
@group(0) @binding(2) var<storage, read_write> y: array<${T}>;
@group(0) @binding(3) var<uniform> params: Params;
${ROW_OF}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) count: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let line = (workgroup.y * count.x + workgroup.x) * 64u + lane;
  if (line >= params.lines) {
    return;
  }
  let outer = line / params.inner;
  let column = line % params.inner;
  let base = outer * params.size * params.inner + column;
  for (var row = 0u; row < params.size; row++) {
    y[base + row * params.inner] = ${T}();
  }
  var at = outer * params.picked * params.inner + column;
  for (var i = 0u; i < params.picked; i++) {
    y[base + rowOf(indices[at], params.size) * params.inner] += ${T}(updates[at]);
    at += params.inner;
  }
}
