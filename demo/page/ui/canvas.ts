import { html } from './element.ts';

/** A canvas as sharp as the screen, described in words. `draw` gets it with units of CSS pixels. */
export function canvas(
  label: string,
  width: number,
  height: number,
): { element: HTMLCanvasElement; draw(paint: (context: CanvasRenderingContext2D) => void): void } {
  const scale = Math.min(2, devicePixelRatio || 1);
  const element = html('canvas', {
    role: 'img',
    'aria-label': label,
    width: width * scale,
    height: height * scale,
  });
  element.style.aspectRatio = `${width} / ${height}`;
  element.style.width = `${width}px`;
  return {
    element,
    draw(paint) {
      const context = element.getContext('2d');
      if (!context) return;
      context.setTransform(scale, 0, 0, scale, 0, 0);
      context.clearRect(0, 0, width, height);
      paint(context);
    },
  };
}

/** Values as a picture, one pixel each, enlarged by CSS without smoothing: `colourOf` gives red, green and blue. */
export function pixels(
  label: string,
  columns: number,
  rows: number,
): { element: HTMLCanvasElement; set(colourOf: (index: number) => readonly [number, number, number]): void } {
  const element = html('canvas', {
    class: 'pixels',
    role: 'img',
    'aria-label': label,
    width: columns,
    height: rows,
  });
  element.style.aspectRatio = `${columns} / ${rows}`;
  return {
    element,
    set(colourOf) {
      const context = element.getContext('2d');
      if (!context) return;
      const image = context.createImageData(columns, rows);
      for (let i = 0; i < columns * rows; i++) {
        const [red, green, blue] = colourOf(i);
        image.data.set([red, green, blue, 255], 4 * i);
      }
      context.putImageData(image, 0, 0);
    },
  };
}
