import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Device } from '../../src/backends/backend.ts';
import { openDevice } from '../../src/backends/open.ts';
import { renderShader } from '../../src/backends/webgpu/shader.ts';
import { defaultTarget, type Target } from '../../src/graph/kernel.ts';
import { plan } from '../../src/graph/plan.ts';
import { trace } from '../../src/graph/trace.ts';
import { Graph, grad, gru, lstm, mul, rnn, sum, type Tensor } from '../../src/index.ts';
import { checkOp } from '../support/checkOp.ts';
import { recurrentSamples } from '../support/recurrentSamples.ts';

// What the kernels of recurrent layers count on, also on adapters that are not at hand.

const resetBefore: typeof gru = (x, weights, options) => gru(x, weights, { ...options, resetAfter: false });
const cells = {
  lstm: { op: 'lstm', cell: lstm, gates: 4 },
  gru: { op: 'gru', cell: gru, gates: 3 },
  'gru, the reset gate before the product': { op: 'gru', cell: resetBefore, gates: 3 },
  rnn: { op: 'rnn', cell: rnn, gates: 1 },
} as const;
type CellName = keyof typeof cells;
const names = Object.keys(cells) as CellName[];

/** A layer with everything that it can be given, its outputs and all gradients. */
function layer(name: CellName, steps: number, batch: number, hidden: number, inputSize = 4) {
  const { cell, gates } = cells[name];
  const graph = new Graph();
  const columns = gates * hidden;
  const x = graph.input('x', [steps, batch, inputSize]);
  const weights = {
    weight: graph.input('w', [inputSize, columns]),
    recurrentWeight: graph.input('u', [hidden, columns]),
    bias: graph.input('b', [columns]),
    recurrentBias: graph.input('c', [columns]),
  };
  const initialHiddenState = graph.input('h', [1, batch, hidden]);
  const lengths = graph.input('lengths', [batch], 'int32');
  const { output, hiddenState } = cell(x, weights, { initialHiddenState, lengths });
  const loss = [output, hiddenState]
    .map((tensor) => sum(mul(tensor, tensor)))
    .reduce((total, term) => mul(total, term));
  const inputs = { x, ...weights, initialHiddenState };
  const outputs: Record<string, Tensor> = { output, hiddenState };
  grad(loss, Object.values(inputs)).forEach((gradient, i) => {
    outputs[`gradient of ${Object.keys(inputs)[i]}`] = gradient;
  });
  return { graph, outputs };
}

describe('kernels of recurrent layers keep to the limits, at every size', () => {
  // A weight [5000, 20000] is more than every adapter binds; whether one does is no question of the kernels.
  const limits = { ...defaultTarget.limits, storageBindingBytes: 2 ** 31 };
  const targets: Readonly<Record<string, Target>> = {
    'a GPU': { ...defaultTarget, limits },
    'a software adapter': { ...defaultTarget, limits, barrierLanes: 64, fastWorkgroupMemory: false },
    SwiftShader: {
      ...defaultTarget,
      limits,
      barrierLanes: 64,
      fastWorkgroupMemory: false,
      registerWords: 2048,
    },
  };
  const bytesOf: Readonly<Record<string, number>> = { f32: 4, F: 16, 'vec4<f32>': 16 };

  for (const [adapter, target] of Object.entries(targets)) {
    for (const name of names) {
      const { op, cell } = cells[name];
      it(`${name} on ${adapter}`, () => {
        for (const hidden of [1, 37, 128, 512, 1024, 1025, 2048, 5000]) {
          for (const batch of [1, 17, 300]) {
            for (const strategy of [undefined, 'looped', 'resident', 'stepwise', 'chunked']) {
              // Kernels whose matrix lies in registers are long texts, and nobody forces them at such sizes.
              if (strategy === 'resident' && hidden > 128) continue;
              const variants = strategy ? { [op]: strategy } : undefined;
              const { outputs } = layer(name, 3, batch, hidden);
              const { calls } = plan(trace({ outputs, updates: [] }), { ...target, variants });
              const own = calls.filter(({ call }) => call.label.startsWith(op));
              if (cell === resetBefore && hidden > 1024) {
                expect(own).toEqual([]);
                continue;
              }
              expect(own.length).toBeGreaterThanOrEqual(2);
              const what = `${hidden} units, batch ${batch}, ${strategy ?? 'chosen'}`;
              for (const { call } of new Map(
                own.map((each) => [JSON.stringify(each.call.variant), each]),
              ).values()) {
                const text = renderShader(call.source, call.variant);
                const size = Number(/@workgroup_size\((\d+)\)/.exec(text)?.[1]);
                expect(size, what).toBeGreaterThan(0);
                expect(size, what).toBeLessThanOrEqual(256);
                const arrays = [...text.matchAll(/var<workgroup> \w+: array<([\w<>]+), (\d+)>/g)];
                expect(arrays).toHaveLength(text.split('var<workgroup>').length - 1);
                const bytes = arrays.map(([, type, count]) => bytesOf[type] * Number(count));
                expect(
                  bytes.reduce((total, each) => total + each, 0),
                  what,
                ).toBeLessThanOrEqual(16384);
                expect(call.bindings.length, what).toBeLessThanOrEqual(8);
                expect(Math.max(...call.workgroups), what).toBeLessThanOrEqual(65535);
              }
            }
          }
        }
      });
    }
  }
});

it('cuts a long sequence into dispatches that no watchdog stops', () => {
  for (const name of names) {
    const steps = 40_000;
    const { outputs } = layer(name, steps, 1, 128);
    const { calls } = plan(trace({ outputs, updates: [] }), defaultTarget);
    const { op, gates } = cells[name];
    for (const label of [`${op}/`, `${op}Gradient/`]) {
      const counts = calls
        .filter(({ call }) => call.label.startsWith(label))
        .map(({ call }) => call.params?.count ?? 0);
      expect(counts.reduce((total, count) => total + count)).toBe(steps);
      // Reads of the matrix by one workgroup: some 20 ms on a GPU.
      expect(Math.max(...counts) * 128 * 128 * gates).toBeLessThanOrEqual(2 ** 28);
    }
  }
});

describe('recurrent layers give the same bits', () => {
  let device: Device;
  beforeAll(async () => {
    device = await openDevice({ backend: 'webgpu' });
  });
  afterAll(() => device.dispose());

  for (const name of names) {
    it(`${name}: in two runs, and in one dispatch as in many`, async () => {
      const { outputs } = layer(name, 8, 3, 6);
      const { op, gates } = cells[name];
      const numbers = (length: number, seed: number) =>
        Float32Array.from({ length }, (_, i) => Math.sin(i * 12.9898 + seed) * 0.7);
      const feeds = {
        x: numbers(8 * 3 * 4, 1),
        w: numbers(4 * 6 * gates, 2),
        u: numbers(6 * 6 * gates, 3),
        b: numbers(6 * gates, 4),
        c: numbers(6 * gates, 5),
        h: numbers(3 * 6, 6),
        lengths: [8, 3, 0],
      };
      const results = [];
      for (const strategy of ['looped', 'chunked']) {
        const program = await device.compile({ outputs, variants: { [op]: strategy } });
        const own = program.stats.kernels.filter((kernel) => kernel.startsWith(op));
        expect(own).toHaveLength(strategy === 'looped' ? 2 : 6);
        results.push(await program.run(feeds), await program.run(feeds));
        program.dispose();
      }
      const [first, ...others] = results;
      for (const other of others) expect(other).toEqual(first);
      expect(first.output.some((value) => value !== 0)).toBe(true);
    });
  }
});

type Result = { readonly output: Tensor; readonly hiddenState: Tensor };
const both = ({ output, hiddenState }: Result) => [output, hiddenState];
const samples = {
  lstm: recurrentSamples(lstm, 4, both),
  gru: recurrentSamples(gru, 3, both),
  'gru, the reset gate before the product': recurrentSamples(resetBefore, 3, both),
  rnn: recurrentSamples(rnn, 1, both),
};

for (const name of names) {
  checkOp(`${name} with the kernels of a GPU`, {
    samples: [64, 128].map((hiddenSize) =>
      samples[name](
        {
          name: `hidden size ${hiddenSize}`,
          ...{ steps: 3, batch: 3, inputSize: 2, hiddenSize, lengths: [3, 0, 2] },
          values: { recurrentWeight: { low: -1 / hiddenSize, high: 1 / hiddenSize } },
          asGpu: true,
          comparedGradients: true,
        },
        {},
      ),
    ),
  });
}

// One sequence alone keeps a larger matrix in registers, where these are many.
for (const name of ['lstm', 'gru'] as const) {
  const { op, cell, gates } = cells[name];
  checkOp(`${name} of one sequence, 256 units`, {
    samples: [
      {
        inputs: [
          { shape: [3, 1, 2] },
          { shape: [2, gates * 256] },
          { shape: [256, gates * 256], values: { low: -1 / 256, high: 1 / 256 } },
        ],
        build: ([x, weight, recurrentWeight]) => cell(x, { weight, recurrentWeight }).output,
        gradient: false,
        variants: [{}, { [op]: 'looped' }],
      },
    ],
  });
}

it('keeps 256 units in registers on SwiftShader for one sequence, but not for several, nor on the way back', () => {
  const target = { ...defaultTarget, barrierLanes: 64, fastWorkgroupMemory: false, registerWords: 2048 };
  const labels = (batch: number) => {
    const { calls } = plan(trace({ outputs: layer('lstm', 3, batch, 256).outputs, updates: [] }), target);
    return new Set(calls.map(({ call }) => call.label).filter((label) => label.startsWith('lstm')));
  };
  expect(labels(1)).toEqual(new Set(['lstm/resident', 'lstmGradient/looped']));
  expect(labels(2)).toEqual(new Set(['lstm/looped', 'lstmGradient/looped']));
});
