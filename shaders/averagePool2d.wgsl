// One invocation computes the mean, the sum or the root of the sum of squares of one window, in one channel or in four.
@group(0) @binding(0) var<storage, read> x: array<${X}>;
@group(0) @binding(1) var<storage, read_write> y: array<${X}>;
@group(0) @binding(2) var<uniform> params: Params;
${EPILOGUE}
// Params and the ways between windows and their elements.
${POOL}
${DIVISOR}

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
  let row = firstRow(at.row);
  let column = firstColumn(at.column);
  var sum = F();
  for (var i = 0; i < params.windowHeight; i++) {
    for (var j = 0; j < params.windowWidth; j++) {
      let element = imageAt(at, row + i * params.dilationHeight, column + j * params.dilationWidth);
      if (element >= 0) {
        let value = F(x[element]);
#if ${SQUARED}
        sum = fma(value, value, sum);
#else
        sum += value;
#endif
      }
    }
  }
#if ${SQUARED}
  let result = sqrt(sum);
#else
  let result = sum / divisor(row, column);
#endif
  y[index] = ${X}(finish(result, index));
}
