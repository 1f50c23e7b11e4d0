import {
  adam,
  binaryCrossEntropyWithLogits,
  type Device,
  Graph,
  glorotUniform,
  linear,
  sgd,
  sigmoid,
  tanh,
} from '../../src/index.ts';

export type GateName = 'OR' | 'AND' | 'XOR';

/** All that a gate can be given: [x1, x2]. */
export const gateInputs = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
] as const;

export const gateTargets: Readonly<Record<GateName, readonly number[]>> = {
  OR: [0, 1, 1, 1],
  AND: [0, 0, 0, 1],
  XOR: [0, 1, 1, 0],
};

/** Enough for XOR from any start; two would do, but often get stuck (with 8, none of 400 seeds did). */
const hiddenUnits = 8;
const steps = 500;
const stepsPerReading = 10;

export interface LearnedGate {
  readonly gate: GateName;
  readonly layers: 1 | 2;
  /** Whether every output is on the right side of 0.5. */
  readonly learned: boolean;
  /** What comes out for each of `gateInputs`. */
  readonly outputs: readonly number[];
  readonly loss: number;
  /** The loss from the start to the end. */
  readonly curve: readonly number[];
  /** Of a perceptron, y = sigmoid(w1 x1 + w2 x2 + b): [w1, w2, b]. */
  readonly line?: readonly [number, number, number];
}

/**
 * Trains a perceptron (one layer, plain gradient descent) or a network with a hidden layer (Adam) on the truth table of a gate. The
 * perceptron's loss is convex: where gradient descent ends, no other line is better.
 */
export async function learnGate(
  device: Device,
  gate: GateName,
  { layers, seed }: { layers: 1 | 2; seed: number },
): Promise<LearnedGate> {
  const graph = new Graph({ seed });
  const weights = (name: string, inputs: number, units: number) =>
    graph.variable(name, [inputs, units], { initializer: glorotUniform() });
  const x = graph.constant(gateInputs.flat(), [4, 2]);
  const targets = graph.constant(gateTargets[gate], [4, 1]);

  const features =
    layers === 1
      ? x
      : tanh(
          linear(x, weights('hidden/weights', 2, hiddenUnits), graph.variable('hidden/bias', [hiddenUnits])),
        );
  const last = weights('output/weights', layers === 1 ? 2 : hiddenUnits, 1);
  const bias = graph.variable('output/bias', [1]);
  const logits = linear(features, last, bias);
  const loss = binaryCrossEntropyWithLogits(logits, targets);

  const optimizer = layers === 1 ? sgd({ learningRate: 2 }) : adam({ learningRate: 0.05 });
  const train = await device.compile({ outputs: { loss }, updates: optimizer.minimize(loss) });
  const predict = await device.compile({ outputs: { y: sigmoid(logits), loss } });
  try {
    const curve: number[] = [];
    for (let step = 0; step < steps; step++) {
      if (step % stepsPerReading === 0) curve.push((await train.run()).loss[0]);
      else await train.submit();
    }
    const result = await predict.run();
    const outputs = Array.from(result.y);
    const learned = outputs.every((output, i) => output > 0.5 === gateTargets[gate][i] > 0.5);
    const learnedGate = {
      gate,
      layers,
      learned,
      outputs,
      loss: result.loss[0],
      curve: [...curve, result.loss[0]],
    };
    if (layers === 2) return learnedGate;
    const [w1, w2] = await device.read(last);
    const [b] = await device.read(bias);
    return { ...learnedGate, line: [w1, w2, b] };
  } finally {
    train.dispose();
    predict.dispose();
  }
}
