// One workgroup adds up the weights of the labels of every count.x-th block of 256 lines.
struct Params { lines: u32, classes: u32, ignores: u32, ignoreIndex: i32, nan: u32 }
${BINDINGS}

var<workgroup> sums: array<f32, 256>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) count: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  var sum = 0.0;
  for (var line = workgroup.x * 256u + local; line < params.lines; line += count.x * 256u) {
    let label = i32(labels[line]);
    let place = clamp(label, 0, i32(params.classes) - 1);
    let known = select(bitcast<f32>(params.nan), 1.0, label == place);
    let category = u32(place);
    sum += select(known, 0.0, params.ignores == 1u && label == params.ignoreIndex) * ${CATEGORY_WEIGHT};
  }
  sums[local] = sum;
  for (var left = 256u; left > 1u; left = max(left / 8u, 1u)) {
    workgroupBarrier();
    let next = max(left / 8u, 1u);
    if (local < next) {
      for (var other = next; local + other < left; other += next) {
        sums[local] += sums[local + other];
      }
    }
  }
  if (local == 0u) {
    weightSums[workgroup.x] = sums[0];
  }
}
