import type { Device } from '../../../src/backends/backend.ts';
import { DTypeError, FeedError, GraphError } from '../../../src/core/errors.ts';
import {
  ConstantInputError,
  loadOnnx,
  type OnnxFeeds,
  type OnnxModel,
  type OnnxOutput,
  type OnnxTensor,
  readTensor,
  readTensorProto,
} from '../../../src/onnx.ts';
import { type Files, type Output, Skipped, type Suite, type SuiteCase, textOf } from '../suite.ts';

/**
 * The backend tests of https://github.com/onnx/onnx, as in onnx/backend/test/data: `GROUP/NAME/model.onnx`, and
 * `test_data_set_K/{input,output}_I.pb` beside it; in the group `light` whole networks, `NAME.onnx` and `NAME_output_0.pb`. An
 * `index.json` names the cases and their inputs and outputs.
 */
export const onnx: Suite = {
  name: 'onnx',
  matches: ({ names }) => names.includes('index.json') && names.some((name) => name.endsWith('.onnx')),
  needs: (name) => name === 'index.json' || /\.(onnx|pb)$/.test(name),
  cases: (files) =>
    (JSON.parse(textOf(files, 'index.json')) as StoredCase[]).map((each) => toCase(files, each)),
};

/** An entry of `index.json`, as far as it matters here. */
interface StoredCase {
  readonly name: string;
  readonly dir: string;
  readonly group: string;
  readonly op: string;
  readonly inputs: readonly { readonly name: string; readonly shape: readonly number[] }[];
  readonly outputs: readonly { readonly name: string }[];
  readonly sets: readonly string[];
  /** The outputs hold numpy's random numbers. */
  readonly random?: boolean;
}

function toCase(files: Files, stored: StoredCase): SuiteCase {
  const { name, op } = stored;
  return { name, op, usesFloat16: false, run: (device) => runStored(files, stored, device) };
}

async function runStored(files: Files, stored: StoredCase, device: Device): Promise<Output[]> {
  const isLight = stored.group === 'light';
  const place = isLight ? `${stored.dir}/${stored.name}` : stored.dir;
  const bytes = files.bytes(isLight ? `${place}.onnx` : `${place}/model.onnx`);
  const tensor = (path: string) => readTensor(readTensorProto(files.bytes(path)));
  const outputs: Output[] = [];
  for (const set of isLight ? [''] : stored.sets) {
    const given = stored.inputs.map(({ name, shape }, i): [string, ArrayLike<number>] => [
      name,
      isLight ? ramp(shape) : tensor(`${place}/${set}/input_${i}.pb`).numbers,
    ]);
    const got = await skipUnsupported(() => run(bytes, Object.fromEntries(given), device));
    stored.outputs.forEach(({ name }, i) => {
      const want = tensor(isLight ? `${place}_output_${i}.pb` : `${place}/${set}/output_${i}.pb`);
      outputs.push(outputOf(got[name], want, stored.random === true));
    });
  }
  return outputs;
}

/** k / n for k = 0 … n - 1: what the suite's whole networks are fed. */
function ramp(shape: readonly number[]): Float32Array {
  const size = shape.reduce((product, length) => product * length, 1);
  return Float32Array.from({ length: size }, (_, k) => k / size);
}

async function run(
  bytes: Uint8Array,
  given: Readonly<Record<string, ArrayLike<number>>>,
  device: Device,
): Promise<Record<string, OnnxOutput>> {
  const model = await load(bytes, given);
  const feeds: OnnxFeeds = Object.fromEntries(Object.keys(model.inputs).map((name) => [name, given[name]]));
  return model.run(device, feeds);
}

/** Inputs on which shapes depend are made constants, one after the other as the loader asks for them; all others are fed. */
async function load(
  bytes: Uint8Array,
  given: Readonly<Record<string, ArrayLike<number>>>,
): Promise<OnnxModel> {
  const constants: Record<string, ArrayLike<number>> = {};
  for (;;) {
    try {
      return await loadOnnx(bytes, { constants });
    } catch (error) {
      if (!(error instanceof ConstantInputError)) throw error;
      for (const name of error.inputs) constants[name] = given[name];
    }
  }
}

/** What is refused, with words that say so, is a skip; every other error is a failure. */
async function skipUnsupported<Result>(body: () => Promise<Result>): Promise<Result> {
  try {
    return await body();
  } catch (error) {
    const isRefusal =
      (error instanceof GraphError || error instanceof DTypeError) && / not supported/.test(error.message);
    const isRange = error instanceof FeedError && / is out of range; \w+ is held as /.test(error.message);
    if (isRefusal || isRange) throw new Skipped(error.message.replace(/^loadOnnx: (node \S+ )?/, ''));
    throw error;
  }
}

/** The suite compares types and shapes exactly, and numbers as numpy's `assert_allclose` with rtol 1e-3 and atol 1e-7. */
function outputOf(got: OnnxOutput, want: OnnxTensor, random: boolean): Output {
  if (got.type !== want.type) throw new Error(`${got.name} is ${got.type}, expected ${want.type}`);
  const numbers = Array.from(want.numbers, Number);
  return {
    name: got.name,
    got: random ? withoutDropped(got, numbers) : got.data,
    want: numbers,
    dtype: 'float32',
    shapes: { got: got.shape, want: want.shape },
    bound: { relative: 1e-3, absolute: 1e-7 },
  };
}

/** Which elements a dropout drops is the generator's choice: what both keep must be scaled alike, and masks are not compared. */
function withoutDropped({ data, type }: OnnxOutput, want: readonly number[]): number[] {
  return want.map((value, i) => (type === 'bool' || data[i] === 0 || value === 0 ? value : data[i]));
}
