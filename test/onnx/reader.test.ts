import { PbfWriter } from 'pbf';
import { describe, expect, it } from 'vitest';
import { DTypeError, FormatError, openDevice, RandomStream, TensorloomError } from '../../src/index.ts';
import { loadOnnx, readTensor, readTensorProto } from '../../src/onnx.ts';
import { modelBytes, type TypeName, tensorBytes } from './modelBytes.ts';

/** y = x w + b with w as raw bytes. */
const linear = modelBytes({
  inputs: { x: { shape: ['batch', 2] } },
  outputs: ['y'],
  initializers: {
    w: { type: 'float', shape: [2, 3], numbers: [1, 2, 3, 4, 5, 6] },
    b: { type: 'float', shape: [3], numbers: [0.5, 0, -0.5] },
  },
  nodes: [{ op: 'Gemm', inputs: ['x', 'w', 'b'] }],
});

describe('tensors in a file', () => {
  const numbers: Readonly<Partial<Record<TypeName, number[]>>> = {
    float: [1.5, -2],
    double: [1e300, -0.1],
    int8: [-128, 127],
    uint8: [0, 255],
    int16: [-32768, 7],
    int32: [-(2 ** 31), 9],
    int64: [-(2 ** 40), 2 ** 52],
    bool: [1, 0],
  };
  for (const [type, each] of Object.entries(numbers)) {
    it(`reads ${type} as raw bytes`, () => {
      const tensor = readTensor(
        readTensorProto(tensorBytes('t', { type: type as TypeName, shape: [2], numbers: each })),
      );
      expect(tensor).toMatchObject({ name: 't', type, shape: [2] });
      expect(Array.from(tensor.numbers)).toEqual(each);
    });
  }

  it('reads float16 and bfloat16', () => {
    const half = readTensor(
      readTensorProto(tensorBytes('t', { type: 'float16', shape: [2], numbers: [0x3c00, 0xc100] })),
    );
    expect(Array.from(half.numbers)).toEqual([1, -2.5]);
  });

  it('reads lists of numbers, packed and not', () => {
    const write = (packed: boolean) => {
      const pbf = new PbfWriter();
      if (packed) pbf.writePackedVarint(1, [3]);
      else pbf.writeVarintField(1, 3);
      pbf.writeVarintField(2, 1);
      if (packed) pbf.writePackedFloat(4, [1, 2, 3]);
      else for (const value of [1, 2, 3]) pbf.writeFloatField(4, value);
      return new Uint8Array(pbf.finish());
    };
    for (const packed of [true, false])
      expect(Array.from(readTensor(readTensorProto(write(packed))).numbers)).toEqual([1, 2, 3]);
  });

  it('says what is wrong', () => {
    const read = (shape: number[], type: TypeName = 'float') =>
      readTensor(readTensorProto(tensorBytes('weights', { type, shape, numbers: [1, 2] })));
    expect(() => read([3])).toThrow(/tensor "weights": 3 numbers of float need 12 bytes, the file has 8/);
    expect(() => read([2], 'string')).toThrow(DTypeError);
    expect(() => read([2], 'string')).toThrow(
      /has the element type string, which is not supported \(supported: float, /,
    );
    expect(() => read([2 ** 40, 2 ** 40])).toThrow(FormatError);
  });
});

describe('damaged files', () => {
  it('loads what is whole', async () => {
    const model = await loadOnnx(linear, { dimensions: { batch: 1 } });
    const device = await openDevice({ backend: 'cpu' });
    expect(Array.from((await model.run(device, { x: [1, 2] })).y.data)).toEqual([9.5, 12, 14.5]);
    device.dispose();
  });

  it('ends in a FormatError wherever the file is cut off, or, where a message ends, in another typed error', async () => {
    for (let length = 0; length < linear.length; length++) {
      const error: unknown = await loadOnnx(linear.subarray(0, length), { dimensions: { batch: 1 } }).catch(
        (each) => each,
      );
      expect(error, `${length} bytes`).toBeInstanceOf(TensorloomError);
    }
    await expect(loadOnnx(linear.subarray(0, linear.length - 3))).rejects.toBeInstanceOf(FormatError);
    await expect(loadOnnx(new Uint8Array(0))).rejects.toThrow(/hold no graph: no ONNX model/);
    await expect(loadOnnx(new TextEncoder().encode('{"not": "onnx"}'))).rejects.toBeInstanceOf(FormatError);
  });

  it('ends in a typed error, or in a model, for bytes that were changed at random', async () => {
    const random = new RandomStream(3);
    for (let round = 0; round < 2000; round++) {
      const bytes = linear.slice();
      for (let change = 0; change <= round % 4; change++)
        bytes[random.integer(bytes.length)] = random.integer(256);
      const error: unknown = await loadOnnx(bytes, { dimensions: { batch: 1 } }).then(
        () => null,
        (each) => each,
      );
      if (error !== null && !(error instanceof TensorloomError)) throw error;
    }
  });

  it('believes no length that is longer than the file', () => {
    // Field 9, 4294967295 bytes; field 5 as a packed list of as many.
    for (const tag of [0x4a, 0x2a])
      expect(() => readTensorProto(Uint8Array.of(tag, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2))).toThrow(
        /cut off: 4294967295 bytes are announced, 2 are left/,
      );
  });

  it('takes no field of number 0 for the end', () => {
    for (const rest of [[0x00, 0x10, 1], [0x07]])
      expect(() => readTensorProto(Uint8Array.of(0x10, 1, ...rest))).toThrow(/a field has the number 0/);
  });

  it('does not follow messages without end', () => {
    // A graph within an attribute of a node of a graph, and so on.
    let bytes = new Uint8Array(0);
    for (let depth = 0; depth < 500; depth++) {
      for (const field of [6, 5, 1]) {
        const pbf = new PbfWriter();
        pbf.writeBytesField(field, bytes);
        bytes = new Uint8Array(pbf.finish());
      }
    }
    const pbf = new PbfWriter();
    pbf.writeBytesField(7, bytes);
    return expect(loadOnnx(new Uint8Array(pbf.finish()))).rejects.toThrow(/deep within each other/);
  });

  it('makes nothing huge because a small file asks for it', async () => {
    const large = 2 ** 40;
    const int = (...numbers: number[]) => ({ type: 'int64' as const, shape: [numbers.length], numbers });
    const node = (
      op: string,
      inputs: ReturnType<typeof int>[],
      attributes: Record<string, number | number[]> = {},
    ) =>
      modelBytes({
        inputs: { x: { shape: [1, 1, 4, 4] } },
        outputs: ['y'],
        initializers: Object.fromEntries(inputs.map((each, i) => [`c${i}`, each])),
        nodes: [{ op, inputs: [op === 'OneHot' ? 'c0' : 'x', ...inputs.map((_, i) => `c${i}`)], attributes }],
      });
    const range = modelBytes({
      outputs: ['y'],
      initializers: {
        a: { ...int(0), shape: [] },
        b: { ...int(large), shape: [] },
        c: { ...int(1), shape: [] },
      },
      nodes: [{ op: 'Range', inputs: ['a', 'b', 'c'] }],
    });
    const trilu = modelBytes({
      inputs: { x: { shape: [large, large] } },
      outputs: ['y'],
      nodes: [{ op: 'Trilu', inputs: ['x'] }],
    });
    const calls = modelBytes({
      inputs: { x: { shape: [1] } },
      outputs: ['y'],
      opsets: { '': 17, mine: 1 },
      functions: Array.from({ length: 60 }, (_, i) => ({
        name: `f${i}`,
        domain: 'mine',
        inputs: ['a'],
        outputs: ['c'],
        nodes: [
          {
            op: i === 0 ? 'Relu' : `f${i - 1}`,
            domain: i === 0 ? '' : 'mine',
            inputs: ['a'],
            outputs: ['b'],
          },
          {
            op: i === 0 ? 'Relu' : `f${i - 1}`,
            domain: i === 0 ? '' : 'mine',
            inputs: ['b'],
            outputs: ['c'],
          },
        ],
      })),
      nodes: [{ op: 'f59', domain: 'mine', inputs: ['x'] }],
    });
    for (const bytes of [
      node('OneHot', [int(large), int(0, 1)]),
      node('Pad', [int(0, 0, large, 0, 0, 0, 0, 0)], { mode: 0 }),
      node('Slice', [int(0), int(large), int(0), int(0)]),
      node('Split', [int(large)]),
      node('MaxPool', [], { kernel_shape: [large, large] }),
      range,
      trilu,
      calls,
    ]) {
      const error: unknown = await loadOnnx(bytes).catch((each) => each);
      expect(error).toBeInstanceOf(TensorloomError);
    }
  });
});
