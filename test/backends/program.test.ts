import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Device } from '../../src/backends/backend.ts';
import { openDevice } from '../../src/backends/open.ts';
import { FeedError, GraphError, LimitError, NonFiniteError } from '../../src/core/errors.ts';
import { Graph } from '../../src/graph/graph.ts';
import { add, mul, neg } from '../../src/ops/arithmetic.ts';
import { grad } from '../../src/ops/gradient.ts';
import { log } from '../../src/ops/math.ts';
import { linear, matmul } from '../../src/ops/matmul.ts';
import { reshape } from '../../src/ops/reshape.ts';
import { sum } from '../../src/ops/sum.ts';
import { sgd } from '../../src/optim/sgd.ts';

for (const backend of ['cpu', 'webgpu'] as const) {
  describe(`programs on ${backend}`, () => {
    let device: Device;
    beforeAll(async () => {
      device = await openDevice({ backend });
    });
    afterAll(() => device.dispose());

    it('runs, and says what it runs on', async () => {
      expect(device.info.backend).toBe(backend);
      expect(device.info.reason).not.toBe('');
      const graph = new Graph();
      const x = graph.input('x', [2, 2]);
      const program = await device.compile({ outputs: { y: matmul(x, x) } });
      expect(await program.run({ x: [1, 2, 3, 4] })).toEqual({ y: Float32Array.of(7, 10, 15, 22) });
    });

    it('computes all updates from the values before the run', async () => {
      const graph = new Graph();
      const a = graph.variable('a', [2], { initializer: [1, 2] });
      const b = graph.variable('b', [2], { initializer: [10, 20] });
      const program = await device.compile({
        outputs: { a, next: add(a, 1) },
        updates: [
          [a, b],
          [b, a],
        ],
      });
      expect(await program.run()).toEqual({ a: Float32Array.of(1, 2), next: Float32Array.of(2, 3) });
      expect(await device.read(a)).toEqual(Float32Array.of(10, 20));
      expect(await device.read(b)).toEqual(Float32Array.of(1, 2));
      expect(await program.run()).toEqual({ a: Float32Array.of(10, 20), next: Float32Array.of(11, 21) });
    });

    it('gives outputs as they were before an update in place', async () => {
      const graph = new Graph();
      const w = graph.variable('w', [3], { initializer: [1, 2, 3] });
      const other = graph.variable('other', [3]);
      const loss = sum(mul(w, w));
      const program = await device.compile({
        outputs: { w, loss, twice: mul(w, 2) },
        updates: [...sgd({ learningRate: 0.5 }).minimize(loss, [w]), [other, w]],
      });
      const result = await program.run();
      expect(result.w).toEqual(Float32Array.of(1, 2, 3));
      expect(result.twice).toEqual(Float32Array.of(2, 4, 6));
      expect(await device.read(w)).toEqual(Float32Array.of(0, 0, 0));
      expect(await device.read(other)).toEqual(Float32Array.of(1, 2, 3));
    });

    it('shares variables between programs', async () => {
      const graph = new Graph();
      const x = graph.input('x', [1, 2]);
      const w = graph.variable('w', [2, 1], { initializer: [1, 1] });
      const y = matmul(x, w);
      const loss = sum(mul(y, y));
      const train = await device.compile({ updates: sgd({ learningRate: 0.1 }).minimize(loss) });
      const predict = await device.compile({ outputs: { y } });
      expect((await predict.run({ x: [1, 0] })).y[0]).toBe(1);
      await train.submit({ x: [1, 0] });
      expect((await predict.run({ x: [1, 0] })).y[0]).toBeCloseTo(0.8, 6);
      device.write(w, [3, 4]);
      expect((await predict.run({ x: [0, 1] })).y[0]).toBe(4);
      expect(await device.read(graph.step)).toEqual(Uint32Array.of(1));
    });

    it('starts with the first values of variables that are loaded in several pieces', async () => {
      const graph = new Graph();
      const values = Float32Array.from({ length: 2 ** 20 + 5 }, (_, i) => i % 1009);
      const large = graph.variable('large', [values.length], { initializer: values });
      const zeros = graph.variable('zeros', [3]);
      const ones = graph.variable('ones', [3], { initializer: 1 });
      const program = await device.compile({
        outputs: { total: add(zeros, ones) },
        updates: [[large, large]],
      });
      expect(await program.run()).toEqual({ total: Float32Array.of(1, 1, 1) });
      expect(await device.read(large)).toEqual(values);
    });

    it('keeps what is written to a variable while the first program is compiled', async () => {
      const graph = new Graph();
      const values = new Float32Array(3 * 2 ** 20).fill(1);
      const weight = graph.variable('weight', [values.length], { initializer: values });
      const compiling = device.compile({ outputs: { first: sum(weight) } });
      device.write(weight, values.fill(2));
      expect(await (await compiling).run()).toEqual({ first: Float32Array.of(6 * 2 ** 20) });
    });

    it('compiles two programs of the same variables at one time', async () => {
      const graph = new Graph();
      const values = Float32Array.from({ length: 2 ** 21 }, (_, i) => i % 7);
      const weight = graph.variable('weight', [values.length], { initializer: values });
      const [doubled, read] = await Promise.all([
        device.compile({ updates: [[weight, mul(weight, 2)]] }),
        device.compile({ outputs: { weight } }),
      ]);
      await doubled.run();
      expect((await read.run()).weight).toEqual(values.map((value) => 2 * value));
    });

    it('copies a gradient that is no kernel output of its own', async () => {
      // d/dw Σ (w + c) v is v itself, a variable; both parameters have the same gradient.
      const graph = new Graph();
      const [w, c] = ['w', 'c'].map((name) => graph.variable(name, [2], { initializer: [1, 1] }));
      const v = graph.variable('v', [2], { initializer: [5, 7], trainable: false });
      const loss = sum(mul(add(w, c), v));
      const program = await device.compile({ updates: sgd({ learningRate: 1 }).minimize(loss) });
      await program.run();
      expect(await device.read(w)).toEqual(Float32Array.of(-4, -6));
      expect(await device.read(c)).toEqual(Float32Array.of(-4, -6));
    });

    it('takes gradients of gradients', async () => {
      const graph = new Graph();
      const x = graph.input('x', [1, 2]);
      const w = graph.input('w', [2, 1]);
      const y = matmul(x, w);
      const [dx] = grad(sum(mul(y, mul(y, y))), [x]);
      const [dw] = grad(sum(mul(dx, dx)), [w]);
      const program = await device.compile({ outputs: { dw } });
      // L = |3 y² w|² = 9 y⁴ |w|²  =>  dL/dw = 36 y³ |w|² x + 18 y⁴ w
      const { dw: got } = await program.run({ x: [1, 2], w: [0.5, 0.25] });
      expect(got[0]).toBeCloseTo(36 * 0.3125 + 18 * 0.5, 4);
      expect(got[1]).toBeCloseTo(36 * 0.3125 * 2 + 18 * 0.25, 4);
    });

    it('refuses bad feeds before any work', async () => {
      const graph = new Graph();
      const program = await device.compile({ outputs: { y: neg(graph.input('x', [2, 3])) } });
      await expect(program.run()).rejects.toThrow(/no feed for input "x" \(float32 \[2, 3\]\)/);
      await expect(program.run({ x: [1, 2] })).rejects.toThrow(/feed "x": \[2, 3\] needs 6 numbers, got 2/);
      await expect(program.run({ x: new Array(6).fill(0), z: 1 })).rejects.toThrow(
        /has no input "z" \(its inputs: "x"\)/,
      );
      // What a program in plain JavaScript can get wrong.
      const feeds: Record<string, never> = JSON.parse('{"x": "abcdef"}');
      await expect(program.run(feeds)).rejects.toThrow(FeedError);
    });

    it('refuses tensors of two graphs, at the line that joins them', () => {
      const x = new Graph().input('x', [2]);
      const y = new Graph().input('y', [2]);
      expect(() => add(x, y)).toThrow(
        /add: inputs come from two graphs: x: float32 \[2\] and y: float32 \[2\]/,
      );
      expect(() => grad(sum(x), [y])).toThrow(GraphError);
    });

    it('says which tensor the loss does not depend on', () => {
      const graph = new Graph();
      const [x, y] = [graph.input('x', [2]), graph.input('y', [3])];
      expect(() => grad(sum(x), [y])).toThrow(/the loss sum does not depend on y: float32 \[3\]/);
      expect(grad(sum(x), [y], { unused: 'zeros' })[0].shape).toEqual([3]);
      expect(() => grad(x, [x])).toThrow(/the loss must be one float number, got float32 \[2\]/);
    });

    it('stops at a loss that is not finite, names the op and keeps the parameters', async () => {
      const graph = new Graph();
      const x = graph.input('x', [2]);
      const w = graph.variable('w', [2], { initializer: [1, 2] });
      const loss = graph.scope('head', () => sum(log(graph.scope('dense', () => mul(w, x)))));
      const program = await device.compile({
        outputs: { loss },
        updates: sgd({ learningRate: 0.1 }).minimize(loss),
      });
      await program.run({ x: [1, 1] });
      const before = await device.read(w);
      const failure = await program.run({ x: [1, -1] }).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(NonFiniteError);
      expect((failure as NonFiniteError).operation).toMatch(/^head\/log: float32 \[2\] \(element 1 is NaN\)/);
      expect(await device.read(w)).toEqual(before);
      expect(await device.read(graph.step)).toEqual(Uint32Array.of(1));
    });

    it('stops compiling when it is aborted', async () => {
      const graph = new Graph();
      const signal = AbortSignal.abort(new Error('changed my mind'));
      await expect(device.compile({ outputs: { y: neg(graph.input('x', [2])) }, signal })).rejects.toThrow(
        'changed my mind',
      );
    });

    it('two runs from one seed agree bit for bit', async () => {
      const finals: Float32Array[] = [];
      for (let run = 0; run < 2; run++) {
        const graph = new Graph({ seed: 11 });
        const x = graph.input('x', [16, 33]);
        const draw = (shape: readonly number[], random: { normal(): number }) =>
          Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.normal() * 0.1);
        const w = graph.variable('w', [33, 17], { initializer: draw });
        const b = graph.variable('b', [17]);
        const y = linear(x, w, b);
        const program = await device.compile({
          updates: sgd({ learningRate: 0.01 }).minimize(sum(mul(y, y))),
        });
        const feed = Float32Array.from({ length: 16 * 33 }, (_, i) => Math.sin(i));
        for (let step = 0; step < 100; step++) await program.submit({ x: feed });
        finals.push((await device.read(w)) as Float32Array);
        program.dispose();
      }
      expect(new Uint32Array(finals[0].buffer)).toEqual(new Uint32Array(finals[1].buffer));
    });
  });
}

describe('WebGPU programs', () => {
  let device: Device;
  beforeAll(async () => {
    device = await openDevice({ backend: 'webgpu' });
  });
  afterAll(() => device.dispose());

  it('names a tensor that is too large for the adapter, before any GPU work', async () => {
    const graph = new Graph();
    const x = graph.input('huge', [1 << 16, 1 << 16]);
    const before = device.memory;
    await expect(device.compile({ outputs: { y: neg(x) } })).rejects.toThrow(LimitError);
    await expect(device.compile({ outputs: { y: neg(x) } })).rejects.toThrow(
      /takes 17179869184 bytes, the adapter binds at most/,
    );
    expect(device.memory).toEqual(before);
  });

  it('leaves the device memory as it was over 10,000 steps', async () => {
    const graph = new Graph();
    const x = graph.input('x', [4, 3]);
    const w = graph.variable('w', [3, 2], { initializer: [1, 2, 3, 4, 5, 6] });
    const y = matmul(x, w);
    const loss = sum(mul(y, y));
    const program = await device.compile({
      outputs: { loss },
      updates: sgd({ learningRate: 1e-3 }).minimize(loss),
    });
    const feeds = { x: Float32Array.from({ length: 12 }, (_, i) => i / 12) };
    await program.run(feeds);
    const before = device.memory;
    for (let step = 0; step < 10_000; step++) await program.submit(feeds);
    await program.run(feeds);
    expect(device.memory).toEqual(before);
    program.dispose();
    expect(device.memory.buffers).toBeLessThan(before.buffers);
  }, 120_000);

  it('shares memory between values whose lives do not overlap', async () => {
    const graph = new Graph();
    let x = graph.input('x', [64, 64]);
    const w = graph.input('w', [64, 64]);
    for (let i = 0; i < 10; i++) x = matmul(x, w);
    const program = await device.compile({ outputs: { x } });
    expect(program.stats.unsharedBytes).toBe(10 * 64 * 64 * 4);
    expect(program.stats.memoryBytes).toBeLessThanOrEqual(3 * 64 * 64 * 4);
  });

  it('fuses chains, drops dead steps, folds constants and merges equal steps', async () => {
    const graph = new Graph();
    const [x, w, b] = [graph.input('x', [8, 8]), graph.input('w', [8, 8]), graph.input('b', [8])];
    const product = matmul(x, w);
    neg(product);
    const shifted = add(product, b);
    const same = add(matmul(x, w), b);
    const y = mul(mul(shifted, add(graph.constant(1), 1)), same);
    const program = await device.compile({ outputs: { y: reshape(y, [64]) } });
    expect(program.stats.dispatches).toBe(1);
    expect(program.stats.submits).toBe(1);
    expect(program.stats.kernels[0]).toMatch(/^matmul /);
  });

  it('compiles one pipeline for one shape of kernel and reports progress', async () => {
    const graph = new Graph();
    const [x, w] = [graph.input('x', [8, 16]), graph.input('w', [16, 16])];
    const seen: string[] = [];
    const program = await device.compile({
      outputs: { y: matmul(matmul(matmul(x, w), w), w) },
      onProgress: (done, total) => seen.push(`${done}/${total}`),
    });
    expect(program.stats.pipelines).toBe(1);
    expect(seen).toEqual(['1/3', '2/3', '3/3']);
  });

  it('gives an error, not wrong numbers, after it is disposed', async () => {
    const own = await openDevice({ backend: 'webgpu' });
    const graph = new Graph();
    const x = graph.input('x', [2]);
    const program = await own.compile({ outputs: { y: neg(x) } });
    own.dispose();
    await expect(program.run({ x: [1, 2] })).rejects.toThrow(/disposed/);
    await expect(own.read(graph.variable('v', [1]))).rejects.toThrow(/disposed/);
  });
});
