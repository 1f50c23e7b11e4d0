import type { TextSample } from '../jobs/recurrent.ts';
import type { Text } from '../text/language.ts';
import { html } from '../ui/element.ts';
import { fillIn, numbers } from '../ui/training.ts';

/** So many samples stay in the list. */
const atMost = 12;

/** What the network wrote, the newest first. */
export function sampleList(text: Text['sections']['recurrent'], language: string) {
  const list = html('ol', { class: 'samples', 'aria-label': text.samples, tabindex: 0 });
  const clear = () => list.replaceChildren(html('li', { class: 'empty' }, text.samplesEmpty));
  clear();
  return {
    element: list,
    clear,
    add({ step, prompt, text: written }: TextSample) {
      list.querySelector('.empty')?.remove();
      list.prepend(
        html(
          'li',
          {},
          html('span', { class: 'at' }, fillIn(text.sampleAt, { steps: numbers.count(step, language) })),
          html('q', { lang: 'en' }, html('b', {}, prompt), written),
        ),
      );
      while (list.children.length > atMost) list.lastElementChild?.remove();
    },
  };
}
