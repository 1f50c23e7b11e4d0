import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDigits } from '../../demo/cli/mnist.ts';
import { type LearnedGate, learnGate } from '../../demo/models/gates.ts';
import { decodeSafetensors, encodeSafetensors, openDevice } from '../../src/index.ts';
import { type Ending, start } from './start.ts';

const folder = mkdtempSync(join(tmpdir(), 'tensorloom-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the digits', () => {
  it('are 10,000, each in one part of the same split, and balanced', () => {
    const { train, heldOut } = readDigits();
    expect([train.count, heldOut.count]).toEqual([8000, 2000]);
    const seen = new Set<string>();
    for (const { pixels, labels, count } of [train, heldOut]) {
      expect(pixels.length).toBe(count * 784);
      for (let i = 0; i < count; i++) {
        const digit = pixels.subarray(784 * i, 784 * (i + 1));
        seen.add(Buffer.from(digit.buffer, digit.byteOffset, digit.byteLength).toString('base64'));
      }
      for (let digit = 0; digit < 10; digit++) {
        const share = labels.filter((label) => label === digit).length / count;
        expect(share).toBeGreaterThan(0.07);
        expect(share).toBeLessThan(0.13);
      }
    }
    expect(seen.size).toBe(10_000);
    expect(Array.from(heldOut.labels.subarray(0, 8))).toEqual([4, 1, 3, 6, 7, 0, 0, 7]);
  });
});

describe('gates', () => {
  it('learns OR and AND with one perceptron, XOR with two layers, and says so', async () => {
    const { code, stdout, stderr } = await start(['gates', '--json']);
    expect(code, stderr).toBe(0);
    const result: { seed: number; device: { backend: string }; gates: LearnedGate[] } = JSON.parse(stdout);
    expect(result.device.backend).toBe('webgpu');
    expect(result.gates.map(({ gate, layers, learned }) => [gate, layers, learned])).toEqual([
      ['OR', 1, true],
      ['AND', 1, true],
      ['XOR', 1, false],
      ['XOR', 2, true],
    ]);
    const [or, , xor] = result.gates;
    // The output is 0.5 where the line is, and OR's line parts [0, 0] from the rest.
    const [w1, w2, b] = or.line ?? [0, 0, 0];
    expect(b).toBeLessThan(0);
    expect(Math.min(w1, w2) + b).toBeGreaterThan(0);
    // XOR's cross-entropy is convex with its minimum ln 2 where all weights are 0.
    expect(xor.loss).toBeCloseTo(Math.LN2, 4);
    expect(stderr).toContain('no straight line parts them');
  });

  it('does so from any seed', async () => {
    const device = await openDevice({ backend: 'cpu' });
    for (let seed = 100; seed < 120; seed++) {
      expect(await learnGate(device, 'XOR', { layers: 2, seed }), `seed ${seed}`).toMatchObject({
        learned: true,
      });
      expect(await learnGate(device, 'AND', { layers: 1, seed }), `seed ${seed}`).toMatchObject({
        learned: true,
      });
      expect(await learnGate(device, 'XOR', { layers: 1, seed }), `seed ${seed}`).toMatchObject({
        learned: false,
      });
    }
    device.dispose();
  });
});

describe('digits and predict', () => {
  const weights = join(folder, 'short.safetensors');
  let trained: Ending;
  beforeAll(async () => {
    trained = await start(['--epochs', '2', '--limit', '600', '--json', '--output', weights]);
  });

  it('trains, judges and saves', () => {
    expect(trained.code, trained.stderr).toBe(0);
    const result = JSON.parse(trained.stdout);
    expect(result).toMatchObject({
      command: 'digits',
      outcome: 'finished',
      trainedOn: 600,
      steps: 18,
      total: 600,
    });
    expect(result.correct / 600).toBe(result.accuracy);
    // Guessing gives 0.1.
    expect(result.accuracy).toBeGreaterThan(0.4);
    const counts: number[] = result.confusion.flat();
    expect(counts.reduce((a, b) => a + b)).toBe(600);
    expect(result.step.submits).toBe(1);
    expect(trained.stderr).toMatch(/epoch 2\/2 {2}loss/);
    expect(readdirSync(folder)).toEqual(['short.safetensors']);
  });

  it('reads the digits as well with the saved weights', async () => {
    const { code, stdout, stderr } = await start([
      'predict',
      weights,
      '--limit',
      '600',
      '--digit',
      '2',
      '--json',
    ]);
    expect(code, stderr).toBe(0);
    const result = JSON.parse(stdout);
    expect(result.accuracy).toBe(JSON.parse(trained.stdout).accuracy);
    const [{ number, label, probabilities }] = result.digits;
    expect([number, label]).toEqual([2, 3]);
    expect(probabilities.reduce((a: number, b: number) => a + b)).toBeCloseTo(1, 5);
    expect(stderr).toContain('█');
  });

  it('says which tensors of a file do not fit', async () => {
    const { tensors, metadata } = decodeSafetensors(readFileSync(weights));
    expect(metadata.format).toBe('tensorloom digits');
    const { 'digits/dense/bias': bias, ...rest } = tensors;
    const wrong = { ...rest, stranger: bias, 'digits/norm1/scale': { ...bias, shape: [10] } };
    const path = join(folder, 'wrong.safetensors');
    writeFileSync(path, encodeSafetensors(wrong));
    const { code, stderr } = await start(['predict', path, '--backend', 'cpu']);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /missing: digits\/dense\/bias; unexpected: stranger; digits\/norm1\/scale is float32 \[10\] instead of float32 \[8\]/,
    );
  });

  it('stops at a loss that is no number, names the op and saves the weights from before', async () => {
    const path = join(folder, 'diverged.safetensors');
    const args = ['--epochs', '2', '--limit', '640', '--learning-rate', '1e36', '--output', path];
    const { code, stdout, stderr } = await start(args);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /Stopped .*: fit: epoch \d: the loss was NaN or infinite in \d+ of the batches .*; the first op with a result that is not finite is \w+/,
    );
    expect(stderr).toMatch(/numbers that are not finite; try a smaller --learning-rate/);
    expect(Object.keys(decodeSafetensors(readFileSync(path)).tensors)).toContain('digits/dense/weight');
  });

  it('stops when told to and saves what it has learned', async () => {
    const path = join(folder, 'stopped.safetensors');
    const args = ['--epochs', '1000', '--limit', '128', '--output', path];
    const { code, stdout, stderr } = await start(args, 'epoch 1/1000');
    expect(code, stderr).toBe(130);
    expect(stdout).toMatch(/Stopped after step \d+; what has been learned is kept/);
    expect(stdout).toMatch(/Held-out digits read rightly: .* of 128/);
    expect(readdirSync(folder)).toContain('stopped.safetensors');
  });
});

describe('mistakes', () => {
  const text = join(folder, 'text.safetensors');
  const mistakes: [string, string[], RegExp][] = [
    [
      'a number that is none',
      ['--epochs', 'many'],
      /argument 'many' is invalid\. Expected a whole number of at least 1\./,
    ],
    ['an unknown option', ['--epoch', '3'], /unknown option '--epoch'\n\(Did you mean --epochs\?\)/],
    [
      'an unknown command',
      ['digit'],
      /unknown command 'digit'\. There are help, digits, predict, gates, verify, text\./,
    ],
    ['an unknown backend', ['gates', '--backend', 'gpu'], /Allowed choices are auto, webgpu, cpu\./],
    [
      'a folder that is not there',
      ['--output', join(folder, 'no', 'where')],
      /cannot write .*where: there is no such file or folder/,
    ],
    [
      'a file that is not there',
      ['predict', join(folder, 'none')],
      /cannot read .*none: there is no such file or folder/,
    ],
    [
      'a file of another kind',
      ['predict', text],
      /text\.safetensors is no safetensors file that can be read: the header would have/,
    ],
    [
      'a digit that is not there',
      ['predict', text, '--digit', '2000'],
      /the held-out digits have the numbers 0 to 1999/,
    ],
  ];
  it('ends with one sentence and exit code 1', async () => {
    writeFileSync(text, 'these are not weights');
    for (let first = 0; first < mistakes.length; first += 4) {
      await Promise.all(
        mistakes.slice(first, first + 4).map(async ([name, args, message]) => {
          const { code, stdout, stderr } = await start(args);
          expect({ name, code, stdout }).toEqual({ name, code: 1, stdout: '' });
          expect(stderr).toMatch(message);
          expect(stderr).not.toMatch(/^\s+at /m);
        }),
      );
    }
  });
});
