import type { Curve } from '../jobs/activations.ts';
import { html, setAttributes, svg } from '../ui/element.ts';
import { curveHigh, curveLow, curvePlaces } from './activationsRange.ts';

const [width, height, margin] = [560, 320, 26];
const toX = (value: number) => ((value - curveLow) / (curveHigh - curveLow)) * width;

/** A function and its derivative, with a marker that follows the pointer; `move` hears which of `curvePlaces` it points at. */
export function curveFigure(
  label: string,
  words: Record<'value' | 'slope', string>,
  move: (index: number) => void,
) {
  const grid = svg('g', { class: 'grid' });
  const lines = {
    value: svg('path', { class: 'curve value' }),
    slope: svg('path', { class: 'curve slope' }),
  };
  const cursor = svg('line', { class: 'cursor', y1: 0, y2: height });
  const tangent = svg('line', { class: 'tangent' });
  const dots = {
    value: svg('circle', { class: 'value', r: 6 }),
    slope: svg('circle', { class: 'slope', r: 6 }),
  };
  const drawing = svg(
    'svg',
    { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label },
    grid,
    cursor,
    tangent,
    lines.slope,
    lines.value,
    dots.slope,
    dots.value,
  );
  let shown: Curve | null = null;
  let toY = (value: number) => value;

  const point = (event: PointerEvent) => {
    const box = drawing.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    move(Math.round(share * (curvePlaces.length - 1)));
  };
  drawing.addEventListener('pointerdown', (event) => {
    drawing.setPointerCapture(event.pointerId);
    point(event);
  });
  drawing.addEventListener('pointermove', (event) => {
    if (event.pointerType === 'mouse' || event.buttons > 0) point(event);
  });

  function show(curve: Curve): void {
    shown = curve;
    const all = [...curve.values, ...curve.slopes];
    const [low, high] = [Math.min(-1, ...all), Math.max(1, ...all)];
    toY = (value) => height - margin - ((value - low) / (high - low)) * (height - 2 * margin);
    grid.replaceChildren(...axes(low, high));
    lines.value.setAttribute('d', path(curve.values));
    lines.slope.setAttribute('d', path(curve.slopes));
  }

  function axes(low: number, high: number): SVGElement[] {
    const marks: SVGElement[] = [];
    for (let x = curveLow + 1; x < curveHigh; x++) {
      marks.push(svg('line', { x1: toX(x), x2: toX(x), y1: 0, y2: height, class: x === 0 ? 'axis' : '' }));
      if (x % 2 === 0 && x !== 0) marks.push(svg('text', { x: toX(x) + 3, y: toY(0) + 14 }, minus(x)));
    }
    const step = high - low > 6 ? 2 : high - low > 3 ? 1 : 0.5;
    for (let y = Math.ceil(low / step) * step; y <= high; y += step) {
      marks.push(svg('line', { x1: 0, x2: width, y1: toY(y), y2: toY(y), class: y === 0 ? 'axis' : '' }));
      marks.push(svg('text', { x: toX(0) + 4, y: toY(y) - 4 }, minus(y)));
    }
    return marks;
  }

  /** A jump, as the step has one, is no line. */
  function path(values: Float32Array): string {
    let line = '';
    values.forEach((value, i) => {
      const jumps = i > 0 && Math.abs(value - values[i - 1]) > 0.4;
      line += `${i === 0 || jumps ? 'M' : 'L'}${toX(curvePlaces[i]).toFixed(1)} ${toY(value).toFixed(1)}`;
    });
    return line;
  }

  function mark(index: number): void {
    if (!shown) return;
    const [x, value, slope] = [curvePlaces[index], shown.values[index], shown.slopes[index]];
    setAttributes(cursor, { x1: toX(x), x2: toX(x) });
    setAttributes(dots.value, { cx: toX(x), cy: toY(value) });
    setAttributes(dots.slope, { cx: toX(x), cy: toY(slope) });
    // As long to the eye whatever its direction.
    const [dx, dy] = [toX(1) - toX(0), toY(slope) - toY(0)];
    const half = 60 / Math.hypot(dx, dy);
    setAttributes(tangent, {
      x1: toX(x) - dx * half,
      y1: toY(value) - dy * half,
      x2: toX(x) + dx * half,
      y2: toY(value) + dy * half,
    });
  }
  const key = html(
    'ul',
    { class: 'key' },
    html('li', { class: 'series1' }, words.value),
    html('li', { class: 'series2 dashed' }, words.slope),
  );
  return { element: html('div', { class: 'curves' }, drawing, key), show, mark };
}

/** With a true minus sign. */
const minus = (value: number) => String(value).replace('-', '−');
