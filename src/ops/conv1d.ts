import { ShapeError } from '../core/errors.ts';
import { showShape } from '../core/shape.ts';
import type { Tensor } from '../graph/graph.ts';
import { conv2d } from './conv2d.ts';
import { reshape } from './reshape.ts';
import { type Padding, type Pair, reorder } from './spatial.ts';
import { transpose } from './transpose.ts';

export interface Conv1dOptions {
  /** Step from window to window; default 1. */
  strides?: number;
  /** 'valid' (default), 'same', 'sameLower', a number for both ends, or [before, after]. */
  padding?: 'valid' | 'same' | 'sameLower' | number | Pair;
  dilations?: number;
  groups?: number;
  /** Added to every position: shape [outChannels]. */
  bias?: Tensor;
  /** Default 'NWC': [batch, length, channels]; 'NCW' costs a transpose before and after. */
  layout?: 'NWC' | 'NCW';
  /** Default 'WIO': [filterLength, inChannels / groups, outChannels]. PyTorch, ONNX: 'OIW'. */
  filterLayout?: 'WIO' | 'OIW';
}

/**
 * 1-D convolution: y[n, i, o] = bias[o] + Σ x[n, i·stride + k·dilation - before, c] filter[k, c, o].
 * `x` is [batch, length, inChannels], `filter` [filterLength, inChannels / groups, outChannels], the result
 * [batch, outLength, outChannels].
 *
 * ```ts
 * const y = conv1d(sequence, filter, { padding: [2, 0] }); // causal, for a filter of three
 * ```
 *
 * @throws ShapeError as `conv2d` does.
 */
export function conv1d(x: Tensor, filter: Tensor, options: Conv1dOptions = {}): Tensor {
  const path = x.graph.path('conv1d');
  const { strides = 1, dilations = 1, layout = 'NWC', filterLayout = 'WIO' } = options;
  if (layout !== 'NWC' && layout !== 'NCW') {
    throw new ShapeError(`${path}: layout must be 'NWC' or 'NCW', got '${String(layout)}'`);
  }
  if (x.rank !== 3)
    throw new ShapeError(`${path}: x must have 3 axes (${layout}), got ${showShape(x.shape)}`);
  const weights = reorder(path, 'filter', filter, filterLayout, 'WIO', ['WIO', 'OIW']);
  const line = layout === 'NCW' ? transpose(x, [0, 2, 1]) : x;
  const [batch, length, channels] = line.shape;
  // In messages it goes by its own name, too.
  const y = x.graph.scope('conv1d', () =>
    conv2d(reshape(line, [batch, 1, length, channels]), reshape(weights, [1, ...weights.shape]), {
      strides: [1, strides],
      dilations: [1, dilations],
      padding: widthPadding(options.padding ?? 'valid'),
      groups: options.groups,
      bias: options.bias,
    }),
  );
  const result = reshape(y, [batch, y.shape[2], y.shape[3]]);
  return layout === 'NCW' ? transpose(result, [0, 2, 1]) : result;
}

function widthPadding(padding: NonNullable<Conv1dOptions['padding']>): Padding {
  if (typeof padding === 'string') return padding;
  return [[0, 0], typeof padding === 'number' ? [padding, padding] : padding];
}
