// One invocation finds the largest element of one window, in one channel or in four; or selects another tensor's element there.
@group(0) @binding(0) var<storage, read> x: array<${X}>;
#if ${SELECT}
@group(0) @binding(1) var<storage, read> selected: array<${X}>;
@group(0) @binding(2) var<storage, read_write> y: array<${X}>;
@group(0) @binding(3) var<uniform> params: Params;
#else
@group(0) @binding(1) var<storage, read_write> y: array<${X}>;
@group(0) @binding(2) var<uniform> params: Params;
#endif
${EPILOGUE}
// Params and the ways between windows and their elements.
${POOL}

#if ${VEC4}
alias Mask = vec4<bool>;
alias Bits = vec4<u32>;
#else
alias Mask = bool;
alias Bits = u32;
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
  let at = pixelOf(index, params.outputHeight, params.outputWidth);
  var largest = F();
  var result = F();
  var isFirst = true;
  for (var i = 0; i < params.windowHeight; i++) {
    for (var j = 0; j < params.windowWidth; j++) {
      let element = imageAt(at, firstRow(at.row) + i * params.dilationHeight, firstColumn(at.column) + j * params.dilationWidth);
      if (element >= 0) {
        let value = F(x[element]);
        let isNaN = (bitcast<Bits>(value) & Bits(0x7fffffffu)) > Bits(0x7f800000u);
        let larger = (value > largest) | isNaN | Mask(isFirst);
        isFirst = false;
        largest = select(largest, value, larger);
#if ${SELECT}
        result = select(result, F(selected[element]), larger);
#else
        result = largest;
#endif
      }
    }
  }
  y[index] = ${X}(finish(result, index));
}
