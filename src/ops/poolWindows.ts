import { isFloat } from '../core/dtype.ts';
import { DTypeError, ShapeError } from '../core/errors.ts';
import { type Shape, showShape, sizeOf } from '../core/shape.ts';
import type { Tensor, TensorSpec } from '../graph/graph.ts';
import type { Epilogue } from '../graph/kernel.ts';
import {
  fromLayout,
  type Layout,
  type Pair,
  type PairLike,
  placeWindows,
  toLayout,
  toPair,
  type WindowOptions,
  type Windows,
} from './spatial.ts';

// What the pools share. Inside, images are NHWC.

export interface Pool2dOptions extends WindowOptions {
  /** Height and width of the window. */
  windowSize: PairLike;
  /** Default: the window's size. */
  strides?: PairLike;
  /**
   * Round the number of windows up, so that the last one may reach beyond the padding; it is left out where it would start
   * beyond the input and the padding before it (PyTorch, ONNX). Default false.
   */
  ceilMode?: boolean;
  /**
   * The number of windows along height and width, in place of `ceilMode`: the quotient rounded down or up (WebNN). With 'same'
   * padding the number is fixed, and this is not looked at.
   */
  outputSizes?: Pair;
  /** Default 'NHWC'; 'NCHW' costs a transpose before and after. */
  layout?: Layout;
}

export interface PoolAttrs extends Windows {
  readonly windowSize: Pair;
}

/** Places the windows, and leads `pool` through the caller's layout. */
export function pooled(
  name: string,
  x: Tensor,
  options: Pool2dOptions,
  pool: (image: Tensor, attrs: PoolAttrs) => Tensor,
): Tensor {
  const path = x.graph.path(name);
  const { layout = 'NHWC' } = options;
  const image = fromLayout(path, x, layout);
  const windowSize = toPair(path, 'windowSize', options.windowSize);
  const windows = placeWindows(path, [image.shape[1], image.shape[2]], windowSize, {
    ...options,
    strides: options.strides ?? windowSize,
  });
  return toLayout(pool(image, { ...windows, windowSize }), layout);
}

/** The only checks of a pool's tensors: image, then tensors of the windows' shape. */
export function checkPool(
  image: Shape,
  tensors: readonly TensorSpec[],
  windows: readonly TensorSpec[],
  { outputSize }: PoolAttrs,
): void {
  const dtypes = tensors.map(({ dtype }) => dtype);
  if (dtypes.some((dtype) => dtype !== dtypes[0] || !isFloat(dtype))) {
    throw new DTypeError(`expected float32 or float16, got ${dtypes.join(' and ')}`);
  }
  const expected = showShape([image[0], ...outputSize, image[3]]);
  const wrong = windows.find(({ shape }) => showShape(shape) !== expected);
  if (wrong)
    throw new ShapeError(`expected one value for each window, ${expected}, got ${showShape(wrong.shape)}`);
}

/** The shape of a pool's result. */
export function pooledShape([images, , , channels]: Shape, { outputSize }: PoolAttrs): number[] {
  return [images, ...outputSize, channels];
}

/**
 * Calls `visit` for each element of each window, window by window, rows first, with indices into image and result of the
 * first channel. Elements in the padding are left out.
 */
export function forEachWindowElement(
  [images, height, width, channels]: Shape,
  { windowSize, strides, dilations, padding, outputSize }: PoolAttrs,
  visit: (imageAt: number, resultAt: number) => void,
): void {
  for (let n = 0; n < images; n++) {
    for (let i = 0; i < outputSize[0]; i++) {
      for (let j = 0; j < outputSize[1]; j++) {
        const resultAt = ((n * outputSize[0] + i) * outputSize[1] + j) * channels;
        for (let k = 0; k < windowSize[0]; k++) {
          const row = i * strides[0] - padding[0][0] + k * dilations[0];
          if (row < 0 || row >= height) continue;
          for (let l = 0; l < windowSize[1]; l++) {
            const column = j * strides[1] - padding[1][0] + l * dilations[1];
            if (column < 0 || column >= width) continue;
            visit(((n * height + row) * width + column) * channels, resultAt);
          }
        }
      }
    }
  }
}

/** Channels that one invocation of a pool's kernel handles. */
export function poolWidth([, , , channels]: Shape, epilogue: Epilogue): 1 | 4 {
  return channels % 4 === 0 && epilogue.allowsVec4 ? 4 : 1;
}

/** The params of every pool's kernel. `result` is what it makes: windows, or the image for a gradient. */
export function poolParams(
  image: Shape,
  result: Shape,
  attrs: PoolAttrs,
  width: 1 | 4,
): Record<string, number> {
  const { windowSize, strides, dilations, padding, outputSize } = attrs;
  return {
    count: sizeOf(result) / width,
    channels: image[3] / width,
    imageHeight: image[1],
    imageWidth: image[2],
    outputHeight: outputSize[0],
    outputWidth: outputSize[1],
    windowHeight: windowSize[0],
    windowWidth: windowSize[1],
    strideHeight: strides[0],
    strideWidth: strides[1],
    dilationHeight: dilations[0],
    dilationWidth: dilations[1],
    paddingTop: padding[0][0],
    paddingLeft: padding[1][0],
    paddingBottom: padding[0][1],
    paddingRight: padding[1][1],
  };
}

/** WGSL of the params and of the ways between windows and their elements, which all kernels of pools share. */
export const poolWgsl = /* wgsl */ `
struct Params {
  // Channels are counted in units of one or four.
  count: u32, channels: u32,
  imageHeight: i32, imageWidth: i32, outputHeight: i32, outputWidth: i32, windowHeight: i32, windowWidth: i32,
  strideHeight: i32, strideWidth: i32, dilationHeight: i32, dilationWidth: i32,
  paddingTop: i32, paddingLeft: i32, paddingBottom: i32, paddingRight: i32,
}

struct Pixel { image: i32, row: i32, column: i32, channel: i32 }

fn pixelOf(index: u32, height: i32, width: i32) -> Pixel {
  let pixel = i32(index / params.channels);
  let line = pixel / width;
  return Pixel(line / height, line % height, pixel % width, i32(index % params.channels));
}

// An element of the image; -1 outside.
fn imageAt(at: Pixel, row: i32, column: i32) -> i32 {
  let inside = (row >= 0) & (row < params.imageHeight) & (column >= 0) & (column < params.imageWidth);
  let index = ((at.image * params.imageHeight + row) * params.imageWidth + column) * i32(params.channels) + at.channel;
  return select(-1, index, inside);
}

fn outputAt(at: Pixel, row: i32, column: i32) -> u32 {
  return u32(((at.image * params.outputHeight + row) * params.outputWidth + column) * i32(params.channels) + at.channel);
}

// Where the first element of a window lies.
fn firstRow(row: i32) -> i32 { return row * params.strideHeight - params.paddingTop; }
fn firstColumn(column: i32) -> i32 { return column * params.strideWidth - params.paddingLeft; }

// Windows start..end - 1 along one axis reach over a position of the image; with dilation not all of them touch it.
fn windowsStart(position: i32, window: i32, stride: i32, dilation: i32, padding: i32) -> i32 {
  return max(0, (position + padding - (window - 1) * dilation + stride - 1) / stride);
}
fn windowsEnd(position: i32, stride: i32, padding: i32, count: i32) -> i32 {
  return min(count, (position + padding) / stride + 1);
}`;
