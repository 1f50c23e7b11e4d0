import { GraphError, ShapeError } from '../../core/errors.ts';
import { showShape } from '../../core/shape.ts';
import type { Tensor } from '../../graph/graph.ts';
import { reshape } from '../../ops/reshape.ts';
import type { Pair } from '../../ops/spatial.ts';
import type { Attributes } from '../attributes.ts';
import type { Value } from '../value.ts';

// What convolutions and pools share: attributes, and images of one or three dimensions as images of two.

/** Where windows lie, with one entry for each axis of the image. */
export interface Place {
  readonly window: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** [before, after] */
  readonly pads: readonly Pair[];
}

export type AutoPad = 'NOTSET' | 'SAME_UPPER' | 'SAME_LOWER' | 'VALID';

export function autoPadOf(attributes: Attributes): AutoPad {
  return attributes.choice<AutoPad>('auto_pad', ['NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID'], 'NOTSET');
}

/** Elements of a window that may be taken one after the other. */
export const mostTaps = 4096;

/** The lengths of an image's axes, without batch and channels. */
export function imageSize(x: Value): readonly number[] {
  if (x.rank < 3 || x.rank > 5)
    throw new ShapeError(
      `x must be [batch, channels, …] with one to three more axes, got ${showShape(x.shape)}`,
    );
  return x.shape.slice(2);
}

/** Reads strides, dilations and padding; automatic padding is worked out from the image's size. */
export function placeOf(attributes: Attributes, size: readonly number[], window: readonly number[]): Place {
  const ones = size.map(() => 1);
  const strides = attributes.ints('strides') ?? ones;
  const dilations = attributes.ints('dilations') ?? ones;
  const given = attributes.ints('pads') ?? size.flatMap(() => [0, 0]);
  const auto = autoPadOf(attributes);
  for (const [name, list, count] of [
    ['kernel_shape', window, size.length],
    ['strides', strides, size.length],
    ['dilations', dilations, size.length],
    ['pads', given, 2 * size.length],
  ] as const) {
    if (
      list.length !== count ||
      list.some((each) => !Number.isInteger(each) || each < (name === 'pads' ? 0 : 1))
    )
      throw new GraphError(`attribute ${name} must hold ${count} numbers, got ${showShape(list)}`);
  }
  const pads = size.map((length, axis): Pair => {
    if (auto === 'VALID') return [0, 0];
    if (auto === 'NOTSET') return [given[axis], given[axis + size.length]];
    const windows = Math.ceil(length / strides[axis]);
    const span = (window[axis] - 1) * dilations[axis] + 1;
    return halves(Math.max(0, (windows - 1) * strides[axis] + span - length), auto === 'SAME_UPPER');
  });
  return { window, strides, dilations, pads };
}

/** Splits padding that both ends share; an odd one goes to the end or to the start. */
export function halves(total: number, oddToEnd: boolean): Pair {
  const smaller = Math.floor(total / 2);
  return oddToEnd ? [smaller, total - smaller] : [total - smaller, smaller];
}

/** The last two numbers, or a one before a single number: what an image of one dimension is as one of two. */
export function asPair(numbers: readonly number[], single = 1): Pair {
  return numbers.length === 1
    ? [single, numbers[0]]
    : [numbers[numbers.length - 2], numbers[numbers.length - 1]];
}

export function asPads(pads: readonly Pair[]): readonly [Pair, Pair] {
  return pads.length === 1 ? [[0, 0], pads[0]] : [pads[pads.length - 2], pads[pads.length - 1]];
}

/** [batch, …, channels] as images of two dimensions: a line becomes one row, the slices of a volume images of their own. */
export function asImages(x: Tensor): Tensor {
  const { shape } = x;
  if (shape.length === 3) return reshape(x, [shape[0], 1, shape[1], shape[2]]);
  return shape.length === 5 ? reshape(x, [shape[0] * shape[1], ...shape.slice(2)]) : x;
}

/** Images of two dimensions as they were before `asImages`; `depth` is the number of slices of a volume. */
export function fromImages(y: Tensor, dimensions: number, depth: number): Tensor {
  const { shape } = y;
  if (dimensions === 1) return reshape(y, [shape[0], shape[2], shape[3]]);
  return dimensions === 3 ? reshape(y, [shape[0] / depth, depth, ...shape.slice(1)]) : y;
}
