import { pixels } from '../ui/canvas.ts';
import { button, row } from '../ui/controls.ts';
import { html } from '../ui/element.ts';
import { colour, onTheme, rgb } from '../ui/theme.ts';
import { centred, type Point, side } from './digitInput.ts';

/** Of the pad in its own units; CSS makes it as wide as there is room. */
const size = 280;
const penWidth = 20;

export interface PadText {
  readonly pad: string;
  readonly seen: string;
  readonly clear: string;
  readonly sample: string;
  readonly shifts: Readonly<Record<'left' | 'up' | 'down' | 'right', string>>;
}

const directions = [
  { name: 'left', key: 'ArrowLeft', sign: '←', dx: -1, dy: 0 },
  { name: 'up', key: 'ArrowUp', sign: '↑', dx: 0, dy: -1 },
  { name: 'down', key: 'ArrowDown', sign: '↓', dx: 0, dy: 1 },
  { name: 'right', key: 'ArrowRight', sign: '→', dx: 1, dy: 0 },
] as const;

/**
 * A pad to draw a digit on, and beside it what becomes of it: 28 x 28 values as the network gets them. `changed` hears of every change, with
 * null for an empty pad; `drawn` when the visitor begins to draw; `sample` when a held-out digit is wanted, which `put` shows.
 */
export function digitPad(
  text: PadText,
  listeners: {
    changed: (values: Float32Array | null) => void;
    drawn: () => void;
    sample: () => void;
  },
) {
  const pad = html('canvas', {
    class: 'pad',
    width: size,
    height: size,
    tabindex: 0,
    role: 'application',
    'aria-label': text.pad,
  });
  const seen = pixels(text.seen, side, side);
  let strokes: Point[][] = [];
  let sample: Float32Array | null = null;
  let [dx, dy] = [0, 0];

  function values(): Float32Array | null {
    const base = sample ?? (strokes.length > 0 ? centred(strokes) : null);
    if (!base) return null;
    return Float32Array.from(base, (_, i) => {
      const [x, y] = [(i % side) - dx, Math.floor(i / side) - dy];
      return x >= 0 && x < side && y >= 0 && y < side ? base[y * side + x] : 0;
    });
  }

  function draw(next: Float32Array | null): void {
    const [paper, ink] = [rgb('surface'), rgb('ink')];
    const shade = (value: number) =>
      [0, 1, 2].map((k) => Math.round(paper[k] + (ink[k] - paper[k]) * value)) as [number, number, number];
    seen.set((i) => shade(next?.[i] ?? 0));
    const context = pad.getContext('2d');
    if (!context) return;
    context.clearRect(0, 0, size, size);
    if (sample && next) {
      const cell = size / side;
      next.forEach((value, i) => {
        if (value === 0) return;
        context.fillStyle = `rgb(${shade(value).join(' ')})`;
        context.fillRect((i % side) * cell, Math.floor(i / side) * cell, cell, cell);
      });
      return;
    }
    context.strokeStyle = colour('ink');
    context.lineWidth = penWidth;
    context.lineCap = 'round';
    context.lineJoin = 'round';
    for (const stroke of strokes) {
      context.beginPath();
      context.moveTo(...stroke[0]);
      for (const point of stroke) context.lineTo(...point);
      context.stroke();
    }
  }

  function change(): void {
    const next = values();
    draw(next);
    listeners.changed(next);
  }

  function clear(): void {
    strokes = [];
    sample = null;
    [dx, dy] = [0, 0];
  }

  function shift(x: number, y: number): void {
    [dx, dy] = [dx + x, dy + y];
    change();
  }

  const at = ({ clientX, clientY }: PointerEvent): Point => {
    const box = pad.getBoundingClientRect();
    return [((clientX - box.left) / box.width) * size, ((clientY - box.top) / box.height) * size];
  };
  let pointer: number | null = null;
  pad.addEventListener('pointerdown', (event) => {
    if (pointer !== null || event.button !== 0) return;
    if (sample) clear();
    [dx, dy] = [0, 0];
    pointer = event.pointerId;
    pad.setPointerCapture(pointer);
    strokes.push([at(event)]);
    listeners.drawn();
    change();
  });
  pad.addEventListener('pointermove', (event) => {
    if (event.pointerId !== pointer) return;
    const events = event.getCoalescedEvents?.() ?? [];
    strokes.at(-1)?.push(...(events.length > 0 ? events : [event]).map(at));
    change();
  });
  for (const end of ['pointerup', 'pointercancel'] as const) {
    pad.addEventListener(end, (event) => {
      if (event.pointerId === pointer) pointer = null;
    });
  }
  pad.addEventListener('keydown', (event) => {
    const direction = directions.find(({ key }) => key === event.key);
    if (!direction) return;
    event.preventDefault();
    shift(direction.dx, direction.dy);
  });
  onTheme(() => draw(values()));

  const arrows = directions.map(({ name, sign, dx: x, dy: y }) => {
    const arrow = button(sign, () => shift(x, y));
    arrow.setAttribute('aria-label', text.shifts[name]);
    return arrow;
  });
  return {
    element: html(
      'div',
      { class: 'digit-pad' },
      html('figure', {}, html('figcaption', {}, text.pad), pad),
      html('figure', { class: 'seen' }, html('figcaption', {}, text.seen), seen.element),
      row(
        button(text.clear, () => {
          clear();
          change();
        }),
        button(text.sample, listeners.sample),
        html('div', { class: 'arrows' }, ...arrows),
      ),
    ),
    /** Puts a digit of 28 x 28 values on the pad, in place of what is there. */
    put(next: Float32Array) {
      clear();
      sample = next;
      change();
    },
  };
}
