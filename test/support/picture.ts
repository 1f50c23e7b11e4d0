import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Page } from 'playwright';
import { cache, root } from './root.ts';

/** Columns and rows to which pictures are reduced before they are compared: no letter, and no noise of a training, shows in them. */
const grid = [32, 24] as const;

export interface Likeness {
  /** Mean difference of the reduced pictures, red, green and blue, from 0 to 255. */
  readonly difference: number;
  /** Where the new picture is, and where the old one: to be copied there where the page has changed. */
  readonly taken: string;
  readonly kept: string;
}

/** Takes a picture of what the window shows, and compares it with the one that the repository keeps in `path`. */
export async function comparePicture(page: Page, path: string): Promise<Likeness> {
  mkdirSync(cache, { recursive: true });
  const taken = join(cache, 'page.png');
  const kept = join(root, path);
  await page.screenshot({ path: taken });
  const pictures = [taken, kept].map((file) =>
    existsSync(file) ? readFileSync(file).toString('base64') : '',
  );
  const [now, before] = await page.evaluate(
    async ({ pictures, grid: [columns, rows] }) => {
      const reduced = pictures.map(async (picture) => {
        if (!picture) return [];
        const bytes = Uint8Array.from(atob(picture), (character) => character.charCodeAt(0));
        const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
        const context = new OffscreenCanvas(columns, rows).getContext('2d');
        if (!context) return [];
        context.imageSmoothingQuality = 'high';
        context.drawImage(bitmap, 0, 0, columns, rows);
        return [...context.getImageData(0, 0, columns, rows).data];
      });
      return Promise.all(reduced);
    },
    { pictures, grid },
  );
  const difference =
    before.length === now.length
      ? now.reduce((sum, value, i) => sum + Math.abs(value - before[i]), 0) / ((3 / 4) * now.length)
      : 255;
  return { difference, taken: relative(root, taken), kept: path };
}
