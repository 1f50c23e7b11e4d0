import { type Digits, pixelsPerDigit } from '../../models/digits.ts';

/** What digits.bin holds (see demo/site/data.ts): first those to learn from. */
const [trainCount, heldOutCount] = [8000, 2000];

export interface DigitsData {
  readonly train: Digits;
  readonly heldOut: Digits;
}

let loading: Promise<DigitsData> | null = null;

/** The handwritten digits of the site, for a worker; loaded once. */
export function loadDigits(): Promise<DigitsData> {
  loading ??= load().catch((error: unknown) => {
    // The next call tries again.
    loading = null;
    throw error;
  });
  return loading;
}

async function load(): Promise<DigitsData> {
  const response = await fetch(new URL('digits.bin', self.location.href));
  if (!response.ok || !response.body)
    throw new Error(`digits.bin: ${response.status} ${response.statusText}`);
  const unpacked = response.body.pipeThrough(new DecompressionStream('gzip'));
  const bytes = new Uint8Array(await new Response(unpacked).arrayBuffer());
  const count = trainCount + heldOutCount;
  const part = (first: number, length: number): Digits => ({
    count: length,
    pixels: Float32Array.from(
      bytes.subarray(first * pixelsPerDigit, (first + length) * pixelsPerDigit),
      (value) => value / 255,
    ),
    labels: Int32Array.from(
      bytes.subarray(count * pixelsPerDigit + first, count * pixelsPerDigit + first + length),
    ),
  });
  return { train: part(0, trainCount), heldOut: part(trainCount, heldOutCount) };
}

/** The first `count` digits. */
export function firstOf({ pixels, labels }: Digits, count: number): Digits {
  return { count, pixels: pixels.subarray(0, count * pixelsPerDigit), labels: labels.subarray(0, count) };
}
