// One invocation adds up, for one channel or four, the partial sums of all slabs, in their order.
struct Params { channels: u32, slabs: u32 }
@group(0) @binding(0) var<storage, read_write> dScale: array<${S}>;
@group(0) @binding(1) var<storage, read_write> dOffset: array<${S}>;
@group(0) @binding(2) var<storage, read> partials: array<${S}>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let channel = id.x;
  if (channel >= params.channels) {
    return;
  }
  var scaleSum = partials[channel];
  var offsetSum = partials[channel + params.channels];
  for (var slab = 1u; slab < params.slabs; slab++) {
    let at = slab * 2u * params.channels + channel;
    scaleSum += partials[at];
    offsetSum += partials[at + params.channels];
  }
  dScale[channel] = scaleSum;
  dOffset[channel] = offsetSum;
}
