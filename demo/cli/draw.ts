/** What the commands draw with characters. */

/** Two pixels, one above the other, by whether they are inked. */
const halfBlocks = [' ', '▄', '▀', '█'];
/** Ink begins here; half of a stroke's edge is then drawn. */
const ink = 0.4;
/** Digits lie in the middle of their 28 x 28 pixels: this margin is left out at either side. */
const margin = 2;

export interface Picture {
  /** 28 x 28 values from 0 to 1. */
  readonly pixels: Float32Array;
  /** Lines below the digit. */
  readonly captions: readonly string[];
}

/** Digits side by side, as many as `columns` characters hold, two rows of pixels to a line. */
export function drawDigits(pictures: readonly Picture[], columns = 80): string[] {
  const width =
    Math.max(28 - 2 * margin, ...pictures.flatMap(({ captions }) => captions.map(({ length }) => length))) +
    2;
  const perRow = Math.max(1, Math.floor(columns / width));
  const lines: string[] = [];
  for (let first = 0; first < pictures.length; first += perRow) {
    const row = pictures.slice(first, first + perRow).map(digitLines);
    const height = Math.max(...row.map(({ length }) => length));
    for (let line = 0; line < height; line++) {
      lines.push(
        row
          .map((digit) => (digit[line] ?? '').padEnd(width))
          .join('')
          .trimEnd(),
      );
    }
    lines.push('');
  }
  return lines;
}

function digitLines({ pixels, captions }: Picture): string[] {
  const lines: string[] = [];
  for (let y = margin; y < 28 - margin; y += 2) {
    let line = '';
    for (let x = margin; x < 28 - margin; x++) {
      const upper = pixels[y * 28 + x] > ink;
      const lower = pixels[(y + 1) * 28 + x] > ink;
      line += halfBlocks[2 * Number(upper) + Number(lower)];
    }
    lines.push(line);
  }
  return [...lines, ...captions];
}

const bars = '▁▂▃▄▅▆▇█';

/** The course of `values` in `width` characters, from 0 up to the largest. */
export function sparkline(values: readonly number[], width = 40): string {
  const largest = Math.max(...values, Number.MIN_VALUE);
  const count = Math.min(width, values.length);
  return Array.from({ length: count }, (_, i) => {
    const value = values[Math.floor((i * (values.length - 1)) / Math.max(1, count - 1))];
    return bars[Math.min(bars.length - 1, Math.floor((value / largest) * bars.length))];
  }).join('');
}

/** A bar of `share` (0 to 1) of `width` characters. */
export function bar(share: number, width = 20): string {
  return '█'.repeat(Math.round(share * width));
}

/** Rows in aligned columns; all but the first column are numbers and stand to the right. */
export function table(rows: readonly (readonly (string | number)[])[]): string[] {
  const cells = rows.map((row) => row.map(String));
  const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  return cells.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
      .join('  ')
      .trimEnd(),
  );
}

/** `[true digit][read as]` as a table; what never happened is a dot. */
export function confusionTable(confusion: readonly (readonly number[])[]): string[] {
  const classes = confusion.map((_, digit) => digit);
  const rows = confusion.map((row, digit) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    const share = total > 0 ? percent(row[digit] / total) : '-';
    return [`is ${digit}`, ...row.map((count) => (count === 0 ? '·' : count)), share];
  });
  return table([['read as', ...classes, 'right'], ...rows]);
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

/** `1m 05s` */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole}s` : `${Math.floor(whole / 60)}m ${String(whole % 60).padStart(2, '0')}s`;
}
