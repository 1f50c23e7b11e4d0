import { gateInputs } from '../../models/gates.ts';
import { pixels } from '../ui/canvas.ts';
import { html, setAttributes, svg } from '../ui/element.ts';
import { rgb } from '../ui/theme.ts';
import { mapHigh, mapLow, mapSide } from './perceptronRange.ts';

/** [w1, w2, b] */
export type Weights = readonly [number, number, number];

const size = 300;
const toPixel = (value: number) => ((value - mapLow) / (mapHigh - mapLow)) * size;
const toValue = (pixel: number) => mapLow + (pixel / size) * (mapHigh - mapLow);

/** What colours the plane: a neuron, or the answers of a network row by row from below (null before there are any). */
type Answers =
  | { readonly weights: Weights; readonly answer: (x1: number, x2: number) => number }
  | { readonly map: Float32Array | null };

/** The plane of a gate's inputs, coloured by what is answered, with the neuron's line, which can be dragged. */
export function gatePlane(label: string, handleTitle: string, move: (weights: Weights) => void) {
  const colours = pixels(label, mapSide, mapSide);
  const line = svg('line', { class: 'decision' });
  const grip = svg('line', { class: 'grip' }, svg('title', {}, handleTitle));
  const corners = gateInputs.map(([x1, x2]) => {
    const [x, y] = [toPixel(x1), size - toPixel(x2)];
    const dot = svg('circle', { cx: x, cy: y, r: 11 });
    return { dot, group: svg('g', { class: 'corner' }, dot, svg('text', { x, y: y + 27 }, `${x1} ${x2}`)) };
  });
  const drawing = svg(
    'svg',
    { viewBox: `0 0 ${size} ${size}`, 'aria-hidden': 'true' },
    line,
    grip,
    ...corners.map(({ group }) => group),
  );
  let weights: Weights | null = null;
  grip.addEventListener('pointerdown', (event) => {
    if (!weights) return;
    const from = weights;
    const box = drawing.getBoundingClientRect();
    const at = ({ clientX, clientY }: PointerEvent) =>
      [
        toValue(((clientX - box.left) / box.width) * size),
        toValue(size - ((clientY - box.top) / box.height) * size),
      ] as const;
    const [x0, y0] = at(event);
    grip.setPointerCapture(event.pointerId);
    // The line keeps its direction and goes where the pointer is.
    const drag = (next: PointerEvent) => {
      const [x, y] = at(next);
      move([from[0], from[1], from[2] - from[0] * (x - x0) - from[1] * (y - y0)]);
    };
    const end = () => grip.removeEventListener('pointermove', drag);
    grip.addEventListener('pointermove', drag);
    grip.addEventListener('pointerup', end, { once: true });
    grip.addEventListener('pointercancel', end, { once: true });
    event.preventDefault();
  });

  function draw(targets: readonly number[], answers: Answers): void {
    const [no, yes] = [rgb('series2'), rgb('series1')];
    const ground = rgb('surface');
    const cell = (i: number) => mapLow + ((i + 0.5) / mapSide) * (mapHigh - mapLow);
    colours.set((i) => {
      const [column, row] = [i % mapSide, mapSide - 1 - Math.floor(i / mapSide)];
      const value =
        'answer' in answers
          ? answers.answer(cell(column), cell(row))
          : (answers.map?.[row * mapSide + column] ?? 0.5);
      // How sure the answer is, from the ground to the colour of yes or no.
      const certain = Math.min(1, Math.abs(value - 0.5) * 2) * 0.6;
      const side = value > 0.5 ? yes : no;
      return [0, 1, 2].map((k) => Math.round(ground[k] + (side[k] - ground[k]) * certain)) as [
        number,
        number,
        number,
      ];
    });
    corners.forEach(({ dot }, i) => {
      dot.setAttribute('class', targets[i] === 1 ? 'yes' : 'no');
    });
    weights = 'weights' in answers ? answers.weights : null;
    const ends = weights && lineAcross(weights);
    for (const each of [line, grip]) {
      each.style.display = ends ? '' : 'none';
      if (ends) setAttributes(each, ends);
    }
  }
  return { element: html('div', { class: 'plane' }, colours.element, drawing), draw };
}

/** Where w1 x1 + w2 x2 + b = 0 crosses the picture; null where it does not. */
function lineAcross([w1, w2, b]: Weights): { x1: number; y1: number; x2: number; y2: number } | null {
  const length = Math.hypot(w1, w2);
  if (length < 1e-6) return null;
  // The foot of the perpendicular from the middle of the picture, and the direction.
  const middle = (mapLow + mapHigh) / 2;
  const distance = (w1 * middle + w2 * middle + b) / length;
  const [x, y] = [middle - (distance * w1) / length, middle - (distance * w2) / length];
  const [dx, dy] = [(-2 * w2) / length, (2 * w1) / length];
  return {
    x1: toPixel(x - dx),
    y1: size - toPixel(y - dy),
    x2: toPixel(x + dx),
    y2: size - toPixel(y + dy),
  };
}
