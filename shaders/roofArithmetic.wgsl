// One invocation runs 8 independent chains of fused multiply-adds: what an adapter computes per second at best.
struct Params { rounds: u32 }
@group(0) @binding(0) var<storage, read_write> y: array<vec4<f32>>;
@group(0) @binding(1) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let half = vec4<f32>(0.5);
  let one = vec4<f32>(1.0);
  let start = vec4<f32>(f32(params.rounds));
  var a = start;
  var b = start + 1.0;
  var c = start + 2.0;
  var d = start + 3.0;
  var e = start + 4.0;
  var f = start + 5.0;
  var g = start + 6.0;
  var h = start + 7.0;
  for (var round = 0u; round < params.rounds; round++) {
    a = fma(a, half, one);
    b = fma(b, half, one);
    c = fma(c, half, one);
    d = fma(d, half, one);
    e = fma(e, half, one);
    f = fma(f, half, one);
    g = fma(g, half, one);
    h = fma(h, half, one);
  }
  y[id.x] = a + b + c + d + e + f + g + h;
}
