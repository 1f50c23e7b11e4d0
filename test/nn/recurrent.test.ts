import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as t from '../../src/index.ts';
import * as layers from '../../src/layers.ts';

const own = (made: Pick<layers.Forward, 'variables'>) =>
  Object.fromEntries(made.variables.map((variable) => [variable.name.split('/').at(-1) ?? '', variable]));
const ramp = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(1 + i * 1.7));

describe('recurrent layers', () => {
  let device: t.Device;
  beforeAll(async () => {
    device = await t.openDevice({ backend: 'cpu' });
  });
  afterAll(() => device.dispose());

  const same = async (
    x: t.Tensor,
    got: t.Tensor,
    want: t.Tensor,
    feeds: Record<string, ArrayLike<number>> = {},
  ) => {
    expect(got.shape).toEqual(want.shape);
    const program = await device.compile({ outputs: { got, want } });
    const results = await program.run({ [x.node.path]: ramp(x.size), ...feeds });
    expect(results.got).toEqual(results.want);
    expect(results.got.some((value) => value !== 0)).toBe(true);
  };

  it('lstm: the last state, or every step, sequences first', async () => {
    const x = new t.Graph({ seed: 1 }).input('x', [2, 5, 3]);
    const last = layers.forward(layers.lstm(4), x);
    const { weight, recurrentWeight, bias } = own(last);
    expect(last.variables).toHaveLength(3);
    expect(last.output.shape).toEqual([2, 4]);
    const expected = t.lstm(x, { weight, recurrentWeight, bias }, { batchFirst: true });
    await same(x, last.output, expected.lastOutput);
    const all = layers.forward(layers.lstm(4, { returnSequences: true, batchFirst: false }), x);
    expect(all.output.shape).toEqual([2, 5, 4]);
    const weights = own(all);
    await same(
      x,
      all.output,
      t.lstm(x, { weight: weights.weight, recurrentWeight: weights.recurrentWeight, bias: weights.bias })
        .output,
    );
    // Forget gates start open, the others in the middle.
    expect([...(await device.read(bias))]).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('gru: bidirectional, with lengths and an initial state', async () => {
    const graph = new t.Graph({ seed: 2 });
    const x = graph.input('x', [2, 4, 3]);
    const lengths = graph.input('lengths', [2], 'int32');
    const initialHiddenState = graph.constant(ramp(20), [2, 2, 5]);
    const layer = layers.gru(5, { direction: 'bidirectional', returnStates: true });
    const made = layers.forward(layer, { x, lengths, initialHiddenState });
    const { weight, recurrentWeight, bias, recurrentBias } = own(made);
    expect(weight.shape).toEqual([2, 3, 15]);
    const expected = t.gru(
      x,
      { weight, recurrentWeight, bias, recurrentBias },
      { direction: 'bidirectional', batchFirst: true, lengths, initialHiddenState },
    );
    const feeds = { lengths: Int32Array.of(4, 2) };
    await same(x, made.output.output, expected.lastOutput, feeds);
    await same(x, made.output.hiddenState, expected.hiddenState, feeds);
  });

  it('rnn: a stack, with its own activation, without bias', async () => {
    const x = new t.Graph({ seed: 3 }).input('x', [2, 4, 3]);
    const made = layers.forward(layers.rnn(5, { layers: 2, activation: t.relu, bias: false }), x);
    expect(made.variables.map(({ name, shape }) => [name, shape])).toEqual([
      ['rnn/weight', [3, 5]],
      ['rnn/recurrentWeight', [5, 5]],
      ['rnn/weight2', [5, 5]],
      ['rnn/recurrentWeight2', [5, 5]],
    ]);
    const { weight, recurrentWeight, weight2, recurrentWeight2 } = own(made);
    const weights = [
      { weight, recurrentWeight },
      { weight: weight2, recurrentWeight: recurrentWeight2 },
    ];
    await same(x, made.output, t.rnn(x, weights, { activation: t.relu, batchFirst: true }).lastOutput);
  });

  it('lstm: projection and cell states', async () => {
    const x = new t.Graph({ seed: 4 }).input('x', [2, 3, 3]);
    const made = layers.forward(
      layers.lstm(5, { projection: 2, returnStates: true, recurrentBias: true }),
      x,
    );
    const { output, hiddenState, cellState } = made.output;
    expect([output.shape, hiddenState.shape, cellState.shape]).toEqual([
      [2, 2],
      [1, 2, 2],
      [1, 2, 5],
    ]);
    expect(own(made).projectionWeight.shape).toEqual([5, 2]);
  });

  it('drop elements between the layers of a stack in training only', () => {
    const x = new t.Graph().input('x', [2, 3, 3]);
    const layer = layers.rnn(5, { layers: 2, dropout: 0.5 });
    const drops = (training: boolean) => {
      layers.forward(layer, x, { training });
      return x.graph.nodes.filter(({ op }) => op?.name === 'dropout').length;
    };
    expect(drops(false)).toBe(0);
    expect(drops(true)).toBe(1);
  });

  it('draw each direction on its own: orthogonal both', async () => {
    const x = new t.Graph({ seed: 5 }).input('x', [1, 2, 3]);
    const made = layers.forward(layers.rnn(4, { direction: 'bidirectional' }), x);
    const values = await device.read(own(made).recurrentWeight);
    for (const matrix of [values.slice(0, 16), values.slice(16)]) {
      for (let a = 0; a < 4; a++) {
        for (let b = 0; b < 4; b++) {
          const dot = [0, 1, 2, 3].reduce((total, i) => total + matrix[4 * i + a] * matrix[4 * i + b], 0);
          expect(dot).toBeCloseTo(a === b ? 1 : 0, 5);
        }
      }
    }
    expect(values.slice(0, 16)).not.toEqual(values.slice(16));
  });

  it('say what is wrong', () => {
    const x = new t.Graph().input('x', [4, 3]);
    expect(() => layers.forward(layers.lstm(4), x)).toThrow(
      'lstm: expected x [batch, steps, features], got [4, 3]',
    );
    expect(() => layers.gru(0)).toThrow('gru: units must be a whole number of at least 1, got 0');
    expect(() => layers.rnn(3, { layers: 1.5 })).toThrow('rnn: layers must be a whole number of at least 1');
    const sequence = new t.Graph().input('x', [2, 3, 4]);
    const wrong = layers.forward.bind(null, layers.gru(3), {
      x: sequence,
      lengths: sequence.graph.input('lengths', [3], 'int32'),
    });
    expect(wrong).toThrow('gru/gru: lengths must be [2], one for each sequence; got [3]');
  });
});
