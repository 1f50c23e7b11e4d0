// One invocation copies one element of the result, or four neighbours: y[c] = x[offset + sum of c[axis] * stride[axis]].
struct Params {
  count: u32, offset: i32,
  length1: u32, length2: u32, length3: u32, length4: u32, length5: u32, length6: u32, length7: u32,
  stride0: i32, stride1: i32, stride2: i32, stride3: i32, stride4: i32, stride5: i32, stride6: i32, stride7: i32,
}
@group(0) @binding(0) var<storage, read> x: array<${X}>;
@group(0) @binding(1) var<storage, read_write> y: array<${Y}>;
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
  var rest = index;
  var offset = params.offset;
  ${AXES}
  y[index] = ${Y}(finish(F(x[offset]), index));
}
