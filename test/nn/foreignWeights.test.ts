import { describe, expect, it } from 'vitest';
import * as t from '../../src/index.ts';
import * as layers from '../../src/layers.ts';

// Where an element of PyTorch's or Keras's tensor comes to lie. That the numbers then mean the same is shown by the trainings in
// test/conformance/torchTraining.ts.

const count = (shape: t.Shape) => shape.reduce((product, length) => product * length, 1);
const tensor = (...shape: number[]): t.StoredTensor => ({
  shape,
  dtype: 'float32',
  data: Float32Array.from({ length: count(shape) }, (_, i) => i + 1),
});
const at = ({ shape, data }: t.StoredTensor, ...place: number[]) =>
  data[place.reduce((index, position, axis) => index * shape[axis] + position, 0)];
const call = (layer: layers.Layer, shape: t.Shape, dtype?: t.DType) =>
  layers.forward(layers.sequential([layer], { name: 'net' }), new t.Graph().input('x', shape, dtype));

describe("PyTorch's weights", () => {
  const cases: readonly (readonly [
    string,
    layers.Layer,
    t.Shape,
    Readonly<Record<string, t.StoredTensor>>,
    (
      ours: Readonly<Record<string, t.StoredTensor>>,
      theirs: Readonly<Record<string, t.StoredTensor>>,
    ) => [number, number],
  ])[] = [
    [
      'dense: [out, in]',
      layers.dense(2, { name: 'm' }),
      [1, 3],
      { 'm.weight': tensor(2, 3), 'm.bias': tensor(2) },
      (ours, theirs) => [at(ours['net/m/weight'], 2, 1), at(theirs['m.weight'], 1, 2)],
    ],
    [
      'conv1d: OIW',
      layers.conv1d(2, 4, { name: 'm', bias: false }),
      [1, 5, 3],
      { 'm.weight': tensor(2, 3, 4) },
      (ours, theirs) => [at(ours['net/m/weight'], 3, 2, 1), at(theirs['m.weight'], 1, 2, 3)],
    ],
    [
      'conv2d in groups: OIHW',
      layers.conv2d(4, [2, 3], { name: 'm', groups: 2 }),
      [1, 5, 5, 6],
      { 'm.weight': tensor(4, 3, 2, 3), 'm.bias': tensor(4) },
      (ours, theirs) => [at(ours['net/m/weight'], 1, 2, 0, 3), at(theirs['m.weight'], 3, 0, 1, 2)],
    ],
    [
      'conv2dTranspose: IOHW',
      layers.conv2dTranspose(4, [2, 3], { name: 'm', bias: false }),
      [1, 5, 5, 6],
      { 'm.weight': tensor(6, 4, 2, 3) },
      (ours, theirs) => [at(ours['net/m/weight'], 1, 2, 3, 5), at(theirs['m.weight'], 5, 3, 1, 2)],
    ],
    [
      "depthwiseConv2d: a channel's filters side by side",
      layers.depthwiseConv2d([2, 3], { name: 'm', multiplier: 2, bias: false }),
      [1, 5, 5, 3],
      { 'm.weight': tensor(6, 1, 2, 3) },
      (ours, theirs) => [at(ours['net/m/weight'], 1, 2, 2, 1), at(theirs['m.weight'], 2 * 2 + 1, 0, 1, 2)],
    ],
    [
      'batchNorm, without the number of batches',
      layers.batchNorm({ name: 'm' }),
      [1, 3],
      {
        'm.weight': tensor(3),
        'm.bias': tensor(3),
        'm.running_mean': tensor(3),
        'm.running_var': tensor(3),
        // I64 in the file, int32 once it is read.
        'm.num_batches_tracked': { shape: [], dtype: 'int32', data: Int32Array.of(7) },
      },
      (ours) => [at(ours['net/m/runningVariance'], 2), 3],
    ],
    [
      'lstm, bidirectional, two layers',
      layers.lstm(2, { name: 'm', direction: 'bidirectional', layers: 2, bias: true }),
      [1, 4, 3],
      Object.fromEntries(
        ['l0', 'l0_reverse', 'l1', 'l1_reverse'].flatMap((suffix, i) => [
          [`m.weight_ih_${suffix}`, tensor(8, i < 2 ? 3 : 4)],
          [`m.weight_hh_${suffix}`, tensor(8, 2)],
          [`m.bias_ih_${suffix}`, tensor(8)],
          // PyTorch always has two biases.
          [`m.bias_hh_${suffix}`, { ...tensor(8), data: new Float32Array(8) }],
        ]),
      ),
      (ours, theirs) => [at(ours['net/m/weight2'], 1, 3, 6), at(theirs['m.weight_ih_l1_reverse'], 6, 3)],
    ],
  ];
  for (const [name, layer, shape, theirs, element] of cases) {
    it(`${name}, there and back`, () => {
      const made = call(layer, shape);
      const ours = layers.fromTorch(made, theirs);
      expect(Object.keys(ours).sort()).toEqual(made.variables.map((variable) => variable.name).sort());
      for (const variable of made.variables) expect(ours[variable.name].shape).toEqual(variable.shape);
      const [got, want] = element(ours, theirs);
      expect(got).toBe(want);
      expect(got).toBeGreaterThan(1);
      const { 'm.num_batches_tracked': _, ...rest } = theirs;
      expect(layers.toTorch(made, ours)).toEqual(rest);
    });
  }

  it('lstm: two biases there are their sum here, or stay two', () => {
    const theirs = {
      'm.weight_ih_l0': tensor(8, 3),
      'm.weight_hh_l0': tensor(8, 2),
      'm.bias_ih_l0': tensor(8),
      'm.bias_hh_l0': tensor(8),
    };
    const ours = layers.fromTorch(call(layers.lstm(2, { name: 'm' }), [1, 4, 3]), theirs);
    expect([...ours['net/m/bias'].data]).toEqual([2, 4, 6, 8, 10, 12, 14, 16]);
    const apart = call(layers.lstm(2, { name: 'm', recurrentBias: true }), [1, 4, 3]);
    const both = layers.fromTorch(apart, theirs);
    expect([...both['net/m/recurrentBias'].data]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(layers.toTorch(apart, both)).toEqual(theirs);
  });

  it('gru: a bias that the layer has no place for is an error unless it is 0', () => {
    const made = call(layers.gru(2, { name: 'm', recurrentBias: false }), [1, 4, 3]);
    const theirs = (bias: t.StoredTensor) => ({
      'm.weight_ih_l0': tensor(6, 3),
      'm.weight_hh_l0': tensor(6, 2),
      'm.bias_ih_l0': tensor(6),
      'm.bias_hh_l0': bias,
    });
    expect(() => layers.fromTorch(made, theirs(tensor(6)))).toThrow(
      'fromTorch: net/m: the file has values for a recurrentBias, the layer has none',
    );
    const none = theirs({ ...tensor(6), data: new Float32Array(6) });
    expect(layers.toTorch(made, layers.fromTorch(made, none))).toEqual(none);
  });

  it('recurrent layers that do not fit', () => {
    const made = call(layers.rnn(2, { name: 'm' }), [1, 4, 3]);
    const theirs = {
      'm.weight_ih_l0': tensor(2, 5),
      'm.weight_hh_l0': tensor(2, 2),
      'm.bias_ih_l0': tensor(2),
    };
    expect(() => layers.fromTorch(made, theirs)).toThrow(
      'missing: m.bias_hh_l0 (for net/m/weight, net/m/recurrentWeight, net/m/bias)',
    );
    expect(layers.fromTorch(made, theirs, { partial: true })).toEqual({});
    expect(() => layers.fromTorch(made, { ...theirs, 'm.bias_hh_l0': tensor(2) })).toThrow(
      'fromTorch: "m.weight_ih_l0" is [2, 5]; net/m/weight [3, 2], net/m/recurrentWeight [2, 2], net/m/bias [2] asks for [2, 3]',
    );
  });

  it('travel through a safetensors file', async () => {
    const made = call(layers.dense(2, { name: 'fc' }), [1, 3]);
    const bytes = t.encodeSafetensors({ 'fc.weight': tensor(2, 3), 'fc.bias': tensor(2) });
    const ours = layers.fromTorch(made, t.decodeSafetensors(bytes).tensors);
    const device = await t.openDevice({ backend: 'cpu' });
    for (const variable of made.variables) device.write(variable, ours[variable.name].data);
    const program = await device.compile({ outputs: { y: made.output } });
    // W x + b with W = [[1, 2, 3], [4, 5, 6]] and b = [1, 2].
    expect([...(await program.run({ x: [1, 10, 100] })).y]).toEqual([322, 656]);
    device.dispose();
  });

  it('are found under other names', () => {
    const network = layers.sequential([layers.dense(2), t.relu, layers.dense(2)]);
    const made = layers.forward(network, new t.Graph().input('x', [1, 2]));
    const theirs = {
      '0.weight': tensor(2, 2),
      '0.bias': tensor(2),
      '2.weight': tensor(2, 2),
      '2.bias': tensor(2),
    };
    const rename = { dense: '0', dense2: '2' };
    expect(Object.keys(layers.fromTorch(made, theirs, { rename }))).toHaveLength(4);
    const prefixed = layers.toTorch(made, layers.fromTorch(made, theirs, { rename }), {
      rename: (path) => `model.${path}`,
    });
    expect(Object.keys(prefixed)[0]).toBe('model.dense.weight');
    const single = layers.forward(layers.dense(2), new t.Graph().input('x', [1, 2]));
    expect(Object.keys(layers.fromTorch(single, { weight: tensor(2, 2), bias: tensor(2) }))).toEqual([
      'dense/weight',
      'dense/bias',
    ]);
  });

  it('that do not fit are listed', () => {
    const made = call(layers.dense(2, { name: 'fc' }), [1, 3]);
    expect(() => layers.fromTorch(made, { 'fc.weight': tensor(2, 3), 'fc2.weight': tensor(5) })).toThrow(
      t.FormatError,
    );
    expect(() => layers.fromTorch(made, { 'fc.weight': tensor(2, 3), 'fc2.weight': tensor(5) })).toThrow(
      /missing: fc\.bias \(for net\/fc\/bias\)\nunexpected: fc2\.weight \[5\]/,
    );
    expect(
      Object.keys(layers.fromTorch(made, { 'fc.weight': tensor(2, 3), a: tensor(5) }, { partial: true })),
    ).toEqual(['net/fc/weight']);
    expect(() => layers.fromTorch(made, { 'fc.weight': tensor(3, 2), 'fc.bias': tensor(2) })).toThrow(
      'fromTorch: "fc.weight" is [3, 2]; net/fc/weight [3, 2] asks for [2, 3]',
    );
    expect(() => layers.toTorch(made, {})).toThrow(
      'toTorch: there is no value for the variable net/fc/weight',
    );
    const own = layers.makeLayer('scale', {}, (x: t.Tensor, _, variables) =>
      t.mul(x, variables.parameter('s', [], 1)),
    );
    expect(() => layers.toTorch(call(own, [1, 2]), {})).toThrow(
      'toTorch: there is no rule for net/scale/s of the layer net/scale, a scale; kinds with rules: dense, conv1d',
    );
  });
});

describe("Keras's weights", () => {
  it('have our layouts under other names', () => {
    const network = layers.sequential([
      layers.separableConv2d(4, 3, { name: 'separable' }),
      layers.batchNorm({ name: 'norm' }),
      layers.flatten(),
      layers.dense(2, { name: 'head' }),
    ]);
    const made = layers.forward(network, new t.Graph().input('x', [1, 3, 3, 2]));
    const theirs = {
      'separable/depthwise_kernel': tensor(3, 3, 2, 1),
      'separable/pointwise_kernel': tensor(1, 1, 2, 4),
      'separable/bias': tensor(4),
      'norm/gamma': tensor(4),
      'norm/beta': tensor(4),
      'norm/moving_mean': tensor(4),
      'norm/moving_variance': tensor(4),
      'head/kernel': tensor(4, 2),
      'head/bias': tensor(2),
    };
    const ours = layers.fromKeras(made, theirs);
    expect(ours['sequential/head/weight']).toEqual(theirs['head/kernel']);
    expect(layers.toKeras(made, ours)).toEqual(theirs);
  });

  it('gru: gates z, r, h and both biases in one tensor', () => {
    const made = call(layers.gru(2, { name: 'gru' }), [1, 4, 3]);
    const theirs = {
      'gru/gru_cell/kernel': tensor(3, 6),
      'gru/gru_cell/recurrent_kernel': tensor(2, 6),
      'gru/gru_cell/bias': tensor(2, 6),
    };
    const ours = layers.fromKeras(made, theirs);
    expect([...ours['net/gru/weight'].data].slice(0, 6)).toEqual([3, 4, 1, 2, 5, 6]);
    expect([...ours['net/gru/bias'].data]).toEqual([3, 4, 1, 2, 5, 6]);
    expect([...ours['net/gru/recurrentBias'].data]).toEqual([9, 10, 7, 8, 11, 12]);
    expect(layers.toKeras(made, ours)).toEqual(theirs);
  });

  it('gru: one bias, as without reset_after', () => {
    const made = call(layers.gru(2, { name: 'gru', resetAfter: false, recurrentBias: false }), [1, 4, 3]);
    const theirs = {
      'gru/gru_cell/kernel': tensor(3, 6),
      'gru/gru_cell/recurrent_kernel': tensor(2, 6),
      'gru/gru_cell/bias': tensor(6),
    };
    const ours = layers.fromKeras(made, theirs);
    expect([...ours['net/gru/bias'].data]).toEqual([3, 4, 1, 2, 5, 6]);
    expect(layers.toKeras(made, ours)).toEqual(theirs);
  });

  it('rnn: a stack is none of Keras', () => {
    const made = call(layers.rnn(2, { name: 'm', layers: 2 }), [1, 4, 3]);
    expect(() => layers.fromKeras(made, {})).toThrow(
      'fromKeras: net/m is a stack of 2: for Keras, make a layer of each',
    );
  });

  it('lstm: both directions', () => {
    const made = call(layers.lstm(2, { name: 'bidirectional', direction: 'bidirectional' }), [1, 4, 3]);
    const theirs = Object.fromEntries(
      ['forward', 'backward'].flatMap((direction) => [
        [`bidirectional/${direction}_lstm/lstm_cell/kernel`, tensor(3, 8)],
        [`bidirectional/${direction}_lstm/lstm_cell/recurrent_kernel`, tensor(2, 8)],
        [`bidirectional/${direction}_lstm/lstm_cell/bias`, tensor(8)],
      ]),
    );
    expect(layers.toKeras(made, layers.fromKeras(made, theirs))).toEqual(theirs);
  });
});
