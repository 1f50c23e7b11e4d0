// One invocation copies one element, or four neighbours, of a stretch of each row of y: from the input that lies there.
struct Params {
  count: u32, first: u32, length: u32, row: u32,
  end0: u32, end1: u32, end2: u32, end3: u32,
}
${INPUTS}
${EPILOGUE}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) count: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = (workgroup.y * count.x + workgroup.x) * 256u + lane;
  if (number >= params.count) {
    return;
  }
  let outer = number / params.length;
  let at = number % params.length;
  var value: F;
  ${CHOICE}
  let index = outer * params.row + params.first + at;
  y[index] = ${Y}(finish(value, index));
}
