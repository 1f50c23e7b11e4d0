// Keras's first LSTM (keras.io, "Bidirectional LSTM on IMDB"): the same layers, loss, optimizer and batch, on sentences made up here.
// node test/support/launch.mjs demo/tutorials/lstm.ts [sentences] [epochs]
import * as t from '../../src/index.ts';
import * as layers from '../../src/layers.ts';
import { binaryAccuracy } from '../../src/metrics.ts';
import { makeReviews, type Reviews, words } from './reviews.ts';

const [count = 2000, epochs = 4] = process.argv.slice(2).map(Number);
const padding = { length: 20, dtype: 'int32' } as const;
const padded = ({ sentences, y }: Reviews) => ({ x: t.padSequences(sentences, padding), y });
const [train, validation] = [padded(makeReviews(count, 1)), padded(makeReviews(200, 2))];
const network = layers.sequential([
  layers.embedding(words, 16),
  layers.lstm(16, { direction: 'bidirectional', returnSequences: true }),
  layers.lstm(16, { direction: 'bidirectional' }),
  layers.dense(1),
]);
console.log(layers.summary(network, { shape: [32, padding.length], dtype: 'int32' }).table);
const [loss, optimizer] = [t.binaryCrossEntropyWithLogits, t.adam({ learningRate: 5e-3 })];
const model = await t.compileModel(network, { loss, optimizer, metrics: [binaryAccuracy()] });
for await (const event of t.fit(model, train, { batchSize: 32, epochs, validation }))
  console.log(t.formatEvent(event));
