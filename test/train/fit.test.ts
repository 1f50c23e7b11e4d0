import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  accumulateGradients,
  adam,
  add,
  averageWeights,
  compileModel,
  type Device,
  dataset,
  earlyStopping,
  evaluate,
  fit,
  Graph,
  linear,
  log,
  meanSquaredError,
  NonFiniteError,
  openDevice,
  predict,
  RandomStream,
  relu,
  sgd,
  softmax,
  softmaxCrossEntropy,
  splitDataset,
  streamDataset,
  type Tensor,
  type TrainingEvent,
  useAverages,
} from '../../src/index.ts';
import { dense, model as describeModel, sequential } from '../../src/layers.ts';
import { accuracy } from '../../src/metrics.ts';

/** Points [n, 3] of two classes, apart in the first coordinate. */
function points(count: number, seed = 1) {
  const random = new RandomStream(seed);
  const y = Int32Array.from({ length: count }, (_, i) => i % 2);
  const data = Float32Array.from(
    { length: 3 * count },
    (_, i) => random.normal() + (i % 3 === 0 && y[Math.floor(i / 3)] ? 3 : 0),
  );
  return { x: { data, shape: [count, 3] }, y };
}

async function events(training: AsyncIterable<TrainingEvent>): Promise<TrainingEvent[]> {
  const list: TrainingEvent[] = [];
  for await (const event of training) list.push(event);
  return list;
}

for (const backend of ['cpu', 'webgpu'] as const) {
  describe(`fit on ${backend}`, () => {
    let device: Device;
    beforeAll(async () => {
      device = await openDevice({ backend });
    });
    afterAll(() => device.dispose());

    const classifier = (options = {}) =>
      compileModel(sequential([dense(6, { activation: relu }), dense(2)], { name: 'net' }), {
        device,
        seed: 3,
        loss: softmaxCrossEntropy,
        optimizer: adam({ learningRate: 0.05 }),
        metrics: [accuracy()],
        ...options,
      });

    it('is the training that one writes by hand, step by step, with a last batch that is smaller', async () => {
      const { x, y } = points(11);
      const model = await compileModel(dense(2, { name: 'dense' }), {
        device,
        seed: 3,
        loss: softmaxCrossEntropy,
        optimizer: adam({ learningRate: 0.05 }),
      });
      const { epochs } = await fit(model, { x, y }, { epochs: 2, batchSize: 4, shuffle: false });

      const graph = new Graph({ seed: 3 });
      const weight = graph.variable('dense/weight', [3, 2], { initializer: model.variables[0].initializer });
      const bias = graph.variable('dense/bias', [2]);
      const optimizer = adam({ learningRate: 0.05 });
      const step = async (size: number) => {
        const input = graph.input(`x${size}`, [size, 3]);
        const labels = graph.input(`y${size}`, [size], 'int32');
        const loss = softmaxCrossEntropy(linear(input, weight, bias), labels);
        return device.compile({ outputs: { loss }, updates: optimizer.minimize(loss, [weight, bias]) });
      };
      const programs = new Map([
        [4, await step(4)],
        [3, await step(3)],
      ]);
      for (let epoch = 0; epoch < 2; epoch++) {
        let total = 0;
        for (const [first, size] of [
          [0, 4],
          [4, 4],
          [8, 3],
        ]) {
          const feeds = {
            [`x${size}`]: x.data.subarray(3 * first, 3 * (first + size)),
            [`y${size}`]: y.subarray(first, first + size),
          };
          total += size * (await programs.get(size)!.run(feeds)).loss[0];
        }
        expect(epochs[epoch].loss).toBeCloseTo(total / 11, 5);
      }
      const [got, want] = [await device.read(model.variables[0]), await device.read(weight)];
      got.forEach((value, i) => {
        expect(value).toBeCloseTo(want[i], 5);
      });
    });

    it('tells of all that happens, and of the same loss and metrics as evaluate', async () => {
      const model = await classifier();
      const data = points(40);
      const test = points(30, 2);
      const list = await events(
        fit(model, data, { epochs: 3, batchSize: 8, validation: test, batchesPerEvent: 2 }),
      );
      expect(list.map(({ kind, epoch, batch, step }) => `${kind} ${epoch} ${batch} ${step}`)).toEqual([
        'start 1 0 0',
        'step 1 2 2',
        'step 1 4 4',
        'epoch 1 5 5',
        'step 2 2 7',
        'step 2 4 9',
        'epoch 2 5 10',
        'step 3 2 12',
        'step 3 4 14',
        'epoch 3 5 15',
        'end 3 0 15',
      ]);
      const last = list[list.length - 2];
      if (last.kind !== 'epoch') throw new Error('not the epoch');
      expect(last).toMatchObject({ epochs: 3, batches: 5, steps: 15, learningRate: 0.05 });
      expect(last.samplesPerSecond).toBeGreaterThan(0);
      const { loss, metrics } = await evaluate(model, test, { batchSize: 7 });
      expect(last.validation!.loss).toBeCloseTo(loss, 5);
      expect(last.validation!.metrics.accuracy).toBe(metrics.accuracy);
      const { data: classes, shape } = await predict(model, test.x, { activation: softmax, batchSize: 13 });
      expect(shape).toEqual([30, 2]);
      const right = test.y.filter((label, i) => (classes[2 * i + 1] > 0.5 ? 1 : 0) === label).length;
      expect(metrics.accuracy).toBeCloseTo(right / 30, 6);
      expect(right / 30).toBeGreaterThan(0.7);
      const end = list[list.length - 1];
      expect(end).toMatchObject({ reason: 'finished', history: { bestEpoch: null } });
    });

    it('gives the same whether the samples lie on the device, are packed, or come one by one', async () => {
      const data = points(26);
      const set = dataset(data);
      const one = (i: number) => ({ x: data.x.data.subarray(3 * i, 3 * i + 3), y: data.y[i] });
      const stream = streamDataset(function* () {
        for (let i = 0; i < 26; i++) yield one(i);
      }, set.fields);
      const bits: string[] = [];
      for (const [source, resident] of [
        [set, true],
        [set, false],
        [stream, undefined],
      ] as const) {
        const model = await classifier();
        await fit(model, source, { epochs: 2, batchSize: 8, resident });
        const values = await Promise.all(model.variables.map((variable) => device.read(variable)));
        bits.push(values.map((value) => value.join()).join(' '));
      }
      expect(bits[1]).toBe(bits[0]);
      expect(bits[2]).toBe(bits[0]);
    });

    it('takes the mean of the gradients of several batches for one step', async () => {
      const data = points(24);
      const train = async (batchSize: number, accumulate: number) => {
        const model = await classifier({ optimizer: adam({ learningRate: 0.05 }) });
        await fit(model, data, {
          epochs: 2,
          batchSize,
          accumulate: accumulate > 1 ? accumulateGradients(accumulate) : undefined,
          shuffle: false,
        });
        return device.read(model.variables[0]);
      };
      const [small, large, other] = [await train(4, 3), await train(12, 1), await train(4, 1)];
      small.forEach((value, i) => {
        expect(value).toBeCloseTo(large[i], 5);
      });
      expect(Math.abs(other[0] - large[0])).toBeGreaterThan(1e-4);
    });

    it('keeps moving averages, which can take the place of the weights', async () => {
      const data = points(8);
      const model = await compileModel(dense(1), {
        device,
        loss: meanSquaredError,
        optimizer: sgd({ learningRate: 0.05 }),
        movingAverage: averageWeights({ decay: 0.5 }),
      });
      const seen: number[] = [];
      const target = { data: Float32Array.from({ length: 8 }, (_, i) => i), shape: [8, 1] };
      const read = async () => (await device.read(model.variables[0]))[0];
      for await (const event of fit(model, { x: data.x, y: target }, { epochs: 5, batchSize: 8 }))
        if (event.kind === 'epoch') seen.push(await read());
      let want = seen[0];
      for (let n = 1; n < 5; n++) {
        const keep = Math.min(n / (n + 9), 0.5);
        want = keep * want + (1 - keep) * seen[n];
      }
      const restore = await useAverages(model);
      expect(await read()).toBeCloseTo(want, 5);
      expect(Math.abs(want - seen[4])).toBeGreaterThan(1e-4);
      await restore();
      expect(await read()).toBe(seen[4]);
    });

    it('stops early and gives the best weights back', async () => {
      // A rate at which the loss soon grows.
      const model = await classifier({ optimizer: sgd({ learningRate: 1e-3 }) });
      const data = points(20);
      const weights: string[] = [];
      let worse = 0;
      const history = await fit(model, data, {
        epochs: 50,
        validation: points(10, 4),
        earlyStopping: earlyStopping({ patience: 3 }),
        callbacks: [
          async (event) => {
            if (event.kind !== 'epoch') return;
            weights.push((await device.read(model.variables[0])).join());
            // From the third epoch on everything is destroyed a little more.
            if (event.epoch < 3) return;
            const bias = model.variables[3];
            device.write(bias, [++worse * 5, -worse * 5]);
          },
        ],
      });
      expect(history.bestEpoch).toBe(3);
      expect(history.epochs).toHaveLength(6);
      expect((await device.read(model.variables[0])).join()).toBe(weights[2]);
      expect((await evaluate(model, points(10, 4))).loss).toBeCloseTo(history.epochs[2].validation!.loss, 5);
    });

    it('trains several inputs and outputs, each with its loss', async () => {
      const [left, right, head] = [
        dense(4, { name: 'left' }),
        dense(4, { name: 'right' }),
        dense(2, { name: 'head' }),
      ];
      const network = describeModel((x: { a: Tensor; b: Tensor }, context) => {
        const hidden = relu(add(left.call(x.a, context), right.call(x.b, context)));
        return { classes: head.call(hidden, context), hidden };
      });
      const model = await compileModel(network, {
        device,
        loss: { classes: softmaxCrossEntropy },
        metrics: { classes: [accuracy()] },
        optimizer: adam({ learningRate: 0.05 }),
      });
      const { x, y } = points(20);
      const data = {
        x: { a: x, b: { data: new Float32Array(40).fill(1), shape: [20, 2] } },
        y: { classes: y },
      };
      const { epochs } = await fit(model, data, { epochs: 15, batchSize: 10 });
      expect(epochs[14].loss).toBeLessThan(epochs[0].loss / 2);
      expect(epochs[14].metrics['classes/accuracy']).toBeGreaterThan(0.8);
      const { hidden, classes } = await predict(model, data.x);
      expect([hidden.shape, classes.shape]).toEqual([
        [20, 4],
        [20, 2],
      ]);
    });

    it('weighs samples', async () => {
      const model = await classifier();
      const { x, y } = points(10);
      const weights = Float32Array.from({ length: 10 }, (_, i) => (i < 5 ? 1 : 0));
      await fit(model, { x, y }, { batchSize: 10 });
      const half = { x: { data: x.data.subarray(0, 15), shape: [5, 3] }, y: y.subarray(0, 5) };
      const [weighed, alone] = [await evaluate(model, { x, y, weights }), await evaluate(model, half)];
      expect(weighed.loss).toBeCloseTo(alone.loss, 5);
    });

    it('sets samples aside for validation, and never trains on them', async () => {
      const { x, y } = points(20);
      const [held, rest] = splitDataset(dataset({ x, y }), 0.25, { seed: 3 });
      expect([held.size, rest.size]).toEqual([5, 15]);
      const model = await classifier();
      const { epochs } = await fit(model, { x, y }, { validation: 0.25, batchSize: 15 });
      expect(epochs[0].validation!.loss).toBeCloseTo((await evaluate(model, held)).loss, 5);
      const other = await classifier();
      await fit(other, rest, { batchSize: 15, shuffle: true });
      expect(await device.read(other.variables[0])).toEqual(await device.read(model.variables[0]));
    });

    it('stops at a loss that is not finite, names the op, and keeps the parameters finite', async () => {
      const layer = dense(1);
      const network = describeModel((x: Tensor, context) => log(layer.call(x, context)), { name: 'steep' });
      const model = await compileModel(network, {
        device,
        loss: meanSquaredError,
        optimizer: sgd({ learningRate: 1e-3 }),
      });
      const { x } = points(8);
      const y = { data: new Float32Array(8), shape: [8, 1] };
      const error: unknown = await fit(model, { x, y }, { epochs: 3, batchSize: 4 }).then(
        () => null,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(NonFiniteError);
      expect(String(error)).toMatch(
        /fit: epoch 1: the loss was NaN or infinite in 2 of the batches 1 to 2; the first op with a result that is not finite is steep\/log: float32 \[4, 1\] \(element \d is NaN\)\. No parameter was changed/,
      );
      expect((error as NonFiniteError).operation).toContain('steep/log');
      for (const variable of model.variables)
        expect((await device.read(variable)).every(Number.isFinite)).toBe(true);
    });
  });
}
