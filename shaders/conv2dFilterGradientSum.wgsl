// One invocation adds up the partial sums of one element of a filter's or a bias's gradient, in the order of the slabs.
struct Params { slabs: u32, count: u32, filterCount: u32 }
@group(0) @binding(0) var<storage, read> partials: array<f32>;
@group(0) @binding(1) var<storage, read_write> filterGradient: array<${RESULT}>;
#if ${HAS_BIAS}
@group(0) @binding(2) var<storage, read_write> biasGradient: array<${RESULT}>;
@group(0) @binding(3) var<uniform> params: Params;
#else
@group(0) @binding(2) var<uniform> params: Params;
#endif

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) count: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (workgroup.y * count.x + workgroup.x) * 64u + lane;
  if (index >= params.count) {
    return;
  }
  let step = params.count;
  let end = params.slabs * step + index;
  var at = index;
  var sum = 0.0;
  // Eight loads under way at once.
  for (; at + 7u * step < end; at += 8u * step) {
    let first = (partials[at] + partials[at + step]) + (partials[at + 2u * step] + partials[at + 3u * step]);
    let second = (partials[at + 4u * step] + partials[at + 5u * step]) + (partials[at + 6u * step] + partials[at + 7u * step]);
    sum += first + second;
  }
  for (; at < end; at += step) {
    sum += partials[at];
  }
  if (index < params.filterCount) {
    filterGradient[index] = ${RESULT}(sum);
#if ${HAS_BIAS}
  } else {
    biasGradient[index - params.filterCount] = ${RESULT}(sum);
#endif
  }
}
