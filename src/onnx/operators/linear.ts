import { isFloat } from '../../core/dtype.ts';
import type { Tensor } from '../../graph/graph.ts';
import { add, mul } from '../../ops/arithmetic.ts';
import { einsum } from '../../ops/einsum.ts';
import { linear as fullyConnected, matmul } from '../../ops/matmul.ts';
import { expandDimensions } from '../../ops/squeeze.ts';
import { sum } from '../../ops/sum.ts';
import { transpose } from '../../ops/transpose.ts';
import type { Handler, Handlers } from '../handler.ts';
import type { Value } from '../value.ts';
import { oneType, wrap } from './elementwise.ts';

/** Whether the last two axes lie the other way round in memory, all else being in order: a transpose that the product undoes. */
function isTurned({ layout, rank }: Value): boolean {
  if (!layout || rank < 2) return false;
  const turned = layout.map((_, axis) => (axis < rank - 2 ? axis : axis === rank - 2 ? rank - 1 : rank - 2));
  return layout.every((axis, i) => axis === turned[i]);
}

function factor(value: Value): { tensor: Tensor; turned: boolean } {
  const turned = isTurned(value);
  return { tensor: turned && value.layout ? value.form(value.layout) : value.tensor, turned };
}

/** Integers are multiplied and added up element by element. */
function product(a: Tensor, b: Tensor): Tensor {
  if (isFloat(a.dtype)) return matmul(a, b);
  const [left, right] = [
    a.rank === 1 ? expandDimensions(a, 0) : a,
    b.rank === 1 ? expandDimensions(b, 1) : b,
  ];
  const all = mul(expandDimensions(left, left.rank), expandDimensions(right, right.rank - 2));
  const result = sum(all, { axes: [-2] });
  const dropped = [a.rank === 1 ? result.rank - 2 : -1, b.rank === 1 ? result.rank - 1 : -1];
  const shape = result.shape.filter((_, axis) => !dropped.includes(axis));
  return shape.length === result.rank ? result : sum(result, { axes: dropped.filter((axis) => axis >= 0) });
}

const matmulHandler: Handler = (inputs, _, context) => {
  const values = [inputs.get(0), inputs.get(1)];
  const type = oneType(values);
  const [a, b] = values.map(factor);
  if (isFloat(a.tensor.dtype)) {
    return context.value(type, matmul(a.tensor, b.tensor, { transposeA: a.turned, transposeB: b.turned }));
  }
  return context.value(type, wrap(type, product(values[0].tensor, values[1].tensor)));
};

/** alpha A B + beta C */
const gemm: Handler = (inputs, attributes, context) => {
  const values = [inputs.get(0), inputs.get(1)];
  const c = inputs.optional(2);
  const type = oneType(c ? [...values, c] : values);
  const [alpha, beta] = [attributes.float('alpha', 1), attributes.float('beta', 1)];
  attributes.ignore('broadcast');
  const [a, b] = values.map(factor);
  const options = {
    transposeA: attributes.flag('transA') !== a.turned,
    transposeB: attributes.flag('transB') !== b.turned,
  };
  const columns = options.transposeB ? b.tensor.shape[0] : b.tensor.shape[1];
  if (!isFloat(a.tensor.dtype)) {
    const [left, right] = values.map(({ tensor }) => tensor);
    const ints = product(turn(left, attributes.flag('transA')), turn(right, attributes.flag('transB')));
    const scaled = alpha === 1 ? ints : mul(ints, alpha);
    return context.value(
      type,
      wrap(type, c && beta !== 0 ? add(scaled, beta === 1 ? c.tensor : mul(c.tensor, beta)) : scaled),
    );
  }
  // The common case is one op, whose gradients of weight and bias cost one dispatch together.
  const isLayer = alpha === 1 && beta === 1 && c?.rank === 1 && c.size === columns;
  if (isLayer && !options.transposeA && !options.transposeB)
    return context.value(type, fullyConnected(a.tensor, b.tensor, c.tensor));
  const multiplied = matmul(a.tensor, b.tensor, options);
  const scaled = alpha === 1 ? multiplied : mul(multiplied, alpha);
  if (!c || beta === 0) return context.value(type, scaled);
  return context.value(type, add(scaled, beta === 1 ? c.tensor : mul(c.tensor, beta)));
};

function turn(x: Tensor, turned: boolean): Tensor {
  return turned ? transpose(x) : x;
}

export const linear: Handlers = {
  Einsum: (inputs, attributes, context) => {
    const values = inputs.all;
    const type = oneType(values);
    const result = einsum(
      attributes.string('equation', ''),
      values.map(({ tensor }) => tensor),
    );
    return context.value(type, wrap(type, result));
  },
  Gemm: gemm,
  MatMul: matmulHandler,
};
