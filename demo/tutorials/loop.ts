// PyTorch's first training loop (pytorch.org, "Quickstart"): the same network, loss, optimizer, batch and epochs, on digits. The loop is
// written out: forward, loss and update are one program, which is run batch by batch.
// node test/support/launch.mjs demo/tutorials/loop.ts [digits] [epochs]
import * as t from '../../src/index.ts';
import * as layers from '../../src/layers.ts';
import { readDigits } from '../cli/mnist.ts';

const [digits = 10_000, epochs = 5] = process.argv.slice(2).map(Number);
const { train, heldOut } = readDigits(digits);
const batchSize = 64;
const device = await t.openDevice();
console.log(`Using ${device.info.name}`);
const network = layers.sequential([
  layers.dense(512, { activation: t.relu }),
  layers.dense(512, { activation: t.relu }),
  layers.dense(10),
]);

const graph = new t.Graph({ seed: 1 });
const x = graph.input('x', [batchSize, 784]);
const y = graph.input('y', [batchSize], 'int32');
const { output } = layers.forward(network, x, { training: true });
const loss = t.softmaxCrossEntropy(output, y);
const right = t.mean(t.cast(t.equal(t.argMax(output), y), 'float32'));
const step = await device.compile({
  outputs: { loss },
  updates: t.sgd({ learningRate: 1e-2 }).minimize(loss),
});
const judge = await device.compile({ outputs: { loss, right } });

const batch = ({ pixels, labels }: typeof train, first: number) => ({
  x: pixels.subarray(784 * first, 784 * (first + batchSize)),
  y: labels.subarray(first, first + batchSize),
});

for (let epoch = 1; epoch <= epochs; epoch++) {
  console.log(`Epoch ${epoch}\n-------------------------------`);
  for (let first = 0; first + batchSize <= train.count; first += batchSize) {
    if (first % (20 * batchSize) > 0) await step.submit(batch(train, first));
    else console.log(`loss: ${(await step.run(batch(train, first))).loss[0]}  [${first}/${train.count}]`);
  }
  let [correct, total, batches] = [0, 0, 0];
  for (let first = 0; first + batchSize <= heldOut.count; first += batchSize, batches++) {
    const judged = await judge.run(batch(heldOut, first));
    [correct, total] = [correct + judged.right[0], total + judged.loss[0]];
  }
  console.log(`Test accuracy: ${((100 * correct) / batches).toFixed(1)} %, average loss: ${total / batches}`);
}
device.dispose();
