import type { Remote } from 'comlink';
import type { JobOf } from '../jobs/jobs.ts';
import { type Common, failure, type Text } from '../text/language.ts';
import { message } from '../ui/controls.ts';
import { html } from '../ui/element.ts';
import { fillIn } from '../ui/training.ts';
import { bytesText, cell, dataTable } from './gpuTable.ts';

/** Dispatches, submits and new buffers of the same step, counted on 2026-11-23 (README.md, "Numbers"). */
const recorded = [
  ['TensorFlow.js 4.22', 145, 10, 44],
  ['jax-js 0.1.25', 57, 58, 1],
] as const;

/** What the training step costs here, counted now, beside what it costs with others. */
export function costsPart(
  text: Text['sections']['gpu'],
  common: Common,
  job: Remote<JobOf<'gpu'>>,
  language: string,
) {
  const words = text.costs;
  const said = message();
  const table = dataTable(words.caption, [words.library, words.dispatches, words.submits, words.buffers], {
    numbersFrom: 1,
  });
  const line = (name: string, counts: readonly number[]) =>
    html(
      'tr',
      {},
      html('th', { scope: 'row' }, name),
      ...counts.map((count) => cell(count.toLocaleString(language), 'number')),
    );
  const others = recorded.map(([name, ...counts]) => line(name, counts));
  table.add(...others);

  async function show(): Promise<void> {
    said.say(words.counting);
    try {
      const { stats, newBuffers } = await job.costs();
      const own = line(words.here, [stats.dispatches, stats.submits, newBuffers]);
      own.classList.add('own');
      others[0].before(own);
      said.say(
        fillIn(words.memory, {
          shared: bytesText(stats.memoryBytes),
          unshared: bytesText(stats.unsharedBytes),
          flops: stats.flops.toLocaleString(language),
        }),
      );
    } catch (error) {
      said.say(failure(common, error), 'bad');
    }
  }
  const element = html(
    'div',
    { class: 'part costs' },
    html('h3', {}, words.title),
    html('p', {}, fillIn(words.intro, { date: words.date })),
    table.element,
    said.element,
  );
  return { element, show };
}
