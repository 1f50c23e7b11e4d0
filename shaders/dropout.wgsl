// One invocation handles two neighbouring elements, or four: keeps and scales each, or sets it to 0, as random words tell.
struct Params { count: u32, size: u32, seed: u32, stream: u32, threshold: u32, scale: f32 }
@group(0) @binding(0) var<storage, read> x: array<${X}>;
@group(0) @binding(1) var<storage, read> step: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<${Y}>;
@group(0) @binding(3) var<uniform> params: Params;
${EPILOGUE}

fn rotate(word: u32, by: u32) -> u32 {
  return (word << by) | (word >> (32u - by));
}

// Four rounds of Threefry.
fn rounds(state: vec2<u32>, by: vec4<u32>) -> vec2<u32> {
  var s = state;
  s.x += s.y;
  s.y = rotate(s.y, by.x) ^ s.x;
  s.x += s.y;
  s.y = rotate(s.y, by.y) ^ s.x;
  s.x += s.y;
  s.y = rotate(s.y, by.z) ^ s.x;
  s.x += s.y;
  s.y = rotate(s.y, by.w) ^ s.x;
  return s;
}

// Threefry-2x32 with 20 rounds: the same words as threefry2x32 in src/core/random.ts.
fn threefry(key: vec2<u32>, counter: vec2<u32>) -> vec2<u32> {
  let third = 0x1bd11bdau ^ key.x ^ key.y;
  let even = vec4<u32>(13u, 15u, 26u, 6u);
  let odd = vec4<u32>(17u, 29u, 16u, 24u);
  var s = rounds(counter + key, even) + vec2<u32>(key.y, third + 1u);
  s = rounds(s, odd) + vec2<u32>(third, key.x + 2u);
  s = rounds(s, even) + vec2<u32>(key.x, key.y + 3u);
  s = rounds(s, odd) + vec2<u32>(key.y, third + 4u);
  return rounds(s, even) + vec2<u32>(third, key.x + 5u);
}

// What the elements 2 pair and 2 pair + 1 are multiplied by. A number in [0, 1) is made of the upper 24 bits of a word.
fn factors(pair: u32) -> vec2<f32> {
  let words = threefry(vec2<u32>(params.seed, params.stream), vec2<u32>(pair, step[0]));
  let kept = (words >> vec2<u32>(8u)) >= vec2<u32>(params.threshold);
  return select(vec2<f32>(0.0), vec2<f32>(params.scale), kept);
}

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
#if ${VEC4}
  let value = F(x[index]) * vec4<f32>(factors(2u * index), factors(2u * index + 1u));
  y[index] = ${Y}(finish(value, index));
#else
  let factor = factors(index);
  let first = 2u * index;
  y[first] = ${Y}(finish(F(x[first]) * factor.x, first));
  if (first + 1u < params.size) {
    y[first + 1u] = ${Y}(finish(F(x[first + 1u]) * factor.y, first + 1u));
  }
#endif
}
