import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { AxeBuilder } from '@axe-core/playwright';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { en } from '../../../demo/page/text/en/index.ts';
import { ko } from '../../../demo/page/text/ko/index.ts';
import type { Language, Text } from '../../../demo/page/text/language.ts';
import { type DemoSite, openDemoSite, type Visitor } from '../../support/demoPage.ts';

const texts: Readonly<Record<Language, Text>> = { en, ko };

let site: DemoSite;
/** The sections that the page has, in their order. */
let sections: string[];
const visitors: Visitor[] = [];
beforeAll(async () => {
  site = await openDemoSite();
  const { page } = await visit();
  sections = await page.locator('main > section').evaluateAll((all) => all.map(({ id }) => id));
});
// Pages that stay open would go on computing beside the next test.
afterEach(async () => {
  for (const { page } of visitors.splice(0)) await page.context().close();
});
afterAll(() => site.close());

const visit: DemoSite['visit'] = async (...how) => {
  const visitor = await site.visit(...how);
  visitors.push(visitor);
  return visitor;
};

/** Every section of a page, one after the other, shows itself. */
async function showAll(visitor: Visitor): Promise<void> {
  for (const name of sections) await visitor.section(name);
}

/** All texts under an object, by the path that leads to them. */
function leaves(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'string') return [[path, value]];
  return Object.entries(Object(value)).flatMap(([key, child]) => leaves(child, `${path}/${key}`));
}

describe('the page as a whole', () => {
  it('weighs less than 400 kB before data', () => {
    const sizes = readdirSync(site.folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(js|css)$/.test(name))
      .map((name) => gzipSync(readFileSync(join(site.folder, name)), { level: 9 }).length);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    console.log(`the page: ${(total / 1000).toFixed(1)} kB gzipped, in ${sizes.length} scripts and styles`);
    expect(sizes.length).toBeGreaterThan(2);
    expect(total).toBeLessThan(400_000);
  });

  it('has every text in English and Korean, with the same places to fill in', () => {
    const korean = new Map(leaves(ko));
    const english = leaves(en);
    expect([...korean.keys()]).toEqual(english.map(([path]) => path));
    for (const [path, text] of english) {
      const other = korean.get(path) ?? '';
      expect(text.trim(), path).not.toBe('');
      expect(other.trim(), path).not.toBe('');
      const places = (each: string) => [...each.matchAll(/\{\w+\}/g)].map(([place]) => place).sort();
      expect(places(other), path).toEqual(places(text));
      // Sentences are translated; names and samples of text stay as they are.
      if (text.includes(' ') && /[.?]$/.test(text)) expect(other, path).toMatch(/[가-힣]/);
    }
  });

  for (const [language, text] of Object.entries(texts)) {
    it(`speaks ${language} where it is asked to`, async () => {
      const { page, complaints } = await visit(language === 'en' ? '' : `?lang=${language}`);
      await page.locator('h1').waitFor();
      expect(await page.locator('html').getAttribute('lang')).toBe(language);
      expect(await page.locator('h1').innerText()).toBe(text.common.title);
      expect(await page.title()).toContain(text.common.title);
      const titles = Object.fromEntries(
        Object.entries(text.sections).map(([name, own]) => [name, own.title]),
      );
      expect(sections.length).toBeGreaterThan(0);
      for (const [i, name] of sections.entries())
        expect(await page.locator(`#${name}-title`).innerText()).toBe(`${i + 1}${titles[name]}`);
      expect(complaints).toEqual([]);
    });
  }

  it('changes the language by the menu, and light and dark by the button, which a reload keeps', async () => {
    const { page } = await visit('', { colorScheme: 'light' });
    await page.getByLabel(en.common.language).selectOption('ko');
    await page.getByRole('heading', { level: 1, name: ko.common.title }).waitFor();
    const theme = () => page.locator('html').getAttribute('data-theme');
    expect(await theme()).toBe('light');
    await page.getByRole('button', { name: ko.common.theme }).click();
    expect(await theme()).toBe('dark');
    await page.reload();
    await page.locator('h1').waitFor();
    expect(await theme()).toBe('dark');
  });

  it('leads to a section by its link and by its address, and lets go of who scrolls on', async () => {
    const { page } = await visit('?lang=en#digits');
    const top = (name: string) =>
      page.locator(`section#${name}`).evaluate((section) => Math.round(section.getBoundingClientRect().top));
    const shown = (name: string) => page.locator(`#${name} .body[data-ready]`).waitFor();
    // Where the bar at the top ends.
    const place = await page.evaluate(() => 5 * Number.parseFloat(getComputedStyle(document.body).fontSize));
    await shown('digits');
    await expect.poll(() => top('digits')).toBe(place);
    // What lies above is shown meanwhile, and grows.
    await page.locator('nav a[href="#backPropagation"]').click();
    for (const name of ['activations', 'backPropagation']) await shown(name);
    await expect.poll(() => top('backPropagation')).toBe(place);
    await page.mouse.wheel(0, -300);
    await expect.poll(() => top('backPropagation')).toBe(place + 300);
    await page.locator('#backPropagation').evaluate((section) => section.append('Grown.'));
    await page.waitForTimeout(300);
    expect(await top('backPropagation')).toBe(place + 300);
  });

  it('is walked through by keyboard: skip link, sections, settings, and on', async () => {
    const { page } = await visit();
    await page.locator('h1').waitFor();
    const focused = () =>
      page.evaluate(() => {
        const { activeElement } = document;
        return activeElement?.getAttribute('href') ?? activeElement?.localName ?? '';
      });
    const visited: string[] = [];
    for (let i = 0; i < sections.length + 4; i++) {
      await page.keyboard.press('Tab');
      visited.push(await focused());
    }
    expect(visited).toEqual(['#main', '#main', ...sections.map((name) => `#${name}`), 'select', 'button']);

    // What the skip link leaves out: the next stop lies within the experiments.
    await page.reload();
    await page.locator('h1').waitFor();
    await page.keyboard.press('Tab');
    const skip = page.getByRole('link', { name: en.common.skip });
    expect(await skip.evaluate((link) => link === document.activeElement)).toBe(true);
    expect((await skip.boundingBox())?.x).toBeGreaterThanOrEqual(0);
    await page.locator(`#${sections[0]} .body[data-ready]`).waitFor();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.closest('main') !== null)).toBe(true);
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`has no serious fault of accessibility, ${colorScheme}`, async () => {
      const visitor = await visit('', { colorScheme });
      await showAll(visitor);
      const { violations } = await new AxeBuilder({ page: visitor.page }).analyze();
      const faults = violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(
          ({ id, nodes }) =>
            `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join('; ')}`,
        );
      expect(faults).toEqual([]);
      expect(visitor.complaints).toEqual([]);
    });
  }

  for (const language of ['en', 'ko']) {
    it(`fits on a phone without scrolling sideways, ${language}`, async () => {
      const visitor = await visit(`?lang=${language}`, { viewport: { width: 390, height: 844 } });
      await showAll(visitor);
      const wide = await visitor.page.evaluate(() => {
        const { scrollWidth } = document.documentElement;
        const outside = Array.from(document.querySelectorAll('main *'), (element) => ({
          name: `${element.localName}.${element.getAttribute('class')}`,
          right: element.getBoundingClientRect().right,
        }));
        return { scrollWidth, widest: outside.sort((a, b) => b.right - a.right).slice(0, 3) };
      });
      expect(wide.scrollWidth, JSON.stringify(wide.widest)).toBeLessThanOrEqual(390);
      expect(visitor.complaints).toEqual([]);
    });
  }
});
