import { env, InferenceSession, Tensor } from 'onnxruntime-web';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Device, openDevice, RandomStream } from '../../src/index.ts';
import { loadOnnx, type OnnxOutput } from '../../src/onnx.ts';
import { dataSamples } from './dataSamples.ts';
import { layerSamples } from './layerSamples.ts';
import { modelBytes, type TypeName } from './modelBytes.ts';
import type { InputText, NodeSample } from './sample.ts';

// One node at a time, with the attributes that ONNX' own small cases leave out, against onnxruntime (wasm, on the CPU). The reference answers:
// that WebGPU agrees with it is what test/ops/ and test/conformance/ check.

env.logLevel = 'error';

const arrays = {
  float: Float32Array,
  int8: Int8Array,
  int32: Int32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
  double: Float64Array,
} as const;

function toTensor(type: TypeName, shape: readonly number[], numbers: readonly number[]): Tensor {
  if (type === 'int64') return new Tensor('int64', BigInt64Array.from(numbers, BigInt), shape);
  const names: Partial<Record<TypeName, 'float32' | 'float64' | 'int8' | 'int32' | 'uint8' | 'bool'>> = {
    float: 'float32',
    double: 'float64',
    int8: 'int8',
    int32: 'int32',
    uint8: 'uint8',
    bool: 'bool',
  };
  const [name, array] = [names[type], arrays[type as keyof typeof arrays]];
  if (!name || !array) throw new Error(`no array for ${type}`);
  return new Tensor(name, array.from(numbers), shape);
}

function draw({ shape, type = 'float', numbers, low = -2, high = 2 }: InputText, seed: number): number[] {
  if (numbers) return [...numbers];
  const random = new RandomStream(seed, 5);
  const size = shape.reduce((product, length) => product * length, 1);
  return Array.from({ length: size }, () => {
    const value = low + (high - low) * random.uniform();
    return type === 'float' ? Math.fround(value) : Math.floor(value);
  });
}

interface Case {
  readonly bytes: Uint8Array;
  readonly given: Readonly<Record<string, { text: InputText; numbers: number[] }>>;
  readonly outputs: readonly string[];
}

function build(sample: NodeSample, seed: number): Case {
  const given: Record<string, { text: InputText; numbers: number[] }> = {};
  const names = sample.inputs.map((text, i) => {
    if (!text) return '';
    given[`x${i}`] = { text, numbers: draw(text, seed * 17 + i) };
    return `x${i}`;
  });
  const outputs = Array.from({ length: sample.outputs ?? 1 }, (_, i) => `y${i}`);
  const bytes = modelBytes({
    opsets: { '': sample.opset ?? 17 },
    inputs: Object.fromEntries(
      Object.entries(given).map(([name, { text }]) => [
        name,
        { type: text.type ?? 'float', shape: text.shape },
      ]),
    ),
    outputs,
    nodes: [{ op: sample.op, inputs: names, outputs, attributes: sample.attributes }],
  });
  return { bytes, given, outputs };
}

function compare(name: string, got: OnnxOutput, want: Tensor): void {
  expect(got.shape, name).toEqual([...want.dims]);
  const numbers = Array.from(want.data as ArrayLike<number | bigint>, Number);
  const largest = Math.max(1, ...numbers.filter(Number.isFinite).map(Math.abs));
  numbers.forEach((value, i) => {
    const given = got.data[i];
    if (given === value || (Number.isNaN(given) && Number.isNaN(value))) return;
    const distance = Math.abs(given - value);
    if (!(distance <= 2e-5 * Math.abs(value) + 2e-6 * largest))
      throw new Error(`${name}: element ${i} is ${given}, onnxruntime says ${value}`);
  });
}

describe('nodes against onnxruntime', () => {
  let device: Device;
  beforeAll(async () => {
    device = await openDevice({ backend: 'cpu' });
  });
  afterAll(() => device.dispose());

  [...layerSamples, ...dataSamples].forEach((sample, i) => {
    it(`${i}: ${sample.op} ${JSON.stringify(sample.attributes ?? {})}`, async () => {
      const { bytes, given, outputs } = build(sample, i);
      const session = await InferenceSession.create(bytes, {
        executionProviders: ['wasm'],
        graphOptimizationLevel: 'disabled',
      });
      const want = await session.run(
        Object.fromEntries(
          Object.entries(given).map(([name, { text, numbers }]) => [
            name,
            toTensor(text.type ?? 'float', text.shape, numbers),
          ]),
        ),
      );
      await session.release();
      const entries = Object.entries(given);
      const constants = entries
        .filter(([, { text }]) => text.constant)
        .map(([name, { numbers }]) => [name, numbers]);
      const feeds = entries
        .filter(([, { text }]) => !text.constant)
        .map(([name, { numbers }]) => [name, numbers]);
      const model = await loadOnnx(bytes, { constants: Object.fromEntries(constants) });
      const got = await model.run(device, Object.fromEntries(feeds));
      for (const name of outputs) compare(name, got[name], want[name]);
    });
  });
});
