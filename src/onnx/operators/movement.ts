import { GraphError, ShapeError } from '../../core/errors.ts';
import { broadcastShapes, showShape, sizeOf } from '../../core/shape.ts';
import type { Tensor } from '../../graph/graph.ts';
import { concat } from '../../ops/concat.ts';
import { depthToSpace, spaceToDepth } from '../../ops/depthToSpace.ts';
import { gather } from '../../ops/gather.ts';
import { pad } from '../../ops/pad.ts';
import { reverse } from '../../ops/reverse.ts';
import { slice } from '../../ops/slice.ts';
import { expand } from '../../ops/sum.ts';
import { tile } from '../../ops/tile.ts';
import { triangular } from '../../ops/triangular.ts';
import {
  axesFrom,
  axisOf,
  type Context,
  checkCount,
  countTo,
  emptyValue,
  type Handler,
  type Handlers,
} from '../handler.ts';
import { inOrder, type Value } from '../value.ts';
import { oneType } from './elementwise.ts';
import { reshaped, squeezed, unsqueezed } from './reshaping.ts';

/** 0 keeps a length (unless `allowzero`), -1 stands for what is left. Before opset 5 the shape is an attribute. */
const reshapeHandler: Handler = (inputs, attributes, context) => {
  const x = inputs.get(0);
  attributes.ignore('consumed_inputs');
  const asked = attributes.ints('shape') ?? context.numbers(inputs.get(1), 'the shape');
  const allowZero = attributes.flag('allowzero');
  const shape = asked.map((length, axis) => (length === 0 && !allowZero ? x.shape[axis] : length));
  const known = sizeOf(shape.filter((length) => length !== -1));
  return reshaped(
    x,
    shape.map((length) => (length === -1 ? (known === 0 ? 0 : x.size / known) : length)),
    context,
  );
};

const flatten: Handler = (inputs, attributes, context) => {
  const x = inputs.get(0);
  const axis = attributes.int('axis', 1);
  const at = axis < 0 ? axis + x.rank : axis;
  return reshaped(x, [sizeOf(x.shape.slice(0, at)), sizeOf(x.shape.slice(at))], context);
};

const squeeze: Handler = (inputs, attributes, context) => {
  const x = inputs.get(0);
  const axes = axesFrom(inputs, 1, attributes, context);
  const all = inOrder(x.rank).filter((axis) => x.shape[axis] === 1);
  return squeezed(x, axes ?? all, context);
};

const unsqueeze: Handler = (inputs, attributes, context) =>
  unsqueezed(inputs.get(0), axesFrom(inputs, 1, attributes, context) ?? [], context);

/** No element moves: the same tensor, whose axes have other names. What wants them in order makes it so. */
const transposeHandler: Handler = (inputs, attributes, context) => {
  const x = inputs.get(0);
  const permutation = attributes.ints('perm') ?? inOrder(x.rank).reverse();
  const sorted = [...permutation].sort((a, b) => a - b);
  if (sorted.length !== x.rank || sorted.some((axis, i) => axis !== i))
    throw new ShapeError(`perm ${showShape(permutation)} must hold each axis of ${showShape(x.shape)} once`);
  if (x.isEmpty)
    return emptyValue(
      context,
      x.type,
      permutation.map((axis) => x.shape[axis]),
    );
  const { layout } = x;
  if (!layout) return context.value(x.type, x.form(permutation));
  return context.value(
    x.type,
    x.form(layout),
    layout.map((axis) => permutation.indexOf(axis)),
  );
};

const concatHandler: Handler = (inputs, attributes, context) => {
  const values = inputs.all;
  const type = oneType(values);
  const axis = axisOf(values[0], attributes.int('axis', 1));
  const full = values.filter((value) => !value.isEmpty);
  if (full.length === 0) {
    const total = values.reduce((sum, { shape }) => sum + shape[axis], 0);
    return emptyValue(
      context,
      type,
      values[0].shape.map((length, i) => (i === axis ? total : length)),
    );
  }
  // In the order of the largest that lies in memory already.
  const [largest] = full.filter(({ layout }) => layout).sort((a, b) => b.size - a.size);
  const order = largest?.layout ?? inOrder(full[0].rank);
  const tensors = full.map((value) => value.form(order));
  return context.value(type, concat(tensors, order.indexOf(axis)), order);
};

/** The window of `x` that begins at `begin` on `axis` and has `size` elements in steps of `step`, which may be negative. */
export function window(
  context: Context,
  x: Value,
  windows: readonly { axis: number; begin: number; size: number; step: number }[],
): Value {
  const shape = [...x.shape];
  for (const { axis, size } of windows) shape[axis] = size;
  if (sizeOf(shape) === 0) return emptyValue(context, x.type, shape);
  const order = x.layout ?? inOrder(x.rank);
  const places = windows.map(({ axis, begin, size, step }) => {
    const last = begin + (size - 1) * step;
    return { at: order.indexOf(axis), first: Math.min(begin, last), end: Math.max(begin, last) + 1, step };
  });
  const cut = slice(x.form(order), {
    axes: places.map(({ at }) => at),
    begin: places.map(({ first }) => first),
    end: places.map(({ end }) => end),
    steps: places.map(({ step }) => Math.abs(step)),
  });
  const turned = places.filter(({ step }) => step < 0).map(({ at }) => at);
  return context.value(x.type, turned.length > 0 ? reverse(cut, turned) : cut, order);
}

/** Before opset 10 all but the tensor are attributes. Begin and end are clamped to the axis. */
const sliceHandler: Handler = (inputs, attributes, context) => {
  const x = inputs.get(0);
  const list = (index: number, name: string) => {
    const given = inputs.optional(index);
    return given ? context.numbers(given, name) : attributes.ints(name);
  };
  const [starts, ends] = [list(1, 'starts'), list(2, 'ends')];
  if (!starts || !ends || starts.length !== ends.length)
    throw new GraphError('starts and ends must have as many numbers as each other');
  const axes = (list(3, 'axes') ?? starts.map((_, i) => i)).map((axis) => axisOf(x, axis));
  const steps = list(4, 'steps') ?? starts.map(() => 1);
  const windows = axes.map((axis, i) => {
    const [length, step] = [x.shape[axis], steps[i]];
    if (!step) throw new GraphError(`steps must not be 0, got ${showShape(steps)}`);
    const clamp = (at: number, low: number, high: number) =>
      Math.min(Math.max(at < 0 ? at + length : at, low), high);
    const begin = step > 0 ? clamp(starts[i], 0, length) : clamp(starts[i], 0, length - 1);
    const end = step > 0 ? clamp(ends[i], 0, length) : clamp(ends[i], -1, length - 1);
    return { axis, begin, step, size: Math.max(0, Math.ceil((end - begin) / step)) };
  });
  return window(context, x, windows);
};

/** Lengths are an attribute before opset 13; without any, the parts are equal, the last one perhaps smaller. */
const splitHandler: Handler = (inputs, attributes, context) => {
  const x = inputs.get(0);
  const axis = axisOf(x, attributes.int('axis', 0));
  const count = attributes.int('num_outputs', context.outputs.length);
  const given = inputs.optional(1);
  const length = x.shape[axis];
  const part = Math.ceil(length / count);
  const lengths =
    attributes.ints('split') ??
    (given
      ? context.numbers(given, 'split')
      : Array.from({ length: count }, (_, i) => Math.max(0, Math.min(part, length - i * part))));
  if (lengths.reduce((sum, each) => sum + each, 0) !== length)
    throw new ShapeError(`parts ${showShape(lengths)} do not make up axis ${axis} of ${showShape(x.shape)}`);
  let end = 0;
  return lengths.map((size) => {
    end += size;
    return window(context, x, [{ axis, begin: end - size, size, step: 1 }]);
  });
};

type PadMode = 'constant' | 'reflect' | 'edge' | 'wrap';

/** Where element `place`, counted from the first one of the axis, comes from. */
function padSource(mode: Exclude<PadMode, 'constant'>, place: number, length: number): number {
  if (mode === 'edge') return Math.min(Math.max(place, 0), length - 1);
  if (mode === 'wrap') return ((place % length) + length) % length;
  const period = Math.max(2 * (length - 1), 1);
  const within = ((place % period) + period) % period;
  return within < length ? within : period - within;
}

const padHandler: Handler = (inputs, attributes, context) => {
  const x = inputs.get(0);
  const mode = attributes.choice<PadMode>('mode', ['constant', 'reflect', 'edge', 'wrap'], 'constant');
  const given =
    attributes.ints('pads') ?? attributes.ints('paddings') ?? context.numbers(inputs.get(1), 'pads');
  const filler = inputs.optional(2);
  const value =
    filler && !filler.isEmpty ? context.numbers(filler, 'the value')[0] : attributes.float('value', 0);
  const axes = inputs.optional(3)
    ? context.numbers(inputs.get(3), 'axes').map((axis) => axisOf(x, axis))
    : inOrder(x.rank);
  const pads = x.shape.map((_, axis): [number, number] => {
    const at = axes.indexOf(axis);
    return at < 0 ? [0, 0] : [given[at], given[at + axes.length]];
  });
  // Negative numbers cut off.
  const windows = pads.map(([before, after], axis) => ({
    axis,
    begin: Math.max(0, -before),
    size: x.shape[axis] - Math.max(0, -before) - Math.max(0, -after),
    step: 1,
  }));
  const cut = windows.some(({ size, axis }) => size !== x.shape[axis]) ? window(context, x, windows) : x;
  const order = cut.layout ?? inOrder(x.rank);
  const placed = order.map((axis): [number, number] => [
    Math.max(0, pads[axis][0]),
    Math.max(0, pads[axis][1]),
  ]);
  return context.value(x.type, padded(cut.form(order), placed, mode, value), order);
};

function padded(x: Tensor, pads: readonly [number, number][], mode: PadMode, value: number): Tensor {
  if (pads.every(([before, after]) => before === 0 && after === 0)) return x;
  if (mode === 'constant') return pad(x, pads, { value });
  const fits = pads.every(([before, after], axis) => Math.max(before, after) < x.shape[axis]);
  if (mode === 'edge' || (mode === 'reflect' && fits)) return pad(x, pads, { mode });
  let result = x;
  pads.forEach(([before, after], axis) => {
    if (before + after === 0) return;
    const length = x.shape[axis];
    const from = countTo(before + length + after).map((i) => padSource(mode, i - before, length));
    result = gather(result, x.graph.constant(from, [from.length], 'int32'), axis);
  });
  return result;
}

const expandHandler: Handler = (inputs, _, context) => {
  const x = inputs.get(0);
  const shape = broadcastShapes('shapes', [x.shape, context.numbers(inputs.get(1), 'the shape')]);
  if (sizeOf(shape) === 0) return emptyValue(context, x.type, shape);
  return context.value(x.type, expand(x.tensor, shape));
};

/** Before opset 6 one axis is tiled: inputs `tiles` and `axis`. */
const tileHandler: Handler = (inputs, _, context) => {
  const x = inputs.get(0);
  const given = context.numbers(inputs.get(1), 'repeats');
  const repeats =
    context.opset < 6
      ? x.shape.map((__, axis) => (axis === context.numbers(inputs.get(2), 'axis')[0] ? given[0] : 1))
      : given;
  const shape = x.shape.map((length, axis) => length * repeats[axis]);
  if (sizeOf(shape) === 0) return emptyValue(context, x.type, shape);
  return context.value(x.type, tile(x.tensor, repeats));
};

const trilu: Handler = (inputs, attributes, context) => {
  const x = inputs.get(0);
  const upper = attributes.flag('upper', true);
  const k = inputs.optional(1);
  if (x.isEmpty) return x;
  for (const length of x.shape.slice(-2)) checkCount('rows or columns', length);
  const diagonal = k ? context.numbers(k, 'k')[0] : 0;
  return context.value(x.type, triangular(x.tensor, { upper, diagonal }));
};

export const movement: Handlers = {
  Concat: concatHandler,
  DepthToSpace: (inputs, attributes, context) => {
    const x = inputs.get(0);
    const mode = attributes.choice('mode', ['DCR', 'CRD'], 'DCR');
    return context.value(
      x.type,
      depthToSpace(x.channelsLast, attributes.int('blocksize', 1), { mode }),
      [0, 2, 3, 1],
    );
  },
  Expand: expandHandler,
  Flatten: flatten,
  Pad: padHandler,
  Reshape: reshapeHandler,
  Slice: sliceHandler,
  SpaceToDepth: (inputs, attributes, context) => {
    const x = inputs.get(0);
    return context.value(x.type, spaceToDepth(x.channelsLast, attributes.int('blocksize', 1)), [0, 2, 3, 1]);
  },
  Split: splitHandler,
  Squeeze: squeeze,
  Tile: tileHandler,
  Transpose: transposeHandler,
  Trilu: trilu,
  Unsqueeze: unsqueeze,
};
