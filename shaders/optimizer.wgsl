// One workgroup updates 1024 elements of one parameter and of its state; each invocation four of them.
struct Params {
  parameters: u32, blocks: u32, normPartials: u32, clipNorm: f32, clipValue: f32, rateFactor: f32,
  ${HYPERPARAMETERS}
}
@group(0) @binding(0) var<storage, read_write> parameters: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> gradients: array<vec4<f32>>;
// For each parameter: offsets of parameter, gradient and states, and its size; then for each block: parameter, place in it.
@group(0) @binding(2) var<storage, read> table: array<u32>;
@group(0) @binding(3) var<storage, read> loss: array<f32>;
@group(0) @binding(4) var<storage, read> learningRates: array<f32>;
@group(0) @binding(5) var<storage, read> steps: array<u32>;
@group(0) @binding(6) var<uniform> params: Params;
#if ${HAS_STATE}
@group(0) @binding(7) var<storage, read_write> states: array<vec4<f32>>;
#endif
#if ${HAS_CLIP_NORM}
@group(0) @binding(${NORM_BINDING}) var<storage, read> squaredNorms: array<f32>;
#endif

fn isFinite(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u;
}

// 1 - b^n from 1 - b, without cancellation: 1 - x y = (1 - x) + x (1 - y).
fn oneMinusPower(oneMinusBase: f32, exponent: u32) -> f32 {
  var result = 0.0;
  var square = oneMinusBase;
  for (var bits = exponent; bits > 0u; bits >>= 1u) {
    if ((bits & 1u) == 1u) {
      result = result + (1.0 - result) * square;
    }
    square = square + (1.0 - square) * square;
  }
  return result;
}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) count: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let block = workgroup.y * count.x + workgroup.x;
  if (block >= params.blocks || !isFinite(loss[0])) {
    return;
  }
  let entry = params.parameters * ${ENTRY}u + block * 2u;
  let row = table[entry] * ${ENTRY}u;
  let place = table[entry + 1u] * 256u + lane;
  let size = table[row + ${ENTRY}u - 1u];
  if (place * 4u >= size) {
    return;
  }
  let parameterAt = table[row] / 4u + place;
  var gradient = gradients[table[row + 1u] / 4u + place];
#if ${HAS_CLIP_NORM}
  var squaredNorm = 0.0;
  for (var i = 0u; i < params.normPartials; i++) {
    squaredNorm += squaredNorms[i];
  }
  if (!isFinite(squaredNorm)) {
    return;
  }
  gradient *= min(1.0, params.clipNorm / (sqrt(squaredNorm) + 1e-6));
#endif
  if (params.clipValue > 0.0) {
    gradient = clamp(gradient, vec4<f32>(-params.clipValue), vec4<f32>(params.clipValue));
  }
  let rate = learningRates[0] * params.rateFactor;
  let step = steps[0] + 1u;
  let before = parameters[parameterAt];
  var parameter = before;
  ${LOAD_STATES}
  ${UPDATE}
  // An element whose gradient is not finite, or which would not be finite itself, stays as it is.
  let exponents = vec4<u32>(0x7f800000u);
  let finite = ((bitcast<vec4<u32>>(gradient) & exponents) != exponents)
    & ((bitcast<vec4<u32>>(parameter) & exponents) != exponents);
  parameters[parameterAt] = select(before, parameter, finite);
  ${STORE_STATES}
}
