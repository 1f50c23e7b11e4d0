import { proxy, type Remote } from 'comlink';
import type { OpVerdict } from '../../cli/verifyOps.ts';
import type { JobOf } from '../jobs/jobs.ts';
import { type Common, failure, type Text } from '../text/language.ts';
import { button, choice, message, row } from '../ui/controls.ts';
import { html } from '../ui/element.ts';
import { fillIn } from '../ui/training.ts';
import { cell, dataTable } from './gpuTable.ts';

/** Ops beside their references: a button, how far it is, and a row for each op. */
export function verifyPart(
  text: Text['sections']['gpu'],
  common: Common,
  job: Remote<JobOf<'gpu'>>,
): HTMLElement {
  const words = text.verify;
  let isRunning = false;
  const said = message();
  said.say(words.idle);
  // Not in what is read out: the progress bar says it to those who ask.
  const current = html('p', { class: 'message', hidden: true });
  const progress = html('progress', {
    class: 'progress',
    max: 1,
    value: 0,
    'aria-label': words.progress,
    hidden: true,
  });
  const table = dataTable(words.caption, [words.op, words.results, words.error, words.bound, words.verdict], {
    numbersFrom: 1,
  });
  table.element.hidden = true;
  const which = choice({
    label: words.which,
    options: (['families', 'all'] as const).map((each) => [each, words.choices[each]] as const),
    value: 'families',
    change: () => {},
  });
  const nameOf = (op: string) => (op === 'trainingStep' ? words.trainingStep : op);

  const tell = (verdicts: OpVerdict[]) =>
    proxy((verdict: OpVerdict, done: number, total: number) => {
      verdicts.push(verdict);
      progress.max = total;
      progress.value = done;
      current.textContent = fillIn(words.running, { done, total, op: nameOf(verdict.op) });
      table.add(
        html(
          'tr',
          {},
          html('th', { scope: 'row' }, nameOf(verdict.op)),
          cell(verdict.results, 'number'),
          cell(small(verdict.worst?.error), 'number'),
          cell(small(verdict.worst?.bound), 'number'),
          cell(verdict.passed ? words.good : words.bad, verdict.passed ? 'number good' : 'number bad'),
        ),
      );
    });

  const start = button(
    words.start,
    async () => {
      if (isRunning) return job.stop();
      const verdicts: OpVerdict[] = [];
      isRunning = true;
      start.textContent = words.stop;
      table.clear();
      table.element.hidden = progress.hidden = current.hidden = false;
      progress.value = 0;
      said.say('');
      current.textContent = common.preparing;
      try {
        const isDone = await job.verify(which.value, tell(verdicts));
        const wrong = verdicts.filter(({ passed }) => !passed);
        const total = verdicts.length;
        if (!isDone) said.say(fillIn(words.stopped, { done: total }));
        else if (wrong.length === 0)
          said.say(
            fillIn(words.passed, {
              total,
              results: verdicts.reduce((sum, { results }) => sum + results, 0),
            }),
            'good',
          );
        else
          said.say(
            fillIn(words.failed, {
              wrong: wrong.length,
              total,
              ops: wrong.map(({ op, summary }) => `${nameOf(op)} (${summary})`).join('; '),
            }),
            'bad',
          );
      } catch (error) {
        said.say(failure(common, error), 'bad');
      }
      isRunning = false;
      progress.hidden = current.hidden = true;
      start.textContent = words.start;
    },
    { kind: 'main' },
  );
  return html(
    'div',
    { class: 'verify' },
    html('h3', {}, words.title),
    html('p', {}, words.intro),
    row(which.element, start),
    progress,
    current,
    said.element,
    table.element,
  );
}

/** 1.2e-7; nothing where there is no number. */
function small(value: number | undefined): string {
  if (value === undefined) return '–';
  return value === 0 ? '0' : value.toExponential(1);
}
