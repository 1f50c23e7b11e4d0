// One workgroup adds up the squares of every PARTIALS-th block of 1024 elements, in a fixed order.
struct Params { tensors: u32, blocks: u32 }
// For each tensor: its offset and size; then for each block: tensor, place in it.
@group(0) @binding(0) var<storage, read> values: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> table: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

var<workgroup> sums: array<f32, ${LANES}>;

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  for (var block = workgroup.x; block < params.blocks; block += ${PARTIALS}u) {
    let entry = (params.tensors + block) * 2u;
    let row = table[entry] * 2u;
    let size = table[row + 1u];
    for (var i = lane; i < 256u; i += ${LANES}u) {
      let place = table[entry + 1u] * 256u + i;
      if (place * 4u < size) {
        // Beyond the last element lies padding of any value.
        let value = select(vec4<f32>(), values[table[row] / 4u + place], vec4<u32>(0u, 1u, 2u, 3u) + place * 4u < vec4<u32>(size));
        sum += dot(value, value);
      }
    }
  }
  sums[lane] = sum;
  workgroupBarrier();
  for (var width = ${LANES}u / 2u; width > 0u; width >>= 1u) {
    if (lane < width) {
      sums[lane] += sums[lane + width];
    }
    workgroupBarrier();
  }
  if (lane == 0u) {
    y[workgroup.x] = sums[0];
  }
}
