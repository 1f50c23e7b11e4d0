import { describe, it } from 'vitest';
import type { Device } from '../../src/backends/backend.ts';
import { openDevice } from '../../src/backends/open.ts';
import { WebGpuProgram } from '../../src/backends/webgpu/program.ts';
import { type DType, isFloat, roundTo, toTensorData } from '../../src/core/dtype.ts';
import { RandomStream } from '../../src/core/random.ts';
import { type Shape, sameShape, showShape, sizeOf } from '../../src/core/shape.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import { defaultTarget } from '../../src/graph/kernel.ts';
import { grad } from '../../src/ops/gradient.ts';
import { compare, type Tolerance, tolerances } from '../../src/verify/bounds.ts';
import { differences, differencesBound } from '../../src/verify/gradients.ts';
import { evaluator, largest, weightedSum } from '../../src/verify/reference.ts';

export interface InputSample {
  readonly shape: Shape;
  readonly dtype?: DType;
  /** The numbers themselves, or the range from which they are drawn; default -2 to 2. */
  readonly values?: ArrayLike<number> | { readonly low: number; readonly high: number };
  /** Whether gradients are checked for it; default true for float32. */
  readonly differentiable?: boolean;
}

export interface Sample {
  readonly name?: string;
  readonly inputs: readonly InputSample[];
  readonly build: (inputs: Tensor[], graph: Graph) => Tensor | Tensor[];
  /** Numbers that somebody else worked out, one list per output. */
  readonly expected?: readonly number[] | readonly (readonly number[])[];
  /** Whether gradients are checked; default true. */
  readonly gradient?: boolean;
  /** Variants of ops to force, each checked by itself; default the cost model's choice. */
  readonly variants?: readonly Readonly<Record<string, string>>[];
  /** Whether the kernels that a real GPU would take are checked, too, wherever the test runs; default false. */
  readonly asGpu?: boolean;
  readonly tolerance?: Tolerance & { readonly reason: string };
}

export interface ErrorSample {
  readonly name: string;
  readonly build: (graph: Graph) => unknown;
  readonly error: new (...args: never[]) => Error;
  readonly message: RegExp;
}

/**
 * Checks an op by its samples: the inferred shape is the real one, WebGPU agrees with the reference, gradients agree with central
 * differences and on both backends, no kernel writes beyond its output, and mistakes give the right error.
 */
export function checkOp(
  name: string,
  { samples, errors = [] }: { samples: readonly Sample[]; errors?: readonly ErrorSample[] },
): void {
  describe(name, () => {
    samples.forEach((sample, i) => {
      it(sample.name ?? `sample ${i}: ${sample.inputs.map(({ shape }) => showShape(shape)).join(' ')}`, () =>
        checkSample(sample, i),
      );
    });
    for (const each of errors) it(`error: ${each.name}`, () => checkError(each));
  });
}

let gpu: Promise<Device> | null = null;

/** The device that all samples share. There must be one: a missing adapter is a failure, not a skip. */
function gpuDevice(): Promise<Device> {
  gpu ??= openDevice({ backend: 'webgpu' });
  return gpu;
}

async function checkSample(sample: Sample, seed: number): Promise<void> {
  const device = await gpuDevice();
  if (
    sample.inputs.some(({ dtype }) => dtype === 'float16') &&
    !device.info.features.includes('shader-f16')
  ) {
    console.warn(`skipped: ${sample.name ?? seed}: ${device.info.name} has no shader-f16`);
    return;
  }
  const graph = new Graph({ seed: 7 });
  const feeds: Record<string, Float64Array> = {};
  const inputs = sample.inputs.map((input, i) => {
    feeds[`input${i}`] = draw(input, seed * 31 + i);
    return graph.input(`input${i}`, input.shape, input.dtype);
  });
  const built = sample.build(inputs, graph);
  const outputs = Array.isArray(built) ? built : [built];
  const deviceFeeds = Object.fromEntries(
    inputs.map((input, i) => [`input${i}`, toTensorData(input.dtype, feeds[`input${i}`])]),
  );
  const tensors: Record<string, Tensor> = {};
  outputs.forEach((output, i) => {
    tensors[`output${i}`] = output;
  });

  const hasFloat16 = [...inputs, ...outputs].some(({ dtype }) => dtype === 'float16');
  const problems: string[] = [];
  const checked = sample.inputs
    .map(({ dtype = 'float32', differentiable }, i) => ((differentiable ?? dtype === 'float32') ? i : -1))
    .filter((i) => i >= 0);
  const floats = outputs.filter((output) => isFloat(output.dtype));
  if (sample.gradient !== false && checked.length > 0 && floats.length > 0) {
    const loss = weightedSum(graph, floats, seed);
    const gradients = grad(
      loss,
      checked.map((i) => inputs[i]),
      { unused: 'zeros' },
    );
    gradients.forEach((gradient, i) => {
      tensors[`gradient of input ${checked[i]}`] = gradient;
      if (!sameShape(gradient.shape, inputs[checked[i]].shape)) {
        problems.push(`gradient of input ${checked[i]} has shape ${showShape(gradient.shape)}`);
      }
    });
    const analytic = evaluator(tensors)(feeds);
    const lossAt = evaluator({ loss });
    // The reference rounds to float16 after each op: a small step then changes nothing, or too much.
    for (const i of hasFloat16 ? [] : checked) {
      const { places, slopes } = differences(
        (moved) => lossAt(moved).get('loss')![0],
        `input${i}`,
        feeds,
        seed,
      );
      const gradient = analytic.get(`gradient of input ${i}`)!;
      const problem = compare(
        `gradient of input ${i} (at elements ${places.join(' ')}) against central differences`,
        places.map((place) => gradient[place]),
        slopes,
        differencesBound(slopes),
      );
      if (problem) problems.push(problem);
    }
  }
  const reference = evaluator(tensors)(feeds);
  const expected =
    sample.expected && (Array.isArray(sample.expected[0]) ? sample.expected : [sample.expected]);
  (expected as readonly (readonly number[])[] | undefined)?.forEach((numbers, i) => {
    const problem = compare(
      `output ${i} of the reference against the expected numbers`,
      reference.get(`output${i}`)!,
      numbers,
      {
        relative: 2e-6,
        absolute: 1e-6,
      },
    );
    if (problem) problems.push(problem);
  });
  for (const [variants, target] of kernelChoices(sample)) {
    const program = await device.compile({ outputs: tensors, guards: true, variants, target });
    const shown = `${variants ? ` (${JSON.stringify(variants)})` : ''}${target ? ' as on a GPU' : ''}`;
    try {
      const results = await program.run(deviceFeeds);
      for (const [name, want] of reference) {
        const { dtype } = tensors[name];
        const tolerance = sample.tolerance ?? tolerances[hasFloat16 && isFloat(dtype) ? 'float16' : dtype];
        // Terms of a sum cancel: what is left cannot be better than the sizes of its neighbours allow.
        const scale = Math.max(1, largest(want));
        const rounded = Float64Array.from(want, (value) => roundTo(tensors[name].dtype, value));
        const problem = compare(`${name} on WebGPU${shown}`, results[name], rounded, {
          relative: tolerance.relative,
          absolute: tolerance.absolute * scale,
        });
        if (problem) problems.push(problem);
      }
      if (program instanceof WebGpuProgram) {
        for (const label of await program.verifyGuards())
          problems.push(`a kernel wrote beyond ${label}${shown}`);
      }
    } finally {
      program.dispose();
    }
  }
  if (problems.length > 0) throw new Error(problems.join('\n'));
}

/** Which kernels are checked: each variant's, those of this adapter and, where asked, those of a GPU. */
function kernelChoices({ variants, asGpu }: Sample) {
  const targets = asGpu ? [undefined, defaultTarget] : [undefined];
  return targets.flatMap((target) => (variants ?? [undefined]).map((variant) => [variant, target] as const));
}

function checkError({ build, error, message }: ErrorSample): void {
  try {
    build(new Graph());
  } catch (thrown) {
    if (!(thrown instanceof error)) throw new Error(`expected ${error.name}, got ${thrown}`);
    if (!message.test(thrown.message))
      throw new Error(`the message "${thrown.message}" does not match ${message}`);
    return;
  }
  throw new Error(`expected ${error.name}, but nothing was thrown`);
}

/** Rounded to float32 (or the input's dtype), as the device gets it. */
function draw({ shape, dtype = 'float32', values }: InputSample, seed: number): Float64Array {
  if (values && 'length' in values) return Float64Array.from(values, (value) => roundTo(dtype, value));
  const { low, high } = values ?? { low: -2, high: 2 };
  const random = new RandomStream(seed, 99);
  return Float64Array.from({ length: sizeOf(shape) }, () => {
    const value = low + (high - low) * random.uniform();
    return dtype === 'bool'
      ? Number(random.uniform() < 0.5)
      : roundTo(dtype, dtype === 'float32' ? value : Math.floor(value));
  });
}
