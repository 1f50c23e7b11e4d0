import { normalizeAxes } from '../../core/shape.ts';
import type { Tensor } from '../../graph/graph.ts';
import { argMax, argMin } from '../../ops/argMax.ts';
import { cast } from '../../ops/comparison.ts';
import { cumulativeProduct } from '../../ops/cumulativeProduct.ts';
import { cumulativeSum } from '../../ops/cumulativeSum.ts';
import {
  all,
  any,
  l1Norm,
  l2Norm,
  logSum,
  logSumExp,
  max,
  mean,
  min,
  prod,
  sumOfSquares,
} from '../../ops/reduce.ts';
import { type ReduceOptions, reducedShape, sum } from '../../ops/sum.ts';
import type { Attributes } from '../attributes.ts';
import { axesFrom, axisOf, type Context, type Handler, type Handlers, type Inputs } from '../handler.ts';
import { elementType, isFloatType, type OnnxType } from '../types.ts';
import { inOrder, type Value } from '../value.ts';
import { truncateNear, wrap } from './elementwise.ts';

type Reduce = (x: Tensor, options: ReduceOptions) => Tensor;

/** The axes to reduce: null where there is nothing to do, since none are given and none shall mean none. */
function reducedAxes(x: Value, inputs: Inputs, attributes: Attributes, context: Context): number[] | null {
  const axes = axesFrom(inputs, 1, attributes, context);
  const none = attributes.flag('noop_with_empty_axes');
  if (axes && axes.length > 0) return normalizeAxes('axes', axes, x.rank);
  return none ? null : inOrder(x.rank);
}

/**
 * `x` over `axes`, in whatever order its axes lie in memory. `reduce` is told the axes that it sees.
 */
export function reduceIn(
  context: Context,
  type: OnnxType,
  x: Value,
  axes: readonly number[],
  keepDimensions: boolean,
  reduce: Reduce,
): Value {
  const order = x.layout ?? inOrder(x.rank);
  const tensor = reduce(x.form(order), { axes: axes.map((axis) => order.indexOf(axis)), keepDimensions });
  const kept = inOrder(x.rank).filter((axis) => keepDimensions || !axes.includes(axis));
  const left = order.filter((axis) => kept.includes(axis)).map((axis) => kept.indexOf(axis));
  return context.value(type, tensor, left);
}

/** `empty`: the result of reducing nothing. `float`: integers are computed in float32 and truncated. */
function reduction(
  reduce: Reduce,
  empty: number,
  options: { float?: boolean; forBool?: Reduce; each?: Reduce } = {},
): Handler {
  return (inputs, attributes, context) => {
    const x = inputs.get(0);
    const axes = reducedAxes(x, inputs, attributes, context) ?? [];
    const keepDimensions = attributes.flag('keepdims', true);
    if (x.isEmpty) {
      const shape = reducedShape(x.shape, { axes, keepDimensions });
      const size = shape.reduce((product, length) => product * length, 1);
      return context.known(x.type, shape, new Array<number>(size).fill(emptyResult(empty, x.type)));
    }
    return reduceIn(context, x.type, x, axes, keepDimensions, (tensor, given) => {
      if (tensor.dtype === 'bool') {
        const one = options.forBool ?? ((each, how) => cast(reduce(cast(each, 'int32'), how), 'bool'));
        return one(tensor, given);
      }
      if (isFloatType(x.type) || !options.float) return wrap(x.type, reduce(tensor, given));
      const result = reduce(cast(tensor, 'float32'), given);
      return wrap(x.type, truncateNear(result, tensor.dtype === 'int32' ? 'int32' : 'uint32'));
    });
  };
}

/** Infinity stands for the largest number of an integer type. */
function emptyResult(empty: number, type: OnnxType): number {
  if (Number.isFinite(empty) || isFloatType(type)) return empty;
  if (type === 'bool') return Number(empty > 0);
  const { bytes, signed } = elementType(type);
  const count = 2 ** (8 * bytes);
  if (empty > 0) return signed ? count / 2 - 1 : count - 1;
  return signed ? -count / 2 : 0;
}

function arg(search: typeof argMax): Handler {
  return (inputs, attributes, context) => {
    const x = inputs.get(0);
    const axis = axisOf(x, attributes.int('axis', 0));
    const keepDimensions = attributes.flag('keepdims', true);
    const selectLastIndex = attributes.flag('select_last_index');
    return reduceIn(context, 'int64', x, [axis], keepDimensions, (tensor, { axes = [] }) =>
      search(tensor, { axis: axes[0], keepDimensions, selectLastIndex }),
    );
  };
}

function cumulative(make: typeof cumulativeSum): Handler {
  return (inputs, attributes, context) => {
    const x = inputs.get(0);
    const axis = axisOf(x, context.numbers(inputs.get(1), 'axis')[0]);
    const [exclusive, reverse] = [attributes.flag('exclusive'), attributes.flag('reverse')];
    if (x.isEmpty) return x;
    return context.value(x.type, wrap(x.type, make(x.tensor, { axis, exclusive, reverse })));
  };
}

export const reductions: Handlers = {
  ArgMax: arg(argMax),
  ArgMin: arg(argMin),
  CumProd: cumulative(cumulativeProduct),
  CumSum: cumulative(cumulativeSum),
  ReduceL1: reduction(l1Norm, 0),
  ReduceL2: reduction(l2Norm, 0, { float: true }),
  ReduceLogSum: reduction(logSum, Number.NEGATIVE_INFINITY, { float: true }),
  ReduceLogSumExp: reduction(logSumExp, Number.NEGATIVE_INFINITY, { float: true }),
  ReduceMax: reduction(max, Number.NEGATIVE_INFINITY, { forBool: any }),
  ReduceMean: reduction(mean, Number.NaN, { float: true }),
  ReduceMin: reduction(min, Number.POSITIVE_INFINITY, { forBool: all }),
  ReduceProd: reduction(prod, 1),
  ReduceSum: reduction(sum, 0),
  ReduceSumSquare: reduction(sumOfSquares, 0),
};
