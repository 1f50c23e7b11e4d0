import {
  binaryCrossEntropyWithLogits,
  type Device,
  Graph,
  grad,
  l2Norm,
  type Optimizer,
  type Program,
  reshape,
  sigmoid,
  type Tensor,
} from 'tensorloom';
import { forward, type Layer, type LayerCall } from 'tensorloom/layers';
import type { Points } from '../../models/points.ts';
import { mapHigh, mapLow, mapSide } from '../sections/backPropagationRange.ts';

/** One dense layer as the diagram shows it. */
export interface LayerReading {
  readonly inputs: number;
  readonly units: number;
  /** [inputs, units] */
  readonly weights: Float32Array;
  readonly biases: Float32Array | null;
  /** d loss / d weights. */
  readonly gradients: Float32Array;
  /** What it gives for the sample. */
  readonly outputs: Float32Array;
}

/** A network between two updates: what goes forward, what comes back. */
export interface NetworkReading {
  /** Updates so far. */
  readonly step: number;
  /** Mean over all points. */
  readonly loss: number;
  /** Share of points on the right side. */
  readonly accuracy: number;
  readonly layers: readonly LayerReading[];
  readonly parameters: number;
  /** Of all parameters together, Euclidean. */
  readonly gradientNorm: number;
  /** Probability of class 1, and the loss, for the sample. */
  readonly sample: { readonly probability: number; readonly loss: number };
  /** Probabilities over the plane, row by row from below. */
  readonly map: Float32Array;
}

export interface Learner {
  /** One update, without reading anything. */
  update(): Promise<void>;
  /** One update, and the loss before it. */
  loss(): Promise<number>;
  read(sample: number): Promise<NetworkReading>;
  dispose(): void;
}

/** The points of the map's cells, `side` of them in each direction. */
export function planePoints(side: number): number[] {
  const at = (cell: number) => mapLow + ((cell + 0.5) / side) * (mapHigh - mapLow);
  return Array.from({ length: side * side }, (_, i) => [at(i % side), at(Math.floor(i / side))]).flat();
}

/** Puts a network together with data and an optimizer. The same seed gives the same first weights. */
export async function makeLearner(
  device: Device,
  network: Layer,
  optimizer: Optimizer,
  data: Points,
  seed: number,
): Promise<Learner> {
  const graph = new Graph({ seed });
  const count = data.y.length;
  const target = graph.constant(data.y, [count, 1]);
  const { output, parameters, updates } = forward(network, graph.constant(data.x, [count, 2]), {
    training: true,
  });
  const loss = binaryCrossEntropyWithLogits(output, target);
  const gradients = grad(loss, parameters);
  const train = await device.compile({
    outputs: { loss },
    updates: [...updates, ...optimizer.apply(loss, parameters, gradients)],
  });

  const sample = forward(network, graph.input('sample', [1, 2]));
  const sampleLoss = binaryCrossEntropyWithLogits(sample.output, graph.input('class', [1, 1]));
  const layers = sample.calls.filter(({ kind, variables }) => kind === 'dense' && variables.length > 0);
  const outputs: Record<string, Tensor> = {
    loss,
    output,
    probability: sigmoid(sample.output),
    sampleLoss,
    map: sigmoid(forward(network, graph.constant(planePoints(mapSide), [mapSide * mapSide, 2])).output),
  };
  parameters.forEach((parameter, i) => {
    outputs[`norm${i}`] = l2Norm(gradients[i]);
    outputs[`gradient${i}`] = reshape(gradients[i], [parameter.size]);
    outputs[`value${i}`] = reshape(parameter, [parameter.size]);
  });
  layers.forEach(({ output: given }, i) => {
    outputs[`layer${i}`] = given as Tensor;
  });
  let inspect: Promise<Program> | null = null;
  let step = 0;

  function layerReading(
    { variables }: LayerCall,
    index: number,
    result: Readonly<Record<string, ArrayLike<number>>>,
  ): LayerReading {
    const [weight, bias] = variables.map((variable) => parameters.indexOf(variable));
    const [inputs, units] = parameters[weight].shape;
    const numbers = (name: string) => Float32Array.from(result[name]);
    return {
      inputs,
      units,
      weights: numbers(`value${weight}`),
      biases: bias === undefined ? null : numbers(`value${bias}`),
      gradients: numbers(`gradient${weight}`),
      outputs: numbers(`layer${index}`),
    };
  }

  return {
    async update() {
      await train.submit();
      step++;
    },
    async loss() {
      const before = (await train.run()).loss[0];
      step++;
      return before;
    },
    async read(chosen) {
      inspect ??= device.compile({ outputs });
      const at = step;
      const result: Record<string, ArrayLike<number>> = await (await inspect).run({
        sample: data.x.slice(2 * chosen, 2 * chosen + 2),
        class: [data.y[chosen]],
      });
      const right = data.y.filter((y, i) => result.output[i] > 0 === (y === 1)).length;
      return {
        step: at,
        loss: result.loss[0],
        accuracy: right / count,
        layers: layers.map((layer, i) => layerReading(layer, i, result)),
        parameters: parameters.reduce((sum, { size }) => sum + size, 0),
        gradientNorm: Math.hypot(...parameters.map((_, i) => result[`norm${i}`][0])),
        sample: { probability: result.probability[0], loss: result.sampleLoss[0] },
        map: Float32Array.from(result.map),
      };
    },
    dispose() {
      train.dispose();
      void inspect?.then((program) => program.dispose());
    },
  };
}
