// One invocation computes one element of y, or four neighbours: the element of x that lies there, or what fills the gaps.
struct Params {
  count: u32, fill: u32,
  length1: u32, length2: u32, length3: u32, length4: u32, length5: u32, length6: u32, length7: u32,
  begin0: i32, begin1: i32, begin2: i32, begin3: i32, begin4: i32, begin5: i32, begin6: i32, begin7: i32,
  step0: i32, step1: i32, step2: i32, step3: i32, step4: i32, step5: i32, step6: i32, step7: i32,
  size0: i32, size1: i32, size2: i32, size3: i32, size4: i32, size5: i32, size6: i32, size7: i32,
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
  var at = 0;
  var offset = 0;
  var inside = true;
  ${AXES}
  var value = F(bitcast<${T}>(params.fill));
  if (inside) {
    value = F(x[offset]);
  }
  y[index] = ${Y}(finish(value, index));
}
