import fc from 'fast-check';
import { afterAll } from 'vitest';
import {
  type Device,
  type DType,
  Graph,
  openDevice,
  RandomStream,
  type Shape,
  type Tensor,
  verify,
} from '../../src/index.ts';

// What property tests share: they draw shapes and attributes, and every op must then agree with its reference, forward and backward.

/** The same cases in every run: a failure prints the smallest one that fast-check finds. */
export const runs = (numRuns: number, seed: number) => ({ numRuns, seed, endOnFailure: false });

/** Lengths of axes around the widths of vectors and workgroups. */
const length = fc.constantFrom(1, 2, 3, 4, 5, 8, 17);

export function shapes(options: { minLength?: number; maxLength?: number } = {}): fc.Arbitrary<number[]> {
  const { minLength = 0, maxLength = 4 } = options;
  return fc.array(length, { minLength, maxLength }).filter((shape) => product(shape) <= 4096);
}

/** Two shapes that broadcast: axes left out in front, and stretched ones. */
export const broadcastPairs = shapes({ minLength: 1 }).chain((shape) => {
  const part = fc.tuple(
    fc.integer({ min: 0, max: shape.length }),
    fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }),
  );
  const shortened = part.map(([missing, stretched]) =>
    shape.map((size, axis) => (stretched[axis] ? 1 : size)).slice(missing),
  );
  return fc.tuple(shortened, shortened);
});

/** A shape and some of its axes, counted from either end. */
export const shapesWithAxes = shapes({ minLength: 1 }).chain((shape) =>
  fc.tuple(
    fc.constant(shape),
    fc
      .subarray(
        shape.map((_, axis) => axis),
        { minLength: 1 },
      )
      .chain((axes) =>
        fc
          .array(fc.boolean(), { minLength: axes.length, maxLength: axes.length })
          .map((negative) => axes.map((axis, i) => (negative[i] ? axis - shape.length : axis))),
      ),
  ),
);

export interface Drawn {
  readonly shape: Shape;
  readonly dtype?: DType;
  readonly low?: number;
  readonly high?: number;
}

let device: Promise<Device> | null = null;
afterAll(async () => (await device)?.dispose());

/** Throws with the report's summary unless WebGPU agrees with the reference on `build` and its gradients. */
export async function agrees(
  inputs: readonly Drawn[],
  build: (tensors: Tensor[], graph: Graph) => Tensor | Tensor[],
): Promise<void> {
  device ??= openDevice({ backend: 'webgpu' });
  const graph = new Graph({ seed: 1 });
  const feeds: Record<string, Float64Array | Int32Array> = {};
  const tensors = inputs.map((input, i) => {
    const { shape, dtype, low = -2, high = 2 } = input;
    const random = new RandomStream(i + 1, shape.length);
    const numbers = Float64Array.from(
      { length: product(shape) },
      () => low + (high - low) * random.uniform(),
    );
    feeds[`input${i}`] = dtype === 'int32' ? Int32Array.from(numbers, Math.floor) : numbers;
    return graph.input(`input${i}`, shape, dtype);
  });
  const made = build(tensors, graph);
  const outputs = Object.fromEntries(
    (Array.isArray(made) ? made : [made]).map((tensor, i) => [`output${i}`, tensor]),
  );
  const used = new Set<Tensor>();
  const visit = (tensor: Tensor) => {
    if (used.has(tensor)) return;
    used.add(tensor);
    tensor.node.inputs.forEach(visit);
  };
  Object.values(outputs).forEach(visit);
  for (const [i, tensor] of tensors.entries()) if (!used.has(tensor)) delete feeds[`input${i}`];
  const report = await verify({ outputs }, feeds, { device: await device, print: () => {} });
  if (!report.passed) throw new Error(report.summary);
}

export function product(shape: Shape): number {
  return shape.reduce((size, each) => size * each, 1);
}
