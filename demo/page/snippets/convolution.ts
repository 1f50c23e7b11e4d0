import { conv2d, Graph, grad, maxPool2d, openDevice, sum } from 'tensorloom';

const graph = new Graph();
// One picture: height, width, channels.
const x = graph.input('x', [1, 14, 14, 1]);
// Height, width, channels in, channels out.
const kernel = graph.input('kernel', [3, 3, 1, 1]);
const y = conv2d(x, kernel, { strides: 1, padding: 0, dilations: 1 });
const pooled = maxPool2d(y, { windowSize: 2 });
const [gradient] = grad(sum(pooled), [y]);

const device = await openDevice();
const program = await device.compile({ outputs: { y, pooled, gradient } });
const picture = new Float32Array(x.size);
const edges = [-1, 0, 1, -2, 0, 2, -1, 0, 1];
console.log(await program.run({ x: picture, kernel: edges }));
