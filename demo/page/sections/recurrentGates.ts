import type { Remote } from 'comlink';
import type { JobOf } from '../jobs/jobs.ts';
import type { GateReading, GateSeries } from '../jobs/recurrentGates.ts';
import type { Text } from '../text/language.ts';
import { pixels } from '../ui/canvas.ts';
import { button, choice, message, row, textField } from '../ui/controls.ts';
import { html, rich } from '../ui/element.ts';
import { onTheme, rgb } from '../ui/theme.ts';
import { fillIn } from '../ui/training.ts';

const rowsAtMost = 24;
const charactersAtMost = 64;

/** Series that lie between 0 and 1; the others lie around 0. */
const isGate = (name: GateSeries) => 'iforz'.includes(name);

/** What a cell's gates and states do while it reads a text: a picture of units x characters. */
export function gateFigure(
  text: Text['sections']['recurrent'],
  job: Remote<JobOf<'recurrent'>>,
  fail: (error: unknown) => void,
) {
  const words = text.gates;
  let asked = words.textValue;
  let reading: GateReading | null = null;
  let series: GateSeries = 'h';
  let order: keyof typeof words.orders = 'changing';
  let at: { row: number; column: number } | null = null;
  let shown: readonly number[] = [];
  let colours: ReturnType<typeof pixels> | null = null;

  const formula = html('p', { class: 'formula' });
  const value = message();
  value.say(words.point);
  const place = html('div', { class: 'heat-scroll' });
  const marker = html('div', { class: 'marker', hidden: true });
  const low = html('span', {});
  const high = html('span', {});
  const ramp = html('div', { class: 'ramp' });
  const seriesPlace = html('div', {});

  async function read(): Promise<void> {
    try {
      const next = await job.gates(asked.slice(0, charactersAtMost));
      const names = Object.keys(next.values) as GateSeries[];
      if (!reading || Object.keys(reading.values).join() !== names.join()) {
        if (!names.includes(series)) series = names.includes('f') ? 'f' : names[0];
        if (!reading && names.includes('z')) series = 'z';
        if (!reading && names.includes('f')) series = 'f';
        showChoice(names);
      }
      reading = next;
      at = null;
      build();
    } catch (error) {
      fail(error);
    }
  }

  function showChoice(names: readonly GateSeries[]): void {
    const menu = choice({
      label: words.show,
      options: names.map((name) => [name, words.names[name]] as const),
      value: series,
      change: (next) => {
        series = next;
        build();
      },
    });
    seriesPlace.replaceChildren(menu.element);
    const cell = names.includes('c') ? 'lstm' : names.includes('z') ? 'gru' : 'rnn';
    formula.replaceChildren(rich(words.formulas[cell]));
  }

  /** Makes the picture for what was read: one pixel for each value, and the characters above. */
  function build(): void {
    const { text: characters = '', hiddenSize = 1 } = reading ?? {};
    const columns = characters.length;
    if (!reading || columns === 0) {
      place.replaceChildren(html('p', {}, words.nothing));
      colours = null;
      return;
    }
    const values = reading.values[series] ?? new Float32Array();
    const units = Array.from({ length: hiddenSize }, (_, unit) => unit);
    if (order === 'changing') {
      const spread = units.map((unit) => variance(values, unit, hiddenSize));
      units.sort((a, b) => spread[b] - spread[a]);
    }
    shown = units.slice(0, rowsAtMost);
    const label = fillIn(words.figure, { name: words.names[series], rows: shown.length, columns });
    colours = pixels(label, columns, shown.length);
    const picture = html('div', { class: 'heat-picture' }, colours.element, marker);
    picture.addEventListener('pointermove', (event) => {
      const box = picture.getBoundingClientRect();
      const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
      const rowAt = Math.floor(((event.clientY - box.top) / box.height) * shown.length);
      point(rowAt, column);
    });
    const heat = html(
      'div',
      { class: 'heat', role: 'group', tabindex: 0, 'aria-label': label, keydown: move },
      html(
        'div',
        { class: 'heat-characters', 'aria-hidden': 'true' },
        ...Array.from(characters, (each) =>
          html('span', {}, each === '\n' ? '⏎' : each === ' ' ? '·' : each),
        ),
      ),
      picture,
    );
    heat.style.setProperty('--columns', String(columns));
    place.replaceChildren(heat);
    paint();
    point(at?.row ?? -1, at?.column ?? -1);
  }

  function paint(): void {
    if (!reading || !colours) return;
    const values = reading.values[series] ?? new Float32Array();
    const { hiddenSize } = reading;
    const columns = reading.text.length;
    // Gates are shown around ½, all else around 0, as far as the values on the picture go.
    const middle = isGate(series) ? 0.5 : 0;
    const used = shown.flatMap((unit) => Array.from(ofUnit(values, unit, hiddenSize)));
    const reach = Math.max(1e-6, ...used.map((each) => Math.abs(each - middle)));
    const ground = rgb('surface');
    const [positive, negative] = [rgb('series1'), rgb('series2')];
    colours.set((index) => {
      const unit = shown[Math.floor(index / columns)];
      const share = (values[(index % columns) * hiddenSize + unit] - middle) / reach;
      const end = share < 0 ? negative : positive;
      const mix = (k: number) => Math.round(ground[k] + (end[k] - ground[k]) * Math.min(1, Math.abs(share)));
      return [mix(0), mix(1), mix(2)];
    });
    const number = (each: number) => each.toFixed(2).replace('-', '−');
    low.textContent = number(middle - reach);
    high.textContent = number(middle + reach);
  }

  function move(event: Event): void {
    const { key } = event as KeyboardEvent;
    const steps: Record<string, readonly [number, number]> = {
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
    };
    const step = steps[key];
    if (!step || !reading) return;
    event.preventDefault();
    const inside = (value: number, count: number) => Math.min(count - 1, Math.max(0, value));
    point(
      at ? inside(at.row + step[0], shown.length) : 0,
      at ? inside(at.column + step[1], reading.text.length) : 0,
    );
  }

  /** Says the value of a row and a column, and marks it; none outside of the picture. */
  function point(rowAt: number, column: number): void {
    const inside =
      reading && rowAt >= 0 && rowAt < shown.length && column >= 0 && column < reading.text.length;
    marker.hidden = !inside;
    at = inside ? { row: rowAt, column } : null;
    if (!reading || !at) {
      value.say(words.point);
      return;
    }
    const columns = reading.text.length;
    marker.style.left = `${(100 * column) / columns}%`;
    marker.style.width = `${100 / columns}%`;
    marker.style.top = `${(100 * rowAt) / shown.length}%`;
    marker.style.height = `${100 / shown.length}%`;
    const character = reading.text[column];
    const unit = shown[rowAt];
    value.say(
      fillIn(words.value, {
        unit: unit + 1,
        place: column + 1,
        character: character === ' ' ? words.blank : character === '\n' ? words.newline : character,
        name: series,
        value: (reading.values[series]?.[column * reading.hiddenSize + unit] ?? Number.NaN).toFixed(3),
      }),
    );
  }

  const element = html(
    'div',
    { class: 'part gates' },
    html('h3', {}, words.title),
    html('p', {}, words.intro),
    row(
      textField({
        label: words.text,
        value: asked,
        maxLength: charactersAtMost,
        change: (next) => (asked = next),
      }),
      button(words.read, read),
      seriesPlace,
      choice({
        label: words.order,
        options: (['changing', 'first'] as const).map((each) => [each, words.orders[each]] as const),
        value: order,
        change: (next) => {
          order = next;
          at = null;
          build();
        },
      }).element,
    ),
    formula,
    place,
    html(
      'div',
      { class: 'row' },
      html('div', { class: 'legend', 'aria-hidden': 'true' }, low, ramp, high),
      value.element,
    ),
  );
  onTheme(paint);
  return { element, read };
}

/** Of one unit over all characters. */
function variance(values: Float32Array, unit: number, hiddenSize: number): number {
  const own = ofUnit(values, unit, hiddenSize);
  const mean = own.reduce((sum, each) => sum + each, 0) / own.length;
  return own.reduce((sum, each) => sum + (each - mean) ** 2, 0) / own.length;
}

function ofUnit(values: Float32Array, unit: number, hiddenSize: number): Float32Array {
  return values.filter((_, i) => i % hiddenSize === unit);
}
