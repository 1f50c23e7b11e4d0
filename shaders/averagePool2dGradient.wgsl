// One invocation gathers, for one element of the image or four channels of a pixel, the gradients of the windows it lies in.
#if ${SQUARED}
@group(0) @binding(0) var<storage, read> x: array<${X}>;
@group(0) @binding(1) var<storage, read> y: array<${X}>;
@group(0) @binding(2) var<storage, read> dy: array<${X}>;
@group(0) @binding(3) var<storage, read_write> dx: array<${X}>;
@group(0) @binding(4) var<uniform> params: Params;
#else
@group(0) @binding(0) var<storage, read> dy: array<${X}>;
@group(0) @binding(1) var<storage, read_write> dx: array<${X}>;
@group(0) @binding(2) var<uniform> params: Params;
#endif
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
  let at = pixelOf(index, params.imageHeight, params.imageWidth);
  var sum = F();
  let rowEnd = windowsEnd(at.row, params.strideHeight, params.paddingTop, params.outputHeight);
  let columnEnd = windowsEnd(at.column, params.strideWidth, params.paddingLeft, params.outputWidth);
  let columnStart = windowsStart(at.column, params.windowWidth, params.strideWidth, params.dilationWidth, params.paddingLeft);
  var i = windowsStart(at.row, params.windowHeight, params.strideHeight, params.dilationHeight, params.paddingTop);
  for (; i < rowEnd; i++) {
    let down = at.row - firstRow(i);
    for (var j = columnStart; j < columnEnd; j++) {
      let right = at.column - firstColumn(j);
      if ((down % params.dilationHeight == 0) & (right % params.dilationWidth == 0)) {
        let window = outputAt(at, i, j);
#if ${SQUARED}
        // y = root of the sum of x squared  =>  dx = x dy / y, and 0 where y is 0
        let norm = F(y[window]);
        let share = F(dy[window]) / select(norm, F(1.0), norm == F());
        sum += select(share, F(), norm == F());
#else
        sum += F(dy[window]) / divisor(firstRow(i), firstColumn(j));
#endif
      }
    }
  }
#if ${SQUARED}
  sum *= F(x[index]);
#endif
  dx[index] = ${X}(finish(sum, index));
}
