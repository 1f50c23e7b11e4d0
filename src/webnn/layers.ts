import { ShapeError } from '../core/errors.ts';
import { normalizeAxes, showShape } from '../core/shape.ts';
import type { Tensor } from '../graph/graph.ts';
import { add, mul } from '../ops/arithmetic.ts';
import { averagePool2d } from '../ops/averagePool2d.ts';
import { batchNormInference } from '../ops/batchNorm.ts';
import { cast } from '../ops/comparison.ts';
import { conv2d, type FilterLayout } from '../ops/conv2d.ts';
import { conv2dTranspose, type TransposedFilterLayout } from '../ops/conv2dTranspose.ts';
import { l2Pool2d } from '../ops/l2Pool2d.ts';
import { instanceNorm, layerNorm } from '../ops/layerNorm.ts';
import { matmul } from '../ops/matmul.ts';
import { maxPool2d } from '../ops/maxPool2d.ts';
import type { Pool2dOptions } from '../ops/poolWindows.ts';
import { type Layout, type Pair, spanOf } from '../ops/spatial.ts';
import { transpose } from '../ops/transpose.ts';
import { MovementBuilder } from './movement.ts';
import type { MLOperand } from './operand.ts';
import { choose } from './operands.ts';

export type MLInputOperandLayout = 'nchw' | 'nhwc';

export interface MLConv2dOptions {
  /** [top, bottom, left, right]; default 0. */
  padding?: readonly number[];
  strides?: readonly number[];
  dilations?: readonly number[];
  groups?: number;
  /** Default 'nchw'. */
  inputLayout?: MLInputOperandLayout;
  /** Default 'oihw'. */
  filterLayout?: 'oihw' | 'hwio' | 'ohwi' | 'ihwo';
  /** [outputChannels] */
  bias?: MLOperand;
}

export interface MLConvTranspose2dOptions extends Omit<MLConv2dOptions, 'filterLayout'> {
  /** Default 'iohw'. */
  filterLayout?: 'iohw' | 'hwoi' | 'ohwi';
  outputPadding?: readonly number[];
  /** Takes the place of `outputPadding`. */
  outputSizes?: readonly number[];
}

export interface MLPool2dOptions {
  /** Default the size of the image. */
  windowDimensions?: readonly number[];
  /** [top, bottom, left, right]; default 0. */
  padding?: readonly number[];
  /** Default 1. */
  strides?: readonly number[];
  dilations?: readonly number[];
  /** Default 'nchw'. */
  layout?: MLInputOperandLayout;
  /** How the number of windows is rounded; default 'floor'. Older texts call it `roundingType`. */
  outputShapeRounding?: 'floor' | 'ceil';
  /** Takes the place of the rounding. */
  outputSizes?: readonly number[];
}

const layouts: Readonly<Record<MLInputOperandLayout, Layout>> = { nchw: 'NCHW', nhwc: 'NHWC' };

/** Products, convolutions, pools and normalisations. */
export class LayerBuilder extends MovementBuilder {
  matmul(a: MLOperand, b: MLOperand): MLOperand {
    return this.binary('matmul', (x, y) => matmul(x, y), a, b);
  }

  /** alpha a b + beta c, where c broadcasts. */
  gemm(
    a: MLOperand,
    b: MLOperand,
    options: {
      c?: MLOperand;
      alpha?: number;
      beta?: number;
      aTranspose?: boolean;
      bTranspose?: boolean;
    } = {},
  ): MLOperand {
    const { alpha = 1, beta = 1, aTranspose = false, bTranspose = false, c } = options;
    const product = this.binary(
      'gemm',
      (x, y) => mul(matmul(x, y, { transposeA: aTranspose, transposeB: bTranspose }), alpha),
      a,
      b,
    );
    return c ? this.binary('gemm', (x, y) => add(x, mul(y, beta)), product, c) : product;
  }

  conv2d(input: MLOperand, filter: MLOperand, options: MLConv2dOptions = {}): MLOperand {
    const what = this.graph.path('conv2d');
    const filterLayout = choose<FilterLayout>(`${what}: filterLayout`, options.filterLayout ?? 'oihw', {
      oihw: 'OIHW',
      hwio: 'HWIO',
      ohwi: 'OHWI',
      ihwo: 'IHWO',
    });
    const common = convolutionOptions(what, options);
    return this.binary('conv2d', (x, w) => conv2d(x, w, { ...common, filterLayout }), input, filter);
  }

  convTranspose2d(input: MLOperand, filter: MLOperand, options: MLConvTranspose2dOptions = {}): MLOperand {
    const what = this.graph.path('convTranspose2d');
    const filterLayout = choose<TransposedFilterLayout>(
      `${what}: filterLayout`,
      options.filterLayout ?? 'iohw',
      { iohw: 'IOHW', hwoi: 'HWOI', ohwi: 'OHWI' },
    );
    const { outputSizes, outputPadding } = options;
    const transposed = {
      ...convolutionOptions(what, options),
      filterLayout,
      outputSizes: outputSizes && pair(what, 'outputSizes', outputSizes),
      outputPadding: outputPadding && !outputSizes ? pair(what, 'outputPadding', outputPadding) : undefined,
    };
    return this.binary('convTranspose2d', (x, w) => conv2dTranspose(x, w, transposed), input, filter);
  }

  /** Padding does not count. */
  averagePool2d(input: MLOperand, options: MLPool2dOptions = {}): MLOperand {
    return this.pool('averagePool2d', averagePool2d, input, options);
  }
  /** The root of the sum of squares. */
  l2Pool2d(input: MLOperand, options: MLPool2dOptions = {}): MLOperand {
    return this.pool('l2Pool2d', l2Pool2d, input, options);
  }
  maxPool2d(input: MLOperand, options: MLPool2dOptions = {}): MLOperand {
    return this.pool('maxPool2d', maxPool2d, input, options);
  }

  batchNormalization(
    input: MLOperand,
    mean: MLOperand,
    variance: MLOperand,
    options: { scale?: MLOperand; bias?: MLOperand; axis?: number; epsilon?: number } = {},
  ): MLOperand {
    const { scale, bias, axis = 1, epsilon } = options;
    return this.unary(
      (x) =>
        batchNormInference(x, {
          mean: single(mean),
          variance: single(variance),
          scale: scale && single(scale),
          offset: bias && single(bias),
          axis,
          epsilon,
        }),
      input,
    );
  }

  instanceNormalization(
    input: MLOperand,
    options: { scale?: MLOperand; bias?: MLOperand; epsilon?: number; layout?: MLInputOperandLayout } = {},
  ): MLOperand {
    const { scale, bias, epsilon } = options;
    const what = this.graph.path('instanceNormalization');
    const layout = choose(`${what}: layout`, options.layout ?? 'nchw', layouts);
    const parameters = { scale: scale && single(scale), offset: bias && single(bias), epsilon };
    return this.unary((x) => instanceNorm(x, { ...parameters, axis: layout === 'NCHW' ? 1 : -1 }), input);
  }

  /** Over `axes`, default all but the first; `scale` and `bias` have their axes in the order of `axes`. */
  layerNormalization(
    input: MLOperand,
    options: { scale?: MLOperand; bias?: MLOperand; axes?: readonly number[]; epsilon?: number } = {},
  ): MLOperand {
    const { rank } = input.tensor;
    const axes = options.axes ?? Array.from({ length: Math.max(0, rank - 1) }, (_, i) => i + 1);
    const sorted = normalizeAxes(this.graph.path('layerNormalization'), axes, rank);
    const order = sorted.map((axis) => axes.indexOf(axis));
    const arranged = (parameter: MLOperand | undefined) =>
      parameter && (order.length > 1 ? transpose(single(parameter), order) : single(parameter));
    const [scale, offset] = [arranged(options.scale), arranged(options.bias)];
    return this.unary((x) => layerNorm(x, { axes: sorted, scale, offset, epsilon: options.epsilon }), input);
  }

  private pool(
    name: string,
    op: (x: Tensor, options: Pool2dOptions) => Tensor,
    input: MLOperand,
    options: MLPool2dOptions,
  ): MLOperand {
    const what = this.graph.path(name);
    if (input.tensor.rank !== 4)
      throw new ShapeError(`${what}: input must have 4 axes, got ${showShape(input.shape)}`);
    const layout = choose(`${what}: layout`, options.layout ?? 'nchw', layouts);
    const [height, width] = layout === 'NCHW' ? input.shape.slice(2) : input.shape.slice(1);
    const windowSize = pair(what, 'windowDimensions', options.windowDimensions ?? [height, width]);
    const strides = pair(what, 'strides', options.strides ?? [1, 1]);
    const dilations = pair(what, 'dilations', options.dilations ?? [1, 1]);
    const padding = sides(what, options.padding);
    // A window may begin beyond the image, unlike with `ceilMode`.
    const rounded = ([0, 1] as const).map((axis) => {
      const padded = [height, width][axis] + padding[axis][0] + padding[axis][1];
      return Math.ceil((padded - spanOf(windowSize[axis], dilations[axis])) / strides[axis]) + 1;
    });
    const rounding = options.outputShapeRounding ?? 'floor';
    const ceil = choose(`${what}: outputShapeRounding`, rounding, { floor: false, ceil: true });
    const outputSizes = options.outputSizes ?? (ceil ? rounded : undefined);
    const pooling = {
      windowSize,
      strides,
      dilations,
      padding,
      layout,
      outputSizes: outputSizes && pair(what, 'outputSizes', outputSizes),
    };
    return this.unary((x) => op(x, pooling), input);
  }
}

function convolutionOptions(what: string, options: Omit<MLConv2dOptions, 'filterLayout'>) {
  return {
    padding: sides(what, options.padding),
    strides: pair(what, 'strides', options.strides ?? [1, 1]),
    dilations: pair(what, 'dilations', options.dilations ?? [1, 1]),
    groups: options.groups ?? 1,
    layout: choose(`${what}: inputLayout`, options.inputLayout ?? 'nchw', layouts),
    bias: options.bias?.numbers,
  };
}

/** WebNN's [top, bottom, left, right] as [[top, bottom], [left, right]]. */
function sides(what: string, padding: readonly number[] = [0, 0, 0, 0]): readonly [Pair, Pair] {
  if (padding.length !== 4)
    throw new ShapeError(`${what}: padding must be [top, bottom, left, right], got ${showShape(padding)}`);
  const [top, bottom, left, right] = padding;
  return [
    [top, bottom],
    [left, right],
  ];
}

function pair(what: string, name: string, values: readonly number[]): Pair {
  if (values.length === 2) return [values[0], values[1]];
  throw new ShapeError(`${what}: ${name} must be two numbers, got ${showShape(values)}`);
}

/** Parameters of normalisations are float32, whatever the input is. */
function single(operand: MLOperand): Tensor {
  return cast(operand.numbers, 'float32');
}
