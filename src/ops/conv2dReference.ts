import type { Shape } from '../core/shape.ts';
import type { Pair } from './spatial.ts';

// A convolution relates three tensors: an image [images, height, width, channels], a filter
// [filterHeight, filterWidth, channels / groups, features] and a result [images, resultHeight, resultWidth, features].
//   result[n, i, j, o] = sum over (k, l, c) of image[n, i sh - top + k dh, j sw - left + l dw, g(o) C/G + c] filter[k, l, c, o]
// Its op and both of its gradients are the same sum, with another one of the three on the left.

/** How the three tensors lie over each other. Positions outside the image count as zero. */
export interface ConvolutionAttrs {
  readonly strides: Pair;
  readonly dilations: Pair;
  /** Rows above and columns left of the image that the first window covers. What is below and to the right follows from `size`. */
  readonly padding: Pair;
  readonly groups: number;
  /** Height and width of what the op makes: result, image or filter. */
  readonly size: Pair;
}

interface Extents {
  readonly image: Shape;
  readonly filter: Shape;
  readonly result: Shape;
}

/** Calls `visit` for each filter tap over each result pixel, with the first element of the three pixels' channels. */
function forEachTap(
  { image, filter, result }: Extents,
  { strides, dilations, padding }: ConvolutionAttrs,
  visit: (imageAt: number, filterAt: number, resultAt: number) => void,
): void {
  const [images, resultHeight, resultWidth, features] = result;
  const [, height, width, channels] = image;
  const [filterHeight, filterWidth, depth] = filter;
  for (let n = 0; n < images; n++) {
    for (let i = 0; i < resultHeight; i++) {
      for (let j = 0; j < resultWidth; j++) {
        const resultAt = ((n * resultHeight + i) * resultWidth + j) * features;
        for (let k = 0; k < filterHeight; k++) {
          const row = i * strides[0] - padding[0] + k * dilations[0];
          if (row < 0 || row >= height) continue;
          for (let l = 0; l < filterWidth; l++) {
            const column = j * strides[1] - padding[1] + l * dilations[1];
            if (column < 0 || column >= width) continue;
            const imageAt = ((n * height + row) * width + column) * channels;
            visit(imageAt, (k * filterWidth + l) * depth * features, resultAt);
          }
        }
      }
    }
  }
}

/** The result from image, filter and bias. */
export function referenceResult(
  image: Float64Array,
  filter: Float64Array,
  bias: Float64Array | undefined,
  extents: Extents,
  attrs: ConvolutionAttrs,
): Float64Array {
  const [depth, features] = extents.filter.slice(2);
  const columns = features / attrs.groups;
  const pixels = extents.result.slice(0, 3).reduce((a, b) => a * b);
  const result = startFrom(bias, pixels, features);
  forEachTap(extents, attrs, (imageAt, filterAt, resultAt) => {
    for (let group = 0; group < attrs.groups; group++) {
      const to = resultAt + group * columns;
      for (let c = 0; c < depth; c++) {
        const value = image[imageAt + group * depth + c];
        const from = filterAt + c * features + group * columns;
        for (let o = 0; o < columns; o++) result[to + o] += value * filter[from + o];
      }
    }
  });
  return result;
}

/** The image's gradient from the result's and the filter, plus a bias for each channel: a transposed convolution. */
export function referenceImage(
  result: Float64Array,
  filter: Float64Array,
  bias: Float64Array | undefined,
  extents: Extents,
  attrs: ConvolutionAttrs,
): Float64Array {
  const [depth, features] = extents.filter.slice(2);
  const columns = features / attrs.groups;
  const pixels = extents.image.slice(0, 3).reduce((a, b) => a * b);
  const image = startFrom(bias, pixels, extents.image[3]);
  forEachTap(extents, attrs, (imageAt, filterAt, resultAt) => {
    for (let group = 0; group < attrs.groups; group++) {
      const from = resultAt + group * columns;
      for (let c = 0; c < depth; c++) {
        const at = filterAt + c * features + group * columns;
        let total = 0;
        for (let o = 0; o < columns; o++) total += result[from + o] * filter[at + o];
        image[imageAt + group * depth + c] += total;
      }
    }
  });
  return image;
}

/** The filter's gradient from the image and the result's gradient. */
export function referenceFilter(
  image: Float64Array,
  result: Float64Array,
  extents: Extents,
  attrs: ConvolutionAttrs,
): Float64Array {
  const [depth, features] = extents.filter.slice(2);
  const columns = features / attrs.groups;
  const filter = new Float64Array(extents.filter.reduce((a, b) => a * b));
  forEachTap(extents, attrs, (imageAt, filterAt, resultAt) => {
    for (let group = 0; group < attrs.groups; group++) {
      const from = resultAt + group * columns;
      for (let c = 0; c < depth; c++) {
        const value = image[imageAt + group * depth + c];
        const to = filterAt + c * features + group * columns;
        for (let o = 0; o < columns; o++) filter[to + o] += value * result[from + o];
      }
    }
  });
  return filter;
}

/** Sums over all pixels, one for each channel. */
export function sumOfPixels(values: Float64Array, channels: number): Float64Array {
  const sums = new Float64Array(channels);
  for (let at = 0; at < values.length; at += channels) {
    for (let c = 0; c < channels; c++) sums[c] += values[at + c];
  }
  return sums;
}

function startFrom(bias: Float64Array | undefined, pixels: number, channels: number): Float64Array {
  const values = new Float64Array(pixels * channels);
  if (bias) for (let at = 0; at < values.length; at += channels) values.set(bias, at);
  return values;
}
