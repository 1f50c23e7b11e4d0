import { adam, Graph, glorotUniform, linear, meanSquaredError, openDevice, sigmoid, tanh } from 'tensorloom';

const graph = new Graph({ seed: 1 });
const x = graph.constant([0, 0, 0, 1, 1, 0, 1, 1], [4, 2]);
const target = graph.constant([0, 1, 1, 0], [4, 1]);

// One neuron would be: y = sigmoid(linear(x, w, b)), with w of [2, 1].
const w1 = graph.variable('w1', [2, 8], { initializer: glorotUniform() });
const w2 = graph.variable('w2', [8, 1], { initializer: glorotUniform() });
const hidden = tanh(linear(x, w1, graph.variable('b1', [8])));
const y = sigmoid(linear(hidden, w2, graph.variable('b2', [1])));
const loss = meanSquaredError(y, target);

const device = await openDevice();
const updates = adam({ learningRate: 0.05 }).minimize(loss);
const train = await device.compile({ outputs: { loss }, updates });
for (let step = 0; step < 500; step++) await train.submit();
console.log((await train.run()).loss[0]);
