import { choice } from '../ui/controls.ts';
import { html } from '../ui/element.ts';

/** 3 x 3, row by row; larger kernels have them in the middle. */
const presets = {
  identity: [0, 0, 0, 0, 1, 0, 0, 0, 0],
  blur: null,
  sharpen: [0, -1, 0, -1, 5, -1, 0, -1, 0],
  edges: [-1, -1, -1, -1, 8, -1, -1, -1, -1],
  sobelX: [-1, 0, 1, -2, 0, 2, -1, 0, 1],
  sobelY: [-1, -2, -1, 0, 0, 0, 1, 2, 1],
} as const;
type Preset = keyof typeof presets;

export interface KernelText {
  readonly kernel: string;
  readonly preset: string;
  readonly presets: Readonly<Record<Preset | 'own', string>>;
  readonly weightAt: string;
  readonly channels: readonly string[];
}

/** A preset for one channel: [size, size]. */
function presetValues(name: Preset, size: number): number[] {
  const values = presets[name];
  if (!values) return new Array<number>(size * size).fill(1 / (size * size));
  const offset = (size - 3) / 2;
  return Array.from({ length: size * size }, (_, i) => {
    const [row, column] = [Math.floor(i / size) - offset, (i % size) - offset];
    return row >= 0 && row < 3 && column >= 0 && column < 3 ? values[row * 3 + column] : 0;
  });
}

/** The kernel's values, to be chosen or written: one square of numbers for each channel. */
export function kernelEditor(
  text: KernelText,
  fill: (text: string, values: Readonly<Record<string, string | number>>) => string,
  change: () => void,
) {
  let [size, channels] = [3, 1];
  let inputs: HTMLInputElement[] = [];
  const squares = html('div', { class: 'kernels' });
  const menu = choice<Preset | 'own'>({
    label: text.preset,
    options: (Object.keys(text.presets) as (Preset | 'own')[]).map((each) => [each, text.presets[each]]),
    value: 'sobelX',
    change: (next) => {
      if (next === 'own') return;
      apply(next);
      change();
    },
  });

  function apply(name: Preset): void {
    const values = presetValues(name, size);
    inputs.forEach((input, i) => {
      input.value = String(Math.round(values[i % values.length] * 1000) / 1000);
    });
  }

  function build(): void {
    inputs = Array.from({ length: channels * size * size }, (_, i) => {
      const at = i % (size * size);
      const input = html('input', {
        type: 'number',
        step: 0.1,
        'aria-label': fill(text.weightAt, {
          row: Math.floor(at / size) + 1,
          column: (at % size) + 1,
          channel: channels > 1 ? text.channels[Math.floor(i / (size * size))] : '',
        }).trim(),
      });
      input.addEventListener('input', () => {
        menu.value = 'own';
        change();
      });
      return input;
    });
    squares.replaceChildren(
      ...Array.from({ length: channels }, (_, c) => {
        const own = html('div', { class: 'kernel' }, ...inputs.slice(c * size * size, (c + 1) * size * size));
        own.style.gridTemplateColumns = `repeat(${size}, minmax(0, 3.4rem))`;
        return html(
          'figure',
          {},
          html('figcaption', {}, channels > 1 ? `${text.kernel}: ${text.channels[c]}` : text.kernel),
          own,
        );
      }),
    );
    apply(menu.value === 'own' ? 'sobelX' : menu.value);
    if (menu.value === 'own') menu.value = 'sobelX';
  }
  build();
  return {
    element: squares,
    menu: menu.element,
    resize(nextSize: number, nextChannels: number): void {
      if (nextSize === size && nextChannels === channels) return;
      [size, channels] = [nextSize, nextChannels];
      build();
    },
    /** [size, size, channels] */
    get values(): Float32Array {
      return Float32Array.from({ length: inputs.length }, (_, i) => {
        const [place, channel] = [Math.floor(i / channels), i % channels];
        const value = inputs[channel * size * size + place].valueAsNumber;
        return Number.isFinite(value) ? value : 0;
      });
    },
  };
}
