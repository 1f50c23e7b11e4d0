import { roundTo } from '../core/dtype.ts';
import { DTypeError, GraphError, ShapeError } from '../core/errors.ts';
import { type Shape, showShape } from '../core/shape.ts';
import type { Tensor } from '../graph/graph.ts';
import * as activations from '../ops/activations.ts';
import * as arithmetic from '../ops/arithmetic.ts';
import * as comparison from '../ops/comparison.ts';
import * as math from '../ops/math.ts';
import { pow } from '../ops/pow.ts';
import { reshape } from '../ops/reshape.ts';
import { expand } from '../ops/sum.ts';
import { castTo, MLOperand, type MLOperandDataType, rangeOf } from './operand.ts';
import { OperandBuilder } from './operands.ts';

/** Elementwise operators: arithmetic, comparisons, logic and activations. Two operands broadcast. */
export class ElementwiseBuilder extends OperandBuilder {
  add(a: MLOperand, b: MLOperand): MLOperand {
    return this.binary('add', arithmetic.add, a, b);
  }
  sub(a: MLOperand, b: MLOperand): MLOperand {
    return this.binary('sub', arithmetic.sub, a, b);
  }
  mul(a: MLOperand, b: MLOperand): MLOperand {
    return this.binary('mul', arithmetic.mul, a, b);
  }
  div(a: MLOperand, b: MLOperand): MLOperand {
    return this.binary('div', arithmetic.div, a, b);
  }
  max(a: MLOperand, b: MLOperand): MLOperand {
    return this.binary('max', arithmetic.maximum, a, b);
  }
  min(a: MLOperand, b: MLOperand): MLOperand {
    return this.binary('min', arithmetic.minimum, a, b);
  }
  pow(a: MLOperand, b: MLOperand): MLOperand {
    return this.binary('pow', pow, a, b);
  }

  equal(a: MLOperand, b: MLOperand): MLOperand {
    return this.comparison('equal', comparison.equal, a, b);
  }
  notEqual(a: MLOperand, b: MLOperand): MLOperand {
    return this.comparison('notEqual', comparison.notEqual, a, b);
  }
  greater(a: MLOperand, b: MLOperand): MLOperand {
    return this.comparison('greater', comparison.greater, a, b);
  }
  greaterOrEqual(a: MLOperand, b: MLOperand): MLOperand {
    return this.comparison('greaterOrEqual', comparison.greaterOrEqual, a, b);
  }
  lesser(a: MLOperand, b: MLOperand): MLOperand {
    return this.comparison('lesser', comparison.less, a, b);
  }
  lesserOrEqual(a: MLOperand, b: MLOperand): MLOperand {
    return this.comparison('lesserOrEqual', comparison.lessOrEqual, a, b);
  }
  logicalAnd(a: MLOperand, b: MLOperand): MLOperand {
    return new MLOperand(comparison.logicalAnd(a.truth, b.truth), 'uint8');
  }
  logicalOr(a: MLOperand, b: MLOperand): MLOperand {
    return new MLOperand(comparison.logicalOr(a.truth, b.truth), 'uint8');
  }
  logicalXor(a: MLOperand, b: MLOperand): MLOperand {
    return new MLOperand(comparison.logicalXor(a.truth, b.truth), 'uint8');
  }
  logicalNot(a: MLOperand): MLOperand {
    return new MLOperand(comparison.logicalNot(a.truth), 'uint8');
  }
  isNaN(input: MLOperand): MLOperand {
    return new MLOperand(comparison.isNaN(input.numbers), 'uint8');
  }
  isInfinite(input: MLOperand): MLOperand {
    return new MLOperand(comparison.isInfinite(input.numbers), 'uint8');
  }
  where(condition: MLOperand, trueValue: MLOperand, falseValue: MLOperand): MLOperand {
    const choose = (a: Tensor, b: Tensor) => comparison.where(condition.truth, a, b);
    return this.binary('where', choose, trueValue, falseValue);
  }

  abs(input: MLOperand): MLOperand {
    return this.unary(arithmetic.abs, input);
  }
  ceil(input: MLOperand): MLOperand {
    return this.unary(arithmetic.ceil, input);
  }
  cos(input: MLOperand): MLOperand {
    return this.unary(math.cos, input);
  }
  erf(input: MLOperand): MLOperand {
    return this.unary(math.erf, input);
  }
  exp(input: MLOperand): MLOperand {
    return this.unary(math.exp, input);
  }
  floor(input: MLOperand): MLOperand {
    return this.unary(arithmetic.floor, input);
  }
  identity(input: MLOperand): MLOperand {
    return this.unary(activations.identity, input);
  }
  log(input: MLOperand): MLOperand {
    return this.unary(math.log, input);
  }
  neg(input: MLOperand): MLOperand {
    return this.unary(arithmetic.neg, input);
  }
  reciprocal(input: MLOperand): MLOperand {
    return this.unary(arithmetic.reciprocal, input);
  }
  /** To the nearest integer, halves to the even one. */
  roundEven(input: MLOperand): MLOperand {
    return this.unary(arithmetic.round, input);
  }
  sign(input: MLOperand): MLOperand {
    return this.unary(arithmetic.sign, input);
  }
  sin(input: MLOperand): MLOperand {
    return this.unary(math.sin, input);
  }
  sqrt(input: MLOperand): MLOperand {
    return this.unary(arithmetic.sqrt, input);
  }
  tan(input: MLOperand): MLOperand {
    return this.unary(math.tan, input);
  }
  tanh(input: MLOperand): MLOperand {
    return this.unary(math.tanh, input);
  }

  elu(input: MLOperand, options: { alpha?: number } = {}): MLOperand {
    return this.unary((x) => activations.elu(x, { alpha: options.alpha ?? 1 }), input);
  }
  /** With the error function, not its approximation by tanh. */
  gelu(input: MLOperand): MLOperand {
    return this.unary((x) => activations.gelu(x), input);
  }
  hardSigmoid(input: MLOperand, options: { alpha?: number; beta?: number } = {}): MLOperand {
    const { alpha = 0.2, beta = 0.5 } = options;
    return this.unary((x) => activations.hardSigmoid(x, { alpha, beta }), input);
  }
  hardSwish(input: MLOperand): MLOperand {
    return this.unary(activations.hardSwish, input);
  }
  leakyRelu(input: MLOperand, options: { alpha?: number } = {}): MLOperand {
    return this.unary((x) => activations.leakyRelu(x, { alpha: options.alpha ?? 0.01 }), input);
  }
  /** alpha x + beta */
  linear(input: MLOperand, options: { alpha?: number; beta?: number } = {}): MLOperand {
    const { alpha = 1, beta = 0 } = options;
    return this.unary((x) => arithmetic.add(arithmetic.mul(x, alpha), beta), input);
  }
  /** The slope broadcasts to the input's shape. */
  prelu(input: MLOperand, slope: MLOperand): MLOperand {
    return this.binary('prelu', activations.prelu, input, slope);
  }
  relu(input: MLOperand): MLOperand {
    return this.unary(activations.relu, input);
  }
  sigmoid(input: MLOperand): MLOperand {
    return this.unary(activations.sigmoid, input);
  }
  softplus(input: MLOperand): MLOperand {
    return this.unary(activations.softplus, input);
  }
  softsign(input: MLOperand): MLOperand {
    return this.unary(activations.softsign, input);
  }

  /** Bounds beyond the range of an integer type bound nothing. */
  clamp(input: MLOperand, options: { minValue?: number; maxValue?: number } = {}): MLOperand {
    const { minValue = Number.NEGATIVE_INFINITY, maxValue = Number.POSITIVE_INFINITY } = options;
    if (minValue > maxValue) {
      throw new GraphError(
        `${this.graph.path('clamp')}: minValue ${minValue} is greater than maxValue ${maxValue}`,
      );
    }
    const [lowest, highest] = rangeOf(input.dataType) ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    const { dtype } = input.numbers;
    const bounds: { min?: number; max?: number } = {};
    if (minValue > lowest)
      bounds.min = rangeOf(input.dataType) ? Math.ceil(minValue) : roundTo(dtype, minValue);
    if (maxValue < highest)
      bounds.max = rangeOf(input.dataType) ? Math.floor(maxValue) : roundTo(dtype, maxValue);
    return this.unary((x) => comparison.clamp(x, bounds), input);
  }

  /** Floats lose their fraction; integers wrap to the width of their type. */
  cast(input: MLOperand, type: MLOperandDataType): MLOperand {
    return castTo(input, type);
  }

  /**
   * (input - zeroPoint) scale, of the type of `scale`. Both have the rank of `input`, and each of their elements serves a block of it: axes of
   * the input are whole multiples of theirs.
   */
  dequantizeLinear(input: MLOperand, scale: MLOperand, zeroPoint: MLOperand): MLOperand {
    checkQuantized('dequantizeLinear', input, zeroPoint);
    const what = this.graph.path('dequantizeLinear');
    const { dtype } = scale.numbers;
    const [factors, zeros] = [scale, zeroPoint].map((each) =>
      blocks(what, comparison.cast(each.numbers, dtype), input.shape),
    );
    return this.made(
      arithmetic.mul(arithmetic.sub(comparison.cast(input.numbers, dtype), zeros), factors),
      scale,
    );
  }

  /** round(input / scale) + zeroPoint, within the range of the type of `zeroPoint`, halves to even. Blocks as for `dequantizeLinear`. */
  quantizeLinear(input: MLOperand, scale: MLOperand, zeroPoint: MLOperand): MLOperand {
    checkQuantized('quantizeLinear', zeroPoint, zeroPoint);
    const what = this.graph.path('quantizeLinear');
    const [factors, zeros] = [scale, zeroPoint].map((each) =>
      blocks(what, comparison.cast(each.numbers, 'float32'), input.shape),
    );
    const quotient = arithmetic.round(arithmetic.div(comparison.cast(input.numbers, 'float32'), factors));
    const [min, max] = rangeOf(zeroPoint.dataType) ?? [0, 0];
    const bounded = comparison.clamp(arithmetic.add(quotient, zeros), { min, max });
    return this.made(comparison.cast(bounded, zeroPoint.numbers.dtype), zeroPoint);
  }

  private comparison(
    name: string,
    op: (a: Tensor, b: Tensor) => Tensor,
    a: MLOperand,
    b: MLOperand,
  ): MLOperand {
    return new MLOperand(this.binary(name, op, a, b).tensor, 'uint8');
  }
}

function checkQuantized(name: string, quantized: MLOperand, zeroPoint: MLOperand): void {
  if (rangeOf(quantized.dataType) && quantized.dataType === zeroPoint.dataType) return;
  throw new DTypeError(
    `${name}: expected integers of one type, got ${quantized.dataType} and a zero point of ${zeroPoint.dataType}`,
  );
}

/** Each element of `x` repeated so that it fills its block of `shape`. */
function blocks(what: string, x: Tensor, shape: Shape): Tensor {
  if (x.rank !== shape.length || x.shape.some((length, axis) => shape[axis] % length !== 0)) {
    throw new ShapeError(`${what}: ${showShape(x.shape)} does not divide ${showShape(shape)} into blocks`);
  }
  const apart = x.shape.flatMap((length) => [length, 1]);
  const stretched = x.shape.flatMap((length, axis) => [length, shape[axis] / length]);
  return reshape(expand(reshape(x, apart), stretched), shape);
}
