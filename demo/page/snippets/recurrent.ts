import {
  adam,
  embedding,
  Graph,
  glorotUniform,
  linear,
  lstm,
  lstmVariables,
  openDevice,
  reshape,
  softmaxCrossEntropy,
} from 'tensorloom';

const graph = new Graph({ seed: 1 });
const [steps, batch, alphabet, hidden] = [32, 16, 80, 64];
const characters = graph.input('characters', [steps, batch], 'int32');
const following = graph.input('following', [steps * batch], 'int32');
const states = ['hiddenState', 'cellState'].map((name) =>
  graph.variable(name, [1, batch, hidden], { trainable: false }),
);

const initializer = glorotUniform();
const table = graph.variable('embedding', [alphabet, 32], { initializer });
const weights = lstmVariables(graph, 'lstm', { inputSize: 32, hiddenSize: hidden });
const { output, hiddenState, cellState } = lstm(embedding(table, characters), weights, {
  initialHiddenState: states[0],
  initialCellState: states[1],
});
const dense = graph.variable('dense', [hidden, alphabet], { initializer });
const logits = linear(reshape(output, [steps * batch, hidden]), dense, graph.variable('bias', [alphabet]));
const loss = softmaxCrossEntropy(logits, following);

const device = await openDevice();
const train = await device.compile({
  outputs: { loss },
  updates: [
    ...adam({ learningRate: 0.008, clipNorm: 1 }).minimize(loss),
    // The next batch goes on where this one ended.
    [states[0], hiddenState],
    [states[1], cellState],
  ],
});
console.log(train.stats.dispatches, 'dispatches for a training step');
