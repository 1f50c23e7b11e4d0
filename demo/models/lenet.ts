import {
  adam,
  conv2d,
  type Feeds,
  flatten,
  Graph,
  glorotUniform,
  linear,
  maxPool2d,
  RandomStream,
  relu,
  softmaxCrossEntropy,
  type Tensor,
  type Variable,
} from '../../src/index.ts';

export interface LenetStep {
  readonly loss: Tensor;
  readonly updates: readonly (readonly [Variable, Tensor])[];
  readonly feeds: Feeds;
}

/**
 * The training step whose costs README.md compares: conv 5x5x8, relu, pool, conv 5x5x16, relu, pool, dense 10, cross-entropy, Adam. Random
 * images: what they show makes no difference to time and counts.
 */
export function lenetStep(batch: number): LenetStep {
  const graph = new Graph({ seed: 1 });
  const image = graph.input('image', [batch, 28, 28, 1]);
  const label = graph.input('label', [batch], 'int32');
  const layer = (name: string, x: Tensor, channels: number) =>
    graph.scope(name, () => {
      const filter = graph.variable('filter', [5, 5, x.shape[3], channels], { initializer: glorotUniform() });
      const bias = graph.variable('bias', [channels]);
      return maxPool2d(relu(conv2d(x, filter, { bias })), { windowSize: 2 });
    });
  const features = flatten(layer('conv2', layer('conv1', image, 8), 16));
  const weight = graph.variable('weight', [features.shape[1], 10], { initializer: glorotUniform() });
  const loss = softmaxCrossEntropy(linear(features, weight, graph.variable('bias', [10])), label);
  const random = new RandomStream(1);
  return {
    loss,
    updates: adam({ learningRate: 1e-3 }).minimize(loss),
    feeds: {
      image: Float32Array.from({ length: batch * 28 * 28 }, () => random.uniform()),
      label: Int32Array.from({ length: batch }, () => random.integer(10)),
    },
  };
}
