import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DemoSite, openDemoSite } from '../../support/demoPage.ts';

let site: DemoSite;
beforeAll(async () => {
  site = await openDemoSite();
});
afterAll(() => site.close());

describe('the section on activations', () => {
  it('shows values and slopes of each activation where the marker stands', async () => {
    const visitor = await site.visit();
    const section = await visitor.section('activations');
    // dd: x, f(x), f'(x) come first.
    const shows = (index: number, value: string) =>
      section.locator('dd').nth(index).filter({ hasText: value }).waitFor();
    await shows(2, '0.2500');
    const x = section.getByLabel('x', { exact: true });
    for (const [name, at, value, slope] of [
      ['tanh', '0', '0.0000', '1.0000'],
      ['leaky ReLU', '-3', '−0.0300', '0.0100'],
      ['step', '2', '1.0000', '0.0000'],
      ['identity', '-6', '−6.0000', '1.0000'],
      ['GELU', '0', '0.0000', '0.5000'],
      ['sigmoid', '6', '0.9975', '0.0025'],
    ]) {
      await section.getByLabel('Activation', { exact: true }).selectOption(name);
      await x.fill(at);
      await shows(1, value);
      await shows(2, slope);
    }
    const curves = section.locator('.curves svg');
    const box = await curves.boundingBox();
    if (!box) throw new Error('the curves are not shown');
    await curves.hover({ position: { x: box.width / 2, y: box.height / 3 } });
    await shows(2, '0.2500');
    expect(await x.inputValue()).toBe('0');
    expect(visitor.complaints).toEqual([]);
  });

  it('shares out one among the classes, ever more evenly as it gets hotter', async () => {
    const visitor = await site.visit();
    const section = await visitor.section('activations');
    const shares = async () =>
      (await section.locator('.share').allTextContents()).map((text) => Number.parseFloat(text));
    await section.locator('.share').first().filter({ hasText: '0.644' }).waitFor();
    expect((await shares()).reduce((sum, share) => sum + share)).toBeCloseTo(1, 2);
    await section.getByLabel('Temperature T').fill('5');
    await section.locator('.share').first().filter({ hasText: '0.329' }).waitFor();
    await section.getByLabel('Logit D').fill('5');
    await section.locator('.share').last().filter({ hasText: '0.423' }).waitFor();
    expect((await shares()).reduce((sum, share) => sum + share)).toBeCloseTo(1, 2);
    expect(visitor.complaints).toEqual([]);
  });

  it('lets gradients vanish through sigmoids, and pass through ReLUs', async () => {
    const visitor = await site.visit();
    const section = await visitor.section('activations');
    const figure = section.locator('.workbench').nth(1);
    const arrived = async () => {
      await figure.locator('dd').first().filter({ hasNotText: '–' }).waitFor();
      const values = await figure.locator('dd').allTextContents();
      return values.map((text) => Number(text.replace('−', '-')));
    };
    const [sigmoid, tanh, relu] = await arrived();
    expect(sigmoid).toBeLessThan(1e-4 * relu);
    expect(sigmoid).toBeLessThan(1e-3 * tanh);
    // One layer more, and the first gets less.
    const before = await figure.locator('dd').first().textContent();
    await figure.getByLabel('Layers').fill('20');
    await figure
      .locator('dd')
      .first()
      .filter({ hasNotText: before ?? '' })
      .waitFor();
    expect((await arrived())[0]).toBeLessThan(1e-4 * sigmoid);
    expect(visitor.complaints).toEqual([]);
  });
});
