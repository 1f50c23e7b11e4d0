/** A square picture: [side, side, channels], from 0 to 1. */
export interface Picture {
  readonly side: number;
  readonly channels: number;
  readonly values: Float32Array;
}

export type DrawnPicture = 'edge' | 'cross' | 'colours' | 'empty';

function made(
  side: number,
  channels: number,
  at: (row: number, column: number, channel: number) => boolean,
): Picture {
  const values = Float32Array.from({ length: side * side * channels }, (_, i) => {
    const place = Math.floor(i / channels);
    return at(Math.floor(place / side), place % side, i % channels) ? 1 : 0;
  });
  return { side, channels, values };
}

export const pictures: Readonly<Record<DrawnPicture, () => Picture>> = {
  /** Paper on the left, ink on the right. */
  edge: () => made(8, 1, (_, column) => column >= 4),
  cross: () => made(9, 1, (row, column) => row === column || row + column === 8),
  /** Red: a square above; green: a disc; blue: the stripe below. */
  colours: () =>
    made(8, 3, (row, column, channel) => {
      if (channel === 0) return row >= 1 && row <= 3 && column >= 1 && column <= 3;
      if (channel === 1) return (row - 3) ** 2 + (column - 5) ** 2 <= 4;
      return row >= 5 && row <= 6;
    }),
  empty: () => made(8, 1, () => false),
};
