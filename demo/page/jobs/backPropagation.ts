import { adam, type Device, type Optimizer, openDevice, rmsprop, sgd } from 'tensorloom';
import type { Layer } from 'tensorloom/layers';
import { makePoints, type PointSet, type Points } from '../../models/points.ts';
import { type ComparedOptimizer, comparedOptimizers, pointCount } from '../sections/backPropagationRange.ts';
import { evaluate } from '../worker/evaluate.ts';
import { Interval, Pacer, sleep } from '../worker/pacer.ts';
import { type Learner, makeLearner, type NetworkReading } from './learner.ts';

export interface NetworkSettings {
  /** Exports `network` and `optimizer`. */
  readonly snippet: string;
  readonly data: PointSet;
  readonly seed: number;
}

/** Losses of each optimizer, one for each step so far. */
export type Comparison = Readonly<Record<ComparedOptimizer, readonly number[]>>;

const noise = 0.06;
const stepsPerReading = 5;

/** Trains the visitor's network on points of the plane, and lets its inside be seen. */
export function createJob() {
  const pacer = new Pacer();
  let device: Promise<Device> | null = null;
  let learner: Learner | null = null;
  let sample = 0;
  let turn = 0;
  const open = () => (device ??= openDevice());
  const present = (): Learner => {
    if (!learner) throw new Error('there is no network yet');
    return learner;
  };

  return {
    points: (data: PointSet): Points => makePoints(data, pointCount, { noise, seed: 1 }),

    /** Makes the network anew; `chosen` is the sample that is shown. */
    async build({ snippet, data, seed }: NetworkSettings, chosen: number): Promise<NetworkReading> {
      const mine = ++turn;
      sample = chosen;
      pacer.play();
      const { network, optimizer } = exported(snippet);
      const points = makePoints(data, pointCount, { noise, seed: 1 });
      const made = await makeLearner(await open(), network, optimizer, points, seed);
      const reading = await made.read(sample);
      if (mine === turn) {
        learner?.dispose();
        learner = made;
      } else made.dispose();
      return reading;
    },

    /** Goes on to so many steps in all, or until `stop`. */
    async run(steps: number, tell: (reading: NetworkReading) => Promise<void> | void): Promise<void> {
      const mine = ++turn;
      const running = present();
      pacer.play();
      for (let count = 1; ; count++) {
        await pacer.turn();
        if (mine !== turn) return;
        await running.update();
        if (count % stepsPerReading !== 0) continue;
        // Slow enough to be watched.
        const [reading] = await Promise.all([running.read(sample), sleep(70)]);
        if (mine !== turn) return;
        await tell(reading);
        if (reading.step >= steps) return;
      }
    },

    /** One update. */
    async step(): Promise<NetworkReading> {
      await present().update();
      return present().read(sample);
    },

    /** Shows another sample. */
    async choose(index: number): Promise<NetworkReading> {
      sample = index;
      return present().read(sample);
    },

    /** Trains the same network from the same weights with each optimizer, all at the same time. */
    async compare(
      { snippet, data, seed }: NetworkSettings,
      steps: number,
      tell: (comparison: Comparison) => Promise<void> | void,
    ): Promise<void> {
      const mine = ++turn;
      pacer.play();
      const { network } = exported(snippet);
      const points = makePoints(data, pointCount, { noise, seed: 1 });
      const runs: { name: ComparedOptimizer; learner: Learner; losses: number[] }[] = [];
      for (const [name, rate] of comparedOptimizers) {
        const made = await makeLearner(await open(), network, optimizers[name](rate), points, seed);
        runs.push({ name, learner: made, losses: [] });
      }
      const due = new Interval(100);
      for (let step = 1; step <= steps && mine === turn; step++) {
        await pacer.turn();
        for (const { learner: each, losses } of runs) losses.push(await each.loss());
        if (mine !== turn || (step < steps && !due.isDue)) continue;
        await tell(
          Object.fromEntries(runs.map(({ name, losses }) => [name, losses])) as Record<
            ComparedOptimizer,
            number[]
          >,
        );
      }
      for (const run of runs) run.learner.dispose();
    },
    pause: () => pacer.pause(),
    resume: () => pacer.play(),
    stop() {
      turn++;
      pacer.play();
    },
  };
}

const optimizers: Readonly<Record<ComparedOptimizer, (learningRate: number) => Optimizer>> = {
  sgd: (learningRate) => sgd({ learningRate }),
  momentum: (learningRate) => sgd({ learningRate, momentum: 0.9 }),
  rmsprop: (learningRate) => rmsprop({ learningRate }),
  adam: (learningRate) => adam({ learningRate }),
};

/** @throws Error named `MissingExport`, with the name as its message, where the snippet has no network or no optimizer. */
function exported(snippet: string): { network: Layer; optimizer: Optimizer } {
  const { network, optimizer } = evaluate(snippet);
  if (!isLayer(network)) throw missing('network');
  if (!isOptimizer(optimizer)) throw missing('optimizer');
  return { network, optimizer };
}

function missing(name: string): Error {
  const error = new Error(name);
  error.name = 'MissingExport';
  return error;
}

const isLayer = (value: unknown): value is Layer =>
  typeof value === 'object' && value !== null && 'call' in value && typeof value.call === 'function';
const isOptimizer = (value: unknown): value is Optimizer =>
  typeof value === 'object' && value !== null && 'apply' in value && typeof value.apply === 'function';
