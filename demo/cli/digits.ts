import { NonFiniteError, type ProgramStats, TrainingError } from '../../src/index.ts';
import {
  type Digits,
  type DigitsModel,
  digitsModel,
  digitsSchedule,
  readWith,
  type Score,
  scoreOf,
  stepsPerEpoch,
  trainDigits,
} from '../models/digits.ts';
import { type CourseEnd, endCommand, sayWhatIsSaved, stoppedBecause } from './course.ts';
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
import { type Progress, showProgress } from './progress.ts';
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
interface Course extends CourseEnd {
  /** Steps done, and the loss of the last epoch so far; null where it was stopped before any was read. */
  readonly step: number;
  readonly loss: number | null;
  readonly stats: ProgramStats;
}

/** Trains on the handwritten digits, judges by those held out, and saves what was learned. */
export async function digits(options: DigitsOptions, output: Output): Promise<void> {
  await checkWritable(options.output);
  const stop = stopOnSignal();
  const { train, heldOut } = readDigits(options.limit);
  output.say(`${train.count} handwritten digits to learn from, ${heldOut.count} held out to judge by.`);
  const device = await openAndTell(options, output);
  try {
    const steps = options.epochs * stepsPerEpoch(train, options.batch);
    const learningRate = digitsSchedule(options.learningRate, steps);
    const model = await digitsModel(device, { seed: options.seed, learningRate });
    const course = await followTraining(model, train, heldOut, options, stop.signal, output);
    if (course.outcome !== 'finished') output.say('', stoppedBecause(course, course.step));
    const answers = await readWith(model, heldOut);
    const score = scoreOf(answers, heldOut);
    if (course.outcome !== 'diverged') showScore(score, heldOut, answers.predicted, output);
    const bytes = await saveWeights(
      options.output,
      device,
      model.variables,
      describe(score, course, options),
    );
    sayWhatIsSaved(model.variables, options.output, bytes, output);
    output.say(`Try: npm start -- predict ${options.output}`);
    output.result({
      command: 'digits',
      device: deviceResult(device),
      seed: options.seed,
      epochs: options.epochs,
      trainedOn: train.count,
      steps: course.step,
      seconds: course.seconds,
      loss: course.loss,
      outcome: course.outcome,
      accuracy: score.accuracy,
      correct: score.correct,
      total: score.total,
      confusion: score.confusion,
      output: options.output,
      step: statsResult(course.stats),
    });
    endCommand(course);
  } finally {
    stop.release();
    device.dispose();
  }
}

async function followTraining(
  model: DigitsModel,
  train: Digits,
  heldOut: Digits,
  options: DigitsOptions,
  signal: AbortSignal,
  output: Output,
): Promise<Course> {
  const started = performance.now();
  const training = trainDigits(model, train, heldOut, { ...options, signal });
  let progress: Progress | null = null;
  let stats: ProgramStats | null = null;
  let loss: number | null = null;
  let heldOutAccuracy: number | null = null;
  const end = (outcome: Course['outcome'], error?: NonFiniteError): Course => {
    if (!stats || (outcome === 'interrupted' && training.state.step === 0))
      throw new CommandError('stopped before anything was learned; nothing is saved');
    const seconds = (performance.now() - started) / 1000;
    return { seconds, step: training.state.step, loss, outcome, stats, error };
  };
  try {
    for await (const event of training) {
      if (event.kind === 'start') {
        stats = event.stats;
        output.say(statsLine('A training step', stats), '');
        progress = showProgress(event.steps ?? 0, output);
        continue;
      }
      if (event.kind === 'end') continue;
      loss = event.loss;
      if (event.kind === 'epoch') heldOutAccuracy = event.validation?.metrics.accuracy ?? null;
      const standing = {
        epoch: `${event.epoch}/${event.epochs}`,
        loss,
        accuracy: event.metrics.accuracy,
        heldOut: heldOutAccuracy,
        imagesPerSecond: event.samplesPerSecond,
      };
      if (event.kind === 'epoch') progress?.epoch(event.step, standing);
      else progress?.update(event.step, standing);
    }
    return end('finished');
  } catch (error) {
    if (error instanceof NonFiniteError) return end('diverged', error);
    if (error instanceof TrainingError && signal.aborted) return end('interrupted');
    throw error;
  } finally {
    progress?.stop();
  }
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

function describe(score: Score, { step, outcome }: Course, options: DigitsOptions): Record<string, string> {
  return {
    format: 'tensorloom digits',
    heldOutAccuracy: String(score.accuracy),
    steps: String(step),
    outcome,
    seed: String(options.seed),
  };
}

function statsResult(stats: ProgramStats): Record<string, number> {
  const { dispatches, submits, flops, memoryBytes, unsharedBytes } = stats;
  return { dispatches, submits, flops, memoryBytes, unsharedBytes };
}
