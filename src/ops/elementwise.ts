import { type DType, isFloat } from '../core/dtype.ts';
import { DTypeError } from '../core/errors.ts';
import { broadcastShapes, broadcastStrides, forEachOffset, sameShape, sizeOf } from '../core/shape.ts';
import type { Elementwise } from '../graph/elementwise.ts';
import type { Op, SimplifyValue, Tensor, TensorSpec } from '../graph/graph.ts';
import { sumTo } from './sum.ts';

/** Which dtypes an elementwise op takes: float32 and float16; those and the integers; integers; bool; all. */
export type Takes = 'float' | 'number' | 'integer' | 'bool' | 'any';

/** All the rules of one elementwise op: they stand together, and everything else follows from them. */
export interface ElementwiseRules<Attrs> {
  readonly name: string;
  readonly takes: Takes;
  /** The result's dtype; that of the operands where it is left out. */
  dtype?(operands: readonly DType[], attrs: Attrs): DType;
  /** Operands may differ in dtype (`where`: its condition is a bool). `takes` is then not checked. */
  readonly mixed?: (operands: readonly DType[]) => string | null;
  /** The meaning, in float64, for operands of which the first is a `dtype`. */
  scalar(attrs: Attrs, dtype: DType): (a: number, b: number, c: number) => number;
  /** The same in WGSL, for operands of the types `F`, `I`, `U`, `B` (scalars or vec4). Literals are written `F(0.5)`. */
  readonly wgsl: Elementwise<Attrs>['expression'];
  readonly helpers?: readonly string[];
  /** Gradients in the shape of the output, or of the input; the factory sums over stretched axes. */
  gradient?(g: Tensor, inputs: readonly Tensor[], output: Tensor, attrs: Attrs): (Tensor | null)[];
  readonly stopsGradient?: boolean;
  simplify?(inputs: readonly SimplifyValue[], output: TensorSpec, attrs: Attrs): SimplifyValue | null;
  /** Floating-point operations for one element; default 1. */
  readonly flops?: number;
}

const taken: Record<Takes, (dtype: DType) => boolean> = {
  float: isFloat,
  number: (dtype) => dtype !== 'bool',
  integer: (dtype) => dtype === 'int32' || dtype === 'uint32',
  bool: (dtype) => dtype === 'bool',
  any: () => true,
};

const takenNames: Record<Takes, string> = {
  float: 'float32 or float16',
  number: 'float32, float16, int32 or uint32',
  integer: 'int32 or uint32',
  bool: 'bool',
  any: 'any dtype',
};

/** Makes the op from its rules. */
export function elementwise<Attrs>(rules: ElementwiseRules<Attrs>): Op<Attrs> {
  return {
    name: rules.name,
    infer(inputs, attrs) {
      const operands = inputs.map((input) => input.dtype);
      checkDTypes(rules, operands);
      const dtype = rules.dtype?.(operands, attrs) ?? operands[0];
      return [
        {
          shape: broadcastShapes(
            'operands',
            inputs.map((input) => input.shape),
          ),
          dtype,
        },
      ];
    },
    reference(inputs, specs, attrs) {
      const scalar = rules.scalar(attrs, specs.inputs[0].dtype);
      const { shape } = specs.outputs[0];
      const result = new Float64Array(sizeOf(shape));
      const [a, b, c] = [inputs[0], inputs[1] ?? inputs[0], inputs[2] ?? inputs[0]];
      if (specs.inputs.every((input) => sameShape(input.shape, shape))) {
        for (let i = 0; i < result.length; i++) result[i] = scalar(a[i], b[i], c[i]);
        return [result];
      }
      const strides = specs.inputs.map((input) => broadcastStrides(input.shape, shape));
      forEachOffset(shape, strides, (i, at) => {
        result[i] = scalar(a[at[0]], b[at[1] ?? at[0]], c[at[2] ?? at[0]]);
      });
      return [result];
    },
    gradient: rules.gradient && differentiate(rules.gradient),
    elementwise: { expression: rules.wgsl, helpers: rules.helpers, scalar: rules.scalar },
    stopsGradient: rules.stopsGradient,
    simplify: rules.simplify,
    flops: (_, outputs) => sizeOf(outputs[0].shape) * (rules.flops ?? 1),
  };
}

function checkDTypes<Attrs>(rules: ElementwiseRules<Attrs>, operands: readonly DType[]): void {
  if (rules.mixed) {
    const wrong = rules.mixed(operands);
    if (wrong) throw new DTypeError(wrong);
    return;
  }
  const different = operands.find((dtype) => dtype !== operands[0]);
  if (different) throw new DTypeError(`operands differ in dtype, ${operands.join(' and ')}; use cast`);
  if (!taken[rules.takes](operands[0])) {
    throw new DTypeError(`expected ${takenNames[rules.takes]}, got ${operands[0]}`);
  }
}

/** Adds to a gradient rule what broadcasting asks for. */
function differentiate<Attrs>(
  rule: NonNullable<ElementwiseRules<Attrs>['gradient']>,
): NonNullable<Op<Attrs>['gradient']> {
  return ([g], inputs, outputs, attrs) => {
    if (!g) return inputs.map(() => null);
    const gradients = rule(g, inputs, outputs[0], attrs);
    return gradients.map((gradient, i) => gradient && sumTo(gradient, inputs[i].shape));
  };
}
