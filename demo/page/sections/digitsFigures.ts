import { html } from '../ui/element.ts';

const classes = 10;

/** How likely each digit is: ten bars. */
export function probabilityBars(label: string) {
  const rows = Array.from({ length: classes }, (_, digit) => {
    const [bar, value] = [html('span', { class: 'bar' }), html('span', { class: 'value' }, '–')];
    const element = html(
      'li',
      {},
      html('span', { class: 'digit' }, digit),
      html('span', { class: 'track' }, bar),
      value,
    );
    return { element, bar, value };
  });
  return {
    element: html('ol', { class: 'bars', 'aria-label': label }, ...rows.map(({ element }) => element)),
    /** Null: there is nothing to be judged. */
    set(probabilities: ArrayLike<number> | null) {
      const best = probabilities ? Math.max(...Array.from(probabilities)) : 0;
      rows.forEach(({ element, bar, value }, digit) => {
        const share = probabilities?.[digit] ?? 0;
        bar.style.width = `${100 * share}%`;
        value.textContent = probabilities ? `${(100 * share).toFixed(1)} %` : '–';
        element.classList.toggle('best', probabilities !== null && share === best && best > 0.11);
      });
    },
  };
}

/** What was taken for what: a table whose cells are as dark as they are full. */
export function confusionTable(text: { caption: string; corner: string }) {
  const digits = Array.from({ length: classes }, (_, i) => i);
  const cells = digits.map(() => digits.map(() => html('td', {})));
  const element = html(
    'table',
    { class: 'confusion' },
    html('caption', {}, text.caption),
    html(
      'thead',
      {},
      html(
        'tr',
        {},
        html('th', { scope: 'col' }, text.corner),
        ...digits.map((digit) => html('th', { scope: 'col' }, digit)),
      ),
    ),
    html(
      'tbody',
      {},
      ...digits.map((digit) => html('tr', {}, html('th', { scope: 'row' }, digit), ...cells[digit])),
    ),
  );
  return {
    element,
    set(confusion: readonly (readonly number[])[] | null) {
      cells.forEach((line, truth) => {
        const total = confusion?.[truth].reduce((sum, count) => sum + count, 0) ?? 0;
        line.forEach((cell, found) => {
          const count = confusion?.[truth][found] ?? 0;
          cell.textContent = !confusion ? '' : count === 0 ? '·' : String(count);
          cell.className = count === 0 ? 'none' : truth === found ? 'right' : 'wrong';
          // Of a mistake even one is to be seen.
          const share = count / Math.max(1, total);
          cell.style.setProperty(
            '--share',
            `${Math.round(100 * (truth === found ? share : Math.min(1, share * 6 + 0.2)))}%`,
          );
        });
      });
    },
  };
}
