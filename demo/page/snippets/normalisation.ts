import { adam, binaryCrossEntropyWithLogits, Graph, openDevice, tanh } from 'tensorloom';
import { batchNorm, dense, dropout, forward, sequential } from 'tensorloom/layers';

const block = () => [
  dense(24),
  // Each unit: mean 0, variance 1 over the batch.
  batchNorm(),
  tanh,
  dropout(0.4),
];
const network = sequential([
  ...block(),
  // and so on
  ...block(),
  dense(1),
]);

const graph = new Graph({ seed: 1 });
const x = graph.input('x', [24, 2]);
const y = graph.input('y', [24, 1]);

// Statistics of the batch, units dropped.
const { output, updates } = forward(network, x, {
  training: true,
});
const loss = binaryCrossEntropyWithLogits(output, y);
const optimizer = adam({ learningRate: 0.01 });

const device = await openDevice();
export const train = await device.compile({
  outputs: { loss },
  // The running statistics move, too.
  updates: [...updates, ...optimizer.minimize(loss)],
});

// Running statistics, all units.
const prediction = forward(network, x).output;
export const predict = await device.compile({
  outputs: { prediction },
});
