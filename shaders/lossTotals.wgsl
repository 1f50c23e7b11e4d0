// One invocation adds a batch's loss, times its samples, and the samples to the totals; or one to the third, where it is not finite; then further scalars.
struct Params { samples: f32 }
@group(0) @binding(0) var<storage, read> loss: array<f32>;
@group(0) @binding(1) var<storage, read_write> totals: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;
${SCALARS}

@compute @workgroup_size(1)
fn main() {
  if ((bitcast<u32>(loss[0]) & 0x7f800000u) != 0x7f800000u) {
    totals[0] += loss[0] * params.samples;
    totals[1] += params.samples;
  } else {
    totals[2] += 1.0;
  }
  ${SUMS}
}
