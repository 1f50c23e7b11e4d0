import { ShapeError } from '../core/errors.ts';
import { showShape } from '../core/shape.ts';
import type { Tensor } from '../graph/graph.ts';
import { reshape } from './reshape.ts';
import { fromLayout, type Layout, toLayout } from './spatial.ts';
import { transpose } from './transpose.ts';

export interface DepthToSpaceOptions {
  /**
   * How the channels are made of row and column of the block and of the channels that are left: 'DCR' (default; TensorFlow, ONNX)
   * row, column, channel; 'CRD' channel, row, column (PyTorch's `pixel_shuffle`).
   */
  mode?: 'DCR' | 'CRD';
  /** Default 'NHWC'. */
  layout?: Layout;
}

/**
 * Moves channels into blocks of pixels: [batch, height, width, b² channels] becomes [batch, b height, b width, channels]. Any dtype.
 *
 * ```ts
 * const larger = depthToSpace(x, 2); // [1, 8, 8, 64] -> [1, 16, 16, 16]
 * ```
 *
 * @throws ShapeError where `blockSize`² does not divide the channels.
 */
export function depthToSpace(x: Tensor, blockSize: number, options: DepthToSpaceOptions = {}): Tensor {
  const path = x.graph.path('depthToSpace');
  const { mode = 'DCR', layout = 'NHWC' } = options;
  const image = fromLayout(path, x, layout);
  checkBlock(path, blockSize, image.shape[3] % blockSize ** 2 === 0, x);
  const [batch, height, width, channels] = image.shape;
  const left = channels / blockSize ** 2;
  const apart =
    mode === 'DCR'
      ? transpose(reshape(image, [batch, height, width, blockSize, blockSize, left]), [0, 1, 3, 2, 4, 5])
      : transpose(reshape(image, [batch, height, width, left, blockSize, blockSize]), [0, 1, 4, 2, 5, 3]);
  return toLayout(reshape(apart, [batch, height * blockSize, width * blockSize, left]), layout);
}

/**
 * Moves blocks of pixels into channels, which are then row, column, channel: [batch, b height, b width, channels] becomes
 * [batch, height, width, b² channels]. Any dtype. Undoes `depthToSpace`; `mode` is as there.
 *
 * @throws ShapeError where `blockSize` does not divide height and width.
 */
export function spaceToDepth(x: Tensor, blockSize: number, options: DepthToSpaceOptions = {}): Tensor {
  const path = x.graph.path('spaceToDepth');
  const { mode = 'DCR', layout = 'NHWC' } = options;
  const image = fromLayout(path, x, layout);
  const [batch, height, width, channels] = image.shape;
  checkBlock(path, blockSize, height % blockSize === 0 && width % blockSize === 0, x);
  const [rows, columns] = [height / blockSize, width / blockSize];
  const blocks = reshape(image, [batch, rows, blockSize, columns, blockSize, channels]);
  const order = mode === 'DCR' ? [0, 1, 3, 2, 4, 5] : [0, 1, 3, 5, 2, 4];
  const joined = reshape(transpose(blocks, order), [batch, rows, columns, channels * blockSize ** 2]);
  return toLayout(joined, layout);
}

function checkBlock(path: string, blockSize: number, divides: boolean, x: Tensor): void {
  if (!Number.isInteger(blockSize) || blockSize < 1 || !divides) {
    throw new ShapeError(`${path}: blocks of ${blockSize} do not fit ${showShape(x.shape)}`);
  }
}
