import type { Remote } from 'comlink';
import type { JobOf } from '../jobs/jobs.ts';
import { type Common, failure, type Text } from '../text/language.ts';
import { message } from '../ui/controls.ts';
import { type Child, html } from '../ui/element.ts';
import { fillIn } from '../ui/training.ts';
import { cell, dataTable } from './gpuTable.ts';

/** What the browser tells of the adapter: facts, features, and its limits beside those of every adapter. */
export function adapterPart(
  text: Text['sections']['gpu'],
  common: Common,
  job: Remote<JobOf<'gpu'>>,
  language: string,
) {
  const words = text.adapter;
  const facts = html('dl', { class: 'facts' });
  const limits = html('div', {});
  const said = message();
  const element = html('div', { class: 'adapter' }, html('h3', {}, words.title), facts, limits, said.element);

  async function show(): Promise<void> {
    said.say(common.preparing);
    try {
      const { info, features, limits: found } = await job.describe();
      const list: readonly (readonly [string, Child])[] = [
        [words.name, info.name],
        [words.vendor, info.vendor || words.unknown],
        [words.architecture, info.architecture || words.unknown],
        [words.kind, info.software ? words.software : words.hardware],
        [words.reason, html('span', { lang: 'en' }, info.reason)],
        [words.used, info.features.join(', ') || words.none],
        [words.features, features.join(', ') || words.none],
      ];
      facts.replaceChildren(
        ...list.flatMap(([name, value]) => [html('dt', {}, name), html('dd', {}, value)]),
      );
      const table = dataTable(words.limits, [words.limit, words.here, words.everywhere], {
        numbersFrom: 1,
      });
      const number = (value: number) => (Number.isNaN(value) ? '–' : value.toLocaleString(language));
      table.add(
        ...found.map(({ name, adapter, usual }) =>
          html(
            'tr',
            {},
            html('th', { scope: 'row' }, name),
            cell(number(adapter), adapter === usual ? 'number' : 'number good'),
            cell(number(usual), 'number'),
          ),
        ),
      );
      limits.replaceChildren(
        html(
          'details',
          {},
          html('summary', {}, fillIn(words.showLimits, { count: found.length })),
          table.element,
        ),
      );
      said.say('');
    } catch (error) {
      said.say(failure(common, error), 'bad');
    }
  }
  return { element, show };
}
