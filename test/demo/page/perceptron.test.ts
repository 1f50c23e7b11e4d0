import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DemoSite, openDemoSite } from '../../support/demoPage.ts';

let site: DemoSite;
beforeAll(async () => {
  site = await openDemoSite();
});
afterAll(() => site.close());

describe('the section on the perceptron', () => {
  it('leaves XOR unsolved with one neuron, and solves it with two layers', async () => {
    const visitor = await site.visit();
    const section = await visitor.section('perceptron');
    await section.getByRole('button', { name: 'Train' }).click();
    const said = section.getByRole('status');
    await said.filter({ hasText: 'one line cannot do it' }).waitFor();
    await section.getByLabel('Network', { exact: true }).selectOption('two layers, 8 hidden units');
    await section.getByRole('button', { name: 'Train' }).click();
    await said.filter({ hasText: 'Solved' }).waitFor();
    const answers = await section.locator('tbody td:nth-child(3)').allTextContents();
    expect(answers.map((text) => Math.round(Number.parseFloat(text)))).toEqual([0, 1, 1, 0]);
    expect(visitor.complaints).toEqual([]);
  });

  it('solves OR by hand, and AND by the rule of Rosenblatt', async () => {
    const visitor = await site.visit();
    const section = await visitor.section('perceptron');
    await section.getByLabel('Gate').selectOption('OR');
    for (const [name, value] of Object.entries({ 'w₁': 4, 'w₂': 4, b: -2 }))
      await section.getByLabel(name, { exact: true }).fill(String(value));
    expect(await section.locator('tbody td.good').count()).toBe(4);
    await section.getByLabel('Gate').selectOption('AND');
    expect(await section.locator('tbody td.bad').count()).toBeGreaterThan(0);
    await section.getByLabel('Activation').selectOption('step');
    await section.getByRole('button', { name: 'Train' }).click();
    await section.getByRole('status').filter({ hasText: 'Solved' }).waitFor();
    expect(visitor.complaints).toEqual([]);
  });
});
