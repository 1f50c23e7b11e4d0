import {
  adam,
  add,
  type Device,
  Graph,
  glorotUniform,
  identity,
  linear,
  matmul,
  meanSquaredError,
  mul,
  openDevice,
  type Program,
  relu,
  sgd,
  sigmoid,
  step,
  sub,
  sum,
  type Tensor,
  tanh,
  type Variable,
} from 'tensorloom';
import { type GateName, gateInputs, gateTargets } from '../../models/gates.ts';
import { mapHigh, mapLow, mapSide } from '../sections/perceptronRange.ts';
import { Interval, Pacer } from '../worker/pacer.ts';

export type NeuronActivation = 'step' | 'sigmoid' | 'tanh' | 'relu' | 'identity';

const activations: Readonly<Record<NeuronActivation, (x: Tensor) => Tensor>> = {
  step,
  sigmoid,
  tanh,
  relu,
  identity,
};

/** Units of the hidden layer: two would do for XOR, but often get stuck. */
const hiddenUnits = 8;

export interface PerceptronSettings {
  readonly gate: GateName;
  readonly layers: 1 | 2;
  /** Of the neuron; two layers take tanh, then sigmoid. */
  readonly activation: NeuronActivation;
  readonly learningRate: number;
  /** Of the neuron, where the training begins: [w1, w2, b]. */
  readonly weights: readonly [number, number, number];
  readonly seed: number;
}

export interface PerceptronReading {
  readonly step: number;
  readonly loss: number;
  /** For each of the four inputs. */
  readonly outputs: readonly number[];
  /** Of one neuron. */
  readonly weights?: readonly [number, number, number];
  /** Of two layers: answers over the plane, row by row from below. */
  readonly map?: Float32Array;
  /** All four outputs on the right side of one half. */
  readonly solved: boolean;
}

interface Trained {
  readonly train: Program<'loss'>;
  readonly predict: Program<'outputs'>;
  readonly map: Program<'outputs'> | null;
  readonly neuron: readonly [Variable, Variable] | null;
}

/** Trains a neuron, or two layers, on the truth table of a gate. */
export function createJob() {
  const pacer = new Pacer();
  let device: Device | null = null;
  let trained: Trained | null = null;
  let turn = 0;

  async function open(): Promise<Device> {
    device ??= await openDevice();
    return device;
  }

  async function read(step: number, loss: number, gate: GateName): Promise<PerceptronReading> {
    if (!trained || !device) throw new Error('nothing is trained yet');
    const outputs = Array.from((await trained.predict.run()).outputs);
    const solved = outputs.every((output, i) => output > 0.5 === (gateTargets[gate][i] === 1));
    if (trained.neuron) {
      const [w, b] = await Promise.all(
        trained.neuron.map((variable) => open().then((each) => each.read(variable))),
      );
      return { step, loss, outputs, solved, weights: [w[0], w[1], b[0]] };
    }
    return { step, loss, outputs, solved, map: (await trained.map?.run())?.outputs as Float32Array };
  }

  return {
    /** Begins anew, and goes on until `stop` or the next `train`. */
    async train(
      settings: PerceptronSettings,
      steps: number,
      tell: (reading: PerceptronReading) => Promise<void> | void,
    ): Promise<void> {
      const mine = ++turn;
      pacer.play();
      trained = await build(await open(), settings);
      const due = new Interval(60);
      for (let count = 1; count <= steps; count++) {
        await pacer.turn();
        if (mine !== turn) return;
        if (count < steps && !due.isDue) {
          await trained.train.submit();
          continue;
        }
        const { loss } = await trained.train.run();
        const reading = await read(count, loss[0], settings.gate);
        if (mine !== turn) return;
        await tell(reading);
      }
    },
    pause: () => pacer.pause(),
    resume: () => pacer.play(),
    stop() {
      turn++;
      pacer.play();
    },
  };
}

/** The points of the map's cells. */
function plane(): number[] {
  const at = (cell: number) => mapLow + ((cell + 0.5) / mapSide) * (mapHigh - mapLow);
  return Array.from({ length: mapSide * mapSide }, (_, i) => [
    at(i % mapSide),
    at(Math.floor(i / mapSide)),
  ]).flat();
}

async function build(device: Device, settings: PerceptronSettings): Promise<Trained> {
  const { gate, layers, activation, learningRate, seed } = settings;
  const graph = new Graph({ seed });
  const x = graph.constant(gateInputs.flat(), [4, 2]);
  const target = graph.constant(gateTargets[gate], [4, 1]);
  if (layers === 1) {
    const [w1, w2, bias] = settings.weights;
    const w = graph.variable('w', [2, 1], { initializer: [w1, w2] });
    const b = graph.variable('b', [1], { initializer: [bias] });
    const y = activations[activation](linear(x, w, b));
    const loss = meanSquaredError(y, target);
    // The step's slope is 0 everywhere. Rosenblatt's rule (1958) goes by the error alone: w += rate (target - y) x.
    const error = mul(sub(target, y), learningRate);
    const updates =
      activation === 'step'
        ? ([
            [w, add(w, matmul(x, error, { transposeA: true }))],
            [b, add(b, sum(error, { axes: [0] }))],
          ] as const)
        : sgd({ learningRate }).minimize(loss);
    const [train, predict] = await Promise.all([
      device.compile({ outputs: { loss }, updates }),
      device.compile({ outputs: { outputs: y } }),
    ]);
    return { train, predict, map: null, neuron: [w, b] };
  }
  const weights = (name: string, inputs: number, units: number) =>
    graph.variable(name, [inputs, units], { initializer: glorotUniform() });
  const [w1, b1, w2, b2] = [
    weights('w1', 2, hiddenUnits),
    graph.variable('b1', [hiddenUnits]),
    weights('w2', hiddenUnits, 1),
    graph.variable('b2', [1]),
  ];
  const network = (points: Tensor) => sigmoid(linear(tanh(linear(points, w1, b1)), w2, b2));
  const y = network(x);
  const loss = meanSquaredError(y, target);
  const cells = graph.constant(plane(), [mapSide * mapSide, 2]);
  const [train, predict, map] = await Promise.all([
    device.compile({ outputs: { loss }, updates: adam({ learningRate: learningRate / 10 }).minimize(loss) }),
    device.compile({ outputs: { outputs: y } }),
    device.compile({ outputs: { outputs: network(cells) } }),
  ]);
  return { train, predict, map, neuron: null };
}
