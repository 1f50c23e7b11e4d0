import type { Tensor } from '../graph/graph.ts';
import { type ArgOptions, argMax, argMin } from '../ops/argMax.ts';
import { cumulativeSum } from '../ops/cumulativeSum.ts';
import * as reductions from '../ops/reduce.ts';
import * as softmaxes from '../ops/softmax.ts';
import { type ReduceOptions, sum } from '../ops/sum.ts';
import { ElementwiseBuilder } from './elementwise.ts';
import { MLOperand } from './operand.ts';

export interface MLReduceOptions {
  /** Default all; none at all reduces nothing. */
  axes?: readonly number[];
  /** Keep reduced axes with length 1; default false. */
  keepDimensions?: boolean;
}

export interface MLArgOptions {
  keepDimensions?: boolean;
  /** Default int32; int64 holds the same numbers. */
  outputDataType?: 'int32' | 'int64';
}

/** Reductions, and what runs along an axis. */
export class ReductionBuilder extends ElementwiseBuilder {
  reduceL1(input: MLOperand, options: MLReduceOptions = {}): MLOperand {
    return this.reduce(reductions.l1Norm, input, options);
  }
  reduceL2(input: MLOperand, options: MLReduceOptions = {}): MLOperand {
    return this.reduce(reductions.l2Norm, input, options);
  }
  reduceLogSum(input: MLOperand, options: MLReduceOptions = {}): MLOperand {
    return this.reduce(reductions.logSum, input, options);
  }
  reduceLogSumExp(input: MLOperand, options: MLReduceOptions = {}): MLOperand {
    return this.reduce(reductions.logSumExp, input, options);
  }
  reduceMax(input: MLOperand, options: MLReduceOptions = {}): MLOperand {
    return this.reduce(reductions.max, input, options);
  }
  reduceMean(input: MLOperand, options: MLReduceOptions = {}): MLOperand {
    return this.reduce(reductions.mean, input, options);
  }
  reduceMin(input: MLOperand, options: MLReduceOptions = {}): MLOperand {
    return this.reduce(reductions.min, input, options);
  }
  reduceProduct(input: MLOperand, options: MLReduceOptions = {}): MLOperand {
    return this.reduce(reductions.prod, input, options);
  }
  reduceSum(input: MLOperand, options: MLReduceOptions = {}): MLOperand {
    return this.reduce(sum, input, options);
  }
  reduceSumSquare(input: MLOperand, options: MLReduceOptions = {}): MLOperand {
    return this.reduce(reductions.sumOfSquares, input, options);
  }

  /** The first index of the largest element along `axis`. */
  argMax(input: MLOperand, axis: number, options: MLArgOptions = {}): MLOperand {
    return this.search(argMax, input, axis, options);
  }
  /** The first index of the smallest element along `axis`. */
  argMin(input: MLOperand, axis: number, options: MLArgOptions = {}): MLOperand {
    return this.search(argMin, input, axis, options);
  }

  cumulativeSum(
    input: MLOperand,
    axis: number,
    options: { exclusive?: boolean; reversed?: boolean } = {},
  ): MLOperand {
    const { exclusive = false, reversed = false } = options;
    return this.unary((x) => cumulativeSum(x, { axis, exclusive, reverse: reversed }), input);
  }

  softmax(input: MLOperand, axis: number): MLOperand {
    return this.unary((x) => softmaxes.softmax(x, { axis }), input);
  }

  private reduce(
    op: (x: Tensor, options: ReduceOptions) => Tensor,
    input: MLOperand,
    { axes, keepDimensions }: MLReduceOptions,
  ): MLOperand {
    return this.unary((x) => op(x, { axes, keepDimensions }), input);
  }

  private search(
    op: (x: Tensor, options: ArgOptions) => Tensor,
    input: MLOperand,
    axis: number,
    { keepDimensions = false, outputDataType = 'int32' }: MLArgOptions,
  ): MLOperand {
    return new MLOperand(op(input.numbers, { axis, keepDimensions }), outputDataType);
  }
}
