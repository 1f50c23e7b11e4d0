import { describe, expect, it } from 'vitest';
import { defaultTarget, type KernelCall, longestLoop, type Target } from '../../src/graph/kernel.ts';
import { plan } from '../../src/graph/plan.ts';
import { trace } from '../../src/graph/trace.ts';
import { conv2d, Graph, grad, lstm, lstmVariables, matmul, sum, type Tensor } from '../../src/index.ts';

const onCpu: Target = { ...defaultTarget, fastWorkgroupMemory: false, barrierLanes: 64 };

function callsFor(outputs: Record<string, Tensor>, target: Target): KernelCall[] {
  return plan(trace({ outputs, updates: [] }), target).calls.map(({ call }) => call);
}

const paramOf = (call: KernelCall, name: string) => Number(call.params?.[name]);

/** Some drivers end loops after 65,535 rounds, so that a long sum would silently lack terms. */
describe.each([
  ['a GPU', defaultTarget],
  ['a CPU', onCpu],
])('long sums, planned for %s', (_, target) => {
  it('are cut in a product with a long inner dimension, however many outputs there are', () => {
    const graph = new Graph();
    const y = matmul(graph.input('a', [128, 100_003]), graph.input('b', [100_003, 128]));
    const calls = callsFor({ y }, target);
    expect(calls).toHaveLength(2);
    expect(paramOf(calls[0], 'sliceLength')).toBeLessThanOrEqual(longestLoop);
    expect(paramOf(calls[0], 'sliceLength') * paramOf(calls[1], 'slices')).toBeGreaterThanOrEqual(100_003);
  });

  it("are cut in the gradient of a convolution's filter", () => {
    const graph = new Graph();
    const [images, side] = [32, 56];
    const x = graph.input('x', [images, side, side, 64]);
    const filter = graph.variable('filter', [3, 3, 64, 64]);
    const [dw] = grad(sum(conv2d(x, filter, { padding: 'same' })), [filter]);
    const call = callsFor({ dw }, target).find(({ label }) => /conv2dFilterGradient\/implicit/.test(label));
    if (!call) throw new Error('the gradient is computed in some other way');
    const rounds = call.label.endsWith('Tiled')
      ? (21 / 16) * paramOf(call, 'slabPixels')
      : paramOf(call, 'slabChunks') * (paramOf(call, 'chunkWidth') + 1);
    expect(rounds).toBeLessThanOrEqual(longestLoop);
  });

  it('are cut in a loop over time', () => {
    const graph = new Graph();
    const [steps, hidden] = [3000, 128];
    const x = graph.input('x', [steps, 1, hidden]);
    const weights = lstmVariables(graph, 'lstm', { inputSize: hidden, hiddenSize: hidden });
    const { output } = lstm(x, weights);
    const calls = callsFor({ gradient: grad(sum(output), [weights[0].recurrentWeight])[0] }, target);
    const backward = calls.filter(({ label }) => /Gradient\/(looped|resident)/.test(label));
    expect(backward.length).toBeGreaterThan(1);
    // The product of a step: four gates of 128 units, four at a time, in as many slices as run side by side.
    const slices = target.fastWorkgroupMemory ? target.barrierLanes / (hidden / 4) : 1;
    for (const call of backward)
      expect((paramOf(call, 'count') * hidden) / slices).toBeLessThanOrEqual(longestLoop);
  });
});
