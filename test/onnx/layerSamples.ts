import { f, type InputText, int, known, type NodeSample } from './sample.ts';

const conv: NodeSample[] = [
  {
    op: 'Conv',
    inputs: [f(2, 4, 9), f(6, 2, 3), f(6)],
    attributes: { group: 2, strides: [2], pads: [2, 1], dilations: [2] },
  },
  {
    op: 'Conv',
    inputs: [f(1, 3, 7, 8), f(5, 3, 3, 2)],
    attributes: { auto_pad: 'SAME_UPPER', strides: [2, 3] },
  },
  { op: 'Conv', inputs: [f(1, 3, 7, 8), f(5, 3, 2, 4)], attributes: { auto_pad: 'SAME_LOWER' } },
  {
    op: 'Conv',
    inputs: [f(1, 3, 7, 8), f(5, 3, 2, 4)],
    attributes: { auto_pad: 'VALID', dilations: [2, 1] },
  },
  {
    op: 'Conv',
    inputs: [f(2, 2, 5, 6, 7), f(4, 2, 3, 2, 3), f(4)],
    attributes: { strides: [2, 1, 2], pads: [1, 0, 2, 0, 1, 1], dilations: [1, 2, 1] },
  },
  {
    op: 'Conv',
    inputs: [f(1, 4, 4, 5, 4), f(4, 1, 2, 2, 2), f(4)],
    attributes: { group: 4, dilations: [2, 1, 1] },
  },
  {
    op: 'ConvTranspose',
    inputs: [f(1, 2, 5), f(2, 3, 4), f(3)],
    attributes: { strides: [3], pads: [1, 2], output_padding: [1] },
  },
  {
    op: 'ConvTranspose',
    inputs: [f(2, 4, 3, 4), f(4, 2, 3, 2)],
    attributes: { group: 2, strides: [2, 1], dilations: [1, 2] },
  },
  {
    op: 'ConvTranspose',
    inputs: [f(1, 2, 3, 4), f(2, 2, 3, 3)],
    attributes: { auto_pad: 'SAME_UPPER', strides: [2, 2] },
  },
  {
    op: 'ConvTranspose',
    inputs: [f(1, 2, 3, 4), f(2, 2, 3, 3)],
    attributes: { auto_pad: 'SAME_LOWER', strides: [2, 2] },
  },
  {
    op: 'ConvTranspose',
    inputs: [f(1, 2, 3, 3), f(2, 2, 3, 3)],
    attributes: { strides: [3, 2], output_shape: [10, 8] },
  },
  {
    op: 'ConvTranspose',
    inputs: [f(1, 2, 3, 3), f(2, 2, 3, 3)],
    attributes: { strides: [3, 2], output_shape: [8, 6] },
  },
  {
    op: 'ConvTranspose',
    inputs: [f(1, 2, 3, 4, 2), f(2, 3, 2, 3, 2), f(3)],
    attributes: { strides: [2, 1, 2], pads: [1, 1, 0, 0, 1, 1], output_padding: [1, 0, 1] },
  },
];

const pools: NodeSample[] = [
  {
    op: 'MaxPool',
    inputs: [f(1, 2, 11)],
    attributes: { kernel_shape: [3], strides: [2], pads: [1, 1], ceil_mode: 1 },
    outputs: 2,
  },
  {
    op: 'MaxPool',
    inputs: [f(2, 3, 7, 8)],
    attributes: { kernel_shape: [3, 2], strides: [2, 3], pads: [1, 0, 1, 1], dilations: [2, 1] },
    outputs: 2,
  },
  {
    op: 'MaxPool',
    inputs: [f(1, 2, 5, 6)],
    attributes: { kernel_shape: [2, 3], storage_order: 1 },
    outputs: 2,
  },
  {
    op: 'MaxPool',
    inputs: [f(1, 2, 5, 6, 7)],
    attributes: { kernel_shape: [2, 3, 2], strides: [2, 2, 3], pads: [0, 1, 1, 1, 1, 0], ceil_mode: 1 },
    outputs: 2,
  },
  {
    op: 'MaxPool',
    inputs: [f(1, 2, 6, 7)],
    attributes: { kernel_shape: [3, 3], auto_pad: 'SAME_LOWER', strides: [2, 2] },
  },
  { op: 'MaxPool', inputs: [int('int8', [1, 1, 4, 4], -100, 100)], attributes: { kernel_shape: [2, 2] } },
  {
    op: 'AveragePool',
    inputs: [f(1, 2, 10)],
    attributes: { kernel_shape: [3], strides: [2], pads: [1, 1] },
    opset: 19,
  },
  {
    op: 'AveragePool',
    inputs: [f(1, 2, 6, 7)],
    attributes: { kernel_shape: [3, 2], pads: [1, 1, 1, 0], count_include_pad: 1 },
    opset: 19,
  },
  {
    op: 'AveragePool',
    inputs: [f(1, 2, 6, 7)],
    attributes: { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 },
    opset: 19,
  },
  {
    op: 'AveragePool',
    inputs: [f(1, 2, 5, 6, 7)],
    attributes: {
      kernel_shape: [2, 3, 2],
      strides: [2, 1, 2],
      pads: [1, 1, 0, 0, 1, 1],
      count_include_pad: 1,
    },
    opset: 19,
  },
  {
    op: 'AveragePool',
    inputs: [f(1, 2, 5, 6, 7)],
    attributes: { kernel_shape: [2, 3, 2], strides: [2, 1, 2], pads: [1, 1, 0, 0, 1, 1] },
    opset: 19,
  },
  {
    op: 'AveragePool',
    inputs: [f(1, 1, 9, 9)],
    attributes: { kernel_shape: [2, 2], dilations: [3, 2], pads: [1, 1, 1, 1] },
    opset: 19,
  },
  {
    op: 'LpPool',
    inputs: [f(1, 2, 6, 7)],
    attributes: { kernel_shape: [3, 2], p: 1, strides: [2, 1], pads: [1, 0, 1, 1] },
    opset: 18,
  },
  { op: 'LpPool', inputs: [f(1, 2, 9)], attributes: { kernel_shape: [4], p: 3 }, opset: 18 },
  { op: 'GlobalLpPool', inputs: [f(2, 3, 4, 5)], attributes: { p: 3 } },
  { op: 'GlobalAveragePool', inputs: [f(2, 3, 4, 5, 2)] },
];

const lstmShapes = (directions: number, gates: number): InputText[] => [
  f(5, 3, 2),
  f(directions, gates * 4, 2),
  f(directions, gates * 4, 4),
  f(directions, 2 * gates * 4),
];

const recurrent: NodeSample[] = [
  {
    op: 'LSTM',
    inputs: [
      ...lstmShapes(2, 4),
      { ...known([5, 2, 3], 'int32'), constant: false },
      f(2, 3, 4),
      f(2, 3, 4),
      f(2, 12),
    ],
    attributes: { hidden_size: 4, direction: 'bidirectional' },
    outputs: 3,
  },
  {
    op: 'LSTM',
    inputs: lstmShapes(1, 4),
    attributes: {
      hidden_size: 4,
      direction: 'reverse',
      activations: ['HardSigmoid', 'Softsign', 'LeakyRelu'],
      activation_alpha: { floats: [0.3, 0.1] },
      activation_beta: { floats: [0.4] },
      clip: { float: 0.7 },
    },
    outputs: 3,
  },
  {
    op: 'LSTM',
    inputs: lstmShapes(2, 4),
    attributes: {
      hidden_size: 4,
      direction: 'bidirectional',
      activations: ['Sigmoid', 'Tanh', 'Tanh', 'Sigmoid', 'Relu', 'Softsign'],
    },
    outputs: 3,
  },
  {
    op: 'GRU',
    inputs: [...lstmShapes(2, 3), { ...known([1, 5, 3], 'int32'), constant: false }, f(2, 3, 4)],
    attributes: { hidden_size: 4, direction: 'bidirectional', linear_before_reset: 1 },
    outputs: 2,
  },
  {
    op: 'GRU',
    inputs: lstmShapes(1, 3),
    attributes: { hidden_size: 4, direction: 'reverse', clip: { float: 0.5 } },
    outputs: 2,
  },
  {
    op: 'GRU',
    inputs: lstmShapes(2, 3),
    attributes: {
      hidden_size: 4,
      direction: 'bidirectional',
      activations: ['Sigmoid', 'Tanh', 'HardSigmoid', 'Relu'],
    },
    outputs: 2,
  },
  {
    op: 'RNN',
    inputs: [...lstmShapes(2, 1), { ...known([2, 5, 4], 'int32'), constant: false }, f(2, 3, 4)],
    attributes: {
      hidden_size: 4,
      direction: 'bidirectional',
      activations: ['Tanh', 'Affine'],
      activation_alpha: { floats: [0.5] },
      activation_beta: { floats: [0.25] },
    },
    outputs: 2,
  },
];

const normalization: NodeSample[] = [
  {
    op: 'BatchNormalization',
    opset: 15,
    inputs: [f(2, 3, 4, 2), f(3), f(3), f(3), { ...f(3), low: 0.5, high: 2 }],
    attributes: { epsilon: { float: 0.01 } },
  },
  {
    op: 'BatchNormalization',
    opset: 15,
    inputs: [f(4, 3), f(3), f(3), f(3), { ...f(3), low: 0.5, high: 2 }],
  },
  {
    op: 'BatchNormalization',
    opset: 15,
    inputs: [f(2, 3, 5), f(3), f(3), f(3), { ...f(3), low: 0.5, high: 2 }],
    attributes: { training_mode: 1, momentum: { float: 0.7 } },
    outputs: 3,
  },
  { op: 'InstanceNormalization', inputs: [f(2, 3, 5), f(3), f(3)] },
  { op: 'GroupNormalization', opset: 21, inputs: [f(2, 6, 3, 2), f(6), f(6)], attributes: { num_groups: 3 } },
  { op: 'LayerNormalization', inputs: [f(2, 3, 4), f(3, 4), f(3, 4)], attributes: { axis: 1 }, outputs: 3 },
  {
    op: 'LRN',
    inputs: [f(1, 7, 3, 2)],
    attributes: { size: 5, alpha: { float: 0.2 }, beta: { float: 0.6 }, bias: { float: 1.5 } },
  },
  { op: 'LpNormalization', inputs: [f(3, 4)], attributes: { axis: 0, p: 1 } },
  { op: 'MeanVarianceNormalization', inputs: [f(2, 3, 4, 2)] },
  { op: 'Softmax', opset: 11, inputs: [f(2, 3, 4)], attributes: { axis: 1 } },
  { op: 'LogSoftmax', inputs: [f(2, 3, 4)], attributes: { axis: 1 } },
  { op: 'Hardmax', opset: 11, inputs: [f(2, 3, 4)] },
];

const products: NodeSample[] = [
  {
    op: 'Gemm',
    inputs: [f(4, 3), f(5, 4), f(3, 1)],
    attributes: { alpha: { float: 0.5 }, beta: { float: 2 }, transA: 1, transB: 1 },
  },
  { op: 'Gemm', inputs: [f(3, 4), f(4, 5), f(5)] },
  { op: 'MatMul', inputs: [f(4), f(2, 4, 3)] },
  { op: 'MatMul', inputs: [int('int32', [2, 3, 4], -5, 5), int('int32', [4, 2], -5, 5)] },
  { op: 'Einsum', inputs: [f(2, 3, 4), f(4, 3)], attributes: { equation: '...ij,ji->...i' } },
  { op: 'Einsum', inputs: [f(3, 3), f(3)], attributes: { equation: 'ii,i' } },
  { op: 'Einsum', inputs: [f(2, 3), f(3, 4), f(4, 2)], attributes: { equation: 'ab,bc,ca->a' } },
];

export const layerSamples: readonly NodeSample[] = [
  ...conv,
  ...pools,
  ...recurrent,
  ...normalization,
  ...products,
];
