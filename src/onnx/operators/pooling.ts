import { GraphError, ShapeError } from '../../core/errors.ts';
import { forEachOffset, showShape, sizeOf, stridesOf } from '../../core/shape.ts';
import { applyOne, type Tensor } from '../../graph/graph.ts';
import { argMax } from '../../ops/argMax.ts';
import { abs, add, sqrt, square } from '../../ops/arithmetic.ts';
import { averagePool2d, averagePool2dOp } from '../../ops/averagePool2d.ts';
import { cast } from '../../ops/comparison.ts';
import { stack } from '../../ops/concat.ts';
import { gather } from '../../ops/gather.ts';
import { l2Pool2d } from '../../ops/l2Pool2d.ts';
import { maxPool2d } from '../../ops/maxPool2d.ts';
import { pad } from '../../ops/pad.ts';
import { type Pool2dOptions, pooled } from '../../ops/poolWindows.ts';
import { pow } from '../../ops/pow.ts';
import { max, mean } from '../../ops/reduce.ts';
import { reshape } from '../../ops/reshape.ts';
import { scatterElements } from '../../ops/scatterElements.ts';
import { slice } from '../../ops/slice.ts';
import type { Pair } from '../../ops/spatial.ts';
import { expand, sum } from '../../ops/sum.ts';
import type { Attributes } from '../attributes.ts';
import { type Context, checkCount, countTo, type Handler, type Handlers } from '../handler.ts';
import { channelsLastOrder, inOrder, type Value } from '../value.ts';
import { requireFloat } from './elementwise.ts';
import { reduceIn } from './reductions.ts';
import { asImages, asPads, asPair, fromImages, imageSize, mostTaps, type Place, placeOf } from './spatial.ts';

type Pool = (image: Tensor, options: Pool2dOptions) => Tensor;

function poolPlace(attributes: Attributes, x: Value): Place {
  const window = attributes.ints('kernel_shape');
  if (!window) throw new GraphError('attribute kernel_shape is missing');
  return placeOf(attributes, imageSize(x), window);
}

/** Pools [batch, …, channels]; a volume first within its slices, then across them, which comes to the same. */
function poolIn(x: Tensor, at: Place, ceilMode: boolean, pool: Pool): Tensor {
  const dimensions = x.rank - 2;
  const within = pool(asImages(x), {
    windowSize: asPair(at.window),
    strides: asPair(at.strides),
    dilations: asPair(at.dilations),
    padding: asPads(at.pads),
    ceilMode,
  });
  if (dimensions < 3) return fromImages(within, dimensions, 1);
  const [batch, depth] = x.shape;
  const [, height, width, channels] = within.shape;
  const across = pool(reshape(within, [batch, depth, height * width, channels]), {
    windowSize: [at.window[0], 1],
    strides: [at.strides[0], 1],
    dilations: [at.dilations[0], 1],
    padding: [at.pads[0], [0, 0]],
    ceilMode,
  });
  return reshape(across, [batch, across.shape[1], height, width, channels]);
}

const averagePool: Handler = (inputs, attributes, context) => {
  const x = requireFloat(inputs.get(0));
  const at = poolPlace(attributes, x);
  const [ceilMode, countIncludePad] = [attributes.flag('ceil_mode'), attributes.flag('count_include_pad')];
  const y = poolIn(x.channelsLast, at, ceilMode, (image, options) =>
    averagePool2d(image, { ...options, countIncludePad }),
  );
  return context.value(x.type, y, channelsLastOrder(x.rank));
};

const maxPool: Handler = (inputs, attributes, context) => {
  const x = inputs.get(0);
  const at = poolPlace(attributes, x);
  const ceilMode = attributes.flag('ceil_mode');
  const columnMajor = attributes.flag('storage_order');
  const image = cast(x.channelsLast, 'float32');
  const y = poolIn(image, at, ceilMode, maxPool2d);
  const order = channelsLastOrder(x.rank);
  const values = context.value(x.type, cast(y, x.channelsLast.dtype), order);
  if (!context.outputs[1]) return values;
  return [values, maxIndices(x, values.shape, at, columnMajor, context)];
};

/** Where each window's maximum lies in `x`, whose elements are counted in order. */
function maxIndices(
  x: Value,
  shape: readonly number[],
  at: Place,
  columnMajor: boolean,
  context: Context,
): Value {
  const [lines, size, counts] = [x.shape[0] * x.shape[1], x.shape.slice(2), shape.slice(2)];
  const steps = columnMajor ? [...stridesOf([...size].reverse())].reverse() : stridesOf(size);
  const pads = size.map((length, axis): Pair => {
    const reach = (counts[axis] - 1) * at.strides[axis] + (at.window[axis] - 1) * at.dilations[axis] + 1;
    return [at.pads[axis][0], Math.max(0, reach - length - at.pads[axis][0])];
  });
  const number = cast(reshape(x.tensor, [lines, ...size]), 'float32');
  const padded = pad(number, [[0, 0], ...pads], { value: Number.NEGATIVE_INFINITY });
  checkCount('elements of a window, with indices,', sizeOf(at.window), mostTaps);
  const taps: Tensor[] = [];
  const offsets: number[] = [];
  forEachOffset(at.window, [steps.map((step, axis) => step * at.dilations[axis])], (tap, [offset]) => {
    const places = stridesOf(at.window).map((stride, axis) => Math.floor(tap / stride) % at.window[axis]);
    const begin = places.map((place, axis) => place * at.dilations[axis]);
    const end = begin.map((first, axis) => first + (counts[axis] - 1) * at.strides[axis] + 1);
    taps.push(slice(padded, { begin: [0, ...begin], end: [lines, ...end], steps: [1, ...at.strides] }));
    offsets.push(offset);
  });
  const first = at.pads.reduce((total, [before], axis) => total - before * steps[axis], 0);
  const bases = countTo(lines * sizeOf(counts));
  const strides = [sizeOf(size), ...steps.map((step, axis) => step * at.strides[axis])];
  forEachOffset([lines, ...counts], [strides], (i, [offset]) => {
    bases[i] = first + offset;
  });
  const { graph } = context;
  const tap = argMax(stack(taps, -1), { axis: -1 });
  const offset = gather(graph.constant(offsets, [offsets.length], 'int32'), tap);
  const indices = add(offset, graph.constant(bases, [lines, ...counts], 'int32'));
  return context.value('int64', reshape(indices, shape));
}

/** The root of the sum of the p-th powers; p = 2 in images is an op of its own. */
const lpPool: Handler = (inputs, attributes, context) => {
  const x = requireFloat(inputs.get(0));
  const at = poolPlace(attributes, x);
  const p = attributes.int('p', 2);
  const ceilMode = attributes.flag('ceil_mode');
  const y =
    p === 2 && x.rank < 5
      ? poolIn(x.channelsLast, at, ceilMode, l2Pool2d)
      : root(poolIn(power(x.channelsLast, p), at, ceilMode, sumPool), p);
  return context.value(x.type, y, channelsLastOrder(x.rank));
};

function sumPool(image: Tensor, options: Pool2dOptions): Tensor {
  return pooled('sumPool', image, options, (each, attrs) =>
    applyOne(averagePool2dOp, [each], { ...attrs, divisor: 'one' }),
  );
}

function power(x: Tensor, p: number): Tensor {
  return p === 2 ? square(x) : pow(abs(x), p);
}

function root(x: Tensor, p: number): Tensor {
  return p === 2 ? sqrt(x) : pow(x, 1 / p);
}

/** Reduces all axes of the image. */
function globalPool(
  reduce: (
    attributes: Attributes,
  ) => (x: Tensor, options: { axes?: readonly number[]; keepDimensions?: boolean }) => Tensor,
): Handler {
  return (inputs, attributes, context) => {
    const x = requireFloat(inputs.get(0));
    return reduceIn(context, x.type, x, inOrder(x.rank).slice(2), true, reduce(attributes));
  };
}

/** Puts each element at the place that its index names; all else is 0. */
const maxUnpool: Handler = (inputs, attributes, context) => {
  const [x, indices] = [inputs.get(0), inputs.get(1)];
  const { window, strides, pads } = poolPlace(attributes, x);
  const inner = imageSize(x).map(
    (length, axis) => (length - 1) * strides[axis] - pads[axis][0] - pads[axis][1] + window[axis],
  );
  const shape = [x.shape[0], x.shape[1], ...inner];
  const given = inputs.optional(2);
  const wanted = given ? context.numbers(given, 'output_shape') : shape;
  if (wanted.length !== shape.length || wanted.some((length, axis) => length < shape[axis]))
    throw new ShapeError(`output_shape ${showShape(wanted)} cannot hold ${showShape(shape)}`);
  const zeros = expand(context.graph.constant(0, [], x.tensor.dtype), [sizeOf(shape)]);
  const flat = scatterElements(zeros, reshape(indices.tensor, [x.size]), reshape(x.tensor, [x.size]));
  const whole = reshape(flat, shape);
  const padded = pad(
    whole,
    shape.map((length, axis): Pair => [0, wanted[axis] - length]),
  );
  return context.value(x.type, padded);
};

export const pools: Handlers = {
  AveragePool: averagePool,
  GlobalAveragePool: globalPool(() => mean),
  GlobalLpPool: globalPool((attributes) => {
    const p = attributes.int('p', 2);
    return (x, options) => root(sum(power(x, p), options), p);
  }),
  GlobalMaxPool: globalPool(() => max),
  LpPool: lpPool,
  MaxPool: maxPool,
  MaxUnpool: maxUnpool,
};
