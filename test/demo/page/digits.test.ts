import type { Locator } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digitsNetwork } from '../../../demo/models/digits.ts';
import { network } from '../../../demo/page/snippets/digits.ts';
import { summary } from '../../../src/layers.ts';
import { type DemoSite, openDemoSite, type Visitor } from '../../support/demoPage.ts';

/** Of 32 digits each, after which the network reads more than 90 % of 500 held-out digits. */
const steps = 150;

let site: DemoSite;
let visitor: Visitor;
beforeAll(async () => {
  site = await openDemoSite();
  visitor = await site.visit();
});
afterAll(() => site.close());

const said = (section: Locator, text: string | RegExp) =>
  section.getByRole('status').filter({ hasText: text }).waitFor();

async function numberOf(section: Locator, name: string): Promise<number> {
  const text = await section.locator('.reading', { hasText: name }).locator('dd').textContent();
  return Number.parseFloat(text?.replaceAll(',', '') ?? '');
}

/** Draws with the mouse, through points that are shares of the pad's width and height. */
async function draw(section: Locator, ...points: readonly (readonly [number, number])[]): Promise<void> {
  const pad = section.locator('canvas.pad');
  await pad.scrollIntoViewIfNeeded();
  const box = await pad.boundingBox();
  if (!box) throw new Error('the pad is not there');
  const { mouse } = visitor.page;
  const [first, ...rest] = points.map(([x, y]) => [box.x + x * box.width, box.y + y * box.height] as const);
  await mouse.move(...first);
  await mouse.down();
  for (const point of rest) await mouse.move(...point, { steps: 4 });
  await mouse.up();
}

/** A task of the main thread that takes so long, to see that it is seen. */
async function keepBusy({ page }: Visitor, milliseconds: number): Promise<void> {
  await page.evaluate(async (length) => {
    await new Promise<void>((resolve) => {
      setTimeout(() => {
        const end = performance.now() + length;
        while (performance.now() < end);
        setTimeout(resolve, 50);
      });
    });
  }, milliseconds);
}

const one = [
  [0.52, 0.2],
  [0.5, 0.8],
] as const;
const zero = Array.from({ length: 25 }, (_, i) => {
  const angle = (i / 24) * 2 * Math.PI;
  return [0.5 + 0.2 * Math.sin(angle), 0.5 - 0.32 * Math.cos(angle)] as const;
});

describe('the section on digits', () => {
  it(`reads more than 90 % after ${steps} steps, and leaves the main thread free meanwhile`, async () => {
    const section = await visitor.section('digits');
    await keepBusy(visitor, 120);
    expect(await visitor.longTasks()).not.toEqual([]);
    const since = await visitor.now();
    await section.getByRole('button', { name: 'Train' }).click();
    const count = section
      .locator('.reading', { hasText: 'Steps' })
      .locator('dd', { hasText: /^(1[5-9]|[2-9]\d)\d$/ });
    await draw(section, ...one);
    await section.locator('.map-wall canvas').first().waitFor();
    await count.waitFor();
    await section.getByRole('button', { name: 'Pause' }).click();
    await said(section, 'Paused after');
    const tasks = await visitor.longTasks(since);
    const longest = Math.max(0, ...tasks.map(({ milliseconds }) => milliseconds));
    console.log(`${await numberOf(section, 'Steps')} steps, longest task of the main thread: ${longest} ms`);
    expect(longest).toBeLessThan(200);

    const accuracy = await numberOf(section, 'Held-out accuracy');
    expect(accuracy).toBeGreaterThan(90);
    const cells = await section.locator('table.confusion tbody td').allTextContents();
    const counts = cells.map((text) => (text === '·' ? 0 : Number(text)));
    expect(counts.reduce((sum, each) => sum + each, 0)).toBe(500);
    const right = counts.filter((_, i) => i % 11 === 0).reduce((sum, each) => sum + each, 0);
    expect(right / 5).toBeCloseTo(accuracy, 1);
    await section
      .locator('.reading', { hasText: 'A step' })
      .getByText(/\d+ dispatches, 1 submit/)
      .waitFor();
    expect(visitor.complaints).toEqual([]);
  });

  it('makes no step while it is paused, and reads what is drawn', async () => {
    const section = await visitor.section('digits');
    const before = await numberOf(section, 'Steps');
    await said(section, 'reads 1');
    expect(await section.locator('.map-wall canvas').count()).toBe(2);
    await section.getByRole('button', { name: 'Clear' }).click();
    await draw(section, ...zero);
    await said(section, 'reads 0');
    await section.getByRole('button', { name: 'A held-out digit' }).click();
    await said(section, /It is a \d/);
    expect(await numberOf(section, 'Steps')).toBe(before);
    expect(visitor.complaints).toEqual([]);
  });

  it('has the network after a reload, goes on with it, and forgets it when it is reset', async () => {
    const accuracy = await numberOf(await visitor.section('digits'), 'Held-out accuracy');
    const before = await numberOf(await visitor.section('digits'), 'Steps');
    await visitor.page.reload();
    const section = await visitor.section('digits');
    await said(
      section,
      `Trained earlier: ${accuracy.toFixed(1)} % of 500 held-out digits after ${before} steps`,
    );
    await draw(section, ...one);
    await said(section, 'reads 1');
    expect(await numberOf(section, 'Steps')).toBe(before);

    await section.getByRole('button', { name: 'Resume' }).click();
    await section.getByRole('button', { name: 'Pause' }).waitFor();
    const more = section.locator('.reading', { hasText: 'Steps' }).locator('dd');
    await expect
      .poll(async () => Number(await more.textContent()), { timeout: 60_000 })
      .toBeGreaterThan(before);
    await section.getByRole('button', { name: 'Reset' }).click();
    await said(section, 'equally likely');
    await visitor.page.reload();
    await (await visitor.section('digits')).getByRole('button', { name: 'A held-out digit' }).click();
    await said(await visitor.section('digits'), 'equally likely');
    expect(visitor.complaints).toEqual([]);
  });

  it('says what is wrong with changed code', async () => {
    const section = await visitor.section('digits');
    const editor = section.getByLabel('The code');
    await editor.fill('export const network = 1;');
    await section.getByRole('button', { name: 'Train' }).click();
    await said(section, 'It failed: the code has to export goal');
    await editor.fill("import { conv3d } from 'tensorloom';");
    await section.getByRole('button', { name: 'Train' }).click();
    await said(section, 'It failed: "tensorloom" has no "conv3d"');
    expect(visitor.complaints).toEqual([]);
  });

  it('shows the code of the network that the commands train', () => {
    const shape = [1, 28, 28, 1];
    expect(summary(network, shape).table).toBe(summary(digitsNetwork(), shape).table);
  });
});
