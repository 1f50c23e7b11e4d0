import type { Locator } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DemoSite, openDemoSite } from '../../support/demoPage.ts';

let site: DemoSite;
beforeAll(async () => {
  site = await openDemoSite();
});
afterAll(() => site.close());

/** The numbers of a table under "The numbers", row by row; they come from the worker. */
async function numbersOf(section: Locator, caption: string): Promise<number[][]> {
  const rows = section
    .locator('table.numbers')
    .filter({ hasText: new RegExp(`^${caption}`) })
    .locator('tr');
  return rows.evaluateAll((list) =>
    list.map((row) => Array.from(row.querySelectorAll('td'), (cell) => Number(cell.textContent))),
  );
}

async function fillKernel(section: Locator, values: readonly number[]): Promise<void> {
  const size = Math.sqrt(values.length);
  for (const [i, value] of values.entries()) {
    const name = `Kernel, row ${Math.floor(i / size) + 1}, column ${(i % size) + 1}`;
    await section.getByLabel(name, { exact: true }).fill(String(value));
  }
}

/** What the section shall compute: a plain loop. */
function convolved(
  picture: readonly (readonly number[])[],
  kernel: readonly number[],
  { stride = 1, padding = 0, dilation = 1 } = {},
): number[][] {
  const size = Math.sqrt(kernel.length);
  const out = Math.floor((picture.length + 2 * padding - dilation * (size - 1) - 1) / stride) + 1;
  return Array.from({ length: out }, (_, row) =>
    Array.from({ length: out }, (_, column) =>
      kernel.reduce((sum, weight, i) => {
        const y = row * stride - padding + Math.floor(i / size) * dilation;
        const x = column * stride - padding + (i % size) * dilation;
        return sum + weight * (picture[y]?.[x] ?? 0);
      }, 0),
    ),
  );
}

const edge = Array.from({ length: 8 }, () => [0, 0, 0, 0, 1, 1, 1, 1]);
const kernel = [1, -2, 3, 0.5, 0, -1, 2, 4, -3];

describe('the section on convolution', () => {
  it('computes the output of a kernel, and of what stride, padding and dilation make of it', async () => {
    const visitor = await site.visit();
    const section = await visitor.section('convolution');
    await section.getByLabel('Picture').selectOption('an edge');
    await fillKernel(section, kernel);
    const expected = (options: Parameters<typeof convolved>[2]) =>
      expect
        .poll(() => numbersOf(section, 'Output'), { timeout: 60_000 })
        .toEqual(convolved(edge, kernel, options));
    await expected({});
    await section.getByText('= 6, so 6 × 6').waitFor();
    await section.getByLabel('Padding').fill('1');
    await section.getByText('= 8, so 8 × 8').waitFor();
    await expected({ padding: 1 });
    await section.getByLabel('Stride').fill('2');
    await section.getByText('= 4, so 4 × 4').waitFor();
    await expected({ padding: 1, stride: 2 });
    await section.getByLabel('Dilation').fill('2');
    await section.getByText('= 3, so 3 × 3').waitFor();
    await expected({ padding: 1, stride: 2, dilation: 2 });
    // 3 x 3 windows of 9 numbers, computed as a matrix product, too.
    await section.getByText('9 windows of 9 numbers').waitFor();
    // 8 + 2 - 3 * 4 - 1 < 0: no window fits, and the library says so.
    await section.getByLabel('Size').selectOption('5 × 5');
    await section.getByLabel('Dilation').fill('3');
    await section.getByRole('status').filter({ hasText: 'is larger than the padded input' }).waitFor();
    expect(visitor.complaints).toEqual([]);
  });

  it('moves the window by keys, and changes cells and channels', async () => {
    const visitor = await site.visit();
    const section = await visitor.section('convolution');
    await section.getByLabel('Picture').selectOption('empty');
    await fillKernel(section, kernel);
    await expect
      .poll(() => numbersOf(section, 'Output'), { timeout: 60_000 })
      .toEqual(convolved(empty(), kernel));
    const input = section.getByRole('application', { name: 'Input', exact: true });
    await input.focus();
    for (const key of ['ArrowRight', 'ArrowDown', 'ArrowDown', 'Enter']) await input.press(key);
    const picture = empty();
    picture[2][1] = 1;
    await expect
      .poll(() => numbersOf(section, 'Output'), { timeout: 60_000 })
      .toEqual(convolved(picture, kernel));
    const output = section.getByRole('application', { name: 'Output' });
    await output.focus();
    // Into the corner, where it stops, and from there.
    for (const key of ['ArrowUp', 'ArrowLeft']) for (let i = 0; i < 6; i++) await output.press(key);
    await section.getByText('Row 1, column 1:').waitFor();
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowRight']) await output.press(key);
    // The window of row 3, column 2 begins at the cell that was set.
    await section.getByText('Row 3, column 2:').waitFor();
    await section.getByText('1·1 + 0·−2').waitFor();
    await section.getByLabel('Picture').selectOption('three channels');
    await section.getByText('36 windows of 27 numbers').waitFor();
    expect(
      await section
        .locator('.cells-figure')
        .filter({ hasText: /^Input/ })
        .filter({ visible: true })
        .count(),
    ).toBe(3);
    expect(visitor.complaints).toEqual([]);
  });

  it('pools the output, and sends the gradient to the winners alone', async () => {
    const visitor = await site.visit();
    const section = await visitor.section('convolution');
    await section.getByLabel('Picture').selectOption('an edge');
    await fillKernel(section, kernel);
    const values = convolved(edge, kernel);
    const pooled: number[][] = [];
    const gradient = values.map((row) => row.map(() => 0));
    for (let row = 0; row < 6; row += 2) {
      pooled.push([]);
      for (let column = 0; column < 6; column += 2) {
        const window = [0, 1, 2, 3].map((i) => [row + (i >> 1), column + (i & 1)] as const);
        const most = Math.max(...window.map(([y, x]) => values[y][x]));
        // The first of equal ones wins.
        const [y, x] = window.find(([y, x]) => values[y][x] === most) ?? window[0];
        gradient[y][x] = 1;
        pooled.at(-1)?.push(most);
      }
    }
    await expect.poll(() => numbersOf(section, 'Pooled'), { timeout: 60_000 }).toEqual(pooled);
    expect(await numbersOf(section, 'Gradient')).toEqual(gradient);
    expect(visitor.complaints).toEqual([]);
  });

  it('shows the kernels of the network that the next section trains', async () => {
    const visitor = await site.visit();
    const section = await visitor.section('convolution');
    await section.locator('.features').scrollIntoViewIfNeeded();
    await section.getByText('these kernels are random').waitFor();
    expect(await section.locator('.features .map-wall canvas').count()).toBe(2);
    const digits = await visitor.section('digits');
    await digits.getByRole('button', { name: 'Train' }).click();
    await digits.locator('.reading', { hasText: 'Loss' }).locator('dd', { hasText: /\d/ }).waitFor();
    await digits.getByRole('button', { name: 'Pause' }).click();
    await digits.getByRole('status').filter({ hasText: 'Paused after' }).waitFor();
    const steps = await digits.locator('.reading', { hasText: 'Steps' }).locator('dd').textContent();
    await section.locator('.features').scrollIntoViewIfNeeded();
    await section.getByText(`trained for ${steps} steps`).waitFor();
    expect(visitor.complaints).toEqual([]);
  });
});

function empty(): number[][] {
  return Array.from({ length: 8 }, () => new Array<number>(8).fill(0));
}
