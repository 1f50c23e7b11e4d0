// One invocation copies one element, or four neighbours, of a row of x [outer, size, inner] that an index names.
struct Params { count: u32, picked: u32, size: u32, inner: u32 }
@group(0) @binding(0) var<storage, read> x: array<${X}>;
@group(0) @binding(1) var<storage, read> indices: array<${INDEX}>;
@group(0) @binding(2) var<storage, read_write> y: array<${Y}>;
@group(0) @binding(3) var<uniform> params: Params;
${EPILOGUE}
${ROW_OF}

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
  let number = index / params.inner;
  let row = rowOf(indices[number % params.picked], params.size);
  let outer = number / params.picked;
  y[index] = ${Y}(finish(F(x[(outer * params.size + row) * params.inner + index % params.inner]), index));
}
