// Keras's first convolutional network (keras.io, "Simple MNIST convnet"): the same layers, loss, optimizer, batch and validation.
// node test/support/launch.mjs demo/tutorials/cnn.ts [digits] [epochs]
import * as t from '../../src/index.ts';
import * as layers from '../../src/layers.ts';
import { accuracy } from '../../src/metrics.ts';
import { readDigits } from '../cli/mnist.ts';

const [digits = 10_000, epochs = 15] = process.argv.slice(2).map(Number);
const { train, heldOut } = readDigits(digits);
const fieldsOf = ({ count, pixels, labels }: typeof train) => ({
  x: { data: pixels, shape: [count, 28, 28, 1] },
  y: labels,
});

const network = layers.sequential([
  layers.conv2d(32, 3, { activation: t.relu }),
  layers.maxPool2d(2),
  layers.conv2d(64, 3, { activation: t.relu }),
  layers.maxPool2d(2),
  layers.flatten(),
  layers.dropout(0.5),
  layers.dense(10),
]);
console.log(layers.summary(network, [128, 28, 28, 1]).table);
const optimizer = t.adam({ learningRate: 1e-3 });
const model = await t.compileModel(network, {
  loss: t.softmaxCrossEntropy,
  optimizer,
  metrics: [accuracy()],
});
for await (const event of t.fit(model, fieldsOf(train), { batchSize: 128, epochs, validation: 0.1 }))
  console.log(t.formatEvent(event));
const { loss, metrics } = await t.evaluate(model, fieldsOf(heldOut));
console.log('Test loss:', loss);
console.log('Test accuracy:', metrics.accuracy);
