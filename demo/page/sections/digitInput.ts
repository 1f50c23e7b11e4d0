/** [x, y] in any unit, y downwards. */
export type Point = readonly [number, number];

export const side = 28;
/** The digits of MNIST fill a box of 20 x 20, and their centre of mass lies in the middle of the 28 x 28. */
const box = 20;
/** Of the pen, in pixels of the result. */
const penWidth = 2.6;

let surface: CanvasRenderingContext2D | null = null;

/**
 * Strokes as a digit of MNIST: 28 x 28 values from 0 (paper) to 1 (ink), scaled into the box, anti-aliased, centred by mass. However large it
 * was drawn, the pen is as wide as theirs.
 */
export function centred(strokes: readonly (readonly Point[])[]): Float32Array {
  const points = strokes.flat();
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [width, height] = [Math.max(...xs) - left, Math.max(...ys) - top];
  // A dot stays a dot.
  const scale = (box - penWidth) / Math.max(width, height, 40);
  const middle: Point = [left + width / 2, top + height / 2];
  const first = paint(strokes, middle, scale, [side / 2, side / 2]);
  let [mass, x, y] = [0, 0, 0];
  first.forEach((value, i) => {
    mass += value;
    x += value * ((i % side) + 0.5);
    y += value * (Math.floor(i / side) + 0.5);
  });
  if (mass === 0) return first;
  return paint(strokes, middle, scale, [side - x / mass, side - y / mass]);
}

/** Draws with `middle` of the strokes at `to`. */
function paint(
  strokes: readonly (readonly Point[])[],
  middle: Point,
  scale: number,
  to: Point,
): Float32Array {
  surface ??= Object.assign(document.createElement('canvas'), { width: side, height: side }).getContext(
    '2d',
    {
      willReadFrequently: true,
    },
  );
  if (!surface) return new Float32Array(side * side);
  const place = ([x, y]: Point) =>
    [(x - middle[0]) * scale + to[0], (y - middle[1]) * scale + to[1]] as const;
  surface.clearRect(0, 0, side, side);
  surface.lineWidth = penWidth;
  surface.lineCap = 'round';
  surface.lineJoin = 'round';
  // One path: where strokes cross, the ink does not add up.
  surface.beginPath();
  for (const stroke of strokes) {
    surface.moveTo(...place(stroke[0]));
    for (const point of stroke) surface.lineTo(...place(point));
  }
  surface.stroke();
  const { data } = surface.getImageData(0, 0, side, side);
  return Float32Array.from({ length: side * side }, (_, i) => data[4 * i + 3] / 255);
}
