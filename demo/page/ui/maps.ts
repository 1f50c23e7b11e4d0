import { pixels } from './canvas.ts';
import { html } from './element.ts';
import { onTheme, rgb } from './theme.ts';

/** Pictures of numbers: `height` x `width`, one for each channel. */
export interface Maps {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** [channels, height, width] */
  readonly values: ArrayLike<number>;
}

export interface MapWall {
  readonly element: HTMLElement;
  set(maps: Maps): void;
}

/**
 * Maps side by side, `columns` in a row: values above zero in one colour and below in another, the stronger the farther from zero; each map
 * by its own largest value, or all by the largest of all where `together` is set.
 */
export function mapWall(options: { label: string; columns: number; together?: boolean }): MapWall {
  const { label, columns, together = false } = options;
  const place = html('div', { class: 'map-wall' });
  let wall: ReturnType<typeof pixels> | null = null;
  let shape = '';
  let shown: Maps | null = null;
  const draw = () => {
    if (!shown) return;
    const { height, width, channels, values } = shown;
    const across = Math.min(columns, channels);
    const [w, h] = [across * (width + 1) - 1, Math.ceil(channels / across) * (height + 1) - 1];
    if (shape !== `${w} ${h}` || !wall) {
      shape = `${w} ${h}`;
      wall = pixels(label, w, h);
      place.replaceChildren(wall.element);
    }
    const area = height * width;
    const largest = Float32Array.from({ length: channels }, (_, c) => {
      let most = 1e-9;
      for (let i = c * area; i < (c + 1) * area; i++) most = Math.max(most, Math.abs(values[i]));
      return most;
    });
    if (together) largest.fill(Math.max(...largest));
    const [paper, above, below, gap] = [rgb('ground'), rgb('series1'), rgb('series2'), rgb('surface')];
    wall.set((i) => {
      const [x, y] = [i % w, Math.floor(i / w)];
      const [column, line] = [Math.floor(x / (width + 1)), Math.floor(y / (height + 1))];
      const [inX, inY] = [x % (width + 1), y % (height + 1)];
      const channel = line * across + column;
      if (inX === width || inY === height || channel >= channels) return gap;
      const share = values[channel * area + inY * width + inX] / largest[channel];
      const ink = share > 0 ? above : below;
      const strength = Math.min(1, Math.abs(share));
      return [0, 1, 2].map((k) => Math.round(paper[k] + (ink[k] - paper[k]) * strength)) as [
        number,
        number,
        number,
      ];
    });
  };
  onTheme(draw);
  return {
    element: place,
    set(maps: Maps) {
      shown = maps;
      draw();
    },
  };
}
