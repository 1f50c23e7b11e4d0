import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DemoSite, openDemoSite } from '../../support/demoPage.ts';

let site: DemoSite;
beforeAll(async () => {
  site = await openDemoSite();
});
afterAll(() => site.close());

/** Trainings take a while on a software adapter. */
const patience = { timeout: 120_000 };

async function open() {
  const visitor = await site.visit();
  const section = await visitor.section('backPropagation');
  const explained = section.locator('.explained');
  await explained.filter({ hasText: 'parameters' }).waitFor(patience);
  const numbersOf = async (of: RegExp) => {
    const text = ((await explained.textContent()) ?? '').replaceAll('−', '-');
    const found = of.exec(text);
    if (!found) throw new Error(`"${text}" does not match ${of}`);
    return found.slice(1).map(Number);
  };
  return { visitor, section, explained, numbersOf };
}

describe('the section on back-propagation', () => {
  it('goes through the phases of a step with numbers that belong together', async () => {
    const { visitor, section, explained, numbersOf } = await open();
    expect(await numbersOf(/has (\d+) parameters/)).toEqual([2 * 6 + 6 + 6 * 6 + 6 + 6 + 1]);
    const next = async (phase: string) => {
      await section.getByRole('button', { name: 'One step' }).click();
      await section.locator('li[aria-current="step"]', { hasText: phase }).waitFor(patience);
    };
    await next('Forward');
    const [logit, probability] = await numbersOf(/gives (\S+); .* probability of (\S+) for/);
    expect(1 / (1 + Math.exp(-logit))).toBeCloseTo(probability, 2);
    await next('Loss');
    const [given, sampleLoss, loss] = await numbersOf(/gives (\S+)\. .* = (\S+)\. .* points is ([\d.]+):/);
    expect(-Math.log(given)).toBeCloseTo(sampleLoss, 2);
    await next('Gradient');
    const [gradient] = await numbersOf(/change by (\S+) times/);
    await next('Update');
    await explained.filter({ hasText: 'went from' }).waitFor(patience);
    const [from, to, lossBefore, lossAfter] = await numbersOf(
      /went from (\S+) to (\S+); .* from (\S+) to ([\d.]+)\./,
    );
    // Adam's first step is its rate, whatever the gradient, against it.
    expect(to - from).toBeCloseTo(-0.03 * Math.sign(gradient), 3);
    expect(lossBefore).toBe(loss);
    expect(lossAfter).toBeLessThan(lossBefore);
    await next('Forward');
    expect(visitor.complaints).toEqual([]);
  });

  it('learns the circle, and goes on from a pause', async () => {
    const { visitor, section, explained } = await open();
    await section.getByRole('button', { name: 'Train' }).click();
    await section
      .locator('dd')
      .nth(2)
      .filter({ hasText: /^(9\d|100)/ })
      .waitFor(patience);
    await section.getByRole('button', { name: 'Pause' }).click();
    await section.getByRole('button', { name: 'Resume' }).click();
    await explained.filter({ hasText: 'right side' }).waitFor(patience);
    const said = (await explained.textContent()) ?? '';
    expect(Number.parseFloat(said)).toBeGreaterThan(98);
    await section.getByRole('button', { name: 'Reset' }).click();
    await section.locator('dd').first().filter({ hasText: /^0$/ }).waitFor(patience);
    expect(visitor.complaints).toEqual([]);
  });

  it('trains the network that the visitor writes, and says what is wrong with one that does not fit', async () => {
    const { visitor, section, explained } = await open();
    const editor = section.getByLabel('The code: change it');
    const network = (layers: string) => `import { sgd } from 'tensorloom';
import { dense, sequential } from 'tensorloom/layers';
export const network = sequential([${layers}]);
export const optimizer = sgd({ learningRate: 0.5 });`;
    // A line cannot part a disc from the ring around it.
    await editor.fill(network('dense(1)'));
    await section.getByRole('button', { name: 'Train' }).click();
    await explained.filter({ hasText: 'right side' }).waitFor(patience);
    expect(Number.parseFloat((await explained.textContent()) ?? '')).toBeLessThan(80);
    expect(await section.locator('.diagram line').count()).toBe(2);

    const wrong = async (code: string, words: string) => {
      await editor.fill(code);
      await section.getByRole('button', { name: 'Train' }).click();
      await section.locator('.message.bad', { hasText: words }).waitFor(patience);
    };
    await wrong(network('dense(3)'), 'prediction [160, 3] and target [160, 1] must have the same shape');
    await wrong(network('dense(0)'), 'dense: units');
    await wrong('export const network = 1;', 'must export a network');
    expect(visitor.complaints).toEqual([]);
  });

  it('compares four optimizers from the same start', async () => {
    const { visitor, section } = await open();
    await section.getByRole('button', { name: 'Compare optimizers' }).click();
    const comparison = section.locator('.comparison');
    await comparison.locator('.caption', { hasText: 'After 150 steps' }).waitFor(patience);
    expect(await comparison.locator('.caption').textContent()).toMatch(/with a loss of 0\.\d{4}\. /);
    const losses = (await comparison.locator('dd').allTextContents()).map(Number);
    expect(losses).toHaveLength(4);
    expect(new Set(losses).size).toBe(4);
    // Plain gradient descent is the last of them here.
    expect(Math.max(...losses)).toBe(losses[0]);
    expect(await comparison.locator('.u-series').count()).toBe(5);
    expect(visitor.complaints).toEqual([]);
  });
});
