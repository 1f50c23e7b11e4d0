import {
  adam,
  add,
  type Device,
  embedding,
  type Feeds,
  Graph,
  gather,
  glorotUniform,
  gru,
  gruCell,
  gruVariables,
  type LstmWeights,
  linear,
  lstm,
  lstmCell,
  lstmVariables,
  normal,
  type Program,
  type RandomStream,
  reshape,
  rnn,
  rnnCell,
  rnnVariables,
  softmaxCrossEntropy,
  type Tensor,
  type Variable,
} from '../../src/index.ts';

export const cells = ['gru', 'lstm', 'rnn'] as const;
export type Cell = (typeof cells)[number];

/** What a network of characters is made of. */
export interface TextSettings {
  readonly cell: Cell;
  readonly hiddenSize: number;
  readonly layers: number;
  /** The characters that it knows, each once: V of them. */
  readonly alphabet: readonly string[];
}

interface Forward {
  /** [n, V]: what follows each character. */
  readonly logits: Tensor;
  /** The states after the last step, which the next run begins with. */
  readonly updates: readonly (readonly [Variable, Tensor])[];
}

/** A network that predicts the next character: embedding, recurrent layers, dense. */
export interface TextNetwork {
  readonly graph: Graph;
  readonly settings: TextSettings;
  /** What a weights file holds. */
  readonly variables: readonly Variable[];
  /** Numbers for each character: [V, 32]. */
  readonly table: Variable;
  /** Of each recurrent layer. */
  readonly weights: readonly LstmWeights[];
  /** Zeros to begin with; for `batch` texts side by side. */
  states(name: string, batch: number): Variable[];
  /** Characters [T, B] -> logits [T * B, V], from `states` on. */
  sequence(characters: Tensor, states: readonly Variable[]): Forward;
  /** Zeros to begin with; for one text, character by character. */
  stepStates(name: string): Variable[];
  /** One character [1] -> logits [1, V]: one dispatch for each recurrent layer. */
  step(character: Tensor, states: readonly Variable[]): Forward;
}

/** Numbers for each character, learned with the rest. */
const embeddingSize = 32;

export function textNetwork(settings: TextSettings, seed: number): TextNetwork {
  const { cell, hiddenSize, layers, alphabet } = settings;
  const graph = new Graph({ seed });
  const table = graph.variable('embedding', [alphabet.length, embeddingSize], {
    initializer: normal({ standardDeviation: 0.3 }),
  });
  const makeWeights = { gru: gruVariables, lstm: lstmVariables, rnn: rnnVariables }[cell];
  const weights: LstmWeights[] = makeWeights(graph, cell, { inputSize: embeddingSize, hiddenSize, layers });
  const outputWeight = graph.variable('output/weight', [hiddenSize, alphabet.length], {
    initializer: glorotUniform(),
  });
  const outputBias = graph.variable('output/bias', [alphabet.length]);
  const stateNames = cell === 'lstm' ? ['hiddenState', 'cellState'] : ['hiddenState'];
  const state = (name: string, shape: number[]) => graph.variable(name, shape, { trainable: false });
  const runLayers = (x: Tensor, initialHiddenState: Tensor, initialCellState: Tensor) => {
    if (cell === 'lstm') {
      const { output, ...state } = lstm(x, weights, { initialHiddenState, initialCellState });
      return { output, after: [state.hiddenState, state.cellState] };
    }
    const { output, hiddenState } = { gru, rnn }[cell](x, weights, { initialHiddenState });
    return { output, after: [hiddenState] };
  };
  return {
    graph,
    settings,
    variables: graph.parameters,
    table,
    weights,
    states: (name, batch) => stateNames.map((each) => state(`${name}/${each}`, [layers, batch, hiddenSize])),
    sequence(characters, states) {
      const [initialHiddenState, initialCellState] = states;
      const x = embedding(table, characters);
      const { output, after } = runLayers(x, initialHiddenState, initialCellState);
      const flat = reshape(output, [characters.size, hiddenSize]);
      return {
        logits: linear(flat, outputWeight, outputBias),
        updates: states.map((variable, i) => [variable, after[i]] as const),
      };
    },
    stepStates: (name) =>
      weights.flatMap((_, layer) =>
        stateNames.map((each) => state(`${name}/layer${layer}/${each}`, [1, hiddenSize])),
      ),
    step(character, states) {
      let x = embedding(table, character);
      const updates: (readonly [Variable, Tensor])[] = [];
      weights.forEach((own, layer) => {
        const [hidden, cellState] = states.slice(layer * stateNames.length);
        if (cell === 'lstm') {
          const next = lstmCell(x, { hiddenState: hidden, cellState }, own);
          updates.push([cellState, next.cellState]);
          x = next.hiddenState;
        } else {
          x = { gru: gruCell, rnn: rnnCell }[cell](x, hidden, own);
        }
        updates.push([hidden, x]);
      });
      return { logits: linear(x, outputWeight, outputBias), updates };
    },
  };
}

/** A text as numbers of characters. */
export type Characters = Int32Array;

/**
 * Puts a text on the device, once, for `batch` streams side by side; a run takes `sequence` characters of each, from the places in
 * `name/starts` on, and those that follow them.
 */
function streamsOf(graph: Graph, name: string, text: Characters, sequence: number, batch: number) {
  const starts = graph.input(`${name}/starts`, [batch], 'int32');
  const variable = graph.variable(`${name}/text`, [text.length], { initializer: text, dtype: 'int32' });
  const take = (from: number) => {
    const steps = Array.from({ length: sequence }, (_, t) => t + from);
    return gather(variable, add(graph.constant(steps, [sequence, 1], 'int32'), starts));
  };
  return { characters: take(0), following: reshape(take(1), [sequence * batch]) };
}

export interface TextTrainingOptions {
  /** Texts side by side in one training step. */
  readonly batch: number;
  /** Characters of each in one training step: how far the gradient reaches back. */
  readonly sequence: number;
  /** The largest learning rate. */
  readonly learningRate: number;
  /** The training ends after this long, or after so many steps, whatever comes first. */
  readonly minutes: number;
  readonly steps?: number;
  /** Ends the training after the present step. */
  readonly signal?: AbortSignal;
}

/** What is known of a training between two steps. */
export interface TextReading {
  /** Steps done. */
  readonly step: number;
  /** How much of the training is done: 0 to 1. */
  readonly share: number;
  /** Bits for each character, of the last readings on average. */
  readonly bits: number;
  /** Cross-entropy of the last batch, in nats. */
  readonly loss: number;
}

export interface TextTrainer {
  /** One training step: forward, loss, backward, Adam, and the states for the next one. */
  readonly program: Program<'loss'>;
  /** What `program` takes for the step of this number, from 0 on: streams go on where the step before ended. */
  feeds(step: number, learningRate: number): Feeds;
  /**
   * Makes all steps; `onReading` is awaited after each in which the loss was read, and after the last.
   * @throws NonFiniteError where the loss became NaN or infinite. The parameters are those before that step.
   */
  train(onReading: (reading: TextReading) => Promise<void> | void): Promise<void>;
}

/** Steps from one reading of the loss to the next; the others only submit. */
const stepsPerReading = 10;

/** Compiles the training of `network` on `text`. */
export async function textTrainer(
  device: Device,
  network: TextNetwork,
  text: Characters,
  options: TextTrainingOptions,
): Promise<TextTrainer> {
  const { graph } = network;
  const { batch, sequence, signal } = options;
  const length = Math.floor(text.length / batch);
  const total = length * batch;
  // Streams run on into the beginning of the next one, and the last into that of the first.
  const endless = Int32Array.from({ length: total + sequence + 1 }, (_, i) => text[i % total]);
  const { characters, following } = streamsOf(graph, 'train', endless, sequence, batch);
  const learningRate = graph.input('train/learningRate', []);
  const states = network.states('train', batch);
  const { logits, updates } = network.sequence(characters, states);
  const loss = softmaxCrossEntropy(logits, following);
  const program = await device.compile({
    outputs: { loss },
    updates: [...adam({ learningRate, beta2: 0.99, clipNorm: 1 }).minimize(loss), ...updates],
    signal,
  });

  const feeds = (step: number, learningRate: number) => ({
    'train/starts': Int32Array.from({ length: batch }, (_, b) => (b * length + step * sequence) % total),
    'train/learningRate': learningRate,
  });

  async function train(onReading: (reading: TextReading) => Promise<void> | void): Promise<void> {
    const { minutes, steps = Number.POSITIVE_INFINITY, learningRate: peak } = options;
    const started = performance.now();
    let paused = started;
    let bits = 0;
    for (let step = 0; ; ) {
      const share = Math.max((performance.now() - started) / (60_000 * minutes), step / steps);
      if (share >= 1 || signal?.aborted) return;
      const next = feeds(step, learningRateAt(share, peak));
      step++;
      if (step % stepsPerReading === 0 || step === 1 || step === steps) {
        const { loss } = await program.run(next);
        const now = loss[0] / Math.LN2;
        bits = step === 1 ? now : bits + (now - bits) / Math.min(10, Math.ceil(step / stepsPerReading));
        await onReading({ step, share: Math.min(1, Math.max(share, step / steps)), bits, loss: loss[0] });
      } else {
        await program.submit(next);
      }
      // The CPU reference never waits for anything: without a pause no Ctrl-C would be heard.
      if (performance.now() - paused < 100) continue;
      await new Promise((resolve) => setTimeout(resolve));
      paused = performance.now();
    }
  }
  return { program, feeds, train };
}

/** Up to `peak` in the first tenth of the training and down to nothing in the rest, along cosines. */
export function learningRateAt(share: number, peak: number): number {
  const rising = 0.1;
  const cosine = (part: number) => (1 - Math.cos(Math.PI * part)) / 2;
  if (share < rising) return peak * (0.1 + 0.9 * cosine(share / rising));
  return peak * Math.max(1e-3, 1 - cosine((share - rising) / (1 - rising)));
}

export interface TextReader {
  readonly program: Program<'losses'>;
  /** Bits for each of the first `count` characters, on average. */
  bitsPerCharacter(count: number): Promise<number>;
}

/** How a text is read that is not learned from: side by side in so many parts, so many characters at a time. */
const readingBatch = 16;
const readingSteps = 64;

/**
 * Compiles the network for judging it by `text`, of which character 0 only begins: each of the others is predicted. The text is read in
 * parts, side by side, each of which begins with one character known before.
 */
export async function textReader(
  device: Device,
  network: TextNetwork,
  name: string,
  text: Characters,
): Promise<TextReader> {
  const { characters, following } = streamsOf(network.graph, name, text, readingSteps, readingBatch);
  const states = network.states(name, readingBatch);
  const { logits, updates } = network.sequence(characters, states);
  const losses = softmaxCrossEntropy(logits, following, { reduction: 'none' });
  const program = await device.compile({ outputs: { losses }, updates });

  async function bitsPerCharacter(count: number): Promise<number> {
    const targets = Math.min(count, text.length - 1);
    const length = Math.ceil(targets / readingBatch);
    for (const state of states) device.write(state, new Float32Array(state.size));
    let sum = 0;
    for (let first = 0; first < length; first += readingSteps) {
      const starts = Int32Array.from({ length: readingBatch }, (_, b) => b * length + first);
      const { losses: read } = await program.run({ [`${name}/starts`]: starts });
      // Places beyond a part, or beyond the text, repeat what lies there and are not counted.
      for (let t = 0; t < Math.min(readingSteps, length - first); t++) {
        for (let b = 0; b < readingBatch; b++) {
          if (b * length + first + t < targets) sum += read[t * readingBatch + b];
        }
      }
    }
    return sum / targets / Math.LN2;
  }
  return { program, bitsPerCharacter };
}

export interface TextGenerator {
  /** One character in, the logits of the next one out. */
  readonly program: Program<'logits'>;
  /** Characters that follow `prompt`, one after the other. At temperature 0 always the likeliest. */
  generate(prompt: string, length: number, temperature: number, random: RandomStream): AsyncGenerator<string>;
}

/** Compiles the network for writing: a step for each character, with the states on the device. */
export async function textGenerator(device: Device, network: TextNetwork): Promise<TextGenerator> {
  const { graph, settings } = network;
  const { alphabet } = settings;
  const character = graph.input('generate/character', [1], 'int32');
  const states = network.stepStates('generate');
  const { logits, updates } = network.step(character, states);
  const program = await device.compile({ outputs: { logits }, updates });

  async function* generate(prompt: string, length: number, temperature: number, random: RandomStream) {
    for (const state of states) device.write(state, new Float32Array(state.size));
    const known = Array.from(prompt, (each) => alphabet.indexOf(each));
    for (const each of known.slice(0, -1)) await program.submit({ 'generate/character': [each] });
    let last = known[known.length - 1];
    for (let i = 0; i < length; i++) {
      const { logits } = await program.run({ 'generate/character': [last] });
      last = draw(logits, temperature, random);
      yield alphabet[last];
    }
  }
  return { program, generate };
}

/** A number with probability in proportion to exp(logit / temperature). */
export function draw(logits: ArrayLike<number>, temperature: number, random: RandomStream): number {
  const values = Array.from(logits);
  const largest = Math.max(...values);
  if (temperature === 0) return values.indexOf(largest);
  const shares = values.map((value) => Math.exp((value - largest) / temperature));
  const total = shares.reduce((sum, share) => sum + share, 0);
  let left = random.uniform() * total;
  const found = shares.findIndex((share) => {
    left -= share;
    return left < 0;
  });
  // Rounding may leave a little.
  return found < 0 ? values.indexOf(largest) : found;
}
