import { checkpoint, type Device, fit, openDevice, saveTraining, type TrainingEvent } from 'tensorloom';
import { type Digits, pixelsPerDigit, readWith, scoreOf, shiftedDigits } from '../../models/digits.ts';
import { type DigitsData, firstOf, loadDigits } from '../worker/digitsData.ts';
import { Interval, Pacer } from '../worker/pacer.ts';
import {
  type Curve,
  type DigitsNetwork,
  forget,
  type Look,
  makeNetwork,
  openStore,
  restoreNetwork,
  type Standing,
  trainingFile,
  writeStanding,
} from './digitsNetwork.ts';

/** Held-out digits that accuracy and confusion matrix are taken from. */
const judgedDigits = 500;
/** Steps from one look at them to the next. */
const judgedEvery = 50;
/** Steps from one event to the next, and what a point of the chart stands for. */
const eventSteps = 10;

export interface DigitSample {
  readonly pixels: Float32Array;
  readonly label: number;
}

type Tell = (standing: Standing) => Promise<void> | void;

/** Trains the digits network, keeps it between visits, and lets it look at what is drawn. */
export function createJob() {
  const pacer = new Pacer();
  let opening: Promise<Device> | null = null;
  let made: Promise<DigitsNetwork> | null = null;
  let standing: Standing | null = null;
  let turn = 0;
  let course: Promise<void> = Promise.resolve();
  /** Until it is done nothing new begins. */
  let resetting: Promise<void> = Promise.resolve();

  function open(): Promise<Device> {
    opening ??= openDevice();
    return opening;
  }

  function networkOf(code: string): Promise<DigitsNetwork> {
    if (made) return made;
    const making = open().then((device) => makeNetwork(device, code));
    made = making;
    // Other code may be better.
    making.catch(() => {
      if (made === making) made = null;
    });
    return making;
  }

  async function judge({ model }: DigitsNetwork, digits: Digits): Promise<Standing['judgement']> {
    const { accuracy, total, confusion } = scoreOf(await readWith(model, digits), digits);
    return { accuracy, total, confusion };
  }

  async function train(code: string, mine: number, tell: Tell): Promise<void> {
    const network = await networkOf(code);
    const data = await loadDigits();
    const { store, isLasting } = await openStore();
    if (mine !== turn) return;
    const follow = new Course(network.code, isLasting, standing);
    const epochs = network.training.epochs ?? 1;
    const keeping = checkpoint(store, { name: trainingFile, resume: standing !== null });
    const judgeNow = async () => follow.judged(await judge(network, firstOf(data.heldOut, judgedDigits)));
    const training = fit(network.model, shiftedDigits(data.train, network.seed), {
      batchesPerEvent: eventSteps,
      ...network.training,
      // What goes on after its end makes as many epochs again.
      epochs: standing?.phase === 'finished' ? standing.epochs + epochs : (standing?.epochs ?? epochs),
      checkpoint: { ...keeping, everyEpochs: Number.POSITIVE_INFINITY, save: async () => {} },
    });
    const keep = async () => {
      if (mine !== turn) return;
      await saveTraining(training, store, trainingFile);
      await writeStanding(follow.standing);
      standing = follow.standing;
    };
    const due = new Interval(120);
    for await (const event of training) {
      if (mine !== turn) return;
      follow.take(event);
      const isEnd = event.kind === 'end';
      if (isEnd || follow.isJudgementDue) {
        await judgeNow();
        await keep();
      }
      if (mine !== turn) return;
      if (isEnd || due.isDue) await tell(follow.standing);
      await pacer.turn(async () => {
        if (isEnd || mine !== turn) return;
        if (follow.isJudgementOld) await judgeNow();
        follow.pause();
        await keep();
        await tell(follow.standing);
      });
      if (mine !== turn) return;
    }
  }

  return {
    /** What an earlier visit trained; null where there is nothing. */
    async restore(): Promise<Standing | null> {
      const kept = await restoreNetwork(open);
      if (!kept) return null;
      made = Promise.resolve(kept.network);
      standing = kept.standing;
      return kept.standing;
    },

    /** Begins, or goes on where an earlier visit stopped; until `reset`, or the training's end. */
    async train(code: string, tell: Tell): Promise<void> {
      pacer.play();
      await resetting;
      const mine = ++turn;
      course = train(code, mine, tell);
      await course;
    },

    pause: () => pacer.pause(),
    resume: () => pacer.play(),

    /** Forgets what was learned, here and in the browser's storage. */
    reset(): Promise<void> {
      turn++;
      pacer.play();
      const forgetAll = async () => {
        await course.catch(() => {});
        made = null;
        standing = null;
        await forget();
      };
      resetting = resetting.catch(() => {}).then(forgetAll);
      return resetting;
    },

    /** What the network makes of 28 x 28 values from 0 (paper) to 1 (ink). */
    async look(code: string, pixels: Float32Array): Promise<Look> {
      await resetting;
      return (await networkOf(code)).look(pixels);
    },

    /** A held-out digit, any of them. */
    async sample(): Promise<DigitSample> {
      const { heldOut }: DigitsData = await loadDigits();
      const index = Math.floor(Math.random() * heldOut.count);
      const at = index * pixelsPerDigit;
      return { pixels: heldOut.pixels.slice(at, at + pixelsPerDigit), label: heldOut.labels[index] };
    },
  };
}

/** Gathers what is shown of a training, event by event. */
class Course {
  standing: Standing;
  private readonly curve: Curve;
  private judgedAt: number;
  /** Where the last point of the chart was taken: loss and accuracy of events are those of the epoch so far. */
  private last = { epoch: 0, batch: 0, loss: 0, accuracy: 0 };

  constructor(code: string, isLasting: boolean, before: Standing | null) {
    this.curve = before?.curve ?? { step: [], loss: [], accuracy: [], heldOut: [] };
    this.judgedAt = before?.step ?? 0;
    this.standing = before
      ? { ...before, phase: 'running' }
      : {
          code,
          step: 0,
          steps: null,
          epochs: 0,
          phase: 'running',
          isLasting,
          curve: this.curve,
          judgement: null,
          imagesPerSecond: 0,
          dispatches: 0,
          submits: 0,
        };
  }

  get isJudgementDue(): boolean {
    return this.standing.step - this.judgedAt >= judgedEvery;
  }

  get isJudgementOld(): boolean {
    return this.standing.step > this.judgedAt;
  }

  pause(): void {
    this.standing = { ...this.standing, phase: 'paused' };
  }

  take(event: TrainingEvent): void {
    const { step, steps, epochs, samplesPerSecond } = event;
    this.standing = {
      ...this.standing,
      step,
      steps,
      epochs,
      phase: event.kind === 'end' ? 'finished' : 'running',
    };
    if (event.kind === 'start') {
      const { dispatches, submits } = event.stats;
      this.standing = { ...this.standing, dispatches, submits };
      return;
    }
    this.standing = { ...this.standing, imagesPerSecond: samplesPerSecond };
    if (event.kind === 'end') return;
    const { epoch, batch, loss, metrics } = event;
    const before = this.last.epoch === epoch ? this.last : { batch: 0, loss: 0, accuracy: 0 };
    const count = batch - before.batch;
    if (count < eventSteps) return;
    const since = (mean: number, earlier: number) => (mean * batch - earlier * before.batch) / count;
    const accuracy = metrics.accuracy ?? 0;
    this.point(step, since(loss, before.loss), since(accuracy, before.accuracy), null);
    this.last = { epoch, batch, loss, accuracy };
  }

  judged(judgement: Standing['judgement']): void {
    const { step } = this.standing;
    this.judgedAt = step;
    this.standing = { ...this.standing, judgement };
    this.point(step, null, null, judgement?.accuracy ?? null);
  }

  /** One column of the chart; what is measured at the same step shares it. */
  private point(step: number, loss: number | null, accuracy: number | null, heldOut: number | null): void {
    const { curve } = this;
    const at = curve.step.at(-1) === step ? curve.step.length - 1 : curve.step.length;
    curve.step[at] = step;
    curve.loss[at] = loss ?? curve.loss[at] ?? null;
    curve.accuracy[at] = accuracy ?? curve.accuracy[at] ?? null;
    curve.heldOut[at] = heldOut ?? curve.heldOut[at] ?? null;
  }
}
