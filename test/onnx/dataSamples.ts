import { f, int, known, type NodeSample } from './sample.ts';

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
  { op: 'Pad', opset: 19, inputs: [f(3, 4), known([2, 1, 3, 2])], attributes: { mode: 'wrap' } },
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

export const dataSamples: readonly NodeSample[] = [
  ...elementwise,
  ...movement,
  ...indexing,
  ...resize,
  ...reductions,
];
