import type { Features } from '../jobs/convolution.ts';
import { pixels } from '../ui/canvas.ts';
import { button, message, row } from '../ui/controls.ts';
import { html } from '../ui/element.ts';
import { mapWall } from '../ui/maps.ts';
import { onTheme, rgb } from '../ui/theme.ts';
import { keptChannel } from '../worker/keptChannel.ts';

export interface FeaturesText {
  readonly featuresTitle: string;
  readonly featuresIntro: string;
  readonly featuresTrained: string;
  readonly featuresUntrained: string;
  readonly digit: string;
  readonly filters: string;
  readonly maps: string;
  readonly another: string;
}

const side = 28;

/** The filters of the digits network's first convolution, and what each finds in a held-out digit. */
export function featureFigures(
  text: FeaturesText,
  fill: (text: string, values: Readonly<Record<string, string | number>>) => string,
  ask: (index: number) => Promise<Features>,
  failed: (error: unknown) => void,
) {
  let index = 0;
  let shown: Features | null = null;
  const picture = pixels(text.digit, side, side);
  const filters = mapWall({ label: text.filters, columns: 4 });
  const maps = mapWall({ label: text.maps, columns: 4 });
  const said = message();
  const caption = html('figcaption', {}, text.digit);
  const draw = () => {
    const [paper, ink] = [rgb('surface'), rgb('ink')];
    picture.set(
      (i) =>
        [0, 1, 2].map((k) => Math.round(paper[k] + (ink[k] - paper[k]) * (shown?.pixels[i] ?? 0))) as [
          number,
          number,
          number,
        ],
    );
  };
  onTheme(draw);

  async function show(): Promise<void> {
    try {
      const next = await ask(index);
      shown = next;
      draw();
      caption.textContent = `${text.digit}: ${next.label}`;
      if (next.filters) filters.set(next.filters);
      if (next.maps) maps.set(next.maps);
      said.say(
        next.trained
          ? fill(text.featuresTrained, {
              steps: next.trained.steps,
              accuracy:
                next.trained.accuracy === null ? '–' : `${(100 * next.trained.accuracy).toFixed(1)} %`,
            })
          : text.featuresUntrained,
      );
    } catch (error) {
      failed(error);
    }
  }

  const figure = (label: string | HTMLElement, content: HTMLElement) =>
    html('figure', {}, typeof label === 'string' ? html('figcaption', {}, label) : label, content);
  const element = html(
    'div',
    { class: 'features stack' },
    html('h3', {}, text.featuresTitle),
    html('p', {}, text.featuresIntro),
    row(
      button(text.another, () => {
        index++;
        void show();
      }),
    ),
    said.element,
    html(
      'div',
      { class: 'feature-figures' },
      html('figure', { class: 'seen' }, caption, picture.element),
      html('div', {}, figure(text.filters, filters.element), figure(text.maps, maps.element)),
    ),
  );
  let isVisible = false;
  let isStale = true;
  const update = () => {
    if (!isVisible || !isStale) return;
    isStale = false;
    void show();
  };
  new IntersectionObserver((entries) => {
    isVisible = entries.at(-1)?.isIntersecting ?? false;
    update();
  }).observe(element);
  new BroadcastChannel(keptChannel).addEventListener('message', () => {
    isStale = true;
    update();
  });
  return { element };
}
