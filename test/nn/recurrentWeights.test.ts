import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Device,
  type Float32Tensor,
  Graph,
  gru,
  type LstmWeights,
  lstm,
  openDevice,
  type PlainTensor,
  RandomStream,
  type RecurrentCellName,
  type RecurrentValues,
  recurrentFromKeras,
  recurrentFromOnnx,
  recurrentFromTorch,
  recurrentFromWebnn,
  recurrentToKeras,
  recurrentToOnnx,
  recurrentToTorch,
  recurrentToWebnn,
  recurrentVariables,
  relu,
  rnn,
  type Tensor,
} from '../../src/index.ts';
import { numbersOf, type TorchCase } from '../conformance/torchCase.ts';
import { root } from '../support/root.ts';

const read = <Value>(name: string): Value =>
  JSON.parse(readFileSync(join(root, 'test/nn/recurrent', name), 'utf8'));

let device: Device;
beforeAll(async () => {
  device = await openDevice({ backend: 'cpu' });
});
afterAll(() => device.dispose());

async function expectClose(outputs: Record<string, Tensor>, expected: Record<string, ArrayLike<number>>) {
  const got = await (await device.compile({ outputs })).run();
  for (const [name, want] of Object.entries(expected)) {
    expect(got[name].length, name).toBe(want.length);
    const worst = Math.max(
      ...Array.from(want, (value, i) => Math.abs(value - got[name][i]) / (1 + Math.abs(value))),
    );
    expect(worst, name).toBeLessThan(2e-6);
  }
}

function constant(graph: Graph, { shape, data }: PlainTensor): Tensor {
  return graph.constant(data, shape);
}

/** Values that tell every element from every other. */
function drawn(cell: RecurrentCellName, directions: number, seed: number, extra = {}): RecurrentValues {
  const random = new RandomStream(seed);
  const [inputSize, hiddenSize] = [3, 2];
  const columns = { rnn: 1, gru: 3, lstm: 4 }[cell] * hiddenSize;
  const tensor = (...shape: number[]): Float32Tensor => {
    const full = directions === 2 ? [2, ...shape] : shape;
    const size = full.reduce((a, b) => a * b);
    return {
      shape: full,
      dtype: 'float32',
      data: Float32Array.from({ length: size }, () => random.normal()),
    };
  };
  return {
    weight: tensor(inputSize, columns),
    recurrentWeight: tensor(hiddenSize, columns),
    bias: tensor(columns),
    ...(cell === 'gru' && { recurrentBias: tensor(columns) }),
    ...Object.fromEntries(Object.entries<number[]>(extra).map(([name, shape]) => [name, tensor(...shape)])),
  };
}

describe('weights go to another framework and come back', () => {
  const cells: RecurrentCellName[] = ['rnn', 'lstm', 'gru'];
  for (const cell of cells) {
    for (const directions of [1, 2]) {
      it(`${cell}, ${directions} direction(s)`, () => {
        const layers = [drawn(cell, directions, 1), drawn(cell, directions, 2)];
        const [values] = layers;
        const dictionary = recurrentToTorch(layers, { prefix: 'my.' });
        expect(recurrentFromTorch(cell, dictionary, { prefix: 'my.' })).toEqual(layers);
        expect(recurrentFromKeras(cell, recurrentToKeras(cell, values))).toEqual(values);
        const onnx = recurrentToOnnx(cell, values);
        expect(recurrentFromOnnx(cell, onnx, { linearBeforeReset: true })).toEqual(values);
        if (cell === 'rnn') return;
        const cudnn = recurrentToKeras(cell, values, { cudnn: true });
        expect(cudnn.map(({ shape }) => shape.length).slice(0, 3)).toEqual([2, 2, 1]);
        expect(recurrentFromKeras(cell, cudnn)).toEqual(values);
        for (const layout of cell === 'lstm' ? (['iofg', 'ifgo'] as const) : (['zrn', 'rzn'] as const)) {
          const operands = recurrentToWebnn(cell, values, { layout });
          expect(recurrentFromWebnn(cell, operands, { layout })).toEqual(values);
        }
      });
    }
  }

  it('with peepholes and a projection, where there are such', () => {
    const peepholes = drawn('lstm', 2, 3, { peepholeWeight: [6] });
    expect(recurrentFromOnnx('lstm', recurrentToOnnx('lstm', peepholes))).toEqual(peepholes);
    expect(recurrentFromWebnn('lstm', recurrentToWebnn('lstm', peepholes))).toEqual(peepholes);
    const { data } = recurrentToOnnx('lstm', drawn('lstm', 1, 3, { peepholeWeight: [6] })).P ?? { data: [] };
    const own = drawn('lstm', 1, 3, { peepholeWeight: [6] }).peepholeWeight?.data ?? [];
    expect(Array.from(data)).toEqual([0, 1, 4, 5, 2, 3].map((i) => own[i]));
    const projected = {
      ...drawn('lstm', 1, 4, { projectionWeight: [2, 1] }),
      recurrentWeight: { shape: [1, 8], dtype: 'float32' as const, data: new Float32Array(8).fill(2) },
    };
    expect(recurrentFromTorch('lstm', recurrentToTorch([projected]))).toEqual([projected]);
  });

  it('with two biases made one where they are only added', () => {
    const values = { ...drawn('lstm', 1, 5), recurrentBias: drawn('lstm', 1, 6).bias };
    const sum = Array.from(values.bias?.data ?? [], (value, i) =>
      Math.fround(value + (values.recurrentBias?.data[i] ?? 0)),
    );
    const back = recurrentFromTorch('lstm', recurrentToTorch([values]))[0];
    expect(Object.keys(back)).toEqual(['weight', 'recurrentWeight', 'bias']);
    expect(Array.from(back.bias?.data ?? [])).toEqual(sum);
    const gruValues = drawn('gru', 1, 7);
    const one = recurrentFromOnnx('gru', recurrentToOnnx('gru', gruValues));
    expect(one).not.toHaveProperty('recurrentBias');
    const [, , bias] = recurrentToKeras('gru', gruValues, { resetAfter: false });
    expect(recurrentFromKeras('gru', recurrentToKeras('gru', gruValues, { resetAfter: false }))).toEqual(one);
    expect(bias.shape).toEqual([6]);
  });
});

describe('weights of PyTorch', () => {
  const names = [
    'rnn_small',
    'rnn_three_layers',
    'lstm_bidirectional_two_layers',
    'lstm_projection',
    'gru_two_layers',
    'gru_bidirectional',
  ];
  const cases = names.map((name): [string, TorchCase] => {
    const path = join(root, 'test/conformance/torch', `${name}.json`);
    return [name, JSON.parse(readFileSync(path, 'utf8'))];
  });
  it.each(cases)('give its numbers: %s', async (_, { op, attrs, inputs, outputs }) => {
    const graph = new Graph();
    const plain = Object.fromEntries(
      Object.entries(inputs).map(([name, stored]) => [
        name,
        { shape: stored.shape, data: numbersOf(stored) },
      ]),
    );
    const cell: RecurrentCellName = op === 'lstm' ? 'lstm' : op === 'gru' ? 'gru' : 'rnn';
    const weights = recurrentVariables(graph, 'layers', recurrentFromTorch(cell, plain));
    expect(weights.length).toBe(attrs.layers);
    const state = (name: string) => plain[name] && constant(graph, plain[name]);
    const options = {
      direction: attrs.bidirectional ? ('bidirectional' as const) : ('forward' as const),
      initialHiddenState: state('h0'),
      ...(cell === 'lstm' && { initialCellState: state('c0') }),
    };
    const { output, hiddenState } = { rnn, lstm, gru }[cell](constant(graph, plain.input), weights, options);
    await expectClose(
      { output, hT: hiddenState },
      { output: numbersOf(outputs.output), hT: numbersOf(outputs.hT) },
    );
  });
});

interface KerasCase {
  readonly name: string;
  readonly cell: RecurrentCellName;
  readonly inputs: { readonly x: PlainTensor; readonly weights: PlainTensor[] };
  readonly outputs: { readonly y: PlainTensor };
}

describe('weights of Keras', () => {
  it.each(read<KerasCase[]>('tensorflowjs.json'))(
    'give the numbers of TensorFlow.js: $name',
    async (given) => {
      const { cell, inputs, outputs } = given;
      const graph = new Graph();
      const weights = recurrentVariables(graph, 'layer', [recurrentFromKeras(cell, inputs.weights)]);
      const { output } = { rnn, lstm, gru }[cell](constant(graph, inputs.x), weights, {
        batchFirst: true,
        direction: inputs.weights.length === 6 ? 'bidirectional' : 'forward',
        ...(cell === 'gru' && { resetAfter: false }),
      });
      await expectClose({ output }, { output: outputs.y.data });
    },
  );

  it('read CuDNN kernels as [hidden, input] matrices of each gate, and both biases', () => {
    // I = 2, H = 3: a gate's block of the kernel is [2, 3]; its elements in reading order are those of W [3, 2], x -> W x.
    const kernel = { shape: [2, 9], data: Array.from({ length: 18 }, (_, i) => i) };
    const recurrent = { shape: [3, 9], data: Array.from({ length: 27 }, (_, i) => i) };
    const bias = { shape: [18], data: Array.from({ length: 18 }, (_, i) => i) };
    const values = recurrentFromKeras('gru', [kernel, recurrent, bias]);
    // Gate r is the second block there, the first here: [[3, 4, 5], [12, 13, 14]] holds W = [[3, 4], [5, 12], [13, 14]].
    const column = (tensor: Float32Tensor, j: number) =>
      Array.from({ length: tensor.shape[0] }, (_, row) => tensor.data[row * tensor.shape[1] + j]);
    expect([0, 1, 2].map((j) => column(values.weight, j))).toEqual([
      [3, 4],
      [5, 12],
      [13, 14],
    ]);
    expect(column(values.recurrentWeight, 0)).toEqual([3, 4, 5]);
    expect(Array.from(values.bias?.data ?? [])).toEqual([3, 4, 5, 0, 1, 2, 6, 7, 8]);
    expect(Array.from(values.recurrentBias?.data ?? [])).toEqual([12, 13, 14, 9, 10, 11, 15, 16, 17]);
  });
});

interface OnnxCase {
  readonly name: string;
  readonly cell: RecurrentCellName;
  readonly inputs: Readonly<Record<string, PlainTensor>>;
  readonly outputs: { readonly Y_h: PlainTensor };
}

describe('weights of ONNX', () => {
  it.each(read<OnnxCase[]>('onnx.json'))(
    'give the numbers of its suite: $name',
    async ({ cell, inputs, outputs }) => {
      const graph = new Graph();
      const { X, W, R, B, P, initial_h, initial_c } = inputs;
      const weights = recurrentVariables(graph, 'layer', [recurrentFromOnnx(cell, { W, R, B, P })]);
      const { hiddenState } = { rnn, lstm, gru }[cell](constant(graph, X), weights, {
        initialHiddenState: initial_h && constant(graph, initial_h),
        ...(initial_c && { initialCellState: constant(graph, initial_c) }),
        ...(cell === 'gru' && { resetAfter: false }),
      });
      await expectClose({ hiddenState }, { hiddenState: outputs.Y_h.data });
    },
  );
});

interface WebnnCase {
  readonly name: string;
  readonly op: 'lstm' | 'gru';
  readonly graph: {
    readonly inputs: Record<string, { data: number[]; descriptor: { shape: number[] } }>;
    readonly operators: { arguments: Record<string, unknown>[]; outputs: string | string[] }[];
    readonly expectedOutputs: Record<string, { data: number[] }>;
  };
}

describe('weights of WebNN', () => {
  it.each(read<WebnnCase[]>('webnn.json'))(
    'give the numbers of its suites: $name',
    async ({ op, graph: given }) => {
      const graph = new Graph();
      const call: Record<string, unknown> = Object.assign({}, ...given.operators[0].arguments);
      const options = Object(call.options);
      const plain = (name: unknown): PlainTensor | undefined => {
        const found = given.inputs[String(name)];
        return found && { shape: found.descriptor.shape, data: found.data };
      };
      const [x, weight, recurrentWeight] = [call.input, call.weight, call.recurrentWeight].map(plain);
      if (!x || !weight || !recurrentWeight) throw new Error('the case lacks an operand');
      const operands = {
        weight,
        recurrentWeight,
        bias: plain(options.bias),
        recurrentBias: plain(options.recurrentBias),
        peepholeWeight: plain(options.peepholeWeight),
      };
      const values = recurrentFromWebnn(op, operands, options);
      const state = (name: string) => {
        const tensor = plain(options[name]);
        return tensor && constant(graph, tensor);
      };
      const direction = ({ both: 'bidirectional', backward: 'backward' } as const)[String(options.direction)];
      const common = {
        direction: direction ?? ('forward' as const),
        initialHiddenState: state('initialHiddenState'),
      };
      const weights: LstmWeights[] = recurrentVariables(graph, 'layer', [values]);
      const { hiddenState } =
        op === 'lstm'
          ? lstm(constant(graph, x), weights, {
              ...common,
              initialCellState: state('initialCellState'),
              ...(options.activations && { activations: [relu, relu, relu] }),
            })
          : gru(constant(graph, x), weights, {
              ...common,
              resetAfter: options.resetAfter ?? true,
              ...(options.activations && { activations: [relu, relu] }),
            });
      const [first] = [given.operators[0].outputs].flat();
      await expectClose({ hiddenState }, { hiddenState: given.expectedOutputs[first].data });
    },
  );

  it('are those of ONNX in the order iofg, and may lack the axis of directions', () => {
    const { weight, recurrentWeight, ...rest } = recurrentToWebnn('lstm', drawn('lstm', 1, 8));
    const { W, R, B } = recurrentToOnnx('lstm', drawn('lstm', 1, 8));
    expect([weight, recurrentWeight]).toEqual([W, R]);
    expect(Array.from(B?.data ?? []).slice(0, 8)).toEqual(Array.from(rest.bias?.data ?? []));
    const flat = ({ shape, data }: PlainTensor) => ({ shape: shape.slice(1), data });
    const cell = {
      weight: flat(weight),
      recurrentWeight: flat(recurrentWeight),
      bias: rest.bias && flat(rest.bias),
    };
    expect(recurrentFromWebnn('lstm', cell)).toEqual(drawn('lstm', 1, 8));
  });
});

describe('mistakes', () => {
  const plain = (...shape: number[]): PlainTensor => ({
    shape,
    data: new Float32Array(shape.reduce((a, b) => a * b)),
  });
  const mistakes: [string, () => unknown, string][] = [
    [
      'no weights under that name',
      () => recurrentFromTorch('lstm', { 'a.weight_ih_l0': plain(4, 1) }, { prefix: 'b.' }),
      'there is no b.weight_ih_l0; names: a.weight_ih_l0',
    ],
    [
      'a part missing',
      () => recurrentFromTorch('lstm', { weight_ih_l0: plain(4, 1) }),
      'recurrentFromTorch: weight_hh_l0 is missing',
    ],
    [
      'the weights of another cell',
      () => recurrentFromTorch('gru', recurrentToTorch([drawn('lstm', 1, 1)])),
      'weight_hh_l0 must be [6, 2] (gru, gates r z n), got [8, 2]',
    ],
    [
      'too few arrays of Keras',
      () => recurrentFromKeras('gru', [plain(1, 3)]),
      'expected kernel, recurrent_kernel and, with use_bias, bias: 2 or 3 arrays, or 4 or 6 of Bidirectional; got 1',
    ],
    [
      'another kernel',
      () => recurrentFromKeras('lstm', [plain(3, 12), plain(2, 8)]),
      'recurrentFromKeras: kernel must be [3, 8] (lstm, gates i f g o), got [3, 12]',
    ],
    [
      'a matrix where three axes are',
      () => recurrentFromOnnx('gru', { W: plain(6, 3), R: plain(1, 6, 2) }),
      'recurrentFromOnnx: W must be [directions, 3 * hiddenSize, inputSize] (gru, gates z r n), got [6, 3]',
    ],
    [
      'half a bias',
      () => recurrentFromOnnx('gru', { W: plain(1, 6, 3), R: plain(1, 6, 2), B: plain(1, 6) }),
      'recurrentFromOnnx: B must be [1, 12] (gru, gates z r n), got [1, 6]',
    ],
    [
      'the layout of another cell',
      () => recurrentToWebnn('lstm', drawn('lstm', 1, 1), { layout: 'zrn' }),
      'recurrentToWebnn: unknown layout "zrn" of lstm (expected iofg or ifgo)',
    ],
    [
      'what there is not',
      () => recurrentToTorch([drawn('lstm', 1, 1, { peepholeWeight: [6] })]),
      'recurrentToTorch: there is no peepholeWeight there',
    ],
    [
      'data of another length',
      () => recurrentFromKeras('rnn', [plain(3, 2), { shape: [2, 2], data: [1] }]),
      'recurrentFromKeras: recurrent_kernel: [2, 2] has 4 elements, its data 1',
    ],
  ];
  it.each(mistakes)('%s', (_, body, message) => expect(body).toThrow(message));
});
