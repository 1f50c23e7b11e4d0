import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type AdaptiveSchedule,
  accumulateGradients,
  adam,
  averageWeights,
  type CheckpointStore,
  checkpoint,
  compileModel,
  cosineDecay,
  type Device,
  earlyStopping,
  type FitOptions,
  FormatError,
  fit,
  memoryStore,
  openDevice,
  RandomStream,
  reduceOnPlateau,
  relu,
  type Schedule,
  softmaxCrossEntropy,
  type TrainingEvent,
} from '../../src/index.ts';
import { batchNorm, dense, dropout, sequential } from '../../src/layers.ts';
import { accuracy } from '../../src/metrics.ts';
import { errorsOf, rejection } from '../errors/checkError.ts';

const check = errorsOf(import.meta.url);

/** Two noisy moons of 53 points: seven batches of 8 (the last of 5) less those of the validation. */
function moons() {
  const random = new RandomStream(5);
  const x: number[][] = [];
  const y = new Int32Array(53);
  for (let i = 0; i < 53; i++) {
    const angle = Math.PI * random.uniform();
    y[i] = i % 2;
    x.push([
      (i % 2 ? 1 - Math.cos(angle) : Math.cos(angle)) + 0.1 * random.normal(),
      (i % 2 ? 0.5 - Math.sin(angle) : Math.sin(angle)) + 0.1 * random.normal(),
    ]);
  }
  return { x, y };
}
const data = moons();

const options: FitOptions = {
  epochs: 4,
  batchSize: 8,
  validation: 0.2,
  earlyStopping: earlyStopping({ patience: 10, monitor: 'validation.loss' }),
};

type Rate = number | Schedule | AdaptiveSchedule;

/** Dropout, batch norm, shuffling, Adam, a schedule, moving averages: all that remembers something. */
async function makeModel(device: Device, learningRate: Rate, units = 12) {
  const network = sequential([dense(units), batchNorm(), relu, dropout(0.3), dense(2)], { name: 'network' });
  return compileModel(network, {
    device,
    seed: 9,
    loss: softmaxCrossEntropy,
    optimizer: adam({ learningRate, clipNorm: 1 }),
    metrics: [accuracy()],
    movingAverage: averageWeights({ decay: 0.9 }),
  });
}
type Model = Awaited<ReturnType<typeof makeModel>>;

/** Everything that a training leaves behind, bit by bit. */
async function bitsOf(model: Model): Promise<Record<string, string>> {
  const bits: Record<string, string> = {};
  for (const variable of model.state) {
    const values = await model.device.read(variable);
    bits[variable.name] = Buffer.from(values.slice().buffer).toString('hex');
  }
  return bits;
}

/** Trains up to an event and drops everything, as a process that is killed does. */
async function until(model: Model, options: FitOptions, isEnd: (event: TrainingEvent) => boolean) {
  for await (const event of fit(model, data, options)) if (isEnd(event)) return;
}

for (const backend of ['cpu', 'webgpu'] as const) {
  describe(`a training that is interrupted and resumed, on ${backend}`, () => {
    let device: Device;
    beforeAll(async () => {
      device = await openDevice({ backend });
    });
    afterAll(() => device.dispose());

    const rates: Record<string, () => Rate> = {
      'a schedule by steps': () => cosineDecay({ learningRate: 0.02, steps: 24 }),
      'a schedule that watches the loss': () =>
        reduceOnPlateau({ learningRate: 0.02, patience: 1, factor: 0.5, threshold: 0.2 }),
    };
    for (const [name, rate] of Object.entries(rates)) {
      it(`ends in the same bits as one that was not, with ${name}`, async () => {
        const whole = await makeModel(device, rate());
        const history = await fit(whole, data, options);
        const want = await bitsOf(whole);
        expect(Object.keys(want)).toContain('network/batchNorm/runningMean');

        // Killed in the middle of epoch 2, three batches after the last save, and again at the end of epoch 3.
        const store = memoryStore();
        const saving = checkpoint(store, { resume: true, everyBatches: 2 });
        const first = await makeModel(device, rate());
        await until(
          first,
          { ...options, checkpoint: saving, batchesPerEvent: 1 },
          (event) => event.epoch === 2 && event.batch === 5,
        );
        const second = await makeModel(device, rate());
        let resumedAt = '';
        await until(second, { ...options, checkpoint: saving }, (event) => {
          if (event.kind === 'start') resumedAt = `${event.resumed} ${event.epoch} ${event.batch}`;
          return event.kind === 'epoch' && event.epoch === 3;
        });
        expect(resumedAt).toBe('true 2 4');
        const third = await makeModel(device, rate());
        const resumedHistory = await fit(third, data, { ...options, checkpoint: saving });
        expect(await bitsOf(third)).toEqual(want);
        expect(resumedHistory).toEqual(history);
        // A training that forgot something would differ: this one forgets to resume.
        const other = await makeModel(device, rate());
        await until(other, options, (event) => event.kind === 'epoch' && event.epoch === 2);
        await fit(other, data, { ...options, epochs: 2 });
        expect(await bitsOf(other)).not.toEqual(want);
      });
    }

    it('also with gradients that wait for the rest of their step', async () => {
      const more = {
        ...options,
        validation: undefined,
        earlyStopping: undefined,
        accumulate: accumulateGradients(3),
        epochs: 3,
      };
      const whole = await makeModel(device, 0.01);
      await fit(whole, data, more);
      const store = memoryStore();
      const saving = checkpoint(store, { resume: true, everyBatches: 1 });
      const first = await makeModel(device, 0.01);
      await until(
        first,
        { ...more, checkpoint: saving, batchesPerEvent: 1 },
        (event) => event.epoch === 2 && event.batch === 2,
      );
      const second = await makeModel(device, 0.01);
      await fit(second, data, { ...more, checkpoint: saving });
      expect(await bitsOf(second)).toEqual(await bitsOf(whole));
    });

    it('is refused for another architecture, data or settings, with all that differs', async () => {
      const store = memoryStore();
      const first = await makeModel(device, 0.01);
      await fit(first, data, { ...options, epochs: 1, checkpoint: checkpoint(store) });
      const resume = { ...options, checkpoint: checkpoint(store, { resume: true }) };
      const wider = await makeModel(device, 0.01, 13);
      const error = await rejection(async () => void (await fit(wider, data, resume)));
      check(
        error,
        'fit',
        FormatError,
        'checkpoint "training.safetensors" in memory does not fit the model',
        'network/dense/weight is float32 [2, 12] in the file and float32 [2, 13] in the model',
      );
      const same = await makeModel(device, 0.01);
      const other = await rejection(async () => void (await fit(same, data, { ...resume, batchSize: 4 })));
      check(other, 'fit', FormatError, 'belongs to another training: batchSize is 8 there and 4 here');
      await store.write('noise', chunks(Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0, 1)));
      const saving = checkpoint(store, { name: 'noise', resume: true });
      const noise = await rejection(
        async () => void (await fit(same, data, { ...options, checkpoint: saving })),
      );
      check(noise, 'fit', FormatError, 'cut off: the header ends at byte 17, the file has 9');
    });

    it('leaves the last checkpoint as it was when saving fails', async () => {
      const inner = memoryStore();
      let writes = 0;
      const store: CheckpointStore = {
        ...inner,
        async write(name, given) {
          if (++writes < 3) return inner.write(name, given);
          throw new Error('the disk is full');
        },
      };
      const model = await makeModel(device, 0.01);
      const saving = checkpoint(store);
      const error = await rejection(
        async () => void (await fit(model, data, { ...options, checkpoint: saving })),
      );
      expect(error).toMatchObject({ message: 'the disk is full' });
      const next = await makeModel(device, 0.01);
      let epoch = 0;
      await until(next, { ...options, checkpoint: checkpoint(inner, { resume: true }) }, (event) => {
        epoch = event.epoch;
        return true;
      });
      expect(epoch).toBe(3);
    });
  });
}

async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
