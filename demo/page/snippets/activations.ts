import { Graph, grad, openDevice, sigmoid, sum } from 'tensorloom';

const graph = new Graph();
const x = graph.input('x', [3]);
const y = sigmoid(x);
// Each y depends on its own x only:
// the gradient of their sum holds all slopes.
const [slope] = grad(sum(y), [x]);

const device = await openDevice();
const program = await device.compile({ outputs: { y, slope } });
console.log(await program.run({ x: [-4, 0, 4] }));
// slopes 0.018, 0.25, 0.018
