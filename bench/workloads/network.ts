import type { TypedArray } from '../page/contender.ts';
import { networkLosses } from '../reference/network.ts';
import { fill, type Workload } from './workload.ts';

/**
 * A training step of a classifier: softmax cross-entropy, mean over the batch, Adam with `adamOptions`.
 * inputs  image [N, size, size, channels], label int32 [N], and the first values of the parameters by name
 * outputs loss [1]: of the last step, before its update
 */
export interface NetworkSpec {
  readonly batch: number;
  readonly size: number;
  readonly channels: number;
  readonly layers: readonly Layer[];
}

export type Layer =
  /** 'same' padding; filter [k, k, C, O]. */
  | {
      readonly kind: 'conv';
      readonly name: string;
      readonly channels: number;
      readonly filterSize: number;
      readonly stride: number;
      readonly bias: boolean;
    }
  /** By the statistics of the batch, epsilon 1e-5. */
  | { readonly kind: 'batchNorm'; readonly name: string }
  /** 2x2, stride 2. */
  | { readonly kind: 'relu' | 'maxPool' | 'globalAverage' | 'flatten' }
  | { readonly kind: 'dense'; readonly name: string; readonly units: number }
  /** body(x) + shortcut(x) */
  | { readonly kind: 'residual'; readonly body: readonly Layer[]; readonly shortcut: readonly Layer[] };

/** What a library brings to `buildNetwork`. */
export interface NetworkOps<Value> {
  parameter(name: string, shape: readonly number[]): Value;
  conv(x: Value, filter: Value, bias: Value | null, stride: number): Value;
  batchNorm(x: Value, scale: Value, offset: Value): Value;
  relu(x: Value): Value;
  maxPool(x: Value): Value;
  globalAverage(x: Value): Value;
  flatten(x: Value): Value;
  dense(x: Value, weight: Value, bias: Value): Value;
  add(a: Value, b: Value): Value;
  /** A second use of a value. */
  again(x: Value): Value;
}

/** The loss is compared in the second step: an update has gone into it. */
const checkSteps = 2;

/** Walks the layers; `shape` is [size, size, channels], or [units] behind `flatten`. Returns the value and its shape. */
export function buildNetwork<Value>(
  layers: readonly Layer[],
  x: Value,
  shape: readonly number[],
  ops: NetworkOps<Value>,
): [Value, readonly number[]] {
  for (const layer of layers) {
    const channels = shape[shape.length - 1];
    if (layer.kind === 'conv') {
      const { name, filterSize, stride } = layer;
      const filter = ops.parameter(`${name}/filter`, [filterSize, filterSize, channels, layer.channels]);
      const bias = layer.bias ? ops.parameter(`${name}/bias`, [layer.channels]) : null;
      x = ops.conv(x, filter, bias, stride);
      shape = [shape[0] / stride, shape[1] / stride, layer.channels];
    } else if (layer.kind === 'batchNorm') {
      const scale = ops.parameter(`${layer.name}/scale`, [channels]);
      x = ops.batchNorm(x, scale, ops.parameter(`${layer.name}/offset`, [channels]));
    } else if (layer.kind === 'dense') {
      const weight = ops.parameter(`${layer.name}/weight`, [channels, layer.units]);
      x = ops.dense(x, weight, ops.parameter(`${layer.name}/bias`, [layer.units]));
      shape = [layer.units];
    } else if (layer.kind === 'residual') {
      const [shortcut] = buildNetwork(layer.shortcut, ops.again(x), shape, ops);
      const [body, after] = buildNetwork(layer.body, x, shape, ops);
      x = ops.add(body, shortcut);
      shape = after;
    } else {
      x = ops[layer.kind](x);
      if (layer.kind === 'maxPool') shape = [shape[0] / 2, shape[1] / 2, channels];
      if (layer.kind === 'globalAverage') shape = [channels];
      if (layer.kind === 'flatten') shape = [shape.reduce((a, b) => a * b, 1)];
    }
  }
  return [x, shape];
}

const relu = { kind: 'relu' } as const;
const maxPool = { kind: 'maxPool' } as const;
const flatten = { kind: 'flatten' } as const;
const dense = (name: string, units: number): Layer => ({ kind: 'dense', name, units });
const conv = (name: string, channels: number, filterSize: number, stride = 1, bias = true): Layer => ({
  kind: 'conv',
  name,
  channels,
  filterSize,
  stride,
  bias,
});
const norm = (name: string): Layer => ({ kind: 'batchNorm', name });

/** Two 3x3 convolutions with batch normalisation (He et al., 2016); a 1x1 convolution where the shape changes. */
function block(name: string, channels: number, stride: number): Layer[] {
  return [
    {
      kind: 'residual',
      body: [
        conv(`${name}/conv1`, channels, 3, stride, false),
        norm(`${name}/norm1`),
        relu,
        conv(`${name}/conv2`, channels, 3, 1, false),
        norm(`${name}/norm2`),
      ],
      shortcut: stride === 1 ? [] : [conv(`${name}/shortcut`, channels, 1, stride, false)],
    },
    relu,
  ];
}

export const workloads: Workload<NetworkSpec>[] = [
  network('mlp', 3, 128, 28, 1, [
    flatten,
    dense('hidden1', 256),
    relu,
    dense('hidden2', 256),
    relu,
    dense('output', 10),
  ]),
  network('lenet', 3, 64, 28, 1, [
    conv('conv1', 8, 5),
    relu,
    maxPool,
    conv('conv2', 16, 5),
    relu,
    maxPool,
    flatten,
    dense('output', 10),
  ]),
  network('resnet8', undefined, 16, 32, 3, [
    conv('conv', 16, 3, 1, false),
    norm('norm'),
    relu,
    ...block('block1', 16, 1),
    ...block('block2', 32, 2),
    ...block('block3', 64, 2),
    { kind: 'globalAverage' },
    dense('output', 10),
  ]),
];

function network(
  name: string,
  goal: number | undefined,
  batch: number,
  size: number,
  channels: number,
  layers: readonly Layer[],
): Workload<NetworkSpec> {
  const spec = { batch, size, channels, layers };
  const shapes = parameterShapes(spec);
  return {
    name: `train-${name}`,
    spec,
    default: true,
    goal,
    flops: 3 * batch * forwardFlops(spec),
    bytes: 4 * 7 * shapes.reduce((sum, [, shape]) => sum + shape.reduce((a, b) => a * b, 1), 0),
    checkSteps,
    tolerance: 1e-4,
    inputs() {
      const inputs: Record<string, TypedArray> = {
        image: fill(batch * size * size * channels, 1),
        label: Int32Array.from({ length: batch }, (_, i) => (i * 7) % 10),
      };
      for (const [i, [path, shape]] of shapes.entries()) {
        const count = shape.reduce((a, b) => a * b, 1);
        const isMatrix = shape.length > 1;
        const fanIn = count / shape[shape.length - 1];
        inputs[path] = isMatrix ? fill(count, i + 2, Math.sqrt(6 / fanIn)) : new Float32Array(count);
        if (path.endsWith('/scale')) inputs[path].fill(1);
      }
      return inputs;
    },
    async reference(inputs) {
      const losses = await networkLosses(spec, inputs, checkSteps);
      return { loss: { size: 1, samples: [losses[checkSteps - 1]] } };
    },
  };
}

/** Parameters in the order of their use. */
export function parameterShapes({ layers, size, channels }: NetworkSpec): [string, readonly number[]][] {
  const shapes: [string, readonly number[]][] = [];
  const nothing = () => null;
  buildNetwork<null>(layers, null, [size, size, channels], {
    parameter(name, shape) {
      shapes.push([name, shape]);
      return null;
    },
    conv: nothing,
    batchNorm: nothing,
    relu: nothing,
    maxPool: nothing,
    globalAverage: nothing,
    flatten: nothing,
    dense: nothing,
    add: nothing,
    again: nothing,
  });
  return shapes;
}

/** Multiplications and additions of the products of one image. */
function forwardFlops({ layers, size, channels }: NetworkSpec): number {
  // A value is its side; a parameter is its number of elements.
  let flops = 0;
  buildNetwork<number>(layers, size, [size, size, channels], {
    parameter: (_, shape) => shape.reduce((a, b) => a * b, 1),
    conv(side, filter, _, stride) {
      flops += 2 * filter * (side / stride) ** 2;
      return side / stride;
    },
    batchNorm: (side) => side,
    relu: (side) => side,
    maxPool: (side) => side / 2,
    globalAverage: () => 1,
    flatten: () => 1,
    dense(_, weight) {
      flops += 2 * weight;
      return 1;
    },
    add: (side) => side,
    again: (side) => side,
  });
  return flops;
}
