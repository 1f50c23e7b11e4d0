import { ShapeError } from '../../core/errors.ts';
import { normalizeAxes, type Shape, showShape, sizeOf } from '../../core/shape.ts';
import { reshape } from '../../ops/reshape.ts';
import type { Context } from '../handler.ts';
import { inOrder, type Value } from '../value.ts';

// Values under another shape, without moving an element, whatever the order of their axes in memory.

/** The same elements, in order, under another shape. */
export function reshaped(value: Value, shape: Shape, context: Context): Value {
  if (sizeOf(shape) !== value.size)
    throw new ShapeError(`${showShape(value.shape)} cannot take the shape ${showShape(shape)}`);
  const { known } = value;
  if (value.isEmpty || known) return context.known(value.type, shape, known ?? []);
  return context.value(value.type, reshape(value.tensor, shape));
}

/** With axes of length 1 at the places `axes` of the result; negative ones count from its end. */
export function unsqueezed(value: Value, axes: readonly number[], context: Context): Value {
  const rank = value.rank + axes.length;
  const added = normalizeAxes('axes', axes, rank);
  const kept = inOrder(rank).filter((axis) => !added.includes(axis));
  const shape = new Array<number>(rank).fill(1);
  kept.forEach((axis, i) => {
    shape[axis] = value.shape[i];
  });
  const { layout, known } = value;
  if (!layout || known || value.isEmpty) return reshaped(value, shape, context);
  const order = [...added, ...layout.map((axis) => kept[axis])];
  const tensor = reshape(
    value.form(layout),
    order.map((axis) => shape[axis]),
  );
  return context.value(value.type, tensor, order);
}

/** Without the axes `axes`, which have length 1. */
export function squeezed(value: Value, axes: readonly number[], context: Context): Value {
  const dropped = normalizeAxes('axes', axes, value.rank);
  const long = dropped.find((axis) => value.shape[axis] !== 1);
  if (long !== undefined)
    throw new ShapeError(`axis ${long} of ${showShape(value.shape)} has another length than 1`);
  const kept = inOrder(value.rank).filter((axis) => !dropped.includes(axis));
  const shape = kept.map((axis) => value.shape[axis]);
  const { layout, known } = value;
  if (!layout || known || value.isEmpty) return reshaped(value, shape, context);
  const order = layout.filter((axis) => kept.includes(axis)).map((axis) => kept.indexOf(axis));
  const tensor = reshape(
    value.form(layout),
    order.map((axis) => shape[axis]),
  );
  return context.value(value.type, tensor, order);
}

/** A value of the shape [channels] as an operand of images [batch, channels, …] with `rank` axes. */
export function channelOperand(value: Value, rank: number, context: Context): Value {
  const axes = Array.from({ length: Math.max(rank - 2, 0) }, (_, i) => i + 1);
  return axes.length === 0 ? value : unsqueezed(value, axes, context);
}
