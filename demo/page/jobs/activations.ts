import {
  abs,
  type Device,
  div,
  elu,
  Graph,
  gelu,
  grad,
  identity,
  leakyRelu,
  linear,
  mean,
  meanSquaredError,
  mul,
  normal,
  openDevice,
  type Program,
  relu,
  sigmoid,
  sign,
  silu,
  softmax,
  softplus,
  step,
  sum,
  type Tensor,
  tanh,
} from 'tensorloom';
import { type ActivationName, type ChainActivation, curvePlaces } from '../sections/activationsRange.ts';

const activations: Readonly<Record<ActivationName, (x: Tensor) => Tensor>> = {
  step,
  sign,
  sigmoid,
  tanh,
  relu,
  leakyRelu,
  elu,
  gelu,
  silu,
  softplus,
  identity,
};

export interface Curve {
  /** Values at `curvePlaces`. */
  readonly values: Float32Array;
  /** d value / d x there. */
  readonly slopes: Float32Array;
}

/** Of the deep network whose gradients are shown. */
const units = 32;
const samples = 16;

/** For each layer from the first on, the mean size of the loss's derivative by its weights. */
export type LayerGradients = Readonly<Record<ChainActivation, readonly number[]>>;

/** Computes what the figures of activations show. */
export function createJob() {
  let device: Promise<Device> | null = null;
  const open = () => (device ??= openDevice());
  const softmaxes = new Map<number, Promise<Program<'shares'>>>();
  const chains = new Map<number, Promise<Program>>();

  return {
    async curve(name: ActivationName): Promise<Curve> {
      const graph = new Graph();
      const x = graph.input('x', [curvePlaces.length]);
      const values = activations[name](x);
      // Each value depends on its own x only, so that the gradient of their sum has all the slopes.
      // The step and the sign are flat, and pass nothing on: zeros.
      const [slopes] = grad(sum(values), [x], { unused: 'zeros' });
      const program = await (await open()).compile({ outputs: { values, slopes } });
      const result = await program.run({ x: curvePlaces });
      program.dispose();
      return { values: result.values as Float32Array, slopes: result.slopes as Float32Array };
    },

    /** Shares of the logits at a temperature. */
    async softmax(logits: readonly number[], temperature: number): Promise<readonly number[]> {
      const program = await kept(softmaxes, logits.length, async (count) => {
        const graph = new Graph();
        const shares = softmax(div(graph.input('logits', [count]), graph.input('temperature', [])));
        return (await open()).compile({ outputs: { shares } });
      });
      return Array.from((await program.run({ logits, temperature })).shares);
    },

    /**
     * What arrives at each layer of a network of `depth` layers: linear(x, W) and an activation each, W drawn with a standard deviation of
     * `spread` / √units, so that with a spread of 1 the sums are as large as their inputs.
     */
    async gradients(depth: number, spread: number): Promise<LayerGradients> {
      const program = await kept(chains, depth, async (layers) =>
        (await open()).compile({ outputs: deepNetworks(layers) }),
      );
      const result: Record<string, ArrayLike<number>> = await program.run({ spread });
      const sizes = (name: ChainActivation) =>
        Array.from({ length: depth }, (_, layer) => result[`${name}${layer}`][0]);
      return { sigmoid: sizes('sigmoid'), tanh: sizes('tanh'), relu: sizes('relu') };
    },
  };
}

/** The same network with each of the activations: same weights, same samples, same target. */
function deepNetworks(depth: number): Record<string, Tensor> {
  const graph = new Graph({ seed: 7 });
  const spread = graph.input('spread', []);
  const drawn = (name: string, shape: readonly number[], deviation: number) =>
    graph.variable(name, shape, { initializer: normal({ standardDeviation: deviation }), trainable: false });
  const x = drawn('x', [samples, units], 1);
  const target = drawn('target', [samples, units], 1);
  const weights = Array.from({ length: depth }, (_, layer) =>
    mul(drawn(`w${layer}`, [units, units], 1 / Math.sqrt(units)), spread),
  );
  const outputs: Record<string, Tensor> = {};
  for (const [name, activation] of Object.entries({ sigmoid, tanh, relu })) {
    const output = weights.reduce((h, w) => activation(linear(h, w)), x as Tensor);
    const gradients = grad(meanSquaredError(output, target), weights);
    gradients.forEach((gradient, layer) => {
      outputs[`${name}${layer}`] = mean(abs(gradient));
    });
  }
  return outputs;
}

function kept<Value>(
  values: Map<number, Promise<Value>>,
  key: number,
  make: (key: number) => Promise<Value>,
): Promise<Value> {
  const value = values.get(key) ?? make(key);
  values.set(key, value);
  return value;
}
