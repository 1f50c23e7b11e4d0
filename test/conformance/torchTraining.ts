import * as t from '../../src/index.ts';
import * as layers from '../../src/layers.ts';
import { type Output, Skipped } from './suite.ts';
import { numbersOf, type StoredNumbers, type TrainingCase } from './torchCase.ts';

// Whole trainings that PyTorch made, repeated with models of layers: the loss of every step and the parameters at the end.

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

/** Trains as the case says, and gives the losses and what the variables are in the end. */
export async function runTraining(device: t.Device, trainingCase: TrainingCase): Promise<Output[]> {
  const { batches, initial, final, losses, learningRates, tolerance } = trainingCase;
  const build = models[trainingCase.model];
  if (!build) throw new Skipped(`no model of layers stands for "${trainingCase.model}"`);
  const graph = new t.Graph();
  const input = graph.input('input', batches[0].input.shape, batches[0].input.dtype);
  const labels = graph.input('labels', batches[0].labels.shape, 'int32');
  const made = layers.forward(build(), input, { training: true });
  if (trainingCase.loss !== 'softmaxCrossEntropy, mean')
    throw new Skipped(`no rule for the loss "${trainingCase.loss}"`);
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
  if (String(Object.keys(theirs).sort()) !== String(Object.keys(final).sort())) {
    throw new Error(
      `the model has ${Object.keys(theirs).join(', ')}, the case ${Object.keys(final).join(', ')}`,
    );
  }
  const { rtol: relative, atol: absolute } = tolerance;
  const bound = { relative, absolute };
  return [
    { name: 'losses', got, want: losses, dtype: 'float32', bound },
    ...Object.entries(final).map(([name, stored]): Output => {
      const shapes = { got: theirs[name].shape, want: stored.shape };
      return { name, got: theirs[name].data, want: numbersOf(stored), dtype: 'float32', shapes, bound };
    }),
  ];
}

function optimizerOf({ optimizer, clipGlobalNorm }: TrainingCase, learningRate: t.Tensor): t.Optimizer {
  // A note explains and asks for nothing.
  const { type, learningRate: _, note: __, ...rest } = optimizer;
  const make = optimizers[String(type)];
  if (!make) throw new Skipped(`no optimizer of ours stands for "${type}"`);
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
