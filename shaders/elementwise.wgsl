// One invocation computes one element, or four neighbours, of a chain of elementwise ops.
struct Params { count: u32 }
@group(0) @binding(0) var<uniform> params: Params;
${BINDINGS}
${HELPERS}

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
  ${BODY}
}
