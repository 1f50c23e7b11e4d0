/** A square picture of some channels, and the filter that goes over it. */
export interface ConvolutionSettings {
  /** Height and width of the picture. */
  readonly side: number;
  readonly channels: number;
  /** Height and width of the kernel. */
  readonly size: number;
  readonly stride: number;
  /** Zeros around the picture, on each side. */
  readonly padding: number;
  readonly dilation: number;
}

/** Windows along the height and along the width: floor((side + 2 padding - dilation (size - 1) - 1) / stride) + 1. */
export function outputSide({ side, size, stride, padding, dilation }: ConvolutionSettings): number {
  return Math.floor((side + 2 * padding - dilation * (size - 1) - 1) / stride) + 1;
}

/** Where the window of an output lies: rows and columns of the picture, which reach beyond it in the padding. */
export function windowCells(settings: ConvolutionSettings, index: number): { row: number; column: number }[] {
  const { size, stride, padding, dilation } = settings;
  const out = outputSide(settings);
  const top = Math.floor(index / out) * stride - padding;
  const left = (index % out) * stride - padding;
  return Array.from({ length: size * size }, (_, i) => ({
    row: top + Math.floor(i / size) * dilation,
    column: left + (i % size) * dilation,
  }));
}

/**
 * All windows as rows of a matrix (im2col): [outputs, size * size * channels], in the order of the filter's axes height, width, channels.
 *
 * @param picture [side, side, channels]
 */
export function patches(settings: ConvolutionSettings, picture: ArrayLike<number>): Float32Array {
  const { side, size, channels } = settings;
  const outputs = Math.max(0, outputSide(settings)) ** 2;
  const length = size * size * channels;
  const rows = new Float32Array(outputs * length);
  for (let index = 0; index < outputs; index++) {
    windowCells(settings, index).forEach(({ row, column }, i) => {
      if (row < 0 || row >= side || column < 0 || column >= side) return;
      for (let c = 0; c < channels; c++)
        rows[index * length + i * channels + c] = picture[(row * side + column) * channels + c];
    });
  }
  return rows;
}
