/**
 * WGSL that the kernels of a convolution and of its image's gradient share: both gather from a source (image or result)
 * what the taps of the filter lead to. Along one axis, result position p and source position s belong together at tap t where
 *   forward:  s = p stride + t dilation - padding
 *   gradient: s stride = p + padding - t dilation
 * For the gradient the result is cut into stride phases: pixels p of one phase, with one remainder of p / stride, share their taps.
 * Conditions are joined by `&`, not `&&`, which is a branch: a dozen of them keep SwiftShader compiling for half a minute.
 */
export const gatherWgsl = /* wgsl */ `
struct Params {
  gradient: u32, phases: u32,
  // Result pixels of one phase: of all images, and the height and width in one image.
  pixels: u32, pixelHeight: u32, pixelWidth: u32,
  pixelTiles: u32, channelTiles: u32, pixelLanes: u32, channelLanes: u32, groupTiles: u32,
  // depth: source channels of a group; columns: result channels of a group.
  groups: u32, depth: u32, columns: u32,
  sourceHeight: i32, sourceWidth: i32, sourceChannels: u32,
  resultHeight: i32, resultWidth: i32, resultChannels: u32,
  filterHeight: i32, filterWidth: i32, strideHeight: i32, strideWidth: i32,
  dilationHeight: i32, dilationWidth: i32, paddingTop: i32, paddingLeft: i32,
}

// Tap first + i * step reads source position p * stride + origin + i * advance, for i < count and the p-th pixel of the phase,
// which lies at p * spread + phase in the result.
struct Taps { first: i32, step: i32, count: i32, stride: i32, origin: i32, advance: i32, spread: i32, phase: i32 }

fn tapsOf(phase: i32, size: i32, stride: i32, dilation: i32, padding: i32) -> Taps {
  if (params.gradient == 0u) {
    return Taps(0, 1, size, stride, -padding, dilation, 1, 0);
  }
  var step = 1;
  while (step * dilation % stride != 0) {
    step++;
  }
  var first = 0;
  while ((first < step) & ((phase + padding - first * dilation) % stride != 0)) {
    first++;
  }
  let count = select((size - first + step - 1) / step, 0, (first == step) | (first >= size));
  let origin = (phase + padding - first * dilation) / stride;
  return Taps(first, step, count, 1, origin, -(step * dilation / stride), stride, phase);
}

fn tapsOfRows(phase: u32) -> Taps {
  let row = i32(phase) / params.strideWidth;
  return tapsOf(row, params.filterHeight, params.strideHeight, params.dilationHeight, params.paddingTop);
}

fn tapsOfColumns(phase: u32) -> Taps {
  let column = i32(phase) % params.strideWidth;
  return tapsOf(column, params.filterWidth, params.strideWidth, params.dilationWidth, params.paddingLeft);
}

// Where a pixel reads, before taps move it, and where it is stored (-1: nowhere).
struct Place { image: i32, row: i32, column: i32, pixel: i32 }

fn locate(number: u32, rows: Taps, columns: Taps) -> Place {
  let index = min(number, params.pixels - 1u);
  let line = index / params.pixelWidth;
  let image = i32(line / params.pixelHeight);
  let row = i32(line % params.pixelHeight);
  let column = i32(index % params.pixelWidth);
  let resultRow = row * rows.spread + rows.phase;
  let resultColumn = column * columns.spread + columns.phase;
  let inside = (number < params.pixels) & (resultRow < params.resultHeight) & (resultColumn < params.resultWidth);
  let pixel = (image * params.resultHeight + resultRow) * params.resultWidth + resultColumn;
  return Place(image, row * rows.stride + rows.origin, column * columns.stride + columns.origin, select(-1, pixel, inside));
}

// Index of the first channel of the source row that lies down rows from a pixel's own; -1 outside the image.
fn lineAt(place: Place, down: i32) -> i32 {
  let row = place.row + down;
  let at = (place.image * params.sourceHeight + row) * params.sourceWidth * i32(params.sourceChannels);
  return select(-1, at, (row >= 0) & (row < params.sourceHeight));
}

// Index of the first channel at a column of that row; -1 outside the image.
fn sourceAt(line: i32, column: i32, width: i32, channels: i32) -> i32 {
  return select(-1, line + column * channels, (line >= 0) & (column >= 0) & (column < width));
}`;

export interface ChannelTypes {
  /** Gather for the gradient: the filter is read the other way round. */
  readonly gradient: boolean;
  /** Whether source channels are read four at a time. */
  readonly depthVec4: boolean;
  /** Whether the filter is: along the source's channels for the gradient, along the result's otherwise. */
  readonly filterVec4: boolean;
  readonly hasBias: boolean;
  /** Type of the result's elements, and whether they are stored four at a time. */
  readonly result: string;
  readonly resultVec4: boolean;
}

/** WGSL that reads filter and bias and stores results, for four channels of the result at a time. */
export function channelsWgsl({
  gradient,
  depthVec4,
  filterVec4,
  hasBias,
  result,
  resultVec4,
}: ChannelTypes): string {
  const scalars = (name: string, step: string) =>
    `vec4<f32>(${[0, 1, 2, 3].map((i) => `f32(${name}${i === 0 ? '' : ` + ${i}u${step}`}])`).join(', ')})`;
  const parts = ['x', 'y', 'z', 'w'].map((part, i) => {
    const store = `result[at + ${i}u] = ${result}(finish(value.${part}, at + ${i}u));`;
    return i === 0 ? store : `if (column + ${i}u < params.columns) { ${store} }`;
  });
  return `
// Index of the filter's value for channel k of the source's group and a column, which is a channel of the result's.
fn filterAt(tap: u32, k: u32, group: u32, column: u32) -> u32 {
  return ${
    gradient
      ? '(tap * params.columns + column) * params.sourceChannels + group * params.depth + k'
      : '(tap * params.depth + k) * params.resultChannels + group * params.columns + column'
  };
}
${
  gradient && depthVec4
    ? `
// Column i of the matrix leads from source channel k + i to four channels of the result.
fn filterBlock(at: u32) -> mat4x4<f32> {
  let first = at / 4u;
  let step = params.sourceChannels / 4u;
  return transpose(mat4x4<f32>(
    vec4<f32>(filters[first]), vec4<f32>(filters[first + step]),
    vec4<f32>(filters[first + 2u * step]), vec4<f32>(filters[first + 3u * step]),
  ));
}`
    : `
// From one source channel to four channels of the result.
fn filterRow(at: u32) -> vec4<f32> {
  ${filterVec4 ? 'return vec4<f32>(filters[at / 4u]);' : `return ${scalars('filters[at', gradient ? ' * params.sourceChannels' : '')};`}
}

// Column i of the matrix leads from source channel k + i to four channels of the result.
fn filterBlock(at: u32) -> mat4x4<f32> {
  let step = ${gradient ? '1u' : 'params.resultChannels'};
  return mat4x4<f32>(filterRow(at), filterRow(at + step), filterRow(at + 2u * step), filterRow(at + 3u * step));
}`
}

fn biasAt(channel: u32) -> vec4<f32> {
  return ${hasBias ? scalars('bias[channel', '') : 'vec4<f32>()'};
}

fn store(pixel: i32, group: u32, column: u32, value: vec4<f32>) {
  if ((pixel >= 0) & (column < params.columns)) {
    let at = u32(pixel) * params.resultChannels + group * params.columns + column;
  ${resultVec4 ? `result[at / 4u] = ${result}(finish(value, at / 4u));` : parts.join('\n  ')}
  }
}

fn multiply(sum: vec4<f32>, a: vec4<f32>, b: mat4x4<f32>) -> vec4<f32> {
  return fma(vec4<f32>(a.w), b[3], fma(vec4<f32>(a.z), b[2], fma(vec4<f32>(a.y), b[1], fma(vec4<f32>(a.x), b[0], sum))));
}`;
}
