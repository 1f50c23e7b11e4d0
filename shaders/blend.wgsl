// One workgroup blends 1024 elements of one tensor into another, in place; each invocation four of them.
struct Params { tensors: u32, blocks: u32 }
@group(0) @binding(0) var<storage, read> keeps: array<f32>;
@group(0) @binding(1) var<storage, read> shares: array<f32>;
@group(0) @binding(2) var<storage, read> sources: array<vec4<f32>>;
// For each tensor: offsets of target and source, and its size; then for each block: tensor, place in it.
@group(0) @binding(3) var<storage, read> table: array<u32>;
@group(0) @binding(4) var<storage, read_write> targets: array<vec4<f32>>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) count: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let block = workgroup.y * count.x + workgroup.x;
  if (block >= params.blocks) {
    return;
  }
  let entry = params.tensors * 3u + block * 2u;
  let row = table[entry] * 3u;
  let place = table[entry + 1u] * 256u + lane;
  if (place * 4u >= table[row + 2u]) {
    return;
  }
  let at = table[row] / 4u + place;
  let given = sources[table[row + 1u] / 4u + place];
  let finite = (bitcast<vec4<u32>>(given) & vec4<u32>(0x7f800000u)) != vec4<u32>(0x7f800000u);
#if ${IS_MEAN}
  let share = 1.0 - keeps[0];
#else
  let share = shares[0];
#endif
  // A keep of 0 forgets what was there, whatever it was.
  let kept = select(vec4<f32>(0.0), targets[at] * keeps[0], keeps[0] != 0.0);
  targets[at] = kept + select(vec4<f32>(0.0), given * share, finite);
}
