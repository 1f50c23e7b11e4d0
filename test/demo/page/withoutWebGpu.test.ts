import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DemoSite, openDemoSite } from '../../support/demoPage.ts';

let site: DemoSite;
beforeAll(async () => {
  site = await openDemoSite({ webgpu: false });
});
afterAll(() => site.close());

/** The CPU reference is slow, and the machine may be, too. */
const patience = { timeout: 120_000 };

/** What Chromium itself has to say, where it knows WebGPU and finds no adapter. */
const remark = 'warning: No available adapters.';

describe('the page in a browser without WebGPU', () => {
  it('says so, and trains a perceptron on the CPU reference', async () => {
    const visitor = await site.visit();
    await visitor.page.locator('.banner', { hasText: 'no WebGPU' }).waitFor();
    const section = await visitor.section('perceptron');
    await section.getByLabel('Network', { exact: true }).selectOption('two layers, 8 hidden units');
    await section.getByRole('button', { name: 'Train' }).click();
    await section.getByRole('status').filter({ hasText: 'Solved' }).waitFor(patience);
    expect(visitor.complaints.filter((each) => each !== remark)).toEqual([]);
  });

  it('computes activations and the gradients of deep networks', async () => {
    const visitor = await site.visit();
    const section = await visitor.section('activations');
    await section.locator('dd').nth(2).filter({ hasText: '0.2500' }).waitFor(patience);
    await section.locator('.share').first().filter({ hasText: '0.644' }).waitFor(patience);
    await section.locator('dd').nth(3).filter({ hasText: 'e−8' }).waitFor(patience);
    expect(visitor.complaints.filter((each) => each !== remark)).toEqual([]);
  });

  it('learns the circle', async () => {
    const visitor = await site.visit();
    const section = await visitor.section('backPropagation');
    const explained = section.locator('.explained');
    await explained.filter({ hasText: 'parameters' }).waitFor(patience);
    await section.getByRole('button', { name: 'Train' }).click();
    await section
      .locator('dd')
      .nth(2)
      .filter({ hasText: /^(9[89]|100)/ })
      .waitFor(patience);
    expect(visitor.complaints.filter((each) => each !== remark)).toEqual([]);
  });

  it('trains with batch normalisation and dropout', async () => {
    const visitor = await site.visit();
    const section = await visitor.section('normalisation');
    const steps = section.locator('.readings dd').first();
    await steps.filter({ hasText: /^0$/ }).waitFor(patience);
    const losses = async () =>
      (await section.locator('.variant dd').allTextContents()).map(Number.parseFloat);
    const before = await losses();
    await section.getByRole('button', { name: 'Train' }).click();
    await steps.filter({ hasText: /^[2-9]\d$/ }).waitFor(patience);
    await section.getByRole('button', { name: 'Pause' }).click();
    const after = await losses();
    for (const variant of [0, 3, 6, 9]) expect(after[variant]).toBeLessThan(0.7 * before[variant]);
    expect(visitor.complaints.filter((each) => each !== remark)).toEqual([]);
  });
});
