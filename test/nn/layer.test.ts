import { describe, expect, it } from 'vitest';
import {
  adam,
  add,
  type Device,
  Graph,
  GraphError,
  linear,
  meanSquaredError,
  mul,
  openDevice,
  relu,
  ShapeError,
  sgd,
  type Tensor,
  tanh,
} from '../../src/index.ts';
import { callContext, dense, forward, freeze, l2, makeLayer, model, sequential } from '../../src/layers.ts';
import { errorsOf, thrownBy } from '../errors/checkError.ts';

const check = errorsOf(import.meta.url);
const names = (variables: readonly { name: string }[]) => variables.map(({ name }) => name);
const ramp = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i + 1));

const onDevices = (name: string, body: (device: Device) => Promise<void>) => {
  for (const backend of ['cpu', 'webgpu'] as const) {
    it(`${name} (${backend})`, async () => {
      const device = await openDevice({ backend });
      try {
        await body(device);
      } finally {
        device.dispose();
      }
    });
  }
};

describe('a layer', () => {
  it('makes its variables on the first call in a graph and finds them on later ones', () => {
    const network = sequential([dense(5, { activation: tanh }), dense(3)], { name: 'network' });
    const graph = new Graph();
    const train = forward(network, graph.input('x', [8, 4]), { training: true });
    const all = [
      'network/dense/weight',
      'network/dense/bias',
      'network/dense2/weight',
      'network/dense2/bias',
    ];
    expect(names(train.variables)).toEqual(all);
    expect(train.parameters).toEqual(train.variables);
    const predict = forward(network, graph.input('one', [1, 4]));
    expect(predict.variables).toEqual(train.variables);
    expect(predict.output.shape).toEqual([1, 3]);
    expect(graph.variables).toHaveLength(4);
    // Another graph has variables of its own.
    expect(forward(network, new Graph().input('x', [2, 7])).variables[0].shape).toEqual([7, 5]);
  });

  it('shares its weights among calls, wherever they are', () => {
    const shared = dense(4);
    const twice = model((x: Tensor, context) => add(shared.call(x, context), shared.call(relu(x), context)));
    const { variables, output } = forward(twice, new Graph().input('x', [2, 4]));
    expect(names(variables)).toEqual(['model/dense/weight', 'model/dense/bias']);
    expect(output.shape).toEqual([2, 4]);
  });

  it('takes and gives records and arrays of tensors', () => {
    const [left, right] = [dense(3), dense(3)];
    const both = model((x: { a: Tensor; b: Tensor }, context) => {
      const hidden = add(left.call(x.a, context), right.call(x.b, context));
      return { hidden, positive: relu(hidden) };
    });
    const graph = new Graph();
    const { output, variables } = forward(both, { a: graph.input('a', [2, 4]), b: graph.input('b', [2, 6]) });
    expect(output.positive.shape).toEqual([2, 3]);
    expect(names(variables)).toContain('model/dense2/weight');
  });

  it('tells of every call', () => {
    const network = sequential([dense(5, { name: 'first' }), relu, dense(3)], { name: 'net' });
    const { calls } = forward(network, new Graph().input('x', [2, 4]));
    expect(calls.map(({ path, depth, kind }) => [path, depth, kind])).toEqual([
      ['net/first', 1, 'dense'],
      ['net/dense', 1, 'dense'],
      ['net', 0, 'sequential'],
    ]);
    expect(names(calls[0].variables)).toEqual(['net/first/weight', 'net/first/bias']);
  });

  onDevices('of one’s own is a function with parameters', async (device) => {
    const scale = makeLayer('scale', {}, (x: Tensor, _, own) =>
      mul(x, own.parameter('factor', [x.shape[1]], 3)),
    );
    const { output } = forward(scale, new Graph().input('x', [1, 2]));
    const program = await device.compile({ outputs: { output } });
    expect([...(await program.run({ x: [1, 2] })).output]).toEqual([3, 6]);
  });
});

describe('freeze', () => {
  onDevices('keeps parameters as they are, phase by phase', async (device) => {
    const [backbone, head] = [dense(6, { name: 'backbone', activation: tanh }), dense(2, { name: 'head' })];
    const graph = new Graph({ seed: 3 });
    const [x, target] = [graph.input('x', [4, 3]), graph.input('target', [4, 2])];
    const first = forward(sequential([freeze(backbone), head], { name: 'net' }), x, { training: true });
    expect(names(first.parameters)).toEqual(['net/head/weight', 'net/head/bias']);
    expect(names(first.variables)).toContain('net/backbone/weight');
    const loss = meanSquaredError(first.output, target);
    // Also without the list: nothing is to be learned behind stopGradient.
    const updates = adam({ learningRate: 0.1 }).minimize(loss);
    expect(updates.map(([variable]) => variable.name).filter((name) => name.startsWith('net/'))).toEqual([
      'net/head/weight',
      'net/head/bias',
    ]);
    const step = await device.compile({ outputs: { loss }, updates });
    const feeds = { x: ramp(12), target: ramp(8) };
    const weight = first.variables[0];
    const before = await device.read(weight);
    const early = (await step.run(feeds)).loss[0];
    for (let i = 0; i < 10; i++) await step.submit(feeds);
    expect((await step.run(feeds)).loss[0]).toBeLessThan(early);
    expect(await device.read(weight)).toEqual(before);

    const free = forward(sequential([backbone, head], { name: 'both' }), x, { training: true });
    expect(names(free.parameters)).toEqual(names(first.variables));
    const all = meanSquaredError(free.output, target);
    const second = await device.compile({
      outputs: { all },
      updates: sgd({ learningRate: 0.1 }).minimize(all),
    });
    await second.submit(feeds);
    expect(await device.read(weight)).not.toEqual(before);
  });

  it('is also an option', () => {
    const network = sequential([dense(4, { trainable: false }), dense(4)]);
    expect(names(forward(network, new Graph().input('x', [1, 4])).parameters)).toEqual([
      'sequential/dense2/weight',
      'sequential/dense2/bias',
    ]);
  });
});

describe('regularizers', () => {
  onDevices('add to the loss once for each parameter', async (device) => {
    const layer = dense(2, {
      regularizers: { weight: l2(0.5) },
      initializers: { weight: [1, 2, 3, 4] },
      bias: false,
    });
    const twice = model((x: Tensor, context) => layer.call(layer.call(x, context), context));
    const { penalty } = forward(twice, new Graph().input('x', [1, 2]), { training: true });
    if (!penalty) throw new Error('no penalty');
    const program = await device.compile({ outputs: { penalty } });
    expect((await program.run()).penalty[0]).toBeCloseTo(15, 5);
  });

  it('do nothing for frozen layers', () => {
    const layer = freeze(dense(2, { regularizers: { weight: l2(0.5) } }));
    expect(forward(layer, new Graph().input('x', [1, 2])).penalty).toBeNull();
  });
});

describe('mistakes', () => {
  const x = (shape = [2, 4]) => new Graph().input('x', shape);

  it('names the layer in the messages of ops, and begins at the line of the call', () => {
    const context = (tensor: Tensor) => callContext(tensor.graph);
    const layer = dense(3);
    const first = x();
    layer.call(first, context(first));
    const other = first.graph.input('other', [2, 5]);
    check(
      thrownBy(() => forward(layer, other)),
      'forward',
      ShapeError,
      'dense: weight is [4, 3] since the first call of this layer, the present input asks for [5, 3]',
    );
    check(
      thrownBy(() => forward(sequential([relu, dense(3)], { name: 'net' }), x([]))),
      'forward',
      ShapeError,
      'net/dense: expected x [..., features], got []',
    );
    const own = makeLayer('own', {}, (y: Tensor) => linear(y, y));
    expect(() => forward(own, x())).toThrow(/^own\/linear: x \[2, 4\] has 4 features/);
  });

  it('refuses options that no layer can have', () => {
    check(
      thrownBy(() => dense(2.5)),
      'dense',
      ShapeError,
      'dense: units must be a whole number of at least 1, got 2.5',
    );
    expect(() => sequential([])).toThrow(GraphError);
    const typo = sequential([dense(3, { initializers: { bias: 1 }, bias: false })]);
    expect(() => forward(typo, x())).toThrow(
      'sequential/dense: initializers has "bias", which is no parameter of this layer (it has weight)',
    );
    const twins = sequential([dense(3, { name: 'a' }), dense(3, { name: 'a' })]);
    expect(() => forward(twins, x())).toThrow('sequential/a: the name "a" is taken by another layer');
  });
});
