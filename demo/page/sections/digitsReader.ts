import type { DigitSample } from '../jobs/digits.ts';
import type { Look } from '../jobs/digitsNetwork.ts';
import type { Text } from '../text/language.ts';
import { message } from '../ui/controls.ts';
import { html, rich } from '../ui/element.ts';
import { type MapWall, mapWall } from '../ui/maps.ts';
import { newest } from '../ui/newest.ts';
import { fillIn, numbers } from '../ui/training.ts';
import { probabilityBars } from './digitsFigures.ts';
import { digitPad } from './digitsPad.ts';

/** Milliseconds from one look to the next while the digit stays and the network changes. */
const lookAgainAfter = 1000;

/** A pad with what the network makes of the digit on it: probabilities, and the feature maps of its convolutions. */
export function digitReader(
  text: Text['sections']['digits'],
  worker: { look(pixels: Float32Array): Promise<Look>; sample(): Promise<DigitSample> },
  section: { isTrained(): boolean; failed(error: unknown): void },
) {
  const bars = probabilityBars(text.probabilities);
  const answer = message();
  const walls = html('div', { class: 'walls' });
  let wallNames = '';
  let wallList: MapWall[] = [];
  let drawn: Float32Array | null = null;
  let label: number | null = null;
  let lookedAt = 0;
  let timer = 0;
  answer.say(text.drawHere);

  const look = newest(async () => {
    lookedAt = performance.now();
    const seen = drawn && (await worker.look(drawn));
    show(drawn ? seen : null);
  }, section.failed);

  function show(look: Look | null): void {
    bars.set(look?.probabilities ?? null);
    walls.hidden = look === null;
    if (!look) {
      answer.say(text.drawHere);
      return;
    }
    const { probabilities, maps } = look;
    const digit = probabilities.indexOf(Math.max(...probabilities));
    const reads = label === null ? text.reads : text.readsLabel;
    answer.say(
      fillIn(section.isTrained() ? reads : text.untrained, {
        digit,
        share: numbers.percent(probabilities[digit]),
        label: label ?? '',
      }),
    );
    const names = maps.map(({ name, channels }) => `${name} ${channels}`).join();
    if (names !== wallNames) {
      wallNames = names;
      wallList = maps.map(({ name, channels }) =>
        mapWall({ label: fillIn(text.maps, { name, channels }), columns: 8 }),
      );
      const figures = maps.map(({ name, height, width, channels }, i) => {
        const caption = fillIn(text.mapsCaption, { name, height, width, channels });
        return html('figure', {}, html('figcaption', {}, rich(caption)), wallList[i].element);
      });
      walls.replaceChildren(...figures);
    }
    maps.forEach((each, i) => {
      wallList[i].set(each);
    });
  }

  const pad = digitPad(text, {
    changed: (values) => {
      drawn = values;
      clearTimeout(timer);
      timer = window.setTimeout(look, 30);
    },
    drawn: () => {
      label = null;
    },
    sample: async () => {
      try {
        const sample = await worker.sample();
        label = sample.label;
        pad.put(sample.pixels);
      } catch (error) {
        section.failed(error);
      }
    },
  });

  return {
    element: html(
      'div',
      {},
      html('h3', {}, text.drawTitle),
      html('div', { class: 'drawing' }, pad.element, html('div', {}, answer.element, bars.element)),
      walls,
    ),
    look(): void {
      if (drawn) look();
    },
    /** While the network learns, its answer changes; but the training comes first. */
    lookAgain(): void {
      if (drawn && performance.now() - lookedAt > lookAgainAfter) look();
    },
  };
}
