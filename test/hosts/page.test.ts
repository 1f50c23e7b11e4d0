import { describe, expect, it } from 'vitest';
import { bundle } from '../support/bundleSuite.ts';
import { runInChromium } from '../support/hosts.ts';

describe('a page that trains', () => {
  it('draws its loss, and lets others have their turn within 50 ms', async () => {
    const path = await bundle(
      'page',
      `import './test/support/englishPage.ts';
      export { trainInPage } from './test/support/pageInHost.ts';`,
    );
    const result = (await runInChromium(path, { call: 'trainInPage' })) as Record<string, number>;
    console.log(result);
    expect(result.drawn).toBeGreaterThan(50);
    expect(result.gaps).toBeGreaterThan(20);
    // One in twenty may be the fault of the machine, on which the shaders run beside the page.
    expect(result.most).toBeLessThan(50);
  });
});
