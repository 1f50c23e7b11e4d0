import { GraphError, ShapeError } from '../../core/errors.ts';
import { showShape, sizeOf } from '../../core/shape.ts';
import { applyOne, type Tensor } from '../../graph/graph.ts';
import { add } from '../../ops/arithmetic.ts';
import { conv2d, conv2dInputGradientOp } from '../../ops/conv2d.ts';
import { pad } from '../../ops/pad.ts';
import { reshape } from '../../ops/reshape.ts';
import { place, slice } from '../../ops/slice.ts';
import type { Pair } from '../../ops/spatial.ts';
import type { Attributes } from '../attributes.ts';
import { checkCount, type Handler, type Handlers } from '../handler.ts';
import { channelsLastOrder, type Value } from '../value.ts';
import { requireFloat } from './elementwise.ts';
import {
  asImages,
  asPads,
  asPair,
  autoPadOf,
  fromImages,
  halves,
  imageSize,
  mostTaps,
  type Place,
  placeOf,
} from './spatial.ts';

// Filters are held as [window…, inChannels, outChannels], in which the kernels work. A volume's convolution is the sum, over the
// slices of its filter, of convolutions of its slices.

function windowOf(attributes: Attributes, filter: Value): readonly number[] {
  const window = filter.shape.slice(2);
  const given = attributes.ints('kernel_shape') ?? window;
  if (showShape(given) !== showShape(window))
    throw new ShapeError(
      `kernel_shape ${showShape(given)} differs from the filter ${showShape(filter.shape)}`,
    );
  return window;
}

/** Slice `depth` of a filter [depth, height, width, a, b]; of one of fewer dimensions, all of it, as [height, width, a, b]. */
function filterSlice(filter: Tensor, depth: number): Tensor {
  const { shape } = filter;
  if (shape.length === 3) return reshape(filter, [1, ...shape]);
  if (shape.length === 4) return filter;
  return reshape(slice(filter, { axes: [0], begin: [depth], size: [1] }), shape.slice(1));
}

const conv: Handler = (inputs, attributes, context) => {
  const [x, filter, bias] = [requireFloat(inputs.get(0)), inputs.get(1), inputs.optional(2)];
  const size = imageSize(x);
  if (filter.rank !== x.rank)
    throw new ShapeError(
      `the filter ${showShape(filter.shape)} must have as many axes as x ${showShape(x.shape)}`,
    );
  const groups = attributes.int('group', 1);
  const at = placeOf(attributes, size, windowOf(attributes, filter));
  const order = channelsLastOrder(x.rank);
  const weights = filter.form([...order.slice(1, -1), 1, 0]);
  const options = {
    strides: asPair(at.strides),
    dilations: asPair(at.dilations),
    padding: asPads(at.pads),
    groups,
  };
  if (size.length < 3) {
    const y = conv2d(asImages(x.channelsLast), filterSlice(weights, 0), { ...options, bias: bias?.tensor });
    return context.value(x.type, fromImages(y, size.length, 1), order);
  }
  checkCount('slices of a filter', at.window[0], mostTaps);
  const parts = depthTaps(x.channelsLast, at).map((part, k) =>
    fromImages(conv2d(asImages(part), filterSlice(weights, k), options), 3, part.shape[1]),
  );
  const y = parts.reduce((total, part) => add(total, part));
  return context.value(x.type, bias ? add(y, bias.tensor) : y, order);
};

/** For each slice of the filter the slices of the volume [batch, depth, …] that it meets. */
function depthTaps(x: Tensor, { window, strides, dilations, pads }: Place): Tensor[] {
  const padded = pad(
    x,
    x.shape.map((_, axis): Pair => (axis === 1 ? pads[0] : [0, 0])),
  );
  const span = (window[0] - 1) * dilations[0] + 1;
  const steps = Math.floor((padded.shape[1] - span) / strides[0]);
  if (steps < 0)
    throw new ShapeError(`the window is deeper than the padded volume ${showShape(padded.shape)}`);
  return Array.from({ length: window[0] }, (_, k) => {
    const begin = k * dilations[0];
    return slice(padded, {
      axes: [1],
      begin: [begin],
      end: [begin + steps * strides[0] + 1],
      steps: [strides[0]],
    });
  });
}

/** Where the result of a transposed convolution lies within all that its windows reach: what is cut off before, and its length. */
interface Cut {
  readonly before: number;
  readonly size: number;
}

function cutsOf(
  attributes: Attributes,
  input: readonly number[],
  window: readonly number[],
): { place: Place; cuts: Cut[] } {
  const auto = autoPadOf(attributes);
  const added = attributes.ints('output_padding') ?? input.map(() => 0);
  const wanted = attributes.ints('output_shape');
  const given = attributes.ints('pads') ?? input.flatMap(() => [0, 0]);
  const ones = input.map(() => 1);
  const [strides, dilations] = [attributes.ints('strides') ?? ones, attributes.ints('dilations') ?? ones];
  if (auto !== 'NOTSET' && attributes.has('pads') && given.some((each) => each !== 0))
    throw new GraphError('pads and auto_pad exclude each other');
  const sizes = wanted?.slice(-input.length);
  const cuts = input.map((length, axis): Cut => {
    const full = (length - 1) * strides[axis] + (window[axis] - 1) * dilations[axis] + 1 + added[axis];
    const asked = sizes?.[axis] ?? (auto.startsWith('SAME') ? length * strides[axis] : undefined);
    if (asked !== undefined) {
      const [before] = halves(Math.max(0, full - asked), auto === 'SAME_UPPER');
      return { before, size: asked };
    }
    if (auto === 'VALID') return { before: 0, size: full };
    return { before: given[axis], size: full - given[axis] - given[axis + input.length] };
  });
  const wrong = cuts.find(({ size }) => size < 1);
  if (wrong) throw new ShapeError(`pads cut off everything: an axis of length ${wrong.size} would be left`);
  return { place: { window, strides, dilations, pads: [] }, cuts };
}

const convTranspose: Handler = (inputs, attributes, context) => {
  const [x, filter, bias] = [requireFloat(inputs.get(0)), inputs.get(1), inputs.optional(2)];
  const input = imageSize(x);
  if (filter.rank !== x.rank || filter.shape[0] !== x.shape[1])
    throw new ShapeError(`the filter ${showShape(filter.shape)} does not fit x ${showShape(x.shape)}`);
  const groups = attributes.int('group', 1);
  const { place: at, cuts } = cutsOf(attributes, input, windowOf(attributes, filter));
  const order = channelsLastOrder(x.rank);
  // [inChannels, outChannels / groups, window…] -> [window…, outChannels / groups, inChannels]
  const weights = filter.form([...order.slice(1, -1), 1, 0]);
  const attrs = {
    strides: asPair(at.strides),
    dilations: asPair(at.dilations),
    padding: asPair(
      cuts.map(({ before }) => before),
      0,
    ),
    groups,
    size: asPair(cuts.map(({ size }) => size)),
  };
  const image = asImages(x.channelsLast);
  const spread = (each: Tensor, k: number, ...more: readonly Tensor[]) =>
    context.graph.scope('conv2dTranspose', () =>
      applyOne(conv2dInputGradientOp, [each, filterSlice(weights, k), ...more], attrs),
    );
  if (input.length < 3) {
    const y = bias ? spread(image, 0, bias.tensor) : spread(image, 0);
    return context.value(x.type, fromImages(y, input.length, 1), order);
  }
  // Each slice of the filter spreads the volume's slices to their places along the depth.
  checkCount('slices of a filter', at.window[0], mostTaps);
  const [depth, stride] = [input[0], at.strides[0]];
  const reach = (depth - 1) * stride + (at.window[0] - 1) * at.dilations[0] + 1;
  const parts = Array.from({ length: at.window[0] }, (_, k) => {
    const part = fromImages(spread(image, k), 3, depth);
    const shape = part.shape.map((length, axis) => (axis === 1 ? reach : length));
    const only = (value: number, other: number) => shape.map((__, axis) => (axis === 1 ? value : other));
    return place(part, shape, { begin: only(k * at.dilations[0], 0), steps: only(stride, 1) });
  });
  const whole = parts.reduce((total, part) => add(total, part));
  const y = fitDepth(whole, cuts[0]);
  return context.value(x.type, bias ? add(y, bias.tensor) : y, order);
};

function fitDepth(x: Tensor, { before, size }: Cut): Tensor {
  const missing = Math.max(0, before + size - x.shape[1]);
  const longer =
    missing > 0
      ? pad(
          x,
          x.shape.map((_, axis): Pair => (axis === 1 ? [0, missing] : [0, 0])),
        )
      : x;
  return slice(longer, { axes: [1], begin: [before], size: [size] });
}

/** Columns of windows [batch, channels · window, windows] added up to images: what takes windows apart, undone. */
const col2im: Handler = (inputs, attributes, context) => {
  const x = inputs.get(0);
  const image = context.numbers(inputs.get(1), 'image_shape');
  const window = context.numbers(inputs.get(2), 'block_shape');
  const { strides, dilations, pads } = placeOf(attributes, image, window);
  const padded = image.map((length, axis) => length + pads[axis][0] + pads[axis][1]);
  const counts = padded.map(
    (length, axis) => Math.floor((length - (window[axis] - 1) * dilations[axis] - 1) / strides[axis]) + 1,
  );
  const taps = checkCount('elements of a block', sizeOf(window), mostTaps);
  const channels = x.shape[1] / taps;
  const rows = x.shape[0] * channels;
  if (!Number.isInteger(channels) || x.shape[2] !== sizeOf(counts))
    throw new ShapeError(
      `${showShape(x.shape)} holds no windows ${showShape(window)} of images ${showShape(image)}`,
    );
  const blocks = reshape(x.tensor, [rows, taps, ...counts]);
  const parts = Array.from({ length: taps }, (_, tap) => {
    const block = reshape(slice(blocks, { axes: [1], begin: [tap], size: [1] }), [rows, ...counts]);
    let rest = tap;
    const begin = [...window]
      .reverse()
      .map((length, i) => {
        const at = rest % length;
        rest = Math.floor(rest / length);
        return at * dilations[window.length - 1 - i];
      })
      .reverse();
    return place(block, [rows, ...padded], { begin: [0, ...begin], steps: [1, ...strides] });
  });
  const whole = parts.reduce((total, part) => add(total, part));
  const cut = slice(whole, { begin: [0, ...pads.map(([before]) => before)], size: [rows, ...image] });
  return context.value(x.type, reshape(cut, [x.shape[0], channels, ...image]));
};

export const convolutions: Handlers = { Col2Im: col2im, Conv: conv, ConvTranspose: convTranspose };
