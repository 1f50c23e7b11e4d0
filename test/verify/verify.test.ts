import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  adam,
  applyOne,
  checkGradients,
  type Device,
  FeedError,
  Graph,
  glorotUniform,
  linear,
  meanSquaredError,
  type Op,
  openDevice,
  relu,
  sum,
  tanh,
  type VerifyReport,
  verify,
} from '../../src/index.ts';
import { elementwise } from '../../src/ops/elementwise.ts';

let device: Device;
beforeAll(async () => {
  device = await openDevice({ backend: 'webgpu' });
});
afterAll(() => device.dispose());

const silent = { print: () => {} };

function network(middle: (x: ReturnType<typeof relu>) => ReturnType<typeof relu>) {
  const graph = new Graph({ seed: 3 });
  const x = graph.input('x', [17, 5]);
  const target = graph.input('target', [17, 3]);
  const w1 = graph.variable('w1', [5, 9], { initializer: glorotUniform() });
  const w2 = graph.variable('w2', [9, 3], { initializer: glorotUniform() });
  const hidden = graph.scope('hidden', () => middle(linear(x, w1)));
  const y = linear(tanh(hidden), w2);
  return { graph, x, w1, w2, y, loss: meanSquaredError(y, target) };
}

const feeds = {
  x: Float32Array.from({ length: 17 * 5 }, (_, i) => Math.sin(i)),
  target: Float32Array.from({ length: 17 * 3 }, (_, i) => Math.cos(i)),
};

/** 2 x, of which the kernel makes something else. */
const wrongKernel: Op<null> = elementwise<null>({
  name: 'twice',
  takes: 'float',
  scalar: () => (x) => 2 * x,
  wgsl: ([x]) => `(${x} * F(2.001))`,
  gradient: (dy) => [applyOne(wrongKernel, [dy], null)],
});

/** 2 x, with the gradient of 3 x. */
const wrongGradient: Op<null> = elementwise<null>({
  name: 'twice',
  takes: 'float',
  scalar: () => (x) => 2 * x,
  wgsl: ([x]) => `(${x} * F(2.0))`,
  gradient: (dy) => [applyOne(wrongGradient, [applyOne(wrongGradient, [dy], null)], null)],
});

const broken: Op<null> = { ...wrongKernel, elementwise: { expression: () => 'nonsense(' } };

describe('verify', () => {
  it('agrees with the reference over a whole training step, and leaves the program as it was', async () => {
    const { loss, y, w1 } = network(relu);
    const program = await device.compile({
      outputs: { loss, y },
      updates: adam({ learningRate: 0.01, clipNorm: 1 }).minimize(loss),
    });
    for (let i = 0; i < 3; i++) await program.submit(feeds);
    const before = await device.read(w1);
    let printed = '';
    const report = await verify(program, feeds, {
      print: (text) => {
        printed = text;
      },
    });
    expect(report.summary).toMatch(/^all \d+ results of ops and 6 of the whole program agree/);
    expect(report.passed).toBe(true);
    const ops = report.ops.map(({ op }) => op);
    for (const op of ['linear', 'relu', 'tanh', 'linearWeightGradient', 'adam']) expect(ops).toContain(op);
    expect(report.ops.find(({ op }) => op === 'relu')?.path).toBe('hidden/relu');
    expect(report.endToEnd.map(({ path }) => path)).toContain('gradient of w2');
    expect(printed).toContain('hidden/relu');
    expect(printed.trimEnd().endsWith(report.summary)).toBe(true);
    expect(await device.read(w1)).toEqual(before);
    program.dispose();
  });

  it('takes the values that the variables have on the device of the program', async () => {
    const { y, w1 } = network(relu);
    const program = await device.compile({ outputs: { y } });
    device.write(w1, new Float32Array(45).fill(Number.NaN));
    const report = await verify(program, { x: feeds.x }, { ...silent, gradients: false });
    expect(report.passed).toBe(true);
    expect(report.endToEnd[0].difference?.differing).toBe(0);
    const want = await program.run({ x: feeds.x });
    expect(want.y.every(Number.isNaN)).toBe(true);
    program.dispose();
  });

  it('names the first op that diverges, and goes on', async () => {
    const { loss } = network((x) => applyOne(wrongKernel, [x], null));
    const report: VerifyReport = await verify({ outputs: { loss } }, feeds, silent);
    expect(report.passed).toBe(false);
    expect(report.firstDivergence).toMatchObject({ op: 'twice', path: 'hidden/twice', verdict: 'failed' });
    expect(report.firstDivergence?.difference?.relative).toBeCloseTo(0.0005, 5);
    expect(report.summary).toMatch(/the first is hidden\/twice \(twice, \[17, 9\] -> \[17, 9\]\)/);
    // From the same inputs, so the ops after it are right.
    expect(report.ops.filter(({ op }) => op !== 'twice').every(({ verdict }) => verdict === 'passed')).toBe(
      true,
    );
    expect(report.endToEnd.find(({ path }) => path === 'loss')?.verdict).toBe('failed');
  });

  it('goes on after a kernel that does not compile', async () => {
    const { y } = network((x) => applyOne(broken, [x], null));
    const report = await verify({ outputs: { y } }, { x: feeds.x }, { ...silent, gradients: false });
    expect(report.firstDivergence).toMatchObject({ path: 'hidden/twice', verdict: 'error' });
    expect(report.firstDivergence?.message).toMatch(/does not compile/);
    expect(report.ops.filter(({ verdict }) => verdict === 'passed').map(({ op }) => op)).toEqual([
      'linear',
      'tanh',
      'linear',
    ]);
  });

  it('refuses feeds that do not fit', async () => {
    const { loss } = network(relu);
    await expect(verify({ outputs: { loss } }, { x: feeds.x }, silent)).rejects.toThrow(FeedError);
  });
});

describe('checkGradients', () => {
  it('agrees with central differences', async () => {
    const { loss, graph, x } = network(tanh);
    const checks = await checkGradients(loss, [x, ...graph.parameters], { feeds });
    expect(checks.map(({ passed, places }) => [passed, places.length])).toEqual([
      [true, 40],
      [true, 40],
      [true, 27],
    ]);
  });

  it('finds a wrong rule', async () => {
    const { loss, x, w2 } = network((hidden) => applyOne(wrongGradient, [hidden], null));
    const [ofX, ofW2] = await checkGradients(loss, [x, w2], { feeds });
    expect(ofX.passed).toBe(false);
    expect(ofX.difference.relative).toBeGreaterThan(0.5);
    expect(ofW2.passed).toBe(true);
  });

  it('takes the values of a device', async () => {
    const graph = new Graph();
    const w = graph.variable('w', [2]);
    device.write(w, [2, 3]);
    const [{ slopes }] = await checkGradients(sum(tanh(w)), [w], { device, places: 2 });
    expect([...slopes].sort()[0]).toBeCloseTo(1 - Math.tanh(3) ** 2, 6);
  });
});
