// What does one training step cost, and what of it goes into which kernel? `npm run bench -- step`
import {
  adam,
  conv2d,
  flatten,
  Graph,
  glorotUniform,
  linear,
  maxPool2d,
  openDevice,
  relu,
  softmaxCrossEntropy,
  type Tensor,
} from '../src/index.ts';
import { check, time } from './measure.ts';

function dense(graph: Graph, name: string, x: Tensor, units: number): Tensor {
  return graph.scope(name, () => {
    const weight = graph.variable('weight', [x.shape[1], units], { initializer: glorotUniform() });
    return linear(x, weight, graph.variable('bias', [units]));
  });
}

function convolution(graph: Graph, name: string, x: Tensor, channels: number): Tensor {
  return graph.scope(name, () => {
    const filter = graph.variable('filter', [5, 5, x.shape[3], channels], { initializer: glorotUniform() });
    return maxPool2d(relu(conv2d(x, filter, { bias: graph.variable('bias', [channels]) })), {
      windowSize: 2,
    });
  });
}

const networks: Readonly<Record<string, { batch: number; logits: (graph: Graph, image: Tensor) => Tensor }>> =
  {
    'MLP 784-256-256-10': {
      batch: 128,
      logits: (graph, image) =>
        dense(
          graph,
          'output',
          relu(dense(graph, 'hidden2', relu(dense(graph, 'hidden1', flatten(image), 256)), 256)),
          10,
        ),
    },
    'LeNet-like CNN': {
      batch: 64,
      logits: (graph, image) => {
        const features = convolution(graph, 'conv2', convolution(graph, 'conv1', image, 8), 16);
        return dense(graph, 'output', flatten(features), 10);
      },
    },
  };

const device = await openDevice({ backend: 'webgpu' });
const reference = await openDevice({ backend: 'cpu' });
console.log(`${device.info.name} (${device.info.reason})`);
for (const [name, { batch, logits }] of Object.entries(networks)) {
  const graph = new Graph({ seed: 1 });
  const label = graph.input('label', [batch], 'int32');
  const loss = softmaxCrossEntropy(logits(graph, graph.input('image', [batch, 28, 28, 1])), label);
  const options = { outputs: { loss }, updates: adam({ learningRate: 1e-3 }).minimize(loss) };
  const feeds = {
    image: Float32Array.from({ length: batch * 784 }, (_, i) => Math.sin(i) ** 2),
    label: Int32Array.from({ length: batch }, (_, i) => i % 10),
  };
  const program = await device.compile(options);
  const want = await (await reference.compile(options)).run(feeds);
  check(name, (await program.run(feeds)).loss, want.loss);
  const { median, least, most } = await time(program, feeds, { runs: 10 });
  const { stats } = program;
  console.log(
    `${name}, Adam, batch ${batch}: ${median.toFixed(2)} ms (${least.toFixed(2)} to ${most.toFixed(2)}), ${stats.dispatches} dispatches, ` +
      `${stats.submits} submit, ${(stats.flops / median / 1e6).toFixed(2)} GFLOP/s, ${(stats.memoryBytes / 1e6).toFixed(1)} MB`,
  );
  console.log(stats.kernels.map((kernel) => `  ${kernel}`).join('\n'));
}
device.dispose();
