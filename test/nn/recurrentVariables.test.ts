import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Device,
  Graph,
  gru,
  gruVariables,
  lstm,
  lstmVariables,
  openDevice,
  rnn,
  rnnVariables,
} from '../../src/index.ts';

let device: Device;
beforeAll(async () => {
  device = await openDevice({ backend: 'cpu' });
});
afterAll(() => device.dispose());

describe('variables of a stack', () => {
  it('have the shapes that the ops take, and begin as in Keras', async () => {
    const graph = new Graph({ seed: 3 });
    const options = { inputSize: 5, hiddenSize: 4, layers: 2, bidirectional: true };
    const x = graph.input('x', [3, 2, 5]);
    const direction = 'bidirectional';
    const weights = lstmVariables(graph, 'a', { ...options, peepholes: true });
    expect(lstm(x, weights, { direction }).output.shape).toEqual([3, 2, 8]);
    const projected = lstmVariables(graph, 'b', { ...options, projectionSize: 3 });
    expect(lstm(x, projected, { direction }).output.shape).toEqual([3, 2, 6]);
    expect(gru(x, gruVariables(graph, 'c', options), { direction }).output.shape).toEqual([3, 2, 8]);
    expect(rnn(x, rnnVariables(graph, 'd', options), { direction }).output.shape).toEqual([3, 2, 8]);
    const before = gruVariables(graph, 'e', { inputSize: 5, hiddenSize: 4, resetAfter: false });
    expect(gru(x, before, { resetAfter: false }).output.shape).toEqual([3, 2, 4]);
    expect(Object.keys(before[0])).toEqual(['weight', 'recurrentWeight', 'bias']);
    const none = rnnVariables(graph, 'f', { inputSize: 5, hiddenSize: 4, bias: false });
    expect(Object.keys(none[0])).toEqual(['weight', 'recurrentWeight']);
    expect(graph.variables.map(({ name }) => name)).toContain('a/layer1/peepholeWeight');

    const value = async (name: string) => {
      const variable = graph.variables.find((each) => each.name === name);
      if (!variable) throw new Error(`no ${name}`);
      return Array.from(await device.read(variable));
    };
    const bias = await value('a/layer0/bias');
    expect(bias).toEqual([...bias.keys()].map((i) => Number(i % 16 >= 4 && i % 16 < 8)));
    const weight = await value('a/layer0/weight');
    const limit = Math.sqrt(6 / (5 + 16));
    expect(Math.max(...weight)).toBeLessThan(limit);
    expect(Math.max(...weight)).toBeGreaterThan(0.9 * limit);
    // Rows of U [4, 16] are orthonormal, in each direction its own.
    const recurrent = await value('a/layer0/recurrentWeight');
    expect(recurrent.slice(0, 64)).not.toEqual(recurrent.slice(64));
    for (const start of [0, 64]) {
      for (let a = 0; a < 4; a++) {
        for (let b = 0; b < 4; b++) {
          let dot = 0;
          for (let k = 0; k < 16; k++) dot += recurrent[start + 16 * a + k] * recurrent[start + 16 * b + k];
          expect(dot).toBeCloseTo(Number(a === b), 5);
        }
      }
    }
  });

  it('refuse sizes that are none', () => {
    const graph = new Graph();
    expect(() => lstmVariables(graph, 'tagger', { inputSize: 0, hiddenSize: 4 })).toThrow(
      'tagger: inputSize must be a whole number of at least 1, got 0',
    );
    expect(() => gruVariables(graph, 'g', { inputSize: 1, hiddenSize: 4, layers: 1.5 })).toThrow(
      'g: layers must be a whole number of at least 1, got 1.5',
    );
  });
});
