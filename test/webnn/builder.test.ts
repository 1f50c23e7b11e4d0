import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Device,
  DTypeError,
  FeedError,
  GraphError,
  grad,
  openDevice,
  ShapeError,
  sum,
} from '../../src/index.ts';
import { MLGraphBuilder, type MLNumbers, type MLOperand, type MLOperandDataType } from '../../src/webnn.ts';

let device: Device;
beforeAll(async () => {
  device = await openDevice({ backend: 'webgpu' });
});
afterAll(() => device.dispose());

/** Computes what `build` makes of one operand. */
async function computed(
  dataType: MLOperandDataType,
  values: MLNumbers,
  build: (builder: MLGraphBuilder, x: MLOperand) => MLOperand,
) {
  const builder = new MLGraphBuilder();
  const x = builder.input('x', { dataType, shape: [values.length] });
  const graph = await builder.build(device, { y: build(builder, x) });
  try {
    return (await graph.compute({ x: values })).y;
  } finally {
    graph.destroy();
  }
}

describe('MLGraphBuilder', () => {
  it('runs the example of its documentation', async () => {
    const builder = new MLGraphBuilder();
    const x = builder.input('x', { dataType: 'float32', shape: [1, 3] });
    const w = builder.constant({ dataType: 'float32', shape: [3, 2] }, [1, 2, 3, 4, 5, 6]);
    const graph = await builder.build(device, { y: builder.relu(builder.matmul(x, w)) });
    expect((await graph.compute({ x: [1, 0, 1] })).y).toEqual(Float32Array.of(6, 8));
    expect((await graph.compute({ x: [1, 0, -1] })).y).toEqual(Float32Array.of(0, 0));
  });

  it('wraps 8-bit integers where they are cast and read', async () => {
    const numbers = [0, 127, 128, 200, 255, -1, -129];
    expect(await computed('int32', numbers, (b, x) => b.cast(x, 'int8'))).toEqual(
      Int8Array.of(0, 127, -128, -56, -1, -1, 127),
    );
    expect(await computed('int32', numbers, (b, x) => b.cast(x, 'uint8'))).toEqual(
      Uint8Array.of(0, 127, 128, 200, 255, 255, 127),
    );
    expect(await computed('uint8', [200], (b, x) => b.add(x, x))).toEqual(Uint8Array.of(144));
  });

  it('gives 64-bit integers as bigints', async () => {
    expect(await computed('int64', [3n, -4n], (b, x) => b.neg(x))).toEqual(BigInt64Array.of(-3n, 4n));
    expect(await computed('float32', [3.7, -4.2], (b, x) => b.cast(x, 'int64'))).toEqual(
      BigInt64Array.of(3n, -4n),
    );
  });

  it('gives comparisons as uint8, and takes numbers for conditions', async () => {
    expect(await computed('float32', [1, 2, 3], (b, x) => b.greater(x, b.constant('float32', 1.5)))).toEqual(
      Uint8Array.of(0, 1, 1),
    );
    const chosen = await computed('uint8', [0, 7, 1], (b, x) =>
      b.where(x, b.constant('float32', 1), b.constant('float32', -1)),
    );
    expect(chosen).toEqual(Float32Array.of(-1, 1, 1));
  });

  it('quantises in blocks', async () => {
    // QuantizeLinear and DequantizeLinear of ONNX' documentation
    const scaled = (b: MLGraphBuilder, values: number[]) =>
      b.constant({ dataType: 'float32', shape: [values.length] }, values);
    const quantized = await computed('float32', [0, 2, 3, 1000, -254, -1000], (b, x) =>
      b.quantizeLinear(x, scaled(b, [2]), b.constant({ dataType: 'uint8', shape: [1] }, [128])),
    );
    expect(quantized).toEqual(Uint8Array.of(128, 129, 130, 255, 1, 0));
    const restored = await computed('uint8', [0, 3, 128, 255], (b, x) =>
      b.dequantizeLinear(x, scaled(b, [2, 4]), b.constant({ dataType: 'uint8', shape: [2] }, [128, 127])),
    );
    expect(restored).toEqual(Float32Array.of(-256, -250, 4, 512));
  });

  it('builds graphs that can be differentiated', async () => {
    const builder = new MLGraphBuilder();
    const x = builder.input('x', { dataType: 'float32', shape: [3] });
    const [gradient] = grad(sum(builder.mul(x, x).tensor), [x.tensor]);
    const program = await device.compile({ outputs: { gradient } });
    expect((await program.run({ x: [1, 2, 3] })).gradient).toEqual(Float32Array.of(2, 4, 6));
  });
});

describe('mistakes', () => {
  const builder = new MLGraphBuilder();
  const image = builder.input('image', { dataType: 'float32', shape: [1, 3, 8, 8] });
  const whole = builder.input('whole', { dataType: 'int32', shape: [1, 3, 8, 8] });

  it.each<[string, () => unknown, new (...args: never[]) => Error, RegExp]>([
    [
      'types that differ',
      () => builder.add(image, whole),
      DTypeError,
      /^add: operands are float32 and int32; use cast/,
    ],
    [
      'an unknown type',
      () => builder.input('x', { dataType: 'bfloat16' as MLOperandDataType, shape: [1] }),
      DTypeError,
      /unknown data type "bfloat16"/,
    ],
    [
      'a number outside its type',
      () => builder.constant({ dataType: 'int64', shape: [1] }, [2n ** 40n]),
      FeedError,
      /element 0 is 1099511627776; int64 is computed with int32/,
    ],
    [
      'padding of two numbers',
      () => builder.maxPool2d(image, { padding: [1, 1] }),
      ShapeError,
      /^maxPool2d: padding must be \[top, bottom, left, right\], got \[1, 1\]/,
    ],
    [
      'an unknown layout',
      () => builder.averagePool2d(image, { layout: 'chwn' as 'nchw' }),
      GraphError,
      /^averagePool2d: layout must be one of nchw, nhwc, got 'chwn'/,
    ],
    [
      'steps that the input does not have',
      () => {
        const x = builder.constant({ dataType: 'float32', shape: [2, 1, 1] }, [1, 2]);
        const w = builder.constant({ dataType: 'float32', shape: [1, 3, 1] }, [1, 2, 3]);
        return builder.gru(x, w, w, 5, 1);
      },
      ShapeError,
      /^gru: input \[2, 1, 1\] does not have 5 steps/,
    ],
    [
      'bounds in the wrong order',
      () => builder.clamp(image, { minValue: 2, maxValue: 1 }),
      GraphError,
      /^clamp: /,
    ],
  ])('%s', (_, build, error, message) => {
    expect(build).toThrow(error);
    expect(build).toThrow(message);
  });

  it('names an input that the graph does not have', async () => {
    const graph = await builder.build(device, { y: builder.relu(image) });
    await expect(graph.compute({ picture: [1] })).rejects.toThrow(/the graph has no input "picture"/);
  });
});
