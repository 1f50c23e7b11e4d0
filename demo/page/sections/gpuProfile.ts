import type { Remote } from 'comlink';
import type { KernelRow, ProfileReading } from '../jobs/gpu.ts';
import type { JobOf } from '../jobs/jobs.ts';
import { type Common, failure, type Text } from '../text/language.ts';
import { button, message, row } from '../ui/controls.ts';
import { html, rich } from '../ui/element.ts';
import { fillIn } from '../ui/training.ts';
import { bytesText, cell, dataTable } from './gpuTable.ts';

/** Where the time of the training step goes, kernel by kernel. */
export function profilePart(
  text: Text['sections']['gpu'],
  common: Common,
  job: Remote<JobOf<'gpu'>>,
  language: string,
): HTMLElement {
  const words = text.profile;
  const said = message();
  const bars = html('div', { class: 'kernel-bars', 'aria-hidden': 'true' });
  const legend = html(
    'div',
    { class: 'kinds', 'aria-hidden': 'true' },
    ...kinds.map((kind) =>
      html('span', {}, html('span', { class: `kernel-bar ${kind}` }), words.kinds[kind]),
    ),
  );
  const table = dataTable(
    words.caption,
    [words.kernel, words.op, words.time, words.share, words.bytes, words.roof],
    { numbersFrom: 2 },
  );
  const results = html('div', { class: 'figures', hidden: true }, legend, bars, table.element);
  let trace = '';
  const download = button(words.download, () => {
    const address = URL.createObjectURL(new Blob([trace], { type: 'application/json' }));
    html('a', { href: address, download: 'tensorloom-trace.json' }).click();
    URL.revokeObjectURL(address);
  });
  const after = html(
    'div',
    { class: 'row', hidden: true },
    download,
    html('span', {}, rich(words.downloadHint)),
  );

  function show({ kernels, milliseconds, clock, roof, trace: written }: ProfileReading): void {
    trace = written;
    const longest = Math.max(...kernels.map(({ share }) => share));
    bars.replaceChildren(
      ...[...kernels]
        .sort((a, b) => b.share - a.share)
        .flatMap((kernel) => {
          const bar = html('div', { class: `kernel-bar ${kindOf(kernel)}` });
          bar.style.width = `${(100 * kernel.share) / longest}%`;
          return [
            html('span', { class: 'name' }, kernel.label),
            bar,
            html('span', {}, percent(kernel.share)),
          ];
        }),
    );
    table.clear();
    table.add(
      ...kernels.map((kernel) =>
        html(
          'tr',
          {},
          html('th', { scope: 'row' }, kernel.label),
          cell(kernel.path),
          cell(kernel.milliseconds.toFixed(3), 'number'),
          cell(percent(kernel.share), 'number'),
          cell(bytesText(kernel.bytes), 'number'),
          cell(kernel.ofRoof === null ? '–' : percent(kernel.ofRoof), 'number'),
        ),
      ),
    );
    const common = {
      milliseconds: milliseconds.toFixed(milliseconds < 10 ? 2 : 1),
      kernels: kernels.length,
      clock: words.clocks[clock],
    };
    const short = (perSecond: number) =>
      (perSecond / 1e9).toLocaleString(language, { maximumSignificantDigits: 3 });
    said.say(
      roof
        ? fillIn(words.done, {
            ...common,
            flops: short(roof.flopsPerSecond),
            bytes: short(roof.bytesPerSecond),
          })
        : fillIn(words.doneWithoutRoof, common),
    );
    results.hidden = after.hidden = false;
  }

  const start = button(
    words.start,
    async () => {
      start.disabled = true;
      said.say(words.running);
      try {
        show(await job.profile());
      } catch (error) {
        said.say(failure(common, error), 'bad');
      }
      start.disabled = false;
    },
    { kind: 'main' },
  );
  return html(
    'div',
    { class: 'part profile' },
    html('h3', {}, words.title),
    html('p', {}, words.intro),
    row(start, said.element),
    results,
    after,
  );
}

const kinds = ['forward', 'backward', 'update'] as const;

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/** Whether a kernel computes values, gradients, or new weights: for its colour. */
function kindOf({ label, path }: KernelRow): (typeof kinds)[number] {
  if (/adam/i.test(label)) return 'update';
  return /gradient|backward/i.test(`${label} ${path}`) ? 'backward' : 'forward';
}
