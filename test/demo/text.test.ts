import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readMobyDick } from '../../demo/cli/mobyDick.ts';
import { interpolatedModel } from '../../demo/models/interpolated.ts';
import {
  cells,
  draw,
  learningRateAt,
  textGenerator,
  textNetwork,
  textReader,
  textTrainer,
} from '../../demo/models/text.ts';
import {
  type Device,
  decodeSafetensors,
  encodeSafetensors,
  openDevice,
  RandomStream,
} from '../../src/index.ts';
import { type Ending, start as startCommand } from './start.ts';

const folder = mkdtempSync(join(tmpdir(), 'tensorloom-text-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let device: Device;
beforeAll(async () => {
  device = await openDevice({ backend: 'cpu' });
});
afterAll(() => device.dispose());

describe('the model that counts', () => {
  it('interpolates as Witten and Bell do', () => {
    // "abab": a and b twice each, two different characters; behind a always b, behind b once a.
    const model = interpolatedModel([0, 1, 0, 1], 2, 1);
    expect(model.probability([], 0, 0)).toBeCloseTo((2 + 2 / 2) / (4 + 2), 12);
    expect(model.probability([0], 1, 1)).toBeCloseTo((2 + 0.5) / 3, 12);
    expect(model.probability([0], 1, 0)).toBeCloseTo(0.5 / 3, 12);
    expect(model.probability([1], 1, 0)).toBeCloseTo((1 + 0.5) / 2, 12);
    const bits = -(Math.log2(2.5 / 3) + Math.log2(1.5 / 2)) / 2;
    expect(model.bitsPerCharacter([0, 1, 0], 1)).toBeCloseTo(bits, 12);
  });

  it('falls back to shorter contexts where a longer one was never seen', () => {
    const model = interpolatedModel([0, 1, 0, 1], 3, 3);
    const alone = model.probability([], 0, 1);
    expect(alone).toBeCloseTo((2 + 2 / 3) / 6, 12);
    expect(model.probability([2], 1, 1)).toBe(alone);
    expect(model.probability([2, 0], 2, 1)).toBe(model.probability([0], 1, 1));
  });

  it('gives distributions', () => {
    const random = new RandomStream(1);
    const text = Array.from({ length: 400 }, () => random.integer(5));
    const model = interpolatedModel(text, 6, 3);
    for (let end = 0; end < 50; end++) {
      let sum = 0;
      for (let character = 0; character < 6; character++) sum += model.probability(text, end, character);
      expect(sum).toBeCloseTo(1, 12);
    }
  });
});

describe('the book', () => {
  it('is the whole of Moby-Dick, the last tenth apart', () => {
    const { alphabet, train, heldOut } = readMobyDick();
    expect(train.length + heldOut.length).toBe(1_213_144);
    expect(heldOut.length).toBe(121_315);
    expect(alphabet.length).toBe(89);
    const text = Array.from(train, (number) => alphabet[number]).join('');
    expect(text).toContain('Call me Ishmael. Some years ago');
    expect(
      Array.from(heldOut, (number) => alphabet[number])
        .join('')
        .trimEnd(),
    ).toMatch(/found another orphan\.$/);
  });
});

describe('the network', () => {
  const alphabet = Array.from('abcdefg');
  const random = new RandomStream(7);
  const text = Int32Array.from({ length: 1101 }, () => random.integer(alphabet.length));

  it.each(cells)('reads in parts as it reads character by character: %s', async (cell) => {
    const network = textNetwork({ cell, hiddenSize: 5, layers: 2, alphabet }, 3);
    const reader = await textReader(device, network, 'heldOut', text);
    const { program } = await textGenerator(device, network);
    const states = network.graph.variables.filter(({ name }) => name.startsWith('generate/'));
    // 16 parts of 69 characters; the last is shorter.
    const length = Math.ceil(1100 / 16);
    let bits = 0;
    for (let i = 0; i < 1100; i++) {
      if (i % length === 0) for (const state of states) device.write(state, new Float32Array(state.size));
      const { logits } = await program.run({ 'generate/character': [text[i]] });
      const total = Array.from(logits).reduce((sum, logit) => sum + Math.exp(logit), 0);
      bits += Math.log2(total) - logits[text[i + 1]] / Math.LN2;
    }
    expect(await reader.bitsPerCharacter(1100)).toBeCloseTo(bits / 1100, 4);
    // And once more, from the beginning.
    expect(await reader.bitsPerCharacter(1100)).toBeCloseTo(bits / 1100, 4);
  });

  it('learns on from the states of the step before', async () => {
    // What comes next is known from two characters. Streams begin at different places of the pattern.
    const pattern = Int32Array.from({ length: 644 }, (_, i) => [0, 0, 1, 1][i % 4]);
    const network = textNetwork({ cell: 'gru', hiddenSize: 8, layers: 1, alphabet }, 1);
    const options = { batch: 4, sequence: 2, learningRate: 0.02, minutes: 10, steps: 200 };
    const trainer = await textTrainer(device, network, pattern, options);
    let last = 1;
    await trainer.train(({ loss }) => {
      last = loss;
    });
    // Two characters in a step: if each step began from nothing, the first of them would cost ln 2, and both ln 2 / 2 on average.
    expect(last).toBeLessThan(0.15);
  });

  it('learns on WebGPU as on the reference, a step in one submit', async () => {
    const webgpu = await openDevice({ backend: 'webgpu' });
    const counting = Int32Array.from({ length: 1100 }, (_, i) => i % 7);
    const losses = async (on: Device) => {
      const network = textNetwork({ cell: 'gru', hiddenSize: 12, layers: 1, alphabet }, 5);
      const options = { batch: 4, sequence: 8, learningRate: 0.02, minutes: 10, steps: 12 };
      const trainer = await textTrainer(on, network, counting, options);
      const feeds = { 'train/learningRate': 0.02 };
      const found: number[] = [];
      for (let step = 0; step < 12; step++) {
        const starts = Int32Array.from({ length: 4 }, (_, b) => b * 275 + step * 8);
        found.push((await trainer.program.run({ ...feeds, 'train/starts': starts })).loss[0]);
      }
      return { found, network, stats: trainer.program.stats };
    };
    const want = await losses(device);
    const got = await losses(webgpu);
    expect(want.found[11]).toBeLessThan(want.found[0]);
    got.found.forEach((loss, step) => {
      expect(Math.abs(loss - want.found[step]) / want.found[step], `step ${step}`).toBeLessThan(1e-4);
    });
    expect(got.stats.submits).toBe(1);
    expect(got.stats.dispatches).toBeLessThanOrEqual(25);
    // Embedding, recurrent layer, dense.
    const generator = await textGenerator(webgpu, got.network);
    expect(generator.program.stats.dispatches).toBe(3);
    webgpu.dispose();
  });

  it('rests at nothing, climbs, and comes down', () => {
    const rates = Array.from({ length: 101 }, (_, i) => learningRateAt(i / 100, 2));
    expect(rates[0]).toBeCloseTo(0.2, 12);
    expect(rates[10]).toBeCloseTo(2, 12);
    expect(rates[55]).toBeCloseTo(1, 12);
    expect(rates[100]).toBeCloseTo(0.002, 12);
  });

  it('draws in proportion to exp(logit / temperature)', () => {
    const source = new RandomStream(2);
    const logits = [Math.log(1), Math.log(3), Number.NEGATIVE_INFINITY];
    const counts = [0, 0, 0];
    for (let i = 0; i < 4000; i++) counts[draw(logits, 1, source)]++;
    expect(counts[1] / 4000).toBeCloseTo(0.75, 1);
    expect(counts[2]).toBe(0);
    let sharper = 0;
    for (let i = 0; i < 4000; i++) sharper += draw(logits, 0.5, source);
    expect(sharper / 4000).toBeCloseTo(0.9, 1);
    expect(draw(logits, 0, source)).toBe(1);
  });
});

const start = (args: readonly string[], stopAt?: string) => startCommand(['text', ...args], stopAt);

describe('text and text generate', () => {
  const weights = join(folder, 'short.safetensors');
  const small = [
    '--backend',
    'cpu',
    '--hidden',
    '24',
    '--batch',
    '8',
    '--sequence',
    '16',
    '--limit',
    '12000',
    '--learning-rate',
    '0.03',
  ];
  let trained: Ending;
  beforeAll(async () => {
    trained = await start([...small, '--steps', '60', '--json', '--output', weights]);
  });

  it('learns, prints both numbers, writes and saves', () => {
    expect(trained.code, trained.stderr).toBe(0);
    const result = JSON.parse(trained.stdout);
    expect(result).toMatchObject({ command: 'text', outcome: 'finished', steps: 60, heldOut: 1200 });
    // All 89 characters alike would take 6.5 bits.
    expect(result.bitsPerCharacter).toBeLessThan(4.2);
    expect(result.trainingBits).toBeLessThan(4.2);
    expect(result.interpolated.bitsPerCharacter).toBeGreaterThan(2);
    expect(result.sample.length).toBeGreaterThan(100);
    expect(trained.stderr).toMatch(
      /Bits per held-out character: \d\.\d{3}; \w+ than the \d\.\d{3} of counting/,
    );
    expect(decodeSafetensors(readFileSync(weights)).metadata).toMatchObject({
      cell: 'gru',
      hiddenSize: '24',
    });
  });

  it('writes on from a prompt, the same from the same seed', async () => {
    const args = ['generate', weights, '--prompt', 'Call me ', '--length', '60', '--backend', 'cpu'];
    const endings = await Promise.all([
      start([...args, '--json', '--seed', '5']),
      start([...args, '--json', '--seed', '5']),
      start([...args, '--seed', '6', '--temperature', '1.5']),
    ]);
    for (const { code, stderr } of endings) expect(code, stderr).toBe(0);
    const [first, second] = endings.slice(0, 2).map(({ stdout }) => JSON.parse(stdout));
    expect(first).toMatchObject({ prompt: 'Call me ', temperature: 0.7, seed: 5 });
    expect(first.text.length).toBe(60);
    expect(second.text).toBe(first.text);
    expect(endings[2].stdout).toMatch(/^Call me [\s\S]{60}\n\n/m);
    expect(endings[2].stdout).not.toContain(first.text);
  });

  it('stops when told to and saves what it has learned', async () => {
    const path = join(folder, 'stopped.safetensors');
    const args = [...small, '--cell', 'rnn', '--output', path];
    const { code, stdout, stderr } = await start(args, 'step 1 ');
    expect(code, stderr).toBe(130);
    expect(stdout).toMatch(/Stopped after step \d+; what has been learned is kept/);
    expect(decodeSafetensors(readFileSync(path)).metadata).toMatchObject({
      cell: 'rnn',
      outcome: 'interrupted',
    });
  });

  it('ends with one sentence where something is wrong', async () => {
    const file = decodeSafetensors(readFileSync(weights));
    const other = join(folder, 'other.safetensors');
    writeFileSync(other, encodeSafetensors(file.tensors));
    const damaged = join(folder, 'damaged.safetensors');
    writeFileSync(damaged, encodeSafetensors(file.tensors, { ...file.metadata, cell: 'gruu' }));
    const wider = join(folder, 'wider.safetensors');
    writeFileSync(wider, encodeSafetensors(file.tensors, { ...file.metadata, hiddenSize: '32' }));
    const mistakes: [string[], RegExp][] = [
      [['--cell', 'transformer'], /Allowed choices are gru, lstm, rnn\./],
      [
        ['--limit', '300'],
        /--batch 16 and --sequence 32 want at least 588 characters; take a larger --limit/,
      ],
      [['generate'], /missing required argument 'file'/],
      [['generate', other], /other\.safetensors holds no weights that `npm start -- text` saved/],
      [['generate', damaged], /its description of the network is damaged: cell gruu, hiddenSize 24/],
      [
        ['generate', wider, '--backend', 'cpu'],
        /does not fit the network: gru\/layer0\/weight is float32 \[32, 72\] instead of float32 \[32, 96\]/,
      ],
      [
        ['generate', weights, '--prompt', 'Ümläut'],
        /--prompt holds "Ü", "ä", which the network does not know/,
      ],
      [['generate', weights, '--prompt', ''], /--prompt is empty/],
      [['generate', weights, '--temperature', '-1'], /Expected a number above 0\./],
    ];
    for (let first = 0; first < mistakes.length; first += 4) {
      await Promise.all(
        mistakes.slice(first, first + 4).map(async ([args, message]) => {
          const { code, stderr } = await start(args);
          expect({ args, code }).toEqual({ args, code: 1 });
          expect(stderr).toMatch(message);
          expect(stderr).not.toMatch(/^\s+at /m);
        }),
      );
    }
  });
});
