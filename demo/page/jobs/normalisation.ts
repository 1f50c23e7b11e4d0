import { type Device, openDevice, RandomStream } from 'tensorloom';
import { makePoints, type Points } from '../../models/points.ts';
import {
  batchSize,
  trainingCount,
  type Variant,
  validationCount,
  variants,
} from '../sections/normalisationRange.ts';
import { Pacer, sleep } from '../worker/pacer.ts';
import { type Contender, makeContender, type VariantReading } from './normalisationNetwork.ts';

export interface NormalisationSettings {
  readonly dropoutRate: number;
  /** Standard deviation of the first weights, times the root of a unit's inputs. */
  readonly spread: number;
  readonly seed: number;
}

export interface NormalisationReading {
  /** Updates so far. */
  readonly step: number;
  readonly variants: Readonly<Record<Variant, VariantReading>>;
}

const noise = 0.25;
const learningRate = 0.01;
const stepsPerReading = 5;

/** Trains the same network four times at once: as it is, with batch normalisation, with dropout, with both. */
export function createJob() {
  const pacer = new Pacer();
  const training = makePoints('moons', trainingCount, { noise, seed: 5 });
  const validation = makePoints('moons', validationCount, { noise, seed: 6 });
  let device: Promise<Device> | null = null;
  let contenders: Contender[] = [];
  let random = new RandomStream(1);
  let order = new Uint32Array(0);
  let step = 0;
  let turn = 0;

  /** The samples of a step: all four see the same, in an order that is drawn anew in each epoch. */
  function batch(): Points {
    const batches = Math.floor(trainingCount / batchSize);
    if (step % batches === 0 && order.length < (step / batches + 1) * trainingCount) {
      const next = random.permutation(trainingCount);
      order = Uint32Array.from([...order, ...next]);
    }
    const chosen = Array.from(order.subarray(step * batchSize, (step + 1) * batchSize));
    return {
      x: chosen.flatMap((i) => [training.x[2 * i], training.x[2 * i + 1]]),
      y: chosen.map((i) => training.y[i]),
    };
  }

  async function update(): Promise<void> {
    const points = batch();
    step++;
    for (const contender of contenders) await contender.update(points);
  }

  async function read(): Promise<NormalisationReading> {
    const [at, points, present] = [step, batch(), contenders];
    const readings: [Variant, VariantReading][] = [];
    for (const contender of present) readings.push([contender.variant, await contender.read(points)]);
    return { step: at, variants: Object.fromEntries(readings) as Record<Variant, VariantReading> };
  }

  return {
    points: (): { training: Points; validation: Points } => ({ training, validation }),

    /** Makes the networks anew; what is seen is the batch of the first step. */
    async build(settings: NormalisationSettings): Promise<NormalisationReading | null> {
      const mine = ++turn;
      pacer.play();
      device ??= openDevice();
      const made: Contender[] = [];
      for (const variant of variants)
        made.push(
          await makeContender(await device, variant, { ...settings, learningRate, training, validation }),
        );
      if (mine !== turn) {
        for (const contender of made) contender.dispose();
        return null;
      }
      for (const contender of contenders) contender.dispose();
      contenders = made;
      random = new RandomStream(settings.seed);
      order = new Uint32Array(0);
      step = 0;
      return read();
    },

    /** Goes on to so many steps in all, or until `stop`. */
    async run(steps: number, tell: (reading: NormalisationReading) => Promise<void> | void): Promise<void> {
      const mine = ++turn;
      pacer.play();
      for (;;) {
        await pacer.turn();
        if (mine !== turn) return;
        await update();
        if (step % stepsPerReading !== 0) continue;
        const [reading] = await Promise.all([read(), sleep(70)]);
        if (mine !== turn) return;
        await tell(reading);
        if (reading.step >= steps) return;
      }
    },

    /** One update of each. */
    async step(): Promise<NormalisationReading> {
      await update();
      return read();
    },
    pause: () => pacer.pause(),
    resume: () => pacer.play(),
    stop() {
      turn++;
      pacer.play();
    },
  };
}
