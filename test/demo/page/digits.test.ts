import type { Locator } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digitsNetwork } from '../../../demo/models/digits.ts';
import { network } from '../../../demo/page/snippets/digits.ts';
import { summary } from '../../../src/layers.ts';
import { type DemoSite, openDemoSite, usualWindow, type Visitor } from '../../support/demoPage.ts';
import { comparePicture } from '../../support/picture.ts';

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

/** 8,000 digits in batches of 500: 16 steps in an epoch. */
const small = `
import { adam, softmaxCrossEntropy } from 'tensorloom';
import { dense, flatten, sequential } from 'tensorloom/layers';
import { accuracy } from 'tensorloom/metrics';
export const network = sequential([flatten(), dense(10)], { name: 'small' });
export const goal = { loss: softmaxCrossEntropy, optimizer: adam({ learningRate: 0.01 }), metrics: [accuracy()] };
export const training = { epochs: 1, batchSize: 500 };
`;

const one = [
  [0.52, 0.2],
  [0.5, 0.8],
] as const;
const zero = Array.from({ length: 25 }, (_, i) => {
  const angle = (i / 24) * 2 * Math.PI;
  return [0.5 + 0.2 * Math.sin(angle), 0.5 - 0.32 * Math.cos(angle)] as const;
});

/** Where the ink of what the network sees lies: its centre of mass and its extent, in pixels of 28. */
function ink(section: Locator): Promise<{ x: number; y: number; width: number; height: number }> {
  return section.locator('.digit-pad .seen canvas').evaluate((canvas) => {
    if (!(canvas instanceof HTMLCanvasElement)) throw new Error('there is no canvas');
    const copy = document.createElement('canvas');
    const context = copy.getContext('2d', { willReadFrequently: true });
    context?.drawImage(canvas, 0, 0);
    const data = context?.getImageData(0, 0, 28, 28).data ?? [];
    const places = Array.from({ length: 784 }, (_, i) => ({
      x: i % 28,
      y: Math.floor(i / 28),
      mass: data[0] - data[4 * i],
    })).filter(({ mass }) => mass > 0);
    const total = places.reduce((sum, { mass }) => sum + mass, 0);
    const centre = (axis: 'x' | 'y') =>
      places.reduce((sum, place) => sum + place.mass * (place[axis] + 0.5), 0) / total;
    const extent = (axis: 'x' | 'y') => {
      const all = places.map((place) => place[axis]);
      return Math.max(...all) - Math.min(...all) + 1;
    };
    return { x: centre('x'), y: centre('y'), width: extent('x'), height: extent('y') };
  });
}

describe('the section on digits', () => {
  it(`reads more than 90 % after ${steps} steps, and leaves the main thread free meanwhile`, async () => {
    const section = await visitor.section('digits');
    await keepBusy(visitor, 120);
    expect(await visitor.longTasks()).not.toEqual([]);
    const since = await visitor.now();
    const stop = await visitor.recordTasks();
    await section.getByRole('button', { name: 'Train' }).click();
    const count = section
      .locator('.reading', { hasText: 'Steps' })
      .locator('dd', { hasText: /^(1[5-9]|[2-9]\d)\d$/ });
    await draw(section, ...one);
    await section.locator('.map-wall canvas').first().waitFor();
    await count.waitFor();
    await section.getByRole('button', { name: 'Pause' }).click();
    await said(section, 'Paused after');
    const longest = await stop();
    const byClock = (await visitor.longTasks(since)).map(({ milliseconds }) => milliseconds);
    console.log(
      `${await numberOf(section, 'Steps')} steps; the main thread's longest task: ${longest.toFixed(0)} ms of CPU time, ${byClock.length > 0 ? Math.max(...byClock) : 'less than 50'} ms by the clock`,
    );
    expect(longest).toBeGreaterThan(0);
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
    // As in MNIST: the box is 20 high (21 rows where it does not begin at a row), the centre of mass in the middle.
    const drawn = await ink(section);
    expect([20, 21]).toContain(drawn.height);
    expect(drawn.width).toBeLessThan(drawn.height);
    expect(drawn.x).toBeCloseTo(14, 0);
    expect(drawn.y).toBeCloseTo(14, 0);
    await section.getByRole('button', { name: 'A held-out digit' }).click();
    await said(section, /It is a \d/);
    const shown = await ink(section);
    await section.locator('canvas.pad').press('ArrowDown');
    await section.getByRole('button', { name: 'Shift right' }).click();
    const shifted = await ink(section);
    expect(shifted.x - shown.x).toBeCloseTo(1, 5);
    expect(shifted.y - shown.y).toBeCloseTo(1, 5);
    expect(await numberOf(section, 'Steps')).toBe(before);
    expect(visitor.complaints).toEqual([]);
  });

  it('looks as the README shows it', async () => {
    const section = await visitor.section('digits');
    await said(section, /It is a \d/);
    await visitor.page.setViewportSize({ width: 1280, height: 1500 });
    await section.evaluate((element) => {
      document.documentElement.style.scrollBehavior = 'auto';
      scrollTo(0, element.getBoundingClientRect().top + scrollY - 70);
    });
    const { difference, taken, kept } = await comparePicture(visitor.page, 'demo/page.png');
    await visitor.page.setViewportSize(usualWindow);
    console.log(`the picture differs by ${difference.toFixed(1)} of 255 from that of the README`);
    expect(difference, `the page has changed: look at ${taken}, and copy it to ${kept}`).toBeLessThan(15);
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

  it('trains changed code to its end, and then goes on', async () => {
    const section = await visitor.section('digits');
    await section.getByLabel('The code').fill(small);
    await section.getByRole('button', { name: 'Train' }).click();
    await said(section, 'After 16 steps it reads');
    await section.getByRole('button', { name: 'Resume' }).click();
    await said(section, 'After 32 steps it reads');
    // Begun anew at once, it does not go on with what it knew.
    await section.getByRole('button', { name: 'Reset' }).click();
    await section.getByRole('button', { name: 'Train' }).click();
    await said(section, 'After 16 steps it reads');
    await section.getByRole('button', { name: 'Reset' }).click();
    await said(section, /Nothing has been learned yet\.$/);
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
