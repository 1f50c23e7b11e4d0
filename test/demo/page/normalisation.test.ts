import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DemoSite, openDemoSite } from '../../support/demoPage.ts';

let site: DemoSite;
beforeAll(async () => {
  site = await openDemoSite();
});
afterAll(() => site.close());

/** Four networks are compiled first, which takes a while on a software adapter. */
const patience = { timeout: 120_000 };

async function open() {
  const visitor = await site.visit();
  const section = await visitor.section('normalisation');
  const steps = section.locator('.readings dd').first();
  await steps.filter({ hasText: /^0$/ }).waitFor(patience);
  const numbersOf = async (selector: string) =>
    (await section.locator(selector).allTextContents()).map((text) =>
      Number(text.replace('σ = ', '').replace('−', '-').replace(' %', '')),
    );
  return { visitor, section, steps, numbersOf };
}

describe('the section on batch normalisation and dropout', () => {
  it('shows what normalisation makes of small weights, and what it goes by', async () => {
    const { visitor, section, steps, numbersOf } = await open();
    await section.getByLabel('Weight spread').fill('0.3');
    await section
      .locator('.deviation')
      .nth(2)
      .filter({ hasText: /0\.0\d\d/ })
      .waitFor(patience);
    const deviations = await numbersOf('.deviation');
    // Three layers of each: what arrives gets smaller from layer to layer, or does not.
    const [plain, batchNorm] = [deviations.slice(0, 3), deviations.slice(3, 6)];
    expect(plain[2]).toBeLessThan(0.05);
    for (const deviation of batchNorm) expect(deviation).toBeCloseTo(1, 1);

    const cells = () => numbersOf('.statistics tbody td');
    const before = await cells();
    for (const unit of [0, 1, 2, 3, 4, 5]) {
      expect(before[4 * unit + 1]).toBe(0);
      expect(before[4 * unit + 3]).toBe(1);
    }
    await section.getByRole('button', { name: 'One step' }).click();
    await steps.filter({ hasText: /^1$/ }).waitFor();
    const after = await cells();
    for (const unit of [0, 1, 2, 3, 4, 5]) {
      // A tenth of the way from 0 and 1 to the mean and the variance of the batch.
      expect(Math.abs(after[4 * unit + 1] - 0.1 * before[4 * unit])).toBeLessThan(0.001);
      expect(after[4 * unit + 3]).toBeCloseTo(0.9 + 0.1 * before[4 * unit + 2], 2);
    }
    expect(visitor.complaints).toEqual([]);
  });

  it('drops the share of units that is asked for, others in each step', async () => {
    const { visitor, section, steps } = await open();
    const off = section.locator('.off');
    const share = async () => Number(/\(([\d.]+) %\)/.exec((await off.textContent()) ?? '')?.[1]);
    // Of 576 units, half a standard deviation of a share is about one in a hundred.
    expect(Math.abs((await share()) - 40)).toBeLessThan(8);
    const picture = () =>
      section.locator('.mask canvas').evaluate((each: HTMLCanvasElement) => each.toDataURL());
    const first = await picture();
    await section.getByRole('button', { name: 'One step' }).click();
    await steps.filter({ hasText: /^1$/ }).waitFor();
    expect(await picture()).not.toBe(first);
    expect(visitor.complaints).toEqual([]);
  });

  it('lets the plain network overfit, and the others less', async () => {
    const { visitor, section, steps, numbersOf } = await open();
    await section.getByRole('button', { name: 'Train' }).click();
    await steps.filter({ hasText: /^(2[0-9]|3\d|40)\d$/ }).waitFor(patience);
    await section.getByRole('button', { name: 'Pause' }).click();
    const values = await numbersOf('.variant dd');
    const [plain, batchNorm, dropout, both] = [0, 3, 6, 9].map((i) => ({
      training: values[i],
      validation: values[i + 1],
    }));
    expect(plain.validation).toBeGreaterThan(4 * plain.training);
    for (const other of [batchNorm, dropout, both]) expect(other.validation).toBeLessThan(plain.validation);
    expect(dropout.training).toBeGreaterThan(plain.training);
    expect(visitor.complaints).toEqual([]);
  });
});
