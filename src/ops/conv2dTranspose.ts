import { ShapeError } from '../core/errors.ts';
import { showShape } from '../core/shape.ts';
import { applyOne, type Tensor } from '../graph/graph.ts';
import { conv2dInputGradientOp } from './conv2d.ts';
import {
  explicitPadding,
  fromLayout,
  type Layout,
  type Padding,
  type Pair,
  type PairLike,
  reorder,
  spanOf,
  splitPadding,
  toLayout,
  toPair,
  type WindowOptions,
} from './spatial.ts';

/** Axes of a transposed convolution's filter: height and width, output channels of a group, input channels. */
export type TransposedFilterLayout = 'HWOI' | 'IOHW' | 'OHWI';

export interface Conv2dTransposeOptions extends WindowOptions {
  /**
   * What the convolution that this op reverses pads its image with: it is cut off here. 'same' and 'sameLower' give output
   * sizes input * strides, or the `outputSizes` asked for (as ONNX does with its `output_shape`).
   */
  padding?: Padding;
  /** Rows and columns added at the bottom and right, since several image sizes lead to one result size; default 0. */
  outputPadding?: PairLike;
  /** The height and width wanted. With numbers for `padding` it takes the place of `outputPadding`. */
  outputSizes?: Pair;
  /** Added to every pixel: shape [outChannels]. */
  bias?: Tensor;
  groups?: number;
  /** Default 'NHWC'; 'NCHW' costs a transpose before and after. */
  layout?: Layout;
  /** Default 'HWOI': [filterHeight, filterWidth, outChannels / groups, inChannels]. PyTorch, ONNX: 'IOHW'. */
  filterLayout?: TransposedFilterLayout;
}

const filterLayouts: readonly TransposedFilterLayout[] = ['HWOI', 'IOHW', 'OHWI'];

/**
 * Transposed 2-D convolution: every input pixel spreads its channels through the filter over the output, which is what the
 * gradient of `conv2d` does with respect to its image.
 *
 * `x` is [batch, height, width, inChannels], `filter` [filterHeight, filterWidth, outChannels / groups, inChannels]; the result
 * is [batch, outHeight, outWidth, outChannels] with
 * outHeight = (height - 1)·stride + (filterHeight - 1)·dilation + 1 - padding + outputPadding.
 *
 * ```ts
 * const larger = conv2dTranspose(x, filter, { strides: 2, padding: 'same' }); // [1, 8, 8, 16] -> [1, 16, 16, outChannels]
 * ```
 *
 * @throws ShapeError for channels that do not fit, numbers out of range, or sizes that the input cannot lead to.
 */
export function conv2dTranspose(x: Tensor, filter: Tensor, options: Conv2dTransposeOptions = {}): Tensor {
  const path = x.graph.path('conv2dTranspose');
  const { layout = 'NHWC', filterLayout = 'HWOI', groups = 1, bias } = options;
  const image = fromLayout(path, x, layout);
  const weights = reorder(path, 'filter', filter, filterLayout, 'HWOI', filterLayouts);
  if (weights.shape[3] !== image.shape[3]) {
    throw new ShapeError(
      `${path}: x ${showShape(image.shape)} has ${image.shape[3]} channels, filter ${showShape(weights.shape)} (HWOI) takes ${weights.shape[3]}`,
    );
  }
  const strides = toPair(path, 'strides', options.strides ?? 1);
  const dilations = toPair(path, 'dilations', options.dilations ?? 1);
  const full = ([0, 1] as const).map(
    (axis) => (image.shape[1 + axis] - 1) * strides[axis] + spanOf(weights.shape[axis], dilations[axis]),
  );
  const { padding, size } = outputPlace(
    path,
    [image.shape[1], image.shape[2]],
    [full[0], full[1]],
    strides,
    dilations,
    options,
  );
  const attrs = { strides, dilations, padding, groups, size };
  const inputs = bias ? [image, weights, bias] : [image, weights];
  // The scope tells messages and profiles apart from the gradient of a convolution.
  const y = x.graph.scope('conv2dTranspose', () => applyOne(conv2dInputGradientOp, inputs, attrs));
  return toLayout(y, layout);
}

/** What is cut off at the top and left, and what is left then. `full` is the size without cuts. */
function outputPlace(
  path: string,
  inputSize: Pair,
  full: Pair,
  strides: Pair,
  dilations: Pair,
  options: Conv2dTransposeOptions,
): { padding: Pair; size: Pair } {
  const given = options.padding ?? 'valid';
  const numbers = explicitPadding(path, given);
  const added = toPair(path, 'outputPadding', options.outputPadding ?? 0, 0);
  const wanted = options.outputSizes && toPair(path, 'outputSizes', options.outputSizes);
  const axes = ([0, 1] as const).map((axis) => {
    if (!numbers) {
      const size = wanted?.[axis] ?? inputSize[axis] * strides[axis];
      const cut = splitPadding(Math.max(0, full[axis] + added[axis] - size), given);
      return { padding: cut[0], size };
    }
    const least = full[axis] - numbers[axis][0] - numbers[axis][1];
    const beyond = wanted ? wanted[axis] - least : added[axis];
    const limit = Math.max(strides[axis], dilations[axis]);
    if (beyond < 0 || beyond >= limit) {
      throw new ShapeError(
        wanted
          ? `${path}: outputSizes ${showShape(wanted)} cannot be reached: axis ${axis} must be ${least} to ${least + limit - 1}`
          : `${path}: outputPadding ${showShape(added)} must be smaller than strides ${showShape(strides)} or dilations ${showShape(dilations)}`,
      );
    }
    if (least + beyond < 1) {
      throw new ShapeError(`${path}: padding cuts off everything: the uncut output is ${showShape(full)}`);
    }
    return { padding: numbers[axis][0], size: least + beyond };
  });
  return { padding: [axes[0].padding, axes[1].padding], size: [axes[0].size, axes[1].size] };
}
