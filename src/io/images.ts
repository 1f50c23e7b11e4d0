import { FormatError, TensorloomError } from '../core/errors.ts';

/** Pixels as `ImageData` has them: red, green, blue, alpha, a byte each, row by row. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray | Uint8Array;
}

export interface ImagesOptions {
  /** 3 (default): red, green, blue; 4: alpha as well; 1: grey, by the weights of ITU-R BT.601. */
  channels?: 1 | 3 | 4;
  /** Each byte is multiplied by this; default 1 / 255, which gives 0 to 1. */
  scale?: number;
}

/** Images as `dataset` takes them. */
export interface ImageBatch {
  readonly data: Float32Array;
  /** [images, height, width, channels] */
  readonly shape: number[];
  readonly dtype: 'float32';
}

/**
 * Makes a field of images of one size.
 *
 * ```ts
 * const context = canvas.getContext('2d');
 * const x = imagesToField([context.getImageData(0, 0, 28, 28)], { channels: 1 }); // [1, 28, 28, 1]
 * ```
 *
 * @throws FormatError where there are no images, or they differ in size.
 */
export function imagesToField(images: readonly Pixels[], options: ImagesOptions = {}): ImageBatch {
  const { channels = 3, scale = 1 / 255 } = options;
  if (images.length === 0) throw new FormatError('imagesToField: there are no images');
  const [{ width, height }] = images;
  const pixels = width * height;
  const data = new Float32Array(images.length * pixels * channels);
  images.forEach((image, n) => {
    if (image.width !== width || image.height !== height || image.data.length !== 4 * pixels) {
      throw new FormatError(
        `imagesToField: image ${n} is ${image.width} x ${image.height} with ${image.data.length} bytes, the first is ${width} x ${height}`,
      );
    }
    for (let i = 0; i < pixels; i++) {
      const [red, green, blue, alpha] = image.data.subarray(4 * i, 4 * i + 4);
      const values =
        channels === 1 ? [0.299 * red + 0.587 * green + 0.114 * blue] : [red, green, blue, alpha];
      for (let c = 0; c < channels; c++) data[(n * pixels + i) * channels + c] = values[c] * scale;
    }
  });
  return { data, shape: [images.length, height, width, channels], dtype: 'float32' };
}

/**
 * The pixels of anything that a canvas can draw (an image element, a video, an `ImageBitmap`, another canvas), stretched to a size. Pages and
 * workers.
 *
 * ```ts
 * const x = imagesToField([readPixels(photo, { width: 224, height: 224 })]);
 * ```
 */
export function readPixels(image: CanvasImageSource, size: { width: number; height: number }): ImageData {
  if (typeof OffscreenCanvas === 'undefined')
    throw new TensorloomError(
      'readPixels: this host has no canvas; give imagesToField the bytes of a decoder',
    );
  const context = new OffscreenCanvas(size.width, size.height).getContext('2d', { willReadFrequently: true });
  if (!context) throw new TensorloomError('readPixels: the canvas gives no 2d context');
  context.drawImage(image, 0, 0, size.width, size.height);
  return context.getImageData(0, 0, size.width, size.height);
}
