import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Device } from '../../src/backends/backend.ts';
import {
  ConstantInputError,
  loadOnnx,
  type OnnxFeeds,
  type OnnxModel,
  type OnnxOutput,
  type OnnxTensor,
  readTensor,
  readTensorProto,
} from '../../src/onnx.ts';

// Cases of ONNX' backend tests, laid out as in onnx/backend/test/data: index.json, and for each case model.onnx and
// test_data_set_K/{input,output}_I.pb. The suite's tolerance is numpy's assert_allclose with rtol 1e-3, atol 1e-7.

export interface OnnxCase {
  readonly name: string;
  readonly dir: string;
  readonly group: string;
  readonly op: string;
  readonly inputs: readonly { readonly name: string; readonly shape: readonly number[] }[];
  readonly outputs: readonly {
    readonly name: string;
    readonly type: string;
    readonly shape: readonly number[];
  }[];
  readonly sets: readonly string[];
  readonly random?: boolean;
}

export interface CaseResult {
  readonly name: string;
  readonly op: string;
  /** Empty where everything agrees. */
  readonly problems: readonly string[];
  /** Why the model was not accepted. */
  readonly refused: string | null;
}

export function readCases(folder: string): OnnxCase[] {
  return JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8'));
}

function readPb(path: string): OnnxTensor {
  return readTensor(readTensorProto(readFileSync(path)));
}

/** Runs a case on a device and compares its outputs. */
export async function runCase(folder: string, each: OnnxCase, device: Device): Promise<CaseResult> {
  const { name, op } = each;
  const problems: string[] = [];
  try {
    const sets = each.group === 'light' ? [''] : each.sets;
    for (const set of sets) problems.push(...(await runSet(folder, each, set, device)));
  } catch (error) {
    return {
      name,
      op,
      problems,
      refused: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
    };
  }
  return { name, op, problems, refused: null };
}

async function runSet(folder: string, each: OnnxCase, set: string, device: Device): Promise<string[]> {
  const isLight = set === '';
  const place = join(folder, each.dir, isLight ? each.name : '');
  const model = readFileSync(isLight ? `${place}.onnx` : join(place, 'model.onnx'));
  const given = each.inputs.map((input, i): [string, ArrayLike<number>] => [
    input.name,
    isLight ? ramp(input.shape) : readPb(join(place, set, `input_${i}.pb`)).numbers,
  ]);
  const { loaded, feeds } = await loadWith(model, Object.fromEntries(given));
  const outputs = await loaded.run(device, feeds);
  return each.outputs.flatMap(({ name }, i) => {
    const want = readPb(isLight ? `${place}_output_${i}.pb` : join(place, set, `output_${i}.pb`));
    const problem = difference(outputs[name], want, each.random === true);
    return problem ? [`${name}: ${problem}`] : [];
  });
}

/** k / n for k = 0 … n - 1, as the suite feeds its whole networks. */
function ramp(shape: readonly number[]): Float32Array {
  const size = shape.reduce((product, length) => product * length, 1);
  return Float32Array.from({ length: size }, (_, k) => k / size);
}

/** Loads a model; the inputs on which shapes depend become constants. */
async function loadWith(
  bytes: Uint8Array,
  given: Readonly<Record<string, ArrayLike<number>>>,
): Promise<{ loaded: OnnxModel; feeds: OnnxFeeds }> {
  const constants: Record<string, ArrayLike<number>> = {};
  for (;;) {
    try {
      const loaded = await loadOnnx(bytes, { constants });
      const feeds = Object.fromEntries(Object.keys(loaded.inputs).map((name) => [name, given[name]]));
      return { loaded, feeds };
    } catch (error) {
      if (!(error instanceof ConstantInputError)) throw error;
      for (const name of error.inputs) constants[name] = given[name];
    }
  }
}

function difference(got: OnnxOutput | undefined, want: OnnxTensor, random: boolean): string | null {
  if (!got) return 'is missing';
  if (got.type !== want.type) return `is ${got.type}, expected ${want.type}`;
  if (String(got.shape) !== String(want.shape))
    return `has the shape [${got.shape}], expected [${want.shape}]`;
  if (random) return null;
  let worst = 0;
  let at = -1;
  let count = 0;
  for (let i = 0; i < want.numbers.length; i++) {
    const [a, b] = [got.data[i], Number(want.numbers[i])];
    if (a === b || (Number.isNaN(a) && Number.isNaN(b))) continue;
    const excess = Math.abs(a - b) / (1e-7 + 1e-3 * Math.abs(b));
    if (excess <= 1) continue;
    count++;
    if (!(excess <= worst)) [worst, at] = [excess, i];
  }
  if (count === 0) return null;
  return `${count} of ${want.numbers.length} differ; worst at ${at}: ${got.data[at]}, expected ${want.numbers[at]}`;
}
