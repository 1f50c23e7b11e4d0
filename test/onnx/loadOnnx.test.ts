import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adam, type Device, meanSquaredError, openDevice } from '../../src/index.ts';
import { ConstantInputError, loadOnnx } from '../../src/onnx.ts';
import { type ModelText, modelBytes } from './modelBytes.ts';

let device: Device;
beforeAll(async () => {
  device = await openDevice({ backend: 'cpu' });
});
afterAll(() => device.dispose());

const bytes = (model: ModelText) => modelBytes(model);

/** Two convolutions with what stands between them in most networks. */
const network = bytes({
  inputs: { image: { shape: ['batch', 3, 8, 8] } },
  outputs: ['scores'],
  initializers: {
    'first/filter': { type: 'float', shape: [4, 3, 3, 3], numbers: waves(108, 0.3) },
    'first/bias': { type: 'float', shape: [4], numbers: waves(4, 1) },
    scale: { type: 'float', shape: [4], numbers: [1, 2, 0.5, 1] },
    offset: { type: 'float', shape: [4], numbers: [0, 0.1, 0.2, 0.3] },
    mean: { type: 'float', shape: [4], numbers: waves(4, 2) },
    variance: { type: 'float', shape: [4], numbers: [1, 2, 3, 4] },
    'second/filter': { type: 'float', shape: [4, 4, 1, 1], numbers: waves(16, 0.7) },
    weight: { type: 'float', shape: [5, 4], numbers: waves(20, 0.9) },
    one: { type: 'float', shape: [], numbers: [1] },
  },
  nodes: [
    {
      op: 'Conv',
      name: '/first/Conv',
      inputs: ['image', 'first/filter', 'first/bias'],
      outputs: ['a'],
      attributes: { pads: [1, 1, 1, 1] },
    },
    { op: 'BatchNormalization', inputs: ['a', 'scale', 'offset', 'mean', 'variance'], outputs: ['b'] },
    { op: 'Relu', inputs: ['b'], outputs: ['c'] },
    { op: 'MaxPool', inputs: ['c'], outputs: ['d'], attributes: { kernel_shape: [2, 2], strides: [2, 2] } },
    { op: 'Conv', inputs: ['d', 'second/filter'], outputs: ['e'] },
    { op: 'Add', inputs: ['e', 'd'], outputs: ['f'] },
    { op: 'Add', inputs: ['f', 'one'], outputs: ['g'] },
    { op: 'GlobalAveragePool', inputs: ['g'], outputs: ['h'] },
    { op: 'Flatten', inputs: ['h'], outputs: ['i'] },
    { op: 'Gemm', inputs: ['i', 'weight'], outputs: ['scores'], attributes: { transB: 1 } },
  ],
});

function waves(count: number, step: number): number[] {
  return Array.from({ length: count }, (_, i) => Math.fround(Math.sin(i * step + step)));
}

describe('a network', () => {
  it('runs without a transpose between its layers', async () => {
    const model = await loadOnnx(network, { dimensions: { batch: 2 } });
    expect(model.inputs.image.shape).toEqual([2, 3, 8, 8]);
    expect(model.signature.outputs).toEqual([{ name: 'scores', type: 'float', shape: [2, 5] }]);
    const gpu = await openDevice({ backend: 'webgpu' });
    const program = await model.compile(gpu);
    // The image comes as [batch, channels, height, width] and is turned once.
    expect(program.stats.kernels.filter((kernel) => kernel.startsWith('transpose'))).toHaveLength(1);
    expect(program.stats.dispatches).toBeLessThanOrEqual(6);
    const image = Float32Array.from(waves(2 * 3 * 8 * 8, 0.1));
    const [got, want] = [await model.run(gpu, { image }), await model.run(device, { image })];
    got.scores.data.forEach((value, i) => {
      expect(Math.abs(value - want.scores.data[i])).toBeLessThan(1e-4);
    });
    gpu.dispose();
  });

  it('has its float initializers as parameters, and no running statistics or single numbers', async () => {
    const model = await loadOnnx(network, { dimensions: { batch: 2 } });
    const names = ['first/bias', 'first/filter', 'offset', 'scale', 'second/filter', 'weight'];
    expect(model.parameters.map(({ name }) => name).sort()).toEqual(names);
    const frozen = await loadOnnx(network, {
      dimensions: { batch: 2 },
      trainable: (name) => name === 'weight',
    });
    expect(frozen.parameters.map(({ name }) => name)).toEqual(['weight']);
    expect(frozen.graph.variables).toHaveLength(8);
  });

  it('is trained further', async () => {
    const model = await loadOnnx(network, { dimensions: { batch: 2 } });
    const target = model.graph.input('target', [2, 5]);
    const loss = meanSquaredError(model.outputs.scores, target);
    const updates = adam({ learningRate: 0.02 }).minimize(loss);
    const program = await device.compile({ outputs: { loss }, updates });
    const feeds = { image: waves(384, 0.1), target: waves(10, 1) };
    const losses: number[] = [];
    for (let step = 0; step < 60; step++) losses.push((await program.run(feeds)).loss[0]);
    expect(losses[59]).toBeLessThan(losses[0] / 10);
  });

  it('is summarised', async () => {
    const model = await loadOnnx(network, { dimensions: { batch: 2 } });
    const lines = model.summary().split('\n');
    expect(lines[0]).toBe('inputs: image: float [2, 3, 8, 8]');
    expect(lines[1]).toMatch(/^first\/Conv +Conv +float \[2, 4, 8, 8\]$/);
    expect(lines.at(-1)).toBe('10 nodes, 6 parameters of 156 numbers');
  });
});

describe('shapes', () => {
  it('must be known, and all that are not are named at once', async () => {
    const open = bytes({
      inputs: { a: { shape: ['batch', 'time'] }, b: { shape: ['batch', 3] }, c: {} },
      outputs: ['y'],
      nodes: [{ op: 'Identity', inputs: ['a'] }],
    });
    await expect(loadOnnx(open)).rejects.toThrow(
      /axis 0 of "a" has the open length "batch"; give .*axis 1 of "a" has the open length "time".*axis 0 of "b".*"c" has no shape in the file; give \{ shapes: \{ 'c': \[...\] \} \}/,
    );
    const options = { dimensions: { batch: 2, time: 4 }, shapes: { c: [1] } };
    expect((await loadOnnx(open, options)).signature.outputs[0].shape).toEqual([2, 4]);
    await expect(loadOnnx(open, { dimensions: { bach: 2 } })).rejects.toThrow(
      /dimensions: no input has an axis named "bach" \(named axes: batch, time\)/,
    );
    await expect(loadOnnx(open, { ...options, shapes: { d: [1] } })).rejects.toThrow(
      /shapes: the model has no input "d"/,
    );
  });

  it('are worked out from each other', async () => {
    const model = await loadOnnx(
      bytes({
        inputs: { x: { shape: ['batch', 2, 6] } },
        outputs: ['y'],
        initializers: {
          first: { type: 'int64', shape: [1], numbers: [0] },
          two: { type: 'int64', shape: [1], numbers: [2] },
          rest: { type: 'int64', shape: [1], numbers: [-1] },
        },
        nodes: [
          { op: 'Shape', inputs: ['x'], outputs: ['shape'] },
          { op: 'Gather', inputs: ['shape', 'first'], outputs: ['batch'] },
          { op: 'Mul', inputs: ['batch', 'two'], outputs: ['doubled'] },
          { op: 'Concat', inputs: ['doubled', 'rest'], outputs: ['wanted'], attributes: { axis: 0 } },
          { op: 'Reshape', inputs: ['x', 'wanted'] },
        ],
      }),
      { dimensions: { batch: 3 } },
    );
    expect(model.signature.outputs[0].shape).toEqual([6, 6]);
  });

  it('that depend on an input ask for its numbers', async () => {
    const model = bytes({
      inputs: { x: { shape: [6] }, shape: { type: 'int64', shape: [2] } },
      outputs: ['y'],
      nodes: [{ op: 'Reshape', name: 'fold', inputs: ['x', 'shape'] }],
    });
    const error: unknown = await loadOnnx(model).catch((each) => each);
    expect(error).toBeInstanceOf(ConstantInputError);
    expect(error).toMatchObject({
      inputs: ['shape'],
      message: expect.stringMatching(/^loadOnnx: node fold \(Reshape\): the shape must be known/),
    });
    const loaded = await loadOnnx(model, { constants: { shape: BigInt64Array.of(2n, -1n) } });
    expect(Object.keys(loaded.inputs)).toEqual(['x']);
    expect(loaded.signature.outputs[0].shape).toEqual([2, 3]);
  });
});

describe('operators', () => {
  it('that are not known are listed with their nodes', async () => {
    const model = bytes({
      inputs: { x: { shape: [2] } },
      outputs: ['z'],
      opsets: { '': 17, 'com.example': 1 },
      nodes: [
        { op: 'Relu', inputs: ['x'] },
        { op: 'Bernoulli', name: 'coin', inputs: ['y'], outputs: ['w'] },
        { op: 'Magic', domain: 'com.example', inputs: ['w'], outputs: ['z'] },
      ],
    });
    await expect(loadOnnx(model)).rejects.toThrow(
      'loadOnnx: operators that are not supported: Bernoulli (node coin), com.example::Magic (node Magic_2)',
    );
  });

  it('refuse attributes that nobody reads, and name the node of a wrong shape', async () => {
    const node = (op: string, attributes: Record<string, number>) =>
      bytes({
        inputs: { x: { shape: [2, 3] }, w: { shape: [4, 5] } },
        outputs: ['y'],
        nodes: [{ op, name: 'n', inputs: ['x', 'w'], attributes }],
      });
    await expect(loadOnnx(node('Add', { colour: 1 }))).rejects.toThrow(
      /loadOnnx: node n \(Add\): operands: shapes \[2, 3\] and \[4, 5\] do not broadcast/,
    );
    await expect(loadOnnx(node('MatMul', {}))).rejects.toThrow(
      /node n \(MatMul\): n\/matmul: inner dimensions differ/,
    );
    const relu = bytes({
      inputs: { x: { shape: [2] } },
      outputs: ['y'],
      nodes: [{ op: 'Relu', inputs: ['x'], attributes: { colour: 1 } }],
    });
    await expect(loadOnnx(relu)).rejects.toThrow(/attributes that are not supported in opset 17: colour/);
  });

  it('of the model itself are put in place, with their attributes', async () => {
    const model = await loadOnnx(
      bytes({
        inputs: { x: { shape: [3] } },
        outputs: ['z'],
        opsets: { '': 17, mine: 1 },
        functions: [
          {
            name: 'Leaky',
            domain: 'mine',
            inputs: ['a'],
            outputs: ['b'],
            nodes: [{ op: 'LeakyRelu', inputs: ['a'], outputs: ['b'], references: { alpha: 'slope' } }],
          },
        ],
        nodes: [
          {
            op: 'Leaky',
            domain: 'mine',
            inputs: ['x'],
            outputs: ['y'],
            attributes: { slope: { float: 0.5 } },
          },
          { op: 'Leaky', domain: 'mine', inputs: ['y'], outputs: ['z'] },
        ],
      }),
    );
    const { z } = await model.run(device, { x: [-4, 0, 2] });
    expect(z.data[0]).toBeCloseTo(-0.02, 6);
    expect(z.data[2]).toBe(2);
  });

  it('take one branch of an If whose condition is known', async () => {
    const branch = (op: string) => ({
      graph: { outputs: ['r'], nodes: [{ op, inputs: ['x'], outputs: ['r'] }] },
    });
    const model = bytes({
      inputs: { x: { shape: [2] }, flag: { type: 'bool' as const, shape: [] } },
      outputs: ['y'],
      nodes: [
        {
          op: 'If',
          inputs: ['flag'],
          attributes: { then_branch: branch('Neg'), else_branch: branch('Bernoulli') },
        },
      ],
    });
    const yes = await loadOnnx(model, { constants: { flag: 1 } });
    expect(Array.from((await yes.run(device, { x: [1, -2] })).y.data)).toEqual([-1, 2]);
    await expect(loadOnnx(model, { constants: { flag: 0 } })).rejects.toThrow(
      /Bernoulli \(node Bernoulli_0\)/,
    );
  });
});

describe('types', () => {
  it('are held in 32 bits, told as they are in ONNX, and kept within their range', async () => {
    const add = (type: 'int64' | 'int8' | 'double') =>
      loadOnnx(
        bytes({
          inputs: { a: { type, shape: [2] }, b: { type, shape: [2] } },
          outputs: ['y'],
          nodes: [{ op: 'Add', inputs: ['a', 'b'] }],
        }),
      );
    const { y } = await (await add('int64')).run(device, { a: BigInt64Array.of(1n, -7n), b: [2, 3] });
    expect(y).toEqual({ name: 'y', type: 'int64', shape: [2], data: Int32Array.of(3, -4) });
    const wrapped = await (await add('int8')).run(device, { a: [100, -100], b: [100, -100] });
    expect(Array.from(wrapped.y.data)).toEqual([-56, 56]);
    await expect((await add('int64')).run(device, { a: [0, 2 ** 31], b: [0, 0] })).rejects.toThrow(
      /feed "a": 2147483648 at 1 is out of range; int64 is held as int32/,
    );
    await expect((await add('double')).run(device, { a: [0, 1e300], b: [0, 0] })).rejects.toThrow(
      /double is held as float32/,
    );
  });
});

describe('files', () => {
  it('lie at a path or a URL, with tensors in other files beside them', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tensorloom-onnx-'));
    const model = (location: string, offset = '4') =>
      bytes({
        inputs: { x: { shape: [2] } },
        outputs: ['y'],
        initializers: {
          w: { type: 'float', shape: [2], numbers: [], external: { location, offset, length: '8' } },
        },
        nodes: [{ op: 'Mul', inputs: ['x', 'w'] }],
      });
    try {
      writeFileSync(join(folder, 'weights.bin'), new Uint8Array(Float32Array.of(9, 3, 4).buffer));
      writeFileSync(join(folder, 'model.onnx'), model('weights.bin'));
      const path = join(folder, 'model.onnx');
      for (const place of [path, pathToFileURL(path)]) {
        const loaded = await loadOnnx(place);
        expect(Array.from((await loaded.run(device, { x: [1, 2] })).y.data)).toEqual([3, 8]);
      }
      const data = new Uint8Array(Float32Array.of(0, 5, 6).buffer);
      const loaded = await loadOnnx(model('weights.bin'), { externalData: () => data });
      expect(Array.from((await loaded.run(device, { x: [1, 2] })).y.data)).toEqual([5, 12]);
      await expect(loadOnnx(model('weights.bin'))).rejects.toThrow(
        /lies in the file "weights.bin"; give \{ externalData/,
      );
      await expect(loadOnnx(model('w', '8'), { externalData: () => data })).rejects.toThrow(
        /bytes 8 to 16 of "w" are wanted, which has 12/,
      );
      writeFileSync(path, model('../weights.bin'));
      await expect(loadOnnx(path)).rejects.toThrow(/"..\/weights.bin", which is not within its folder/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
