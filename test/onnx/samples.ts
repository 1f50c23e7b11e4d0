import type { AttributeValue, TypeName } from './modelBytes.ts';

/** One node, run by onnxruntime and by us. */
export interface NodeSample {
  readonly op: string;
  readonly opset?: number;
  readonly inputs: readonly (InputText | null)[];
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  /** How many outputs are compared; default 1. */
  readonly outputs?: number;
}

export interface InputText {
  readonly shape: readonly number[];
  readonly type?: TypeName;
  /** Default drawn between `low` and `high`. */
  readonly numbers?: readonly number[];
  readonly low?: number;
  readonly high?: number;
  /** Known when the model is loaded. */
  readonly constant?: boolean;
}

export const f = (...shape: number[]): InputText => ({ shape });

/** Known whole numbers. */
export const known = (numbers: readonly number[], type: TypeName = 'int64'): InputText => ({
  shape: [numbers.length],
  type,
  numbers,
  constant: true,
});

const int = (type: TypeName, shape: readonly number[], low: number, high: number): InputText => ({
  type,
  shape,
  low,
  high,
});

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
    attributes: { kernel_shape: [2, 2], dilations: [3, 2], auto_pad: 'SAME_UPPER' },
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

const elementwise: NodeSample[] = [
  ...[
    'Abs',
    'Acosh',
    'Asin',
    'Ceil',
    'Erf',
    'Log',
    'Mish',
    'Round',
    'Sign',
    'Sinh',
    'Tan',
    'Sqrt',
    'Gelu',
  ].map((op) => ({
    op,
    opset: 20,
    inputs: [
      op === 'Acosh'
        ? { ...f(3, 5), low: 1, high: 4 }
        : op === 'Asin'
          ? { ...f(3, 5), low: -1, high: 1 }
          : ['Log', 'Sqrt'].includes(op)
            ? { ...f(3, 5), low: 0.1, high: 4 }
            : f(3, 5),
    ],
  })),
  { op: 'Pow', inputs: [int('int32', [2, 3], -3, 4), { ...f(3), numbers: [1, 2, 3] }] },
  { op: 'Pow', inputs: [f(2, 3), int('int64', [3], 0, 4)] },
  {
    op: 'Mod',
    inputs: [int('int64', [6], -9, 9), { type: 'int64', shape: [6], numbers: [2, -3, 4, -5, 3, 7] }],
  },
  { op: 'Mod', inputs: [f(6), { ...f(6), low: 1, high: 2 }], attributes: { fmod: 1 } },
  {
    op: 'Div',
    inputs: [int('int32', [6], -20, 20), { type: 'int32', shape: [6], numbers: [3, -4, 7, -2, 5, 6] }],
  },
  {
    op: 'Clip',
    inputs: [
      int('int32', [7], -9, 9),
      { type: 'int32', shape: [], numbers: [-3] },
      { type: 'int32', shape: [], numbers: [4] },
    ],
  },
  { op: 'Clip', opset: 6, inputs: [f(7)], attributes: { max: { float: 0.5 } } },
  { op: 'PRelu', inputs: [f(2, 3, 4), f(3, 1)] },
  { op: 'Shrink', inputs: [f(2, 9)], attributes: { bias: { float: 0.2 }, lambd: { float: 0.4 } } },
  { op: 'Selu', inputs: [f(2, 9)], attributes: { alpha: { float: 1.5 }, gamma: { float: 1.2 } } },
  { op: 'Where', inputs: [int('bool', [2, 1, 3], 0, 2), f(3), f(4, 1)] },
  { op: 'Mean', inputs: [f(2, 3), f(3), f(2, 1)] },
  { op: 'Max', inputs: [int('int64', [2, 3], -9, 9), int('int64', [3], -9, 9)] },
  ...(['int32', 'int64', 'uint8', 'int8', 'bool', 'double'] as const).map((type) => ({
    op: 'Cast',
    inputs: [
      {
        ...f(9),
        numbers: [-2.7, -1, -0.4, 0, 0.3, 1, 1.9, 2.5, 3].map((value) =>
          type === 'uint8' ? Math.abs(value) : value,
        ),
      },
    ],
    attributes: { to: { int32: 6, int64: 7, uint8: 2, int8: 3, bool: 9, double: 11 }[type] },
  })),
  { op: 'Cast', inputs: [int('int64', [6], -300, 300)], attributes: { to: 3 } },
  { op: 'Cast', inputs: [int('int32', [6], -300, 300)], attributes: { to: 2 } },
];

const movement: NodeSample[] = [
  { op: 'Slice', inputs: [f(5, 6, 7), known([-1, 10]), known([-10, 1]), known([0, -1]), known([-2, -3])] },
  { op: 'Slice', inputs: [f(5, 6), known([1, -3]), known([1000, 2 ** 40])] },
  { op: 'Slice', opset: 9, inputs: [f(5, 6)], attributes: { starts: [1, -4], ends: [4, -1], axes: [0, 1] } },
  {
    op: 'Pad',
    opset: 19,
    inputs: [f(3, 4), known([1, 0, 2, 3]), null, known([1, 0])],
    attributes: { mode: 'edge' },
  },
  { op: 'Pad', opset: 19, inputs: [f(3, 4), known([4, 1, 5, 2])], attributes: { mode: 'wrap' } },
  { op: 'Pad', opset: 18, inputs: [f(3, 4), known([0, 2, 1, 3])], attributes: { mode: 'reflect' } },
  {
    op: 'Pad',
    opset: 13,
    inputs: [f(3, 4), known([-1, 2, 1, -2]), { shape: [], numbers: [1.5], constant: true }],
  },
  { op: 'Pad', opset: 9, inputs: [f(3, 4)], attributes: { pads: [1, 2, 0, 1], value: { float: -2 } } },
  { op: 'Split', opset: 18, inputs: [f(7, 2)], attributes: { num_outputs: 3, axis: 0 }, outputs: 3 },
  { op: 'Split', opset: 11, inputs: [f(2, 7)], attributes: { split: [2, 5], axis: -1 }, outputs: 2 },
  { op: 'Tile', inputs: [f(2, 3), known([2, 3])] },
  { op: 'Expand', inputs: [f(3, 1), known([2, 1, 4])] },
  { op: 'Transpose', inputs: [f(2, 3, 4)], attributes: { perm: [2, 0, 1] } },
  { op: 'Reshape', opset: 14, inputs: [f(2, 3, 4), known([0, -1, 2])] },
  { op: 'Squeeze', inputs: [f(1, 3, 1, 2), known([-2])] },
  { op: 'DepthToSpace', inputs: [f(1, 8, 2, 3)], attributes: { blocksize: 2, mode: 'CRD' } },
  { op: 'SpaceToDepth', inputs: [f(1, 2, 4, 6)], attributes: { blocksize: 2 } },
  {
    op: 'ReverseSequence',
    inputs: [f(4, 3, 2), { type: 'int64', shape: [3], numbers: [4, 1, 3] }],
    attributes: { time_axis: 0, batch_axis: 1 },
  },
  {
    op: 'ReverseSequence',
    inputs: [f(3, 4, 2), { type: 'int64', shape: [3], numbers: [1, 2, 4] }],
    attributes: { time_axis: 1, batch_axis: 0 },
  },
  {
    op: 'Trilu',
    inputs: [f(2, 4, 5), { type: 'int64', shape: [], numbers: [-1], constant: true }],
    attributes: { upper: 0 },
  },
  { op: 'Concat', inputs: [f(2, 3), f(2, 1), f(2, 2)], attributes: { axis: -1 } },
];

const indexing: NodeSample[] = [
  { op: 'Gather', inputs: [f(4, 3), { type: 'int64', shape: [2, 2], numbers: [0, -1, 2, -4] }] },
  {
    op: 'GatherElements',
    inputs: [f(3, 4), { type: 'int64', shape: [3, 2], numbers: [0, -1, 2, 1, -4, 3] }],
    attributes: { axis: 1 },
  },
  {
    op: 'GatherND',
    inputs: [f(2, 3, 4), { type: 'int64', shape: [2, 2, 1], numbers: [0, -1, 2, 1] }],
    attributes: { batch_dims: 1 },
  },
  {
    op: 'ScatterElements',
    opset: 18,
    inputs: [f(3, 4), { type: 'int64', shape: [2, 3], numbers: [0, 2, -1, 1, 1, 0] }, f(2, 3)],
    attributes: { axis: 0, reduction: 'add' },
  },
  {
    op: 'ScatterElements',
    opset: 18,
    inputs: [f(3, 4), { type: 'int64', shape: [2, 3], numbers: [0, 2, -1, 1, 2, 0] }, f(2, 3)],
    attributes: { axis: 1, reduction: 'mul' },
  },
  {
    op: 'ScatterND',
    opset: 18,
    inputs: [f(4, 3), { type: 'int64', shape: [3, 1], numbers: [0, 2, 0] }, f(3, 3)],
    attributes: { reduction: 'max' },
  },
  {
    op: 'OneHot',
    inputs: [
      { type: 'int64', shape: [2, 2], numbers: [0, -1, 7, 2] },
      { type: 'int64', shape: [], numbers: [4], constant: true },
      { shape: [2], numbers: [-1, 3] },
    ],
    attributes: { axis: 1 },
  },
  { op: 'TopK', inputs: [f(3, 7, 2), known([3])], attributes: { axis: 1, largest: 0 }, outputs: 2 },
  {
    op: 'ArgMax',
    inputs: [{ shape: [2, 4], numbers: [1, 3, 3, 0, 2, 2, 1, 2] }],
    attributes: { axis: -1, select_last_index: 1, keepdims: 0 },
  },
  { op: 'NonZero', inputs: [{ ...known([1, 0, 3, 0, 0, 6], 'int64'), shape: [2, 3] }] },
  { op: 'Compress', inputs: [f(3, 4), known([0, 1, 1, 0, 1], 'bool')] },
  { op: 'Compress', inputs: [f(3, 4), known([0, 1, 1], 'bool')], attributes: { axis: 1 } },
];

const resizeModes = [
  'half_pixel',
  'pytorch_half_pixel',
  'align_corners',
  'asymmetric',
  'half_pixel_symmetric',
] as const;

const resize: NodeSample[] = [
  ...resizeModes.flatMap((coordinates) =>
    (['nearest', 'linear', 'cubic'] as const).map((mode) => ({
      op: 'Resize',
      opset: 19,
      inputs: [f(1, 2, 4, 5), null, null, known([1, 2, 7, 3])],
      attributes: { mode, coordinate_transformation_mode: coordinates },
    })),
  ),
  {
    op: 'Resize',
    opset: 19,
    inputs: [f(1, 1, 6, 8), null, known([1, 1, 0.6, 0.7], 'float')],
    attributes: { mode: 'linear', antialias: 1 },
  },
  {
    op: 'Resize',
    opset: 19,
    inputs: [f(1, 1, 6, 8), null, known([1, 1, 0.6, 0.7], 'float')],
    attributes: { mode: 'cubic', antialias: 1, exclude_outside: 1 },
  },
  {
    op: 'Resize',
    opset: 13,
    inputs: [f(1, 1, 4, 4), known([0, 0, 0.4, 0.6, 1, 1, 1.2, 1.7], 'float'), null, known([1, 1, 3, 3])],
    attributes: {
      mode: 'linear',
      coordinate_transformation_mode: 'tf_crop_and_resize',
      extrapolation_value: { float: 10 },
    },
  },
  {
    op: 'Resize',
    opset: 10,
    inputs: [f(1, 1, 3, 4), known([1, 1, 2, 1.5], 'float')],
    attributes: { mode: 'linear' },
  },
  { op: 'Upsample', opset: 9, inputs: [f(1, 1, 3, 4), known([1, 1, 2, 3], 'float')] },
];

const reductions: NodeSample[] = [
  { op: 'ReduceMax', opset: 18, inputs: [f(2, 3, 4), known([0, -1])], attributes: { keepdims: 0 } },
  { op: 'ReduceMean', opset: 13, inputs: [f(2, 3, 4)], attributes: { axes: [1] } },
  { op: 'ReduceSum', opset: 13, inputs: [f(2, 3, 4), known([-2])], attributes: { keepdims: 0 } },
  { op: 'ReduceSum', opset: 13, inputs: [f(2, 3)], attributes: { noop_with_empty_axes: 1 } },
  {
    op: 'ReduceProd',
    opset: 13,
    inputs: [int('int64', [2, 3], -4, 4)],
    attributes: { axes: [1], keepdims: 0 },
  },
  { op: 'ReduceLogSumExp', opset: 13, inputs: [f(3, 5)], attributes: { axes: [0] } },
  {
    op: 'CumSum',
    inputs: [f(3, 4), { type: 'int32', shape: [], numbers: [1], constant: true }],
    attributes: { exclusive: 1, reverse: 1 },
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
    attributes: { size: 4, alpha: { float: 0.2 }, beta: { float: 0.6 }, bias: { float: 1.5 } },
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

export const nodeSamples: readonly NodeSample[] = [
  ...conv,
  ...pools,
  ...recurrent,
  ...elementwise,
  ...movement,
  ...indexing,
  ...resize,
  ...reductions,
  ...normalization,
  ...products,
];
