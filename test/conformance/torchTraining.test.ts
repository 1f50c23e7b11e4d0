import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as t from '../../src/index.ts';
import * as layers from '../../src/layers.ts';
import { compare } from '../support/closeness.ts';
import { root } from '../support/root.ts';
import { numbersOf, readTrainingCases, type StoredNumbers, type TrainingCase } from './torchCase.ts';

// Whole trainings that PyTorch made, repeated with models of layers: the loss of every step and the parameters at the end.
const cases = readTrainingCases(join(root, 'test/conformance/torch/training'));

/** The models of the cases, with PyTorch's names for the layers. */
const models: Readonly<Record<string, () => layers.Layer>> = {
  mlp: () => layers.sequential([layers.dense(16, { name: 'l1' }), t.tanh, layers.dense(3, { name: 'l2' })]),
  cnn: () =>
    layers.sequential([
      (x) => t.transpose(x, [0, 2, 3, 1]),
      layers.conv2d(4, 3, { name: 'c1', padding: 1 }),
      layers.batchNorm({ name: 'b1' }),
      t.relu,
      layers.maxPool2d(2),
      layers.conv2d(6, 3, { name: 'c2', activation: t.relu }),
      layers.flatten({ channelsFirst: true }),
      layers.dense(3, { name: 'l' }),
    ]),
  // Sequences are [steps, batch] in these cases; PyTorch has two biases.
  lstm: () =>
    layers.sequential([
      layers.lstm(8, { name: 'r', batchFirst: false, recurrentBias: true }),
      layers.dense(3, { name: 'l' }),
    ]),
  gru: () =>
    layers.sequential([
      layers.embedding(7, 6, { name: 'e' }),
      layers.gru(9, { name: 'r', batchFirst: false, returnSequences: true }),
      (x) => t.reshape(x, [-1, 9]),
      layers.dense(7, { name: 'l' }),
    ]),
};

/** PyTorch's optimizers by ours; the options have the same names. */
const optimizers: Readonly<Record<string, (options: t.OptimizerOptions) => t.Optimizer>> = {
  sgd: t.sgd,
  adam: t.adam,
  adamw: t.adamw,
  rmsprop: t.rmsprop,
  adagrad: t.adagrad,
};

for (const backend of ['cpu', 'webgpu'] as const) {
  describe(`PyTorch's trainings on ${backend}`, () => {
    let device: t.Device;
    beforeAll(async () => {
      device = await t.openDevice({ backend });
    });
    afterAll(() => device.dispose());

    for (const [file, trainingCase] of cases) {
      it(`${trainingCase.description}: ${file}`, () => checkTraining(device, trainingCase));
    }
  });
}

async function checkTraining(device: t.Device, trainingCase: TrainingCase): Promise<void> {
  const { batches, initial, final, losses, learningRates, tolerance } = trainingCase;
  const build = models[trainingCase.model];
  if (!build) throw new Error(`no model of layers stands for "${trainingCase.model}"`);
  const graph = new t.Graph();
  const input = graph.input('input', batches[0].input.shape, batches[0].input.dtype);
  const labels = graph.input('labels', batches[0].labels.shape, 'int32');
  const made = layers.forward(build(), input, { training: true });
  expect(trainingCase.loss).toBe('softmaxCrossEntropy, mean');
  const loss = t.softmaxCrossEntropy(made.output, labels);
  const optimizer = optimizerOf(trainingCase, graph.input('learningRate', []));
  const program = await device.compile({
    outputs: { loss },
    updates: [...made.updates, ...optimizer.minimize(loss, made.parameters)],
  });
  const ours = layers.fromTorch(made, mapValues(initial, toTensor));
  for (const variable of made.variables) device.write(variable, ours[variable.name].data);

  const got: number[] = [];
  for (const [step, batch] of batches.entries()) {
    const feeds = { input: dataOf(batch.input), labels: dataOf(batch.labels) };
    got.push((await program.run({ ...feeds, learningRate: learningRates[step] })).loss[0]);
  }
  const values = await Promise.all(
    made.variables.map(async (variable) => {
      const { name, shape, dtype } = variable;
      return [name, { shape, dtype, data: await device.read(variable) }] as const;
    }),
  );
  program.dispose();
  const theirs = layers.toTorch(made, Object.fromEntries(values));
  expect(Object.keys(theirs).sort()).toEqual(Object.keys(final).sort());
  const { rtol: relative, atol: absolute } = tolerance;
  const problems = [
    compare('losses', got, losses, { relative, absolute }),
    ...Object.entries(final).map(([name, stored]) => {
      expect(theirs[name].shape).toEqual(stored.shape);
      return compare(name, theirs[name].data, numbersOf(stored), { relative, absolute });
    }),
  ].filter((problem) => problem !== null);
  expect(got).toHaveLength(losses.length);
  if (problems.length > 0) throw new Error(problems.join('\n'));
}

function optimizerOf({ optimizer, clipGlobalNorm }: TrainingCase, learningRate: t.Tensor): t.Optimizer {
  // A note explains and asks for nothing.
  const { type, learningRate: _, note: __, ...rest } = optimizer;
  const make = optimizers[String(type)];
  if (!make) throw new Error(`no optimizer of ours stands for "${type}"`);
  return make({ learningRate, clipNorm: clipGlobalNorm ?? undefined, ...rest });
}

function dataOf(stored: StoredNumbers): Float32Array | Int32Array {
  return stored.dtype === 'int32' ? Int32Array.from(numbersOf(stored)) : Float32Array.from(numbersOf(stored));
}

function toTensor(stored: StoredNumbers) {
  return { shape: stored.shape, dtype: stored.dtype, data: dataOf(stored) };
}

function mapValues<From, To>(record: Readonly<Record<string, From>>, map: (value: From) => To) {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}
