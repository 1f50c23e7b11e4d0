import { NonFiniteError, RandomStream } from '../../src/index.ts';
import { interpolatedModel } from '../models/interpolated.ts';
import {
  type Cell,
  type TextGenerator,
  type TextNetwork,
  type TextReader,
  type TextReading,
  type TextTrainer,
  textGenerator,
  textNetwork,
  textReader,
  textTrainer,
} from '../models/text.ts';
import { type CourseEnd, endCommand, sayWhatIsSaved, stoppedBecause } from './course.ts';
import { checkWritable, saveWeights } from './files.ts';
import { wrap } from './generate.ts';
import { type Book, readMobyDick } from './mobyDick.ts';
import {
  CommandError,
  type CommonOptions,
  deviceResult,
  type Output,
  openAndTell,
  statsLine,
} from './output.ts';
import { type ProgressLayout, progressOf } from './progress.ts';
import { stopOnSignal } from './stop.ts';

export interface TextOptions extends CommonOptions {
  readonly cell: Cell;
  readonly hidden: number;
  readonly layers: number;
  readonly minutes: number;
  readonly steps?: number;
  readonly batch: number;
  readonly sequence: number;
  readonly learningRate: number;
  readonly temperature: number;
  /** Of the characters of the text. */
  readonly limit?: number;
  readonly output: string;
}

/** What was last seen of the training. */
interface Standing {
  readonly step: number;
  readonly bits: number;
  /** Of the first held-out characters; null before they were read. */
  readonly heldOut: number | null;
  readonly charactersPerSecond: number;
}

/** How a training went. */
interface Course extends CourseEnd {
  readonly last: TextReading | null;
}

/** Held-out characters that are read while the network learns; all of them are read at the end. */
const glance = 4096;
/** How often the network writes while it learns, and how much. */
const samples = 5;
const sampleLength = 240;
/** Characters before the one that is to be predicted, in the model that counts them. */
const order = 3;

const layout: ProgressLayout<Standing> = {
  texts: ({ step, bits, heldOut, charactersPerSecond }) => ({
    step: step.toLocaleString('en'),
    bits: bits.toFixed(3),
    heldOut: heldOut === null ? '-' : heldOut.toFixed(3),
    rate: Math.round(charactersPerSecond).toLocaleString('en'),
  }),
  wide: 'step {step} {bar} {bits} bits per character, held out {heldOut}, {rate} characters/s, {left} left',
  narrow: '{step} {bar} {bits} bits, held out {heldOut}, {rate}/s, {left}',
  line: 'step {step}  {bits} bits per character  held out {heldOut}  {rate} characters/s  {left} left',
};
const parts = 1000;

/** A network learns to write like Moby-Dick, character by character; judged by the last tenth of the book. */
export async function text(options: TextOptions, output: Output): Promise<void> {
  await checkWritable(options.output);
  const stop = stopOnSignal();
  const book = readMobyDick(options.limit);
  checkLength(book, options);
  const count = (part: Int32Array) => part.length.toLocaleString('en');
  output.say(
    `Moby-Dick: ${count(book.train)} characters to learn from, ${count(book.heldOut)} held out, ${book.alphabet.length} different ones.`,
  );
  const counted = countedBits(book);
  output.say(`Counting what follows ${order} characters: ${counted.toFixed(3)} bits per held-out character.`);
  const device = await openAndTell(options, output);
  try {
    const { cell, hidden: hiddenSize, layers, seed } = options;
    const network = textNetwork({ cell, hiddenSize, layers, alphabet: book.alphabet }, seed);
    const trainer = await textTrainer(device, network, book.train, { ...options, signal: stop.signal });
    const heldOut = Int32Array.from([book.train[book.train.length - 1], ...book.heldOut]);
    const reader = await textReader(device, network, 'heldOut', heldOut);
    const generator = await textGenerator(device, network);
    output.say(
      statsLine('A training step', trainer.program.stats),
      statsLine('A step of writing', generator.program.stats),
      '',
    );
    const course = await followTraining(trainer, reader, generator, options, stop.signal, output);
    if (course.outcome === 'interrupted' && !course.last)
      throw new CommandError('stopped before anything was learned; nothing is saved');
    if (course.outcome !== 'finished') output.say('', stoppedBecause(course, course.last?.step ?? 0));
    const bits = course.outcome === 'diverged' ? null : await reader.bitsPerCharacter(book.heldOut.length);
    const sample = bits === null ? null : await sampleOf(generator, options, samples);
    if (bits !== null && sample !== null) {
      const verdict = bits < counted ? 'fewer' : 'more';
      output.say(
        '',
        `Bits per held-out character: ${bits.toFixed(3)}; ${verdict} than the ${counted.toFixed(3)} of counting what follows ${order} characters.`,
        '',
        ...wrap(sample, output.columns),
        '',
      );
    }
    const bytes = await saveWeights(options.output, device, network.variables, {
      ...describe(network),
      bitsPerCharacter: String(bits),
      steps: String(course.last?.step ?? 0),
      outcome: course.outcome,
      seed: String(seed),
    });
    sayWhatIsSaved(network.variables, options.output, bytes, output);
    output.say(`Try: npm start -- text generate ${options.output} --prompt "The whale "`);
    const { dispatches, submits, flops } = trainer.program.stats;
    output.result({
      command: 'text',
      device: deviceResult(device),
      seed,
      cell,
      hidden: hiddenSize,
      layers,
      trainedOn: book.train.length,
      heldOut: book.heldOut.length,
      steps: course.last?.step ?? 0,
      seconds: course.seconds,
      outcome: course.outcome,
      trainingBits: course.last?.bits ?? null,
      bitsPerCharacter: bits,
      interpolated: { order, bitsPerCharacter: counted },
      sample,
      output: options.output,
      step: { dispatches, submits, flops },
      generationStep: { dispatches: generator.program.stats.dispatches },
    });
    endCommand(course);
  } finally {
    stop.release();
    device.dispose();
  }
}

function checkLength({ train, heldOut }: Book, { batch, sequence }: TextOptions): void {
  if (train.length >= batch * (sequence + 1) && heldOut.length > 0) return;
  throw new CommandError(
    `--batch ${batch} and --sequence ${sequence} want at least ${Math.ceil((batch * (sequence + 1)) / 0.9) + 1} characters; take a larger --limit`,
  );
}

/** Both models predict the same characters: all that are held out, from what stands before them. */
function countedBits({ train, heldOut, alphabet }: Book): number {
  const all = new Int32Array(order + heldOut.length);
  all.set(train.subarray(train.length - order));
  all.set(heldOut, order);
  return interpolatedModel(train, alphabet.length, order).bitsPerCharacter(all, order);
}

async function followTraining(
  trainer: TextTrainer,
  reader: TextReader,
  generator: TextGenerator,
  options: TextOptions,
  signal: AbortSignal,
  output: Output,
): Promise<Course> {
  const progress = progressOf(layout, parts, output);
  const started = performance.now();
  let training = 0;
  let resumed = started;
  let last: TextReading | null = null;
  let heldOut: number | null = null;
  let shown = 0;
  const end = (outcome: Course['outcome'], error?: NonFiniteError): Course => {
    return { seconds: (performance.now() - started) / 1000, last, outcome, error };
  };
  try {
    await trainer.train(async (reading) => {
      last = reading;
      training += performance.now() - resumed;
      const { step, bits, share } = reading;
      // The last sample is that of the whole training.
      const due = share >= (shown + 1) / samples && share < 1;
      if (due) heldOut = await reader.bitsPerCharacter(glance);
      const characters = step * options.batch * options.sequence;
      const standing = { step, bits, heldOut, charactersPerSecond: (1000 * characters) / training };
      const done = Math.floor(share * parts);
      if (due || step === 1) progress.epoch(done, standing);
      else progress.update(done, standing);
      if (due) {
        const sample = await sampleOf(generator, options, shown++);
        progress.say('', ...wrap(sample, output.columns).map((line) => `  ${line}`), '');
      }
      resumed = performance.now();
    });
    return end(signal.aborted ? 'interrupted' : 'finished');
  } catch (error) {
    if (error instanceof NonFiniteError) return end('diverged', error);
    throw error;
  } finally {
    progress.stop();
  }
}

/** What the network writes at the beginning of a chapter. */
async function sampleOf(
  generator: TextGenerator,
  { temperature, seed }: TextOptions,
  number: number,
): Promise<string> {
  let sample = '';
  const written = generator.generate('\n\n', sampleLength, temperature, new RandomStream(seed, number));
  for await (const character of written) sample += character;
  return sample.trim();
}

/** What `text generate` needs to build the network again. */
function describe({ settings }: TextNetwork): Record<string, string> {
  return {
    format: 'tensorloom text',
    cell: settings.cell,
    hiddenSize: String(settings.hiddenSize),
    layers: String(settings.layers),
    alphabet: settings.alphabet.join(''),
  };
}
