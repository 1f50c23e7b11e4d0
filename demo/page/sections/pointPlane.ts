import type { Points } from '../../models/points.ts';
import { pixels } from '../ui/canvas.ts';
import { html, setAttributes, svg } from '../ui/element.ts';
import { rgb } from '../ui/theme.ts';
import { mapHigh, mapLow, mapSide } from './backPropagationRange.ts';

const size = 300;
const toPixel = (value: number) => ((value - mapLow) / (mapHigh - mapLow)) * size;

/** The plane, coloured by what a network answers, with the points of two classes. `choose` hears which point is pressed. */
export function pointPlane(
  label: string,
  { side = mapSide, choose }: { side?: number; choose?: (index: number) => void } = {},
) {
  const colours = pixels(label, side, side);
  const dots = svg('g', {});
  const ring = svg('circle', { class: 'ring', r: 10 });
  const drawing = svg(
    'svg',
    { viewBox: `0 0 ${size} ${size}`, 'aria-hidden': 'true', class: 'field' },
    dots,
    choose ? ring : null,
  );
  let places: (readonly [number, number])[] = [];
  let map: Float32Array | null = null;

  if (choose) {
    drawing.addEventListener('pointerdown', ({ clientX, clientY }) => {
      const box = drawing.getBoundingClientRect();
      const [x, y] = [((clientX - box.left) / box.width) * size, ((clientY - box.top) / box.height) * size];
      const distances = places.map((place) => Math.hypot(place[0] - x, place[1] - y));
      choose(distances.indexOf(Math.min(...distances)));
    });
  }

  function colour(): void {
    const [no, yes, ground] = [rgb('series2'), rgb('series1'), rgb('surface')];
    colours.set((i) => {
      const [column, row] = [i % side, side - 1 - Math.floor(i / side)];
      const value = map?.[row * side + column] ?? 0.5;
      const certain = Math.min(1, Math.abs(value - 0.5) * 2) * 0.55;
      const to = value > 0.5 ? yes : no;
      return [mix(ground[0], to[0], certain), mix(ground[1], to[1], certain), mix(ground[2], to[2], certain)];
    });
  }

  return {
    element: html(
      'div',
      { class: choose ? 'plane points chosen' : 'plane points' },
      colours.element,
      drawing,
    ),
    colour,
    setPoints({ x, y }: Points): void {
      places = y.map((_, i) => [toPixel(x[2 * i]), size - toPixel(x[2 * i + 1])] as const);
      dots.replaceChildren(
        ...places.map(([cx, cy], i) => svg('circle', { cx, cy, r: 4.5, class: y[i] === 1 ? 'yes' : 'no' })),
      );
    },
    setSample(index: number): void {
      const [cx, cy] = places[index] ?? [0, 0];
      setAttributes(ring, { cx, cy });
    },
    /** Probabilities of class 1, row by row from below. */
    setMap(next: Float32Array | null): void {
      map = next;
      colour();
    },
  };
}

const mix = (from: number, to: number, share: number) => Math.round(from + (to - from) * share);
