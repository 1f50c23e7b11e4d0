import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeSafetensors, encodeSafetensors, type TensorFile, TensorloomError } from '../../src/index.ts';
import { ConstantInputError, loadOnnx } from '../../src/onnx.ts';
import { root } from '../support/root.ts';
import { runs } from './agrees.ts';

// Bytes of unknown origin end in the tensors that they hold or in one of our errors: never in another one, a hang or a huge allocation.

const valid = encodeSafetensors(
  {
    weight: { shape: [2, 3], dtype: 'float32', data: Float32Array.of(1, 2, 3, 4, 5, 6) },
    half: { shape: [3], dtype: 'float16', data: Float32Array.of(1, 2, 3) },
    flags: { shape: [5], dtype: 'bool', data: Uint8Array.of(1, 0, 1, 1, 0) },
  },
  { format: 'test' },
);

/** What became of bytes: a file whose tensors lie within them, or an error of ours. */
function judge(bytes: Uint8Array): void {
  let file: TensorFile;
  const start = performance.now();
  try {
    file = decodeSafetensors(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(TensorloomError);
    return;
  } finally {
    expect(performance.now() - start).toBeLessThan(2000);
  }
  for (const { shape, data } of Object.values(file.tensors)) {
    expect(data.length).toBe(shape.reduce((size, length) => size * length, 1));
    expect(data.length).toBeLessThanOrEqual(bytes.length);
  }
}

/** A header as JSON, in front of some bytes. */
function withHeader(header: string, rest: number): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + rest);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

describe('decodeSafetensors', () => {
  it('takes any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), judge), runs(500, 1));
  });

  it('takes files with some bytes changed, cut off or added', () => {
    const change = fc.tuple(fc.nat(valid.length - 1), fc.nat(255));
    const damaged = fc.tuple(
      fc.array(change, { maxLength: 4 }),
      fc.nat(valid.length),
      fc.uint8Array({ maxLength: 9 }),
    );
    fc.assert(
      fc.property(damaged, ([changes, kept, added]) => {
        const bytes = Uint8Array.from(valid);
        for (const [at, value] of changes) bytes[at] = value;
        judge(Uint8Array.from([...bytes.subarray(0, kept % 3 === 0 ? kept : bytes.length), ...added]));
      }),
      runs(2000, 2),
    );
  });

  it('takes headers of all kinds', () => {
    const number = fc.oneof(
      fc.integer({ min: -3, max: 30 }),
      fc.constantFrom(2 ** 31, 2 ** 53, 1e300, 0.5, -1),
    );
    const entry = fc.record(
      {
        dtype: fc.constantFrom('F32', 'F16', 'BOOL', 'I32', 'U8', 'X', 3),
        shape: fc.oneof(fc.array(number, { maxLength: 4 }), fc.jsonValue()),
        data_offsets: fc.oneof(fc.tuple(number, number), fc.jsonValue()),
      },
      { requiredKeys: [] },
    );
    const header = fc.oneof(fc.dictionary(fc.string(), fc.oneof(entry, fc.jsonValue())), fc.jsonValue());
    fc.assert(
      fc.property(header, fc.nat(40), (value, rest) => judge(withHeader(JSON.stringify(value) ?? '', rest))),
      runs(1500, 3),
    );
  });

  it('gives back what was encoded', () => {
    judge(valid);
    expect(decodeSafetensors(valid).tensors.weight.data).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6));
  });
});

describe('loadOnnx', () => {
  const folder = join(root, 'test/conformance/onnx');
  const names = (
    JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as { dir: string; group: string }[]
  )
    .filter(({ group }) => group !== 'light')
    .map(({ dir }) => dir);
  const models = names.map((dir) => new Uint8Array(readFileSync(join(folder, dir, 'model.onnx'))));

  /** A model, or an error of ours that comes soon. */
  async function judgeModel(bytes: Uint8Array): Promise<void> {
    const start = performance.now();
    try {
      await loadOnnx(bytes);
    } catch (error) {
      if (!(error instanceof TensorloomError)) throw error;
    }
    expect(performance.now() - start).toBeLessThan(5000);
  }

  it('reads the models that are then damaged', async () => {
    for (const [i, bytes] of models.entries()) {
      await loadOnnx(bytes).catch((error) => expect(error, names[i]).toBeInstanceOf(ConstantInputError));
    }
  });

  it('takes any bytes', () =>
    fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 80 }), judgeModel), runs(300, 11)));

  it('takes models with some bytes changed, cut off or added', () => {
    const change = fc.tuple(fc.nat(100_000), fc.nat(255));
    const damaged = fc.tuple(
      fc.constantFrom(...models),
      fc.array(change, { minLength: 1, maxLength: 4 }),
      fc.option(fc.nat(100_000), { freq: 3 }),
      fc.uint8Array({ maxLength: 4 }),
    );
    return fc.assert(
      fc.asyncProperty(damaged, ([model, changes, cut, added]) => {
        const bytes = Uint8Array.from(model);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const end = cut === null ? bytes.length : cut % bytes.length;
        return judgeModel(Uint8Array.from([...bytes.subarray(0, end), ...added]));
      }),
      runs(1500, 12),
    );
  });
});
