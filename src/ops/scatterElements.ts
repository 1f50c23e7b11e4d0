import source from '#shaders/scatterElements.wgsl' with { type: 'text' };
import { isFloat, roundTo } from '../core/dtype.ts';
import { DTypeError, ShapeError } from '../core/errors.ts';
import { normalizeAxis, sameShape, showShape, sizeOf } from '../core/shape.ts';
import { applyOne, type Op, type Tensor } from '../graph/graph.ts';
import { linearGrid, storageType } from '../graph/kernel.ts';
import { div, mul } from './arithmetic.ts';
import { cast, equal, less, logicalAnd, where } from './comparison.ts';
import { checkIndices, lineOf, rowOf, rowOfText } from './gather.ts';
import { checkElements, type ElementsAttrs, gatherElements, scatterAdd } from './scatterAdd.ts';
import { place, slice } from './slice.ts';
import { epilogueText } from './strided.ts';
import { expand } from './sum.ts';

/** What an update does to the element that its index names: take its place, or join it. */
export type ScatterReduction = 'none' | 'add' | 'mul' | 'max' | 'min';

export interface ScatterElementsAttrs extends ElementsAttrs {
  readonly reduction: Exclude<ScatterReduction, 'add'>;
}

const combine: Record<ScatterElementsAttrs['reduction'], (value: number, update: number) => number> = {
  none: (_, update) => update,
  mul: (value, update) => value * update,
  max: Math.max,
  min: Math.min,
};

const combineText: Record<ScatterElementsAttrs['reduction'], string> = {
  none: 'update',
  mul: 'value * update',
  max: 'largerElement(value, update)',
  min: 'smallerElement(value, update)',
};

/** `max` and `min` of WGSL may drop a NaN. */
const floatHelpers = /* wgsl */ `
fn isNanElement(x: F) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }
fn largerElement(a: F, b: F) -> F { return select(max(a, b), a + b, isNanElement(a) | isNanElement(b)); }
fn smallerElement(a: F, b: F) -> F { return select(min(a, b), a + b, isNanElement(a) | isNanElement(b)); }`;
const integerHelpers = /* wgsl */ `
fn largerElement(a: F, b: F) -> F { return max(a, b); }
fn smallerElement(a: F, b: F) -> F { return min(a, b); }`;

/** Inputs x [outer, size, inner], indices and updates [outer, picked, inner]. */
export const scatterElementsOp: Op<ScatterElementsAttrs> = {
  name: 'scatterElements',
  infer([x, indices, updates], { axis, reduction }) {
    checkIndices(indices.dtype);
    if (updates.dtype !== x.dtype)
      throw new DTypeError(`x is ${x.dtype}, updates are ${updates.dtype}; use cast`);
    if (x.dtype === 'bool' && reduction !== 'none')
      throw new DTypeError(`expected numbers for reduction '${reduction}', got bool; use cast`);
    if (!sameShape(indices.shape, updates.shape)) {
      throw new ShapeError(
        `indices ${showShape(indices.shape)} and updates ${showShape(updates.shape)} differ`,
      );
    }
    const others = (shape: readonly number[]) => shape.filter((_, i) => i !== axis);
    if (!sameShape(others(x.shape), others(indices.shape))) {
      throw new ShapeError(
        `x ${showShape(x.shape)} and indices ${showShape(indices.shape)} differ on another axis than ${axis}`,
      );
    }
    return [{ shape: x.shape, dtype: x.dtype }];
  },
  reference([x, indices, updates], { inputs, outputs }, { axis, reduction }) {
    const { size, inner } = lineOf(inputs[0].shape, axis);
    const picked = inputs[1].shape[axis];
    const result = Float64Array.from(x);
    const join = combine[reduction];
    for (let i = 0; i < updates.length; i++) {
      const outer = Math.floor(i / (inner * picked));
      const at = (outer * size + rowOf(indices[i], size)) * inner + (i % inner);
      const joined = join(result[at], updates[i]);
      result[at] = isFloat(outputs[0].dtype) ? joined : roundTo(outputs[0].dtype, joined);
    }
    return [result];
  },
  kernels({ inputs: [x, indices], outputs: [y], attrs, epilogue }) {
    const { size, inner } = lineOf(x.shape, attrs.axis);
    const count = sizeOf(y.shape);
    return [
      {
        label: 'scatterElements',
        source,
        variant: {
          X: storageType(x.dtype),
          INDEX: storageType(indices.dtype),
          Y: storageType(y.dtype),
          EPILOGUE: epilogueText(epilogue, 5, 1, y.dtype),
          ROW_OF: rowOfText(indices.dtype),
          HELPERS: isFloat(x.dtype) ? floatHelpers : integerHelpers,
          COMBINE: combineText[attrs.reduction],
        },
        params: { count, picked: indices.shape[attrs.axis], size, inner },
        bindings: [{ input: 0 }, { input: 1 }, { input: 2 }, { output: 0 }, ...epilogue.bindings],
        workgroups: linearGrid(Math.ceil(count / 256)),
      },
    ];
  },
  epilogue: { bindings: () => 4 },
  gradient([dy], [x, indices, updates], [y], attrs) {
    if (!dy) return [null, null, null];
    const [dx, du] = gradients[attrs.reduction](dy, x, indices, updates, y, attrs.axis);
    return [dx, null, du];
  },
  flops: ([, indices]) => sizeOf(indices.shape),
};

type GradientRule = (
  dy: Tensor,
  x: Tensor,
  indices: Tensor,
  updates: Tensor,
  y: Tensor,
  axis: number,
) => [Tensor, Tensor];

const gradients: Record<ScatterElementsAttrs['reduction'], GradientRule> = {
  // y = u where u wrote last, else x  =>  du = dy at its index where it wrote last, dx = dy where none wrote
  none(dy, _, indices, updates, __, axis) {
    const { graph } = dy;
    const order = graph.constant(counted(updates.size), updates.shape, 'int32');
    const nobody = expand(graph.constant(-1, [], 'int32'), dy.shape);
    const last = applyOne(scatterElementsOp, [nobody, indices, order], { axis, reduction: 'none' });
    const wrote = equal(gatherElements(last, indices, axis), order);
    return [where(less(last, 0), dy, 0), where(wrote, gatherElements(dy, indices, axis), 0)];
  },
  // y = x product of u, in which zeros count apart: p is the product without them, n how many there are
  // =>  d of a factor = dy p / factor where n = 0; dy p where it is the only zero; else 0
  mul(dy, x, indices, updates, _, axis) {
    const one = (factor: Tensor) => where(equal(factor, 0), 1, factor);
    const isZero = (factor: Tensor) => cast(equal(factor, 0), x.dtype);
    const product = applyOne(scatterElementsOp, [one(x), indices, one(updates)], { axis, reduction: 'mul' });
    const zeros = scatterAdd(isZero(x), indices, isZero(updates), axis);
    const slope = (factor: Tensor, change: Tensor, count: Tensor) =>
      where(equal(count, isZero(factor)), div(change, one(factor)), 0);
    const change = mul(dy, product);
    const atIndices = (tensor: Tensor) => gatherElements(tensor, indices, axis);
    return [slope(x, change, zeros), slope(updates, atIndices(change), atIndices(zeros))];
  },
  max: shareAmongTies,
  min: shareAmongTies,
};

/** y = max or min of x and its updates  =>  dy / k for each of the k that equal y, else 0 */
function shareAmongTies(
  dy: Tensor,
  x: Tensor,
  indices: Tensor,
  updates: Tensor,
  y: Tensor,
  axis: number,
): [Tensor, Tensor] {
  const atIndices = (tensor: Tensor) => gatherElements(tensor, indices, axis);
  const own = cast(equal(x, y), x.dtype);
  const theirs = cast(equal(updates, atIndices(y)), x.dtype);
  const share = div(dy, scatterAdd(own, indices, theirs, axis));
  return [mul(own, share), mul(theirs, atIndices(share))];
}

/**
 * `x` with updates at the places that `indices` name: result[i][indices[i][j][k]][k] = updates[i][j][k] for axis 1. Any dtype. `indices`
 * (int32 or uint32) and `updates` have one shape, of the rank of `x` and no longer than `x` on the other axes; indices out of
 * range mean what they mean for `gather`. With a `reduction` updates are added to what is there, multiply it, or take its place
 * where they are larger or smaller; where several have one index, they do so in their order: with 'none' the last one stays.
 * As ONNX' `ScatterElements` and PyTorch's `scatter_reduce`.
 *
 * ```ts
 * const marked = scatterElements(board, chosen, ones, { axis: 1 }); // [8, 9], [8, 1], [8, 1] -> [8, 9]
 * ```
 *
 * @throws ShapeError where shapes or axis do not fit; DTypeError where `indices` are not integers or dtypes differ.
 */
export function scatterElements(
  x: Tensor,
  indices: Tensor,
  updates: Tensor,
  options: { axis?: number; reduction?: ScatterReduction } = {},
): Tensor {
  const path = x.graph.path('scatterElements');
  const axis = normalizeAxis(path, options.axis ?? 0, x.rank);
  const { reduction = 'none' } = options;
  if (reduction === 'add') return scatterAdd(x, indices, updates, axis);
  if (!(reduction in combine)) {
    throw new ShapeError(`${path}: reduction must be none, add, mul, max or min, got '${String(reduction)}'`);
  }
  checkElements(path, x.shape, indices.shape, axis);
  const size = indices.shape.map((length, i) => (i === axis ? x.shape[axis] : length));
  if (sameShape(size, x.shape))
    return applyOne(scatterElementsOp, [x, indices, updates], { axis, reduction });
  const region = applyOne(scatterElementsOp, [slice(x, { size }), indices, updates], { axis, reduction });
  const inside = size
    .map((length, i) => {
      const places = x.graph.constant(
        counted(x.shape[i]),
        [x.shape[i], ...size.slice(i + 1).map(() => 1)],
        'int32',
      );
      return less(places, length);
    })
    .reduce((all, one) => logicalAnd(all, one));
  return where(inside, place(region, x.shape), x);
}

function counted(length: number): number[] {
  return Array.from({ length }, (_, i) => i);
}
