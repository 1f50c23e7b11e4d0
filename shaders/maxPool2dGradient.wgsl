// One invocation gathers, for one element of the image or four channels of a pixel, the gradients of windows whose maximum it is.
@group(0) @binding(0) var<storage, read> x: array<${X}>;
@group(0) @binding(1) var<storage, read> y: array<${X}>;
@group(0) @binding(2) var<storage, read> dy: array<${X}>;
@group(0) @binding(3) var<storage, read_write> dx: array<${X}>;
@group(0) @binding(4) var<uniform> params: Params;
${EPILOGUE}
// Params and the ways between windows and their elements.
${POOL}

#if ${VEC4}
alias Mask = vec4<bool>;
#else
alias Mask = bool;
#endif

// Which channels of a window hold their maximum before the element in row `endRow` and column `endColumn` of the window.
fn foundBefore(at: Pixel, row: i32, column: i32, endRow: i32, endColumn: i32, largest: F) -> Mask {
  var found = Mask();
  for (var i = 0; i <= endRow; i++) {
    let end = select(params.windowWidth, endColumn, i == endRow);
    for (var j = 0; j < end; j++) {
      let element = imageAt(at, row + i * params.dilationHeight, column + j * params.dilationWidth);
      if (element >= 0) {
        found = found | (F(x[element]) == largest);
      }
    }
  }
  return found;
}

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
  let value = F(x[index]);
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
        let largest = F(y[window]);
        var mine = value == largest;
        if (${ANY}(mine)) {
          mine = mine & !foundBefore(at, firstRow(i), firstColumn(j), down / params.dilationHeight, right / params.dilationWidth, largest);
          sum += select(F(), F(dy[window]), mine);
        }
      }
    }
  }
  dx[index] = ${X}(finish(sum, index));
}
