import {
  abs,
  type Device,
  Graph,
  grad,
  gru,
  gruVariables,
  lstm,
  lstmVariables,
  mean,
  mul,
  openDevice,
  type Program,
  RandomStream,
  rnn,
  rnnVariables,
  sum,
  type Tensor,
} from 'tensorloom';
import { type Cell, cells } from '../../models/text.ts';

export interface GradientSettings {
  /** Steps of the sequence. */
  readonly steps: number;
  /** All weights are their usual beginning times this. */
  readonly scale: number;
  /** Of the gates that keep the state: the LSTM's forget gate and the GRU's update gate. */
  readonly gateBias: number;
}

/** For each cell and each step, the gradient there in units of that at the last step. */
export type GradientReading = Readonly<Record<Cell, readonly number[]>>;

const [batch, inputSize, hiddenSize] = [8, 16, 32];

/** How far back the gradient of the last state reaches, for each kind of cell. */
export function gradientJob() {
  let device: Promise<Device> | null = null;
  let compiled: {
    readonly steps: number;
    readonly programs: Readonly<Record<Cell, Program<'sizes'>>>;
  } | null = null;

  async function compile(steps: number) {
    device ??= openDevice();
    const on = await device;
    if (compiled?.steps === steps) return compiled.programs;
    if (compiled) for (const program of Object.values(compiled.programs)) program.dispose();
    const [forGru, forLstm, forRnn] = await Promise.all(
      cells.map((cell) => on.compile({ outputs: { sizes: gradientSizes(cell, steps) } })),
    );
    compiled = { steps, programs: { gru: forGru, lstm: forLstm, rnn: forRnn } };
    return compiled.programs;
  }

  return async ({ steps, scale, gateBias }: GradientSettings): Promise<GradientReading> => {
    const programs = await compile(steps);
    const random = new RandomStream(7);
    const x = Float32Array.from({ length: steps * batch * inputSize }, () => random.normal());
    const direction = Float32Array.from({ length: batch * hiddenSize }, () => random.normal());
    const read = async (cell: Cell) => {
      const feeds = { x, direction, scale, ...(cell !== 'rnn' && { gateBias }) };
      const { sizes } = await programs[cell].run(feeds);
      return Array.from(sizes, (size) => size / sizes[steps - 1]);
    };
    return { rnn: await read('rnn'), lstm: await read('lstm'), gru: await read('gru') };
  };
}

/**
 * The mean absolute value of dL/dx at each step, [T], where L is a random mixture of the last hidden state. (A sum of squares would
 * leave the range of float32 where the gradient is below 1e-19.)
 */
function gradientSizes(cell: Cell, steps: number): Tensor {
  const graph = new Graph({ seed: 3 });
  const x = graph.input('x', [steps, batch, inputSize]);
  const direction = graph.input('direction', [1, batch, hiddenSize]);
  const scale = graph.input('scale', []);
  const sizes = { inputSize, hiddenSize };
  const scaled = <Weights extends { weight: Tensor; recurrentWeight: Tensor }>(weights: Weights) => ({
    ...weights,
    weight: mul(weights.weight, scale),
    recurrentWeight: mul(weights.recurrentWeight, scale),
  });
  let last: Tensor;
  if (cell === 'lstm') {
    const [weights] = lstmVariables(graph, 'lstm', { ...sizes, bias: false });
    last = lstm(x, { ...scaled(weights), bias: keepingBias(graph, 4) }).hiddenState;
  } else if (cell === 'gru') {
    const [weights] = gruVariables(graph, 'gru', { ...sizes, bias: false });
    last = gru(x, { ...scaled(weights), bias: keepingBias(graph, 3) }).hiddenState;
  } else {
    last = rnn(x, scaled(rnnVariables(graph, 'rnn', sizes)[0])).hiddenState;
  }
  const [dx] = grad(sum(mul(last, direction)), [x]);
  return mean(abs(dx), { axes: [1, 2] });
}

/** [gates * H]: the gate that keeps the state, which is the second of both (i f g o, r z n), gets the bias that is fed, the others 0. */
function keepingBias(graph: Graph, gates: number): Tensor {
  const isKeeping = Array.from({ length: gates * hiddenSize }, (_, i) =>
    Math.floor(i / hiddenSize) === 1 ? 1 : 0,
  );
  return mul(graph.constant(isKeeping, [gates * hiddenSize]), graph.input('gateBias', []));
}
