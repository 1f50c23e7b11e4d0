import { ShapeError } from '../core/errors.ts';
import { showShape } from '../core/shape.ts';
import type { Tensor } from '../graph/graph.ts';
import { type AveragePool2dOptions, averagePool2d as averagePool2dOp } from '../ops/averagePool2d.ts';
import { globalMaxPool2d as globalMaxPool2dOp, maxPool2d as maxPool2dOp } from '../ops/maxPool2d.ts';
import type { Pool2dOptions } from '../ops/poolWindows.ts';
import { max, mean } from '../ops/reduce.ts';
import { reshape } from '../ops/reshape.ts';
import type { Layout, Pair, PairLike } from '../ops/spatial.ts';
import { type Layer, makeLeaf } from './layer.ts';

interface Named {
  name?: string;
}

export type MaxPool2dLayerOptions = Named & Omit<Pool2dOptions, 'windowSize'>;

/**
 * Largest element of each window: [batch, height, width, channels] gives [batch, outHeight, outWidth, channels]. The windows lie side by
 * side unless `strides` says otherwise.
 *
 * @throws ShapeError as the op `maxPool2d` does, when called.
 */
export function maxPool2d(windowSize: PairLike, options: MaxPool2dLayerOptions = {}): Layer {
  return makeLeaf('maxPool2d', { name: options.name }, (x: Tensor) =>
    maxPool2dOp(x, { ...options, windowSize }),
  );
}

export type AveragePool2dLayerOptions = Named & Omit<AveragePool2dOptions, 'windowSize'>;

/** Mean of each window; else as `maxPool2d`. */
export function averagePool2d(windowSize: PairLike, options: AveragePool2dLayerOptions = {}): Layer {
  return makeLeaf('averagePool2d', { name: options.name }, (x: Tensor) =>
    averagePool2dOp(x, { ...options, windowSize }),
  );
}

export interface Pool1dLayerOptions extends Named {
  /** Step from window to window; default the window's size. */
  strides?: number;
  /** 'valid' (default), 'same', 'sameLower', a number for both ends, or [before, after]. */
  padding?: 'valid' | 'same' | 'sameLower' | number | Pair;
}

/**
 * Largest element of each window of a sequence: [batch, length, channels] gives [batch, outLength, channels].
 *
 * @throws ShapeError as the op `maxPool2d` does, when called.
 */
export function maxPool1d(windowSize: number, options: Pool1dLayerOptions = {}): Layer {
  return pool1d('maxPool1d', maxPool2dOp, windowSize, options);
}

/** Mean of each window of a sequence; else as `maxPool1d`. */
export function averagePool1d(windowSize: number, options: Pool1dLayerOptions = {}): Layer {
  return pool1d('averagePool1d', averagePool2dOp, windowSize, options);
}

export interface GlobalPoolOptions extends Named {
  /** Whether the axes that are pooled stay, with length 1; default false. */
  keepDimensions?: boolean;
  /** Default 'NHWC'. */
  layout?: Layout;
}

/** Mean of each channel: [batch, height, width, channels] gives [batch, channels]. */
export function globalAveragePool2d(options: GlobalPoolOptions = {}): Layer {
  return globalPool('globalAveragePool2d', options, (x, { layout, keepDimensions }) =>
    mean(x, { axes: layout === 'NCHW' ? [2, 3] : [1, 2], keepDimensions }),
  );
}

/** Largest element of each channel: [batch, height, width, channels] gives [batch, channels]. */
export function globalMaxPool2d(options: GlobalPoolOptions = {}): Layer {
  return globalPool('globalMaxPool2d', options, (x, { layout, keepDimensions }) => {
    const y = globalMaxPool2dOp(x, { layout });
    return keepDimensions ? y : reshape(y, [x.shape[0], y.size / x.shape[0]]);
  });
}

/** Mean over the steps of a sequence: [batch, length, channels] gives [batch, channels]. */
export function globalAveragePool1d(options: Named = {}): Layer {
  return makeLeaf('globalAveragePool1d', options, (x: Tensor, { path }) =>
    mean(sequence(x, path), { axes: [1] }),
  );
}

/** Largest element over the steps of a sequence: [batch, length, channels] gives [batch, channels]. */
export function globalMaxPool1d(options: Named = {}): Layer {
  return makeLeaf('globalMaxPool1d', options, (x: Tensor, { path }) => max(sequence(x, path), { axes: [1] }));
}

function pool1d(
  kind: string,
  pool: (x: Tensor, options: Pool2dOptions) => Tensor,
  windowSize: number,
  { name, strides = windowSize, padding = 'valid' }: Pool1dLayerOptions,
): Layer {
  return makeLeaf(kind, { name }, (x: Tensor, { path }) => {
    const [batch, length, channels] = sequence(x, path).shape;
    // A sequence is an image of one row.
    const y = pool(reshape(x, [batch, 1, length, channels]), {
      windowSize: [1, windowSize],
      strides: [1, strides],
      padding:
        typeof padding === 'string'
          ? padding
          : [[0, 0], typeof padding === 'number' ? [padding, padding] : padding],
    });
    return reshape(y, [batch, y.shape[2], channels]);
  });
}

function globalPool(
  kind: string,
  options: GlobalPoolOptions,
  pool: (x: Tensor, options: GlobalPoolOptions) => Tensor,
): Layer {
  return makeLeaf(kind, { name: options.name }, (x: Tensor, { path }) => {
    if (x.rank === 4) return pool(x, options);
    throw new ShapeError(`${path}: expected x [batch, height, width, channels], got ${showShape(x.shape)}`);
  });
}

function sequence(x: Tensor, path: string): Tensor {
  if (x.rank === 3) return x;
  throw new ShapeError(`${path}: expected x [batch, length, channels], got ${showShape(x.shape)}`);
}
