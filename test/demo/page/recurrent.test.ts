import type { Locator } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DemoSite, openDemoSite } from '../../support/demoPage.ts';

let site: DemoSite;
beforeAll(async () => {
  site = await openDemoSite();
});
afterAll(() => site.close());

/** A value of the section, by its name: 3.2 × 10⁻⁷ and 1,234 as numbers. */
async function numberOf(section: Locator, name: string): Promise<number> {
  const text = await section.locator('.reading', { hasText: name }).locator('dd').innerText();
  const digits = text.replace(/[⁰¹²³⁴⁵⁶⁷⁸⁹]/g, (digit) => String('⁰¹²³⁴⁵⁶⁷⁸⁹'.indexOf(digit)));
  return Number(digits.replace(/,/g, '').replace('⁻', '-').replace(' × 10', 'e'));
}

/** Values of a gate or state of unit 1 at the first two characters, as the arrow keys show them. */
async function firstTwo(section: Locator, series: string): Promise<[number, number]> {
  const menu = section.getByLabel('Show');
  const label = await menu.locator('option', { hasText: new RegExp(`^${series}:`) }).innerText();
  await menu.selectOption(label);
  const heat = section.getByRole('group', { name: label });
  await heat.focus();
  const values: number[] = [];
  // Back to the first character, wherever it was.
  for (let i = 0; i < 3; i++) await heat.press('ArrowLeft');
  for (const character of [1, 2]) {
    if (character > 1) await heat.press('ArrowRight');
    const said = await section.getByText(`unit 1, character ${character} `).innerText();
    values.push(Number(said.split('= ')[1]));
  }
  return [values[0], values[1]];
}

/** Waits until so many steps are done; the steps on the page only grow. */
const untilStep = (section: Locator, step: number) =>
  expect.poll(() => numberOf(section, 'Steps'), { timeout: 120_000 }).toBeGreaterThanOrEqual(step);

describe('the section on recurrent networks', () => {
  it('learns to write within 50 steps, and goes on after a reload', async () => {
    const visitor = await site.visit();
    let section = await visitor.section('recurrent');
    await section.getByLabel('Begin with').fill('The sea ');
    await section.getByRole('button', { name: 'Train', exact: true }).click();
    const samples = section.locator('.samples li');
    await samples.filter({ hasText: 'after 0 steps' }).waitFor();
    await untilStep(section, 50);
    await expect.poll(() => samples.count(), { timeout: 60_000 }).toBeGreaterThan(1);
    await section.getByRole('button', { name: 'Pause' }).click();
    await section.getByText('The weights are kept in this browser').waitFor();
    // Characters are about equally likely before anything is learned.
    const untrained = await numberOf(section, 'Untrained');
    expect(untrained).toBeGreaterThan(6);
    expect(untrained).toBeLessThan(7);
    expect(await numberOf(section, 'Bits per character')).toBeLessThan(0.75 * untrained);
    const written = await samples.locator('q').allTextContents();
    for (const each of written) expect(each).toMatch(/^The sea [\s\S]{100,}/);
    expect(new Set(written).size).toBe(written.length);

    // On, and paused once more.
    const before = await numberOf(section, 'Steps');
    await section.getByRole('button', { name: 'Resume' }).click();
    await untilStep(section, before + 2);
    await section.getByRole('button', { name: 'Pause' }).click();
    await section.getByText('The weights are kept in this browser').waitFor();
    const steps = await numberOf(section, 'Steps');
    const bits = await numberOf(section, 'Bits per character');
    await visitor.page.reload();
    section = await visitor.section('recurrent');
    await section.getByText('Trained earlier in this browser').waitFor();
    expect(await numberOf(section, 'Steps')).toBe(steps);
    expect(await numberOf(section, 'Bits per character')).toBe(bits);
    await section.getByRole('button', { name: 'Write now' }).click();
    await section
      .locator('.samples li')
      .filter({ hasText: `after ${steps} steps` })
      .waitFor();
    await section.getByRole('button', { name: 'Resume' }).click();
    await untilStep(section, steps + 5);
    // It did not begin anew.
    expect(await numberOf(section, 'Bits per character')).toBeLessThan(0.75 * untrained);
    await section.getByRole('button', { name: 'Reset' }).click();
    await section.getByText('Untrained. 16 places').waitFor();
    expect(await numberOf(section, 'Steps')).toBe(0);
    expect(visitor.complaints).toEqual([]);
  });

  it('shows gates with a column for each character', async () => {
    const visitor = await site.visit();
    const section = await visitor.section('recurrent');
    await section.getByLabel('Cell').selectOption('LSTM');
    await section.getByLabel('Show').filter({ hasText: 'forget gate' }).waitFor();
    await section.getByLabel('Text to read').fill('A whale!');
    await section.getByRole('button', { name: 'Read again' }).click();
    const heat = section.getByRole('group', { name: 'f: forget gate: 24 units, 8 characters' });
    await heat.waitFor();
    expect(await heat.locator('.heat-characters span').allTextContents()).toEqual([...'A·whale!']);
    expect(await heat.locator('canvas').evaluate((canvas: HTMLCanvasElement) => canvas.width)).toBe(8);
    // From value to value by keys. An untrained forget gate has a bias of 1: σ(1) = 0.73.
    await heat.focus();
    for (const key of ['ArrowRight', 'ArrowRight', 'ArrowRight', 'ArrowDown']) await heat.press(key);
    const said = section.getByText('character 3 “w”: f = ');
    await said.waitFor();
    const value = Number.parseFloat((await said.innerText()).split('= ')[1]);
    expect(value).toBeGreaterThan(0.5);
    expect(value).toBeLessThan(0.9);

    expect(visitor.complaints).toEqual([]);
  });

  it('shows gates that make the states: c = f c + i g, h = o tanh(c), and the GRU’s h = (1 - z) n + z h', async () => {
    const visitor = await site.visit();
    const section = await visitor.section('recurrent');
    await section.getByLabel('Which units').selectOption('the first ones');
    await section.getByLabel('Show').filter({ hasText: 'update gate' }).waitFor();
    const [z, n, h] = [
      await firstTwo(section, 'z'),
      await firstTwo(section, 'n'),
      await firstTwo(section, 'h'),
    ];
    // Three decimals are shown.
    expect(h[0]).toBeCloseTo((1 - z[0]) * n[0], 2);
    expect(h[1]).toBeCloseTo((1 - z[1]) * n[1] + z[1] * h[0], 2);

    await section.getByLabel('Cell').selectOption('LSTM');
    await section.getByLabel('Show').filter({ hasText: 'forget gate' }).waitFor();
    const lstm: Record<string, [number, number]> = {};
    for (const series of ['i', 'f', 'g', 'o', 'c', 'h']) lstm[series] = await firstTwo(section, series);
    const { i, f, g, o, c } = lstm;
    expect(c[0]).toBeCloseTo(i[0] * g[0], 2);
    expect(c[1]).toBeCloseTo(f[1] * c[0] + i[1] * g[1], 2);
    expect(lstm.h[1]).toBeCloseTo(o[1] * Math.tanh(c[1]), 2);
    expect(visitor.complaints).toEqual([]);
  });

  it('shows that gradients fade in a plain RNN, and how gates that are open keep them', async () => {
    const visitor = await site.visit();
    const section = await visitor.section('recurrent');
    const first = (cell: string) => numberOf(section, `${cell}: gradient at the first step`);
    await section.getByText('At the first of 40 steps').waitFor();
    const [rnn, lstm] = [await first('RNN'), await first('LSTM')];
    expect(rnn).toBeLessThan(1e-5);
    expect(lstm / rnn).toBeGreaterThan(100);
    await section.getByLabel('Gate bias').fill('4');
    await expect.poll(() => first('LSTM'), { timeout: 60_000 }).toBeGreaterThan(1e-2);
    expect(await first('RNN')).toBe(rnn);
    expect(await first('GRU')).toBeGreaterThan(1e-2);
    expect(visitor.complaints).toEqual([]);
  });
});
