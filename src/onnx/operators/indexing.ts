import { ShapeError } from '../../core/errors.ts';
import { showShape, sizeOf, stridesOf } from '../../core/shape.ts';
import type { Tensor } from '../../graph/graph.ts';
import { add, sub } from '../../ops/arithmetic.ts';
import { cast, equal, less, where } from '../../ops/comparison.ts';
import { gather } from '../../ops/gather.ts';
import { gatherND } from '../../ops/gatherND.ts';
import { reshape } from '../../ops/reshape.ts';
import { gatherElements } from '../../ops/scatterAdd.ts';
import { type ScatterReduction, scatterElements } from '../../ops/scatterElements.ts';
import { scatterND } from '../../ops/scatterND.ts';
import { slice } from '../../ops/slice.ts';
import { expandDimensions } from '../../ops/squeeze.ts';
import { expand } from '../../ops/sum.ts';
import { topK } from '../../ops/topK.ts';
import type { Attributes } from '../attributes.ts';
import { axisOf, countTo, emptyValue, type Handler, type Handlers } from '../handler.ts';
import { inOrder } from '../value.ts';

// A negative index counts from the end. ONNX leaves open what one out of range means; here it is clamped.

const gatherHandler: Handler = (inputs, attributes, context) => {
  const [x, indices] = [inputs.get(0), inputs.get(1)];
  const axis = axisOf(x, attributes.int('axis', 0));
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  if (sizeOf(shape) === 0) return emptyValue(context, x.type, shape);
  return context.value(x.type, gather(x.tensor, indices.tensor, axis));
};

const gatherElementsHandler: Handler = (inputs, attributes, context) => {
  const [x, indices] = [inputs.get(0), inputs.get(1)];
  const axis = axisOf(x, attributes.int('axis', 0));
  if (indices.isEmpty) return emptyValue(context, x.type, indices.shape);
  return context.value(x.type, gatherElements(x.tensor, indices.tensor, axis));
};

const gatherNDHandler: Handler = (inputs, attributes, context) => {
  const [x, indices] = [inputs.get(0), inputs.get(1)];
  const batchDimensions = attributes.int('batch_dims', 0);
  return context.value(x.type, gatherND(x.tensor, indices.tensor, { batchDimensions }));
};

function reductionOf(attributes: Attributes): ScatterReduction {
  return attributes.choice<ScatterReduction>('reduction', ['none', 'add', 'mul', 'max', 'min'], 'none');
}

const scatterElementsHandler: Handler = (inputs, attributes, context) => {
  const [x, indices, updates] = [inputs.get(0), inputs.get(1), inputs.get(2)];
  const options = { axis: axisOf(x, attributes.int('axis', 0)), reduction: reductionOf(attributes) };
  if (indices.isEmpty) return x;
  return context.value(x.type, scatterElements(x.tensor, indices.tensor, updates.tensor, options));
};

const scatterNDHandler: Handler = (inputs, attributes, context) => {
  const [x, indices, updates] = [inputs.get(0), inputs.get(1), inputs.get(2)];
  const options = { reduction: reductionOf(attributes) };
  if (indices.isEmpty) return x;
  return context.value(x.type, scatterND(x.tensor, indices.tensor, updates.tensor, options));
};

/** A new axis of `depth` with values[1] at the index and values[0] elsewhere; an index beyond it gives values[0] only. */
const oneHot: Handler = (inputs, attributes, context) => {
  const [indices, values] = [inputs.get(0), inputs.get(2)];
  const depth = Math.trunc(context.numbers(inputs.get(1), 'depth')[0]);
  const given = attributes.int('axis', -1);
  const axis = given < 0 ? given + indices.rank + 1 : given;
  const places = cast(indices.tensor, 'int32');
  const counted = where(less(places, 0), add(places, depth), places);
  const numbers = countTo(depth);
  const range = context.graph.constant(
    numbers,
    [depth, ...new Array<number>(indices.rank - axis).fill(1)],
    'int32',
  );
  const choice = (index: number) => reshape(slice(values.tensor, { begin: [index], size: [1] }), []);
  return context.value(
    values.type,
    where(equal(expandDimensions(counted, axis), range), choice(1), choice(0)),
  );
};

const topKHandler: Handler = (inputs, attributes, context) => {
  const x = inputs.get(0);
  const axis = axisOf(x, attributes.int('axis', -1));
  const k = attributes.int('k') ?? context.numbers(inputs.get(1), 'k')[0];
  // In order is one of the orders that unsorted results may have.
  attributes.ignore('sorted');
  const largest = attributes.flag('largest', true);
  if (k === 0) {
    const shape = x.shape.map((length, i) => (i === axis ? 0 : length));
    return [emptyValue(context, x.type, shape), emptyValue(context, 'int64', shape)];
  }
  const { values, indices } = topK(x.tensor, k, { axis, largest });
  return [context.value(x.type, values), context.value('int64', indices)];
};

/** Coordinates of the elements that are not 0, which must be known: [rank, count]. */
const nonZero: Handler = (inputs, _, context) => {
  const x = inputs.get(0);
  const numbers = context.numbers(x, 'the tensor of NonZero');
  const found = numbers.flatMap((value, i) => (value === 0 ? [] : [i]));
  const coordinates = stridesOf(x.shape).map((stride, axis) =>
    found.map((i) => Math.floor(i / stride) % x.shape[axis]),
  );
  return context.known('int64', [x.rank, found.length], coordinates.flat());
};

/** The slices whose condition, which must be known, is true. */
const compress: Handler = (inputs, attributes, context) => {
  const x = inputs.get(0);
  const given = attributes.int('axis');
  const chosen = context
    .numbers(inputs.get(1), 'the condition of Compress')
    .flatMap((value, i) => (value === 0 ? [] : [i]));
  const axis = given === undefined ? 0 : axisOf(x, given);
  const from = given === undefined ? reshape(x.tensor, [x.size]) : x.tensor;
  const shape = from.shape.map((length, i) => (i === axis ? chosen.length : length));
  if (chosen.length === 0) return emptyValue(context, x.type, shape);
  return context.value(x.type, gather(from, context.graph.constant(chosen, [chosen.length], 'int32'), axis));
};

/** Turns the first sequence_lens[b] elements of each sequence round. */
const reverseSequence: Handler = (inputs, attributes, context) => {
  const [x, lengths] = [inputs.get(0), inputs.get(1)];
  const [batchAxis, timeAxis] = [attributes.int('batch_axis', 1), attributes.int('time_axis', 0)];
  const order = [
    timeAxis,
    batchAxis,
    ...inOrder(x.rank).filter((axis) => axis !== timeAxis && axis !== batchAxis),
  ];
  const sequences = x.form(order);
  const [time, batch, ...rest] = sequences.shape;
  if (showShape(lengths.shape) !== showShape([batch]))
    throw new ShapeError(`sequence_lens must have the shape [${batch}], got ${showShape(lengths.shape)}`);
  const steps = context.graph.constant(countTo(time), [time, 1], 'int32');
  const places = turnedPlaces(steps, cast(lengths.tensor, 'int32'));
  const indices = expand(reshape(places, [time, batch, ...rest.map(() => 1)]), sequences.shape);
  return context.value(x.type, gatherElements(sequences, indices, 0), order);
};

/** length - 1 - t where t < length, else t: [time, batch]. */
function turnedPlaces(steps: Tensor, lengths: Tensor): Tensor {
  const last = add(lengths, -1);
  return where(less(steps, lengths), sub(last, steps), steps);
}

export const indexing: Handlers = {
  Compress: compress,
  Gather: gatherHandler,
  GatherElements: gatherElementsHandler,
  GatherND: gatherNDHandler,
  NonZero: nonZero,
  OneHot: oneHot,
  ReverseSequence: reverseSequence,
  Scatter: scatterElementsHandler,
  ScatterElements: scatterElementsHandler,
  ScatterND: scatterNDHandler,
  TopK: topKHandler,
};
