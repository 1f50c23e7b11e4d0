import { ShapeError } from '../core/errors.ts';
import { showShape } from '../core/shape.ts';
import type { Tensor } from '../graph/graph.ts';
import { type Conv2dOptions, conv2d } from './conv2d.ts';
import { reshape } from './reshape.ts';

/**
 * Depthwise 2-D convolution: each channel has `multiplier` filters of its own, and output channel c · multiplier + m comes
 * from input channel c. `filter` is [filterHeight, filterWidth, inChannels, multiplier]; the result is
 * [batch, outHeight, outWidth, inChannels · multiplier]. It is `conv2d` with as many groups as channels.
 *
 * ```ts
 * const y = conv2d(depthwiseConv2d(x, perChannel, { padding: 'same' }), pointwise); // a separable convolution
 * ```
 *
 * @throws ShapeError as `conv2d` does.
 */
export function depthwiseConv2d(
  x: Tensor,
  filter: Tensor,
  options: Omit<Conv2dOptions, 'groups' | 'filterLayout'> = {},
): Tensor {
  const path = x.graph.path('depthwiseConv2d');
  const channels = x.shape[options.layout === 'NCHW' ? 1 : 3];
  const [height, width, filterChannels, multiplier] = filter.shape;
  if (x.rank !== 4 || filter.rank !== 4 || filterChannels !== channels) {
    throw new ShapeError(
      `${path}: filter must be [height, width, channels of x, multiplier], got x ${showShape(x.shape)} and filter ${showShape(filter.shape)}`,
    );
  }
  const grouped = reshape(filter, [height, width, 1, channels * multiplier]);
  return conv2d(x, grouped, { ...options, groups: channels, filterLayout: 'HWIO' });
}
