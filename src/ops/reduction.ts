import { type DType, isFloat } from '../core/dtype.ts';
import { DTypeError } from '../core/errors.ts';
import { broadcastStrides, forEachOffset, normalizeAxes, type Shape, sizeOf } from '../core/shape.ts';
import { applyOne, type Op, type Tensor } from '../graph/graph.ts';
import type { Monoid } from './monoid.ts';
import { checkGroups, reduceKernels } from './reduceKernels.ts';
import { reshape } from './reshape.ts';
import { expand, type ReduceAttrs, type ReduceOptions, reducedShape } from './sum.ts';

/** All the rules of one reduction; kernels and checks follow from them. */
export interface ReductionRules<Attrs extends ReduceAttrs> {
  readonly name: string;
  readonly takes: 'float' | 'number' | 'bool';
  /** The meaning: the result for the elements that fall together, in float64. */
  reduce(values: Float64Array, attrs: Attrs, dtype: DType): number;
  readonly monoid: Monoid;
  /** `params.scale` of the monoid's result. */
  scale?(count: number, attrs: Attrs): number;
  /** dx. `dy` and `y` come with the reduced axes kept as length 1; the result may need to be stretched to the shape of x. */
  gradient?(dy: Tensor, x: Tensor, y: Tensor, attrs: Attrs): Tensor;
}

const takenNames = {
  float: 'float32 or float16',
  number: 'float32, float16, int32 or uint32',
  bool: 'bool',
};

/** Makes the op from its rules. */
export function reduction<Attrs extends ReduceAttrs>(rules: ReductionRules<Attrs>): Op<Attrs> {
  const { name, takes, monoid, scale, gradient } = rules;
  return {
    name,
    infer([x], attrs) {
      const taken =
        takes === 'bool' ? x.dtype === 'bool' : takes === 'float' ? isFloat(x.dtype) : x.dtype !== 'bool';
      if (!taken) {
        const advice = takes === 'bool' ? 'compare first' : 'use cast';
        throw new DTypeError(`expected ${takenNames[takes]}, got ${x.dtype}; ${advice}`);
      }
      checkGroups(x.shape, attrs.axes);
      return [{ shape: reducedShape(x.shape, attrs), dtype: x.dtype }];
    },
    reference([x], specs, attrs) {
      const { shape, dtype } = specs.inputs[0];
      return [
        Float64Array.from(gather(x, shape, attrs.axes), (values) => rules.reduce(values, attrs, dtype)),
      ];
    },
    kernels: (context) => reduceKernels(name, context, monoid, (count) => scale?.(count, context.attrs) ?? 1),
    epilogue: { bindings: () => 2 },
    gradient:
      gradient &&
      (([dy], [x], [y], attrs) => {
        const kept = reducedShape(x.shape, { ...attrs, keepDimensions: true });
        return [dy && expand(gradient(reshape(dy, kept), x, reshape(y, kept), attrs), x.shape)];
      }),
    flops: ([x]) => sizeOf(x.shape),
  };
}

/** For every output the elements that it depends on. */
function gather(x: Float64Array, shape: Shape, axes: readonly number[]): Float64Array[] {
  const kept = reducedShape(shape, { axes, keepDimensions: true });
  const outputs = sizeOf(kept);
  const groups = Array.from({ length: outputs }, () => new Float64Array(x.length / outputs));
  const filled = new Uint32Array(outputs);
  forEachOffset(shape, [broadcastStrides(kept, shape)], (i, [to]) => {
    groups[to][filled[to]++] = x[i];
  });
  return groups;
}

/** What the options of a reduction called `name` mean for `x`. */
export function attrsOf(name: string, x: Tensor, options: ReduceOptions): ReduceAttrs {
  return {
    axes: normalizeAxes(x.graph.path(name), options.axes, x.rank),
    keepDimensions: options.keepDimensions ?? false,
  };
}

export function reduceBy(op: Op<ReduceAttrs>, x: Tensor, options: ReduceOptions): Tensor {
  return applyOne(op, [x], attrsOf(op.name, x, options));
}
