import { ShapeError } from '../core/errors.ts';
import { showShape } from '../core/shape.ts';
import type { Tensor } from '../graph/graph.ts';
import { transpose } from './transpose.ts';

// What convolution and pooling share: layouts, and where windows lie in an image. Inside, images are always NHWC.

/** Height and width. */
export type Pair = readonly [number, number];

/** One number for height and width, or one for each. */
export type PairLike = number | Pair;

/**
 * What is added around an image, as zeros for a convolution and as nothing for a pool.
 *
 * - `'valid'`: nothing.
 * - `'same'`: as much as makes the output size ceil(input / stride), the odd one at the bottom and right (TensorFlow's
 *   'same', ONNX's SAME_UPPER); `'sameLower'`: the odd one at the top and left.
 * - a number for all four sides, `[height, width]` for both sides each, or `[[top, bottom], [left, right]]`.
 */
export type Padding = 'valid' | 'same' | 'sameLower' | number | Pair | readonly [Pair, Pair];

/** Order of an image tensor's axes: batch, height, width, channels. */
export type Layout = 'NHWC' | 'NCHW';

export interface WindowOptions {
  /** Step from window to window; default 1 for convolutions and the window's size for pools. */
  strides?: PairLike;
  /** Default 'valid'. */
  padding?: Padding;
  /** Distance between neighbouring elements of a window; default 1. */
  dilations?: PairLike;
}

/** Where the windows over an image lie. */
export interface Windows {
  readonly strides: Pair;
  readonly dilations: Pair;
  /** [[top, bottom], [left, right]] */
  readonly padding: readonly [Pair, Pair];
  /** Windows along the height and the width. */
  readonly outputSize: Pair;
}

/** Checks that both numbers are whole and at least `least`. `what` begins the message. */
export function toPair(what: string, name: string, value: PairLike, least = 1): Pair {
  const given = Array.isArray(value) ? showShape(value) : String(value);
  const [first, second, ...more]: readonly number[] =
    typeof value === 'number' ? [value, value] : (value ?? []);
  const pair: Pair = [first, second];
  if (more.length > 0 || pair.some((number) => !Number.isInteger(number) || number < least)) {
    throw new ShapeError(
      `${what}: ${name} must be one or two whole numbers of at least ${least}, got ${given}`,
    );
  }
  return pair;
}

/** Numbers as [[top, bottom], [left, right]]; null where the sizes decide. */
export function explicitPadding(what: string, padding: Padding): readonly [Pair, Pair] | null {
  if (padding === 'same' || padding === 'sameLower') return null;
  if (padding === 'valid')
    return [
      [0, 0],
      [0, 0],
    ];
  if (typeof padding === 'string') {
    throw new ShapeError(
      `${what}: padding must be 'valid', 'same', 'sameLower' or numbers, got '${padding}'`,
    );
  }
  if (typeof padding === 'number' || typeof padding[0] === 'number') {
    const [height, width] = toPair(what, 'padding', padding as PairLike, 0);
    return [
      [height, height],
      [width, width],
    ];
  }
  const [height, width] = padding as readonly [Pair, Pair];
  return [toPair(what, 'padding', height, 0), toPair(what, 'padding', width, 0)];
}

/** Splits padding that both ends share; an odd one goes to the end, or to the start for 'sameLower'. */
export function splitPadding(total: number, padding: Padding): Pair {
  const smaller = Math.floor(total / 2);
  return padding === 'sameLower' ? [total - smaller, smaller] : [smaller, total - smaller];
}

/** Elements from the first to the last of a dilated window. */
export function spanOf(size: number, dilation: number): number {
  return (size - 1) * dilation + 1;
}

/**
 * Places windows over an image. Along each axis there are floor((size + padding - span) / stride) + 1 of them. With
 * `ceilMode` the quotient is rounded up, unless the last window would then start beyond the image and the padding
 * before it (the rule of PyTorch and ONNX).
 *
 * @throws ShapeError for strides, dilations or padding that are no such numbers, and for a window larger than the padded image.
 */
export function placeWindows(
  what: string,
  imageSize: Pair,
  windowSize: Pair,
  options: WindowOptions & { ceilMode?: boolean; outputSizes?: Pair; windowName?: string },
): Windows {
  const strides = toPair(what, 'strides', options.strides ?? 1);
  const dilations = toPair(what, 'dilations', options.dilations ?? 1);
  const given = options.padding ?? 'valid';
  const numbers = explicitPadding(what, given);
  const wanted = options.outputSizes && toPair(what, 'outputSizes', options.outputSizes);
  const axes = ([0, 1] as const).map((axis) => {
    const size = imageSize[axis];
    const stride = strides[axis];
    const span = spanOf(windowSize[axis], dilations[axis]);
    if (!numbers) {
      const windows = Math.ceil(size / stride);
      return { windows, padding: splitPadding(Math.max(0, (windows - 1) * stride + span - size), given) };
    }
    const padding = numbers[axis];
    const steps = (size + padding[0] + padding[1] - span) / stride;
    if (steps < 0) {
      const padded = ([0, 1] as const).map((each) => imageSize[each] + numbers[each][0] + numbers[each][1]);
      const dilated = dilations.some((dilation) => dilation > 1)
        ? ` with dilations ${showShape(dilations)}`
        : '';
      throw new ShapeError(
        `${what}: ${options.windowName ?? 'window'} ${showShape(windowSize)}${dilated} is larger than the padded input ${showShape(padded)}`,
      );
    }
    const floor = Math.floor(steps) + 1;
    if (wanted) {
      if (wanted[axis] === floor || wanted[axis] === Math.ceil(steps) + 1)
        return { windows: wanted[axis], padding };
      throw new ShapeError(
        `${what}: outputSizes ${showShape(wanted)} cannot be reached: axis ${axis} has ${floor} windows, or ${Math.ceil(steps) + 1} rounded up`,
      );
    }
    if (!options.ceilMode) return { windows: floor, padding };
    const ceil = Math.ceil(steps) + 1;
    return { windows: (ceil - 1) * stride < size + padding[0] ? ceil : floor, padding };
  });
  return {
    strides,
    dilations,
    padding: [axes[0].padding, axes[1].padding],
    outputSize: [axes[0].windows, axes[1].windows],
  };
}

/** The image tensor as NHWC. */
export function fromLayout(what: string, x: Tensor, layout: Layout): Tensor {
  if (x.rank !== 4) {
    throw new ShapeError(`${what}: x must have 4 axes (${layout}), got ${showShape(x.shape)}`);
  }
  if (layout !== 'NHWC' && layout !== 'NCHW') {
    throw new ShapeError(`${what}: layout must be 'NHWC' or 'NCHW', got '${String(layout)}'`);
  }
  return layout === 'NCHW' ? transpose(x, [0, 2, 3, 1]) : x;
}

/** The NHWC tensor in the caller's layout. */
export function toLayout(x: Tensor, layout: Layout): Tensor {
  return layout === 'NCHW' ? transpose(x, [0, 3, 1, 2]) : x;
}

/**
 * The tensor with its axes in the order of the letters `to`; `from` says which letter each axis has now. Throws where
 * `from` is not among `allowed`.
 */
export function reorder(
  what: string,
  name: string,
  x: Tensor,
  from: string,
  to: string,
  allowed: readonly string[],
): Tensor {
  if (!allowed.includes(from)) {
    throw new ShapeError(`${what}: ${name}Layout must be one of ${allowed.join(', ')}, got '${from}'`);
  }
  if (x.rank !== from.length) {
    throw new ShapeError(
      `${what}: ${name} must have ${from.length} axes (${from}), got ${showShape(x.shape)}`,
    );
  }
  return from === to
    ? x
    : transpose(
        x,
        [...to].map((letter) => from.indexOf(letter)),
      );
}
