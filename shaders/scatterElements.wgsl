// One invocation computes one element of y [outer, size, inner]: that of x, combined with the updates [outer, picked, inner] on its
// line along axis 1 whose index names it, in their order.
struct Params { count: u32, picked: u32, size: u32, inner: u32 }
@group(0) @binding(0) var<storage, read> x: array<${X}>;
@group(0) @binding(1) var<storage, read> indices: array<${INDEX}>;
@group(0) @binding(2) var<storage, read> updates: array<${X}>;
@group(0) @binding(3) var<storage, read_write> y: array<${Y}>;
@group(0) @binding(4) var<uniform> params: Params;
${EPILOGUE}
${ROW_OF}
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
  let row = (index / params.inner) % params.size;
  let outer = index / (params.inner * params.size);
  var at = outer * params.picked * params.inner + index % params.inner;
  var value = F(x[index]);
  for (var i = 0u; i < params.picked; i++) {
    if (rowOf(indices[at], params.size) == row) {
      let update = F(updates[at]);
      value = ${COMBINE};
    }
    at += params.inner;
  }
  y[index] = ${Y}(finish(value, index));
}
