import { NonFiniteError } from '../../src/index.ts';
import {
  type Answers,
  type Digits,
  type DigitsNetwork,
  type DigitsReader,
  type DigitsTrainer,
  digitsNetwork,
  digitsReader,
  digitsTrainer,
  type Reading,
  type Score,
  scoreOf,
} from '../models/digits.ts';
import { confusionTable, drawDigits, percent } from './draw.ts';
import { checkWritable, saveWeights } from './files.ts';
import { readDigits } from './mnist.ts';
import {
  CommandError,
  type CommonOptions,
  deviceResult,
  type Output,
  openAndTell,
  statsLine,
} from './output.ts';
import { showProgress } from './progress.ts';
import { stopOnSignal } from './stop.ts';

export interface DigitsOptions extends CommonOptions {
  /** Of the digits to learn from and of those held out. */
  readonly limit?: number;
  readonly epochs: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly output: string;
}

/** How a training went. */
interface Course {
  readonly seconds: number;
  /** The last that was read; null where it was stopped before. */
  readonly last: Reading | null;
  readonly outcome: 'finished' | 'interrupted' | 'diverged';
  /** To the held-out digits after the last step, where they were asked then. */
  readonly answers: Answers | null;
  readonly error?: NonFiniteError;
}

/** Trains on the handwritten digits, judges by those held out, and saves what was learned. */
export async function digits(options: DigitsOptions, output: Output): Promise<void> {
  await checkWritable(options.output);
  const stop = stopOnSignal();
  const { train, heldOut } = readDigits(options.limit);
  output.say(`${train.count} handwritten digits to learn from, ${heldOut.count} held out to judge by.`);
  const device = await openAndTell(options, output);
  try {
    const network = digitsNetwork(options.seed);
    const trainer = await digitsTrainer(device, network, train, { ...options, signal: stop.signal });
    const reader = await digitsReader(device, network, 'heldOut', heldOut);
    output.say(statsLine('A training step', trainer.program.stats), '');

    const course = await followTraining(trainer, reader, heldOut, train, options, stop.signal, output);
    if (course.outcome === 'interrupted' && !course.last)
      throw new CommandError('stopped before anything was learned; nothing is saved');
    if (course.outcome !== 'finished') output.say('', stoppedBecause(course));
    const answers = course.answers ?? (await reader.read());
    const score = scoreOf(answers, heldOut);
    if (course.outcome !== 'diverged') showScore(score, heldOut, answers.predicted, output);
    const bytes = await saveWeights(
      options.output,
      device,
      network.variables,
      describe(score, course, options),
    );
    output.say(
      `Saved ${parametersOf(network)} numbers to ${options.output} (${(bytes / 1000).toFixed(1)} kB).`,
    );
    output.say(`Try: npm start -- predict ${options.output}`);
    output.result({
      command: 'digits',
      device: deviceResult(device),
      seed: options.seed,
      epochs: options.epochs,
      trainedOn: train.count,
      steps: course.last?.step ?? 0,
      seconds: course.seconds,
      loss: course.last?.loss ?? null,
      outcome: course.outcome,
      accuracy: score.accuracy,
      correct: score.correct,
      total: score.total,
      confusion: score.confusion,
      output: options.output,
      step: statsResult(trainer),
    });
    if (course.error) {
      throw new CommandError(
        'the training came to numbers that are not finite; try a smaller --learning-rate',
        { cause: course.error },
      );
    }
    if (course.outcome === 'interrupted') process.exitCode = 130;
  } finally {
    stop.release();
    device.dispose();
  }
}

async function followTraining(
  trainer: DigitsTrainer,
  reader: DigitsReader,
  heldOut: Digits,
  train: Digits,
  { epochs, batch }: DigitsOptions,
  signal: AbortSignal,
  output: Output,
): Promise<Course> {
  const progress = showProgress(trainer.steps, output);
  const started = performance.now();
  const size = Math.min(batch, train.count);
  let training = 0;
  let resumed = started;
  let last: Reading | null = null;
  let answers: Answers | null = null;
  let heldOutAccuracy: number | null = null;
  const seconds = () => (performance.now() - started) / 1000;
  try {
    await trainer.train(async (reading) => {
      last = reading;
      const now = performance.now();
      training += now - resumed;
      const epochEnds = reading.step % trainer.stepsPerEpoch === 0;
      answers = epochEnds ? await reader.read() : null;
      if (answers) heldOutAccuracy = scoreOf(answers, heldOut).accuracy;
      resumed = performance.now();
      const standing = {
        epoch: `${reading.epoch}/${epochs}`,
        loss: reading.loss,
        accuracy: reading.accuracy,
        heldOut: heldOutAccuracy,
        imagesPerSecond: (1000 * reading.step * size) / training,
      };
      if (epochEnds) progress.epoch(reading.step, standing);
      else progress.update(reading.step, standing);
    });
    if (!signal.aborted) return { seconds: seconds(), last, outcome: 'finished', answers };
    return { seconds: seconds(), last, outcome: 'interrupted', answers: null };
  } catch (error) {
    if (!(error instanceof NonFiniteError)) throw error;
    return { seconds: seconds(), last, outcome: 'diverged', answers: null, error };
  } finally {
    progress.stop();
  }
}

function stoppedBecause({ outcome, last, error }: Course): string {
  const at = last ? `after step ${last.step}` : 'at the first steps';
  if (outcome === 'interrupted')
    return `Stopped ${at}; what has been learned is kept. (Ctrl-C again to leave at once.)`;
  return `Stopped ${at}: ${error?.message}.`;
}

function showScore(score: Score, heldOut: Digits, predicted: Int32Array, output: Output): void {
  output.say(
    '',
    `Held-out digits read rightly: ${percent(score.accuracy)} (${score.correct} of ${score.total})`,
    '',
  );
  output.say(...confusionTable(score.confusion), '');
  const shown = score.misread.slice(0, Math.max(3, Math.floor(output.columns / 26)));
  if (shown.length === 0) return;
  output.say(`${shown.length} of the ${score.misread.length} that were misread:`, '');
  const pictures = shown.map((i) => ({
    pixels: heldOut.pixels.subarray(i * 784, (i + 1) * 784),
    captions: [`#${i}: a ${heldOut.labels[i]}, read as ${predicted[i]}`],
  }));
  output.say(...drawDigits(pictures, output.columns));
}

function parametersOf(network: DigitsNetwork): string {
  return network.variables.reduce((total, { size }) => total + size, 0).toLocaleString('en');
}

function describe(score: Score, { last, outcome }: Course, options: DigitsOptions): Record<string, string> {
  return {
    format: 'tensorloom digits',
    heldOutAccuracy: String(score.accuracy),
    steps: String(last?.step ?? 0),
    outcome,
    seed: String(options.seed),
  };
}

function statsResult({ program: { stats } }: DigitsTrainer): Record<string, number> {
  const { dispatches, submits, flops, memoryBytes, unsharedBytes } = stats;
  return { dispatches, submits, flops, memoryBytes, unsharedBytes };
}
