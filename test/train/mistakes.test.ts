import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  adam,
  compileModel,
  type DataArrays,
  type Device,
  earlyStopping,
  evaluate,
  FeedError,
  type FitOptions,
  fit,
  meanSquaredError,
  openDevice,
  predict,
  ShapeError,
  softmaxCrossEntropy,
  streamDataset,
  TrainingError,
  type TrainingEvent,
} from '../../src/index.ts';
import { dense } from '../../src/layers.ts';
import { errorsOf, rejection } from '../errors/checkError.ts';

const check = errorsOf(import.meta.url);
const ramp = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i));
const x = { data: ramp(30), shape: [10, 3] };
const y = Int32Array.from({ length: 10 }, (_, i) => i % 2);

for (const backend of ['cpu', 'webgpu'] as const) {
  describe(`mistakes in training, on ${backend}`, () => {
    let device: Device;
    beforeAll(async () => {
      device = await openDevice({ backend });
    });
    afterAll(() => device.dispose());

    const classifier = () =>
      compileModel(dense(2), { device, loss: softmaxCrossEntropy, optimizer: adam({ learningRate: 0.1 }) });

    const withNaN = ramp(30);
    withNaN[17] = Number.NaN;
    type Kind = new (...args: never[]) => Error;
    const wrong: [string, DataArrays, FitOptions, Kind, ...string[]][] = [
      [
        'NaN in the data',
        { x: { data: withNaN, shape: [10, 3] }, y },
        {},
        FeedError,
        'x: sample 5, element 2 of [3], is NaN',
      ],
      [
        'a label out of range',
        { x, y: y.map((label) => label + 1) },
        {},
        FeedError,
        'y: sample 1 has the label 2; the model tells 2 classes apart, numbered 0 to 1',
      ],
      [
        'a negative label',
        { x, y: y.map((label) => label - 1) },
        {},
        FeedError,
        'y: sample 0 has the label -1',
      ],
      [
        'fields of different lengths',
        { x, y: y.subarray(1) },
        {},
        ShapeError,
        'dataset: y [9] has 9 samples, x has 10',
      ],
      [
        'rows of different lengths',
        { x: [[1, 2], [3]], y: [0, 1] },
        {},
        ShapeError,
        'dataset: x: expected [2, 2] as the first sample has it, sample 1 differs',
      ],
      [
        'data that does not fill its shape',
        { x: { data: ramp(29), shape: [10, 3] }, y },
        {},
        ShapeError,
        'dataset: x: [10, 3] needs 30 numbers, got 29',
      ],
      ['no samples', { x: [], y: [] }, {}, FeedError, 'dataset: there are no samples'],
      ['no y', { x }, {}, FeedError, 'fit: the data has no y, only x'],
      [
        'targets of another shape',
        { x, y: { data: ramp(30), shape: [10, 3] } },
        {},
        ShapeError,
        'softmaxCrossEntropy: ',
      ],
      [
        'a batch of no samples',
        { x, y },
        { batchSize: 0 },
        TrainingError,
        'fit: batchSize must be a whole number of at least 1, got 0',
      ],
      [
        'no epochs',
        { x, y },
        { epochs: 0 },
        TrainingError,
        'fit: epochs must be a whole number of at least 1, got 0',
      ],
      [
        'fewer samples than a batch, which is dropped',
        { x, y },
        { batchSize: 16, dropLast: true },
        TrainingError,
        'fit: 10 samples do not fill one batch of 16, and dropLast leaves it out',
      ],
      [
        'a validation of 0',
        { x, y },
        { validation: 0 },
        TrainingError,
        'a share between 0 and 1, such as 0.2, got 0',
      ],
      [
        'a validation of 1',
        { x, y },
        { validation: 1 },
        TrainingError,
        'a share between 0 and 1, such as 0.2, got 1',
      ],
      [
        'a validation of no sample',
        { x, y },
        { validation: 0.01 },
        FeedError,
        'a share of 0.01 of 10 samples leaves one part empty',
      ],
      [
        'a validation of another shape',
        { x, y },
        { validation: { x: [[1, 2]], y: Int32Array.of(1) } },
        ShapeError,
        'validation: x of each sample is float32 [2], in the training data float32 [3]',
      ],
      [
        'NaN in the validation',
        { x, y },
        { validation: { x: { data: withNaN.subarray(15, 18), shape: [1, 3] }, y: Int32Array.of(1) } },
        FeedError,
        'epoch 1, after batch 1: x: sample 0, element 2 of [3], is NaN',
      ],
      [
        'a thing to monitor that is not there',
        { x, y },
        { earlyStopping: earlyStopping({ patience: 2, monitor: 'validation.accuracy' }) },
        TrainingError,
        'earlyStopping: there is no "validation.accuracy" to monitor (there are loss)',
      ],
    ];
    for (const [what, data, options, kind, ...words] of wrong) {
      it(`${what}`, async () => {
        const model = await classifier();
        check(await rejection(async () => void (await fit(model, data, options))), 'fit', kind, ...words);
      });
    }

    it('a model without a loss, without an optimizer, without parameters, that is none', async () => {
      const noLoss = await compileModel(dense(2), { device });
      check(
        await rejection(async () => void (await fit(noLoss, { x, y }))),
        'fit',
        TrainingError,
        'compileModel: there is no loss',
      );
      const noOptimizer = await compileModel(dense(2), { device, loss: softmaxCrossEntropy });
      check(
        await rejection(async () => void (await fit(noOptimizer, { x, y }))),
        'fit',
        TrainingError,
        'fit: there is no optimizer',
      );
      const fixed = await compileModel(dense(2, { trainable: false }), {
        device,
        loss: softmaxCrossEntropy,
        optimizer: adam({ learningRate: 1 }),
      });
      check(
        await rejection(async () => void (await fit(fixed, { x, y }))),
        'fit',
        TrainingError,
        'fit: the network has no parameters',
      );
      expect(() => noLoss.variables).not.toThrow();
      const early = await compileModel(dense(2), { device });
      expect(() => early.variables).toThrow(/the variables are not made before the first fit/);
    });

    it('a rate that is none', async () => {
      const model = await compileModel(dense(2), {
        device,
        loss: softmaxCrossEntropy,
        optimizer: adam({ learningRate: (step) => 1 - step }),
      });
      const error = await rejection(async () => void (await fit(model, { x, y }, { batchSize: 2 })));
      check(error, 'fit', TrainingError, 'fit: the schedule gave the learning rate -1 for step 2');
    });

    it('samples of a stream that are wrong, with their place; the model keeps what it has learned', async () => {
      const model = await classifier();
      const make = (bad: Record<string, number | readonly number[]>) =>
        streamDataset(
          function* () {
            for (let i = 0; i < 7; i++) yield { x: [1, 2, i], y: 1 };
            yield { x: [1, 2, 3], y: 1, ...bad };
          },
          { x: { shape: [3], dtype: 'float32' }, y: { shape: [], dtype: 'int32' } },
        );
      for (const [bad, kind, message] of [
        [
          { x: [1, 2, Number.NaN] },
          FeedError,
          'epoch 1, after batch 3: x: sample 7, element 2 of [3], is NaN',
        ],
        [{ x: [1, 2] }, ShapeError, 'x: sample 7 has 2 numbers, [3] needs 3'],
        [{ y: 5 }, FeedError, 'y: sample 7 has the label 5'],
      ] as const) {
        const error = await rejection(async () => void (await fit(model, make(bad), { batchSize: 2 })));
        check(error, 'fit', kind, message);
      }
      expect((await device.read(model.variables[0])).every(Number.isFinite)).toBe(true);
      expect((await evaluate(model, { x, y })).samples).toBe(10);
    });

    it('a callback that throws, an abort in mid-epoch: it says where, and the parameters of that step are kept', async () => {
      const plain = await classifier();
      const values: string[] = [];
      for await (const event of fit(plain, { x, y }, { epochs: 2, batchSize: 2, batchesPerEvent: 1 }))
        if (event.kind === 'step') values.push((await device.read(plain.variables[0])).join());

      const throwing = await classifier();
      const callbacks = [
        (event: TrainingEvent) => {
          if (event.kind === 'step' && event.step === 7) throw new RangeError('no more paper');
        },
      ];
      const options = { epochs: 2, batchSize: 2, batchesPerEvent: 1 };
      const error = await rejection(
        async () => void (await fit(throwing, { x, y }, { ...options, callbacks })),
      );
      check(
        error,
        'fit',
        TrainingError,
        'fit: a callback threw at the event "step": no more paper, in epoch 2 after batch 2 (step 7)',
      );
      expect((error as TrainingError).cause).toBeInstanceOf(RangeError);
      expect((error as TrainingError).at).toEqual({ step: 7, epoch: 2 });
      expect((await device.read(throwing.variables[0])).join()).toBe(values[6]);

      const aborted = await classifier();
      const controller = new AbortController();
      const stop = [
        (event: TrainingEvent) => void (event.step === 4 && controller.abort(new Error('enough'))),
      ];
      const abort = await rejection(
        async () =>
          void (await fit(aborted, { x, y }, { ...options, callbacks: stop, signal: controller.signal })),
      );
      check(
        abort,
        'fit',
        TrainingError,
        'fit: aborted, in epoch 1 after batch 4 (step 4); the model keeps the parameters of that step',
      );
      expect(((abort as TrainingError).cause as Error).message).toBe('enough');
      expect((await device.read(aborted.variables[0])).join()).toBe(values[3]);
      const before = await rejection(
        async () => void (await fit(aborted, { x, y }, { signal: AbortSignal.abort(new Error('never')) })),
      );
      check(before, 'fit', TrainingError, 'fit: aborted, before the first step');

      // Leaving the loop is no error, and neither is stopping.
      const left = await classifier();
      for await (const event of fit(left, { x, y }, options)) if (event.step === 3) break;
      expect((await device.read(left.variables[0])).join()).toBe(values[2]);
      const stopped = await classifier();
      const training = fit(
        stopped,
        { x, y },
        { ...options, callbacks: [(event, own) => void (event.step === 6 && own.stop())] },
      );
      expect(await training).toMatchObject({ epochs: [{ epoch: 1 }] });
      expect((await device.read(stopped.variables[0])).join()).toBe(values[5]);
      await expect(async () => {
        for await (const _ of training) break;
      }).rejects.toThrow(/this training has begun already/);
    });

    it('predictions and evaluations of what does not fit', async () => {
      const model = await classifier();
      await fit(model, { x, y });
      const four = { data: ramp(4), shape: [1, 4] };
      check(
        await rejection(async () => void (await predict(model, four))),
        'predict',
        ShapeError,
        'dense: weight is [3, 2]',
      );
      check(
        await rejection(async () => void (await predict(model, { data: withNaN, shape: [10, 3] }))),
        'predict',
        FeedError,
        'x: sample 5',
      );
      check(
        await rejection(async () => void (await evaluate(model, { x }))),
        'evaluate',
        FeedError,
        'evaluate: the data has no y, only x',
      );
      const other = await compileModel(dense(2), { device, loss: meanSquaredError });
      check(
        await rejection(
          async () => void (await evaluate(other, { x, y: { data: ramp(10), shape: [10, 1] } })),
        ),
        'evaluate',
        ShapeError,
        'meanSquaredError: ',
      );
    });
  });
}
