import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DemoSite, openDemoSite } from '../../support/demoPage.ts';

let site: DemoSite;
beforeAll(async () => {
  site = await openDemoSite();
});
afterAll(() => site.close());

describe('the section on the GPU', () => {
  it('describes the adapter, and counts the training step beside others', async () => {
    const visitor = await site.visit();
    const section = await visitor.section('gpu');
    const facts = section.locator('.facts');
    expect(await facts.locator('dd').first().innerText()).not.toBe('');
    await facts.getByText(/hardware adapter/).waitFor();
    await section.getByText(/All \d+ limits/).click();
    const limit = section.getByRole('row', { name: /^maxStorageBuffersPerShaderStage/ });
    const [here, everywhere] = (await limit.locator('td').allTextContents()).map(Number);
    expect(everywhere).toBe(8);
    expect(here).toBeGreaterThanOrEqual(8);
    const counts = await section
      .locator('.costs tbody tr')
      .evaluateAll((rows) => rows.map((row) => Array.from(row.children, (cell) => cell.textContent)));
    const [name, dispatches, submits, newBuffers] = counts[0];
    expect(name).toContain('tensorloom');
    expect(Number(dispatches)).toBeLessThanOrEqual(16);
    expect([submits, newBuffers]).toEqual(['1', '0']);
    expect(counts.slice(1)).toEqual([
      ['TensorFlow.js 4.22', '145', '10', '44'],
      ['jax-js 0.1.25', '57', '58', '1'],
    ]);
    expect(visitor.complaints).toEqual([]);
  });

  it('verifies an op of each family, and profiles the step kernel by kernel', async () => {
    const visitor = await site.visit('', { viewport: { width: 390, height: 844 } });
    const section = await visitor.section('gpu');
    await section.getByRole('button', { name: 'Verify' }).click();
    await section.getByText(/^All \d+ agree/).waitFor({ timeout: 120_000 });
    const verdicts = await section.locator('.verify tbody tr td:last-child').allTextContents();
    expect(verdicts.length).toBeGreaterThan(20);
    expect(new Set(verdicts)).toEqual(new Set(['✓ agrees']));
    await section.getByRole('row', { name: /^training step/ }).waitFor();

    await section.getByRole('button', { name: 'Profile' }).click();
    await section.getByText(/ms in \d+ kernels/).waitFor({ timeout: 120_000 });
    const rows = section.locator('.profile tbody tr');
    const kernels = await rows.locator('th').allTextContents();
    const dispatches = await section.locator('.costs .own td').first().innerText();
    expect(kernels).toHaveLength(Number(dispatches));
    for (const part of ['conv2d', 'maxPool2d', 'softmaxCrossEntropy', 'conv2dFilterGradient', 'adam'])
      expect(kernels.filter((kernel) => kernel.includes(part)).length, part).toBeGreaterThan(0);
    const shares = await rows.locator('td:nth-child(4)').allTextContents();
    const sum = shares.reduce((total, share) => total + Number.parseFloat(share), 0);
    // Each is rounded to a tenth of a per cent.
    expect(Math.abs(sum - 100)).toBeLessThanOrEqual(0.05 * kernels.length);

    const [download] = await Promise.all([
      visitor.page.waitForEvent('download'),
      section.getByRole('button', { name: 'Download the trace' }).click(),
    ]);
    const trace: { traceEvents: { cat?: string }[] } = JSON.parse(
      readFileSync(await download.path(), 'utf8'),
    );
    // Tables and bars fit on a phone, or scroll by themselves.
    expect(await visitor.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    expect(trace.traceEvents.filter(({ cat }) => cat === 'kernel')).toHaveLength(kernels.length);
    expect(visitor.complaints).toEqual([]);
  });
});
