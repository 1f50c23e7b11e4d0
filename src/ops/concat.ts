import source from '#shaders/concat.wgsl' with { type: 'text' };
import { DTypeError, GraphError, ShapeError } from '../core/errors.ts';
import { normalizeAxis, sameShape, showShape } from '../core/shape.ts';
import { applyOne, type Op, type Tensor } from '../graph/graph.ts';
import { type KernelCall, type KernelContext, linearGrid, storageType } from '../graph/kernel.ts';
import { lineOf } from './gather.ts';
import { split } from './slice.ts';
import { expandDimensions } from './squeeze.ts';
import { epilogueText } from './strided.ts';

export interface ConcatAttrs {
  readonly axis: number;
}

/** Inputs that one dispatch copies: with the result they leave some of the eight storage buffers to an epilogue. */
const inputsPerCall = 4;

export const concatOp: Op<ConcatAttrs> = {
  name: 'concat',
  infer(inputs, { axis }) {
    const [{ shape, dtype }] = inputs;
    for (const input of inputs) {
      if (input.dtype !== dtype)
        throw new DTypeError(`inputs differ in dtype, ${dtype} and ${input.dtype}; use cast`);
      const fits =
        input.shape.length === shape.length &&
        input.shape.every((length, i) => i === axis || length === shape[i]);
      if (!fits)
        throw new ShapeError(
          `${showShape(shape)} and ${showShape(input.shape)} differ on another axis than ${axis}`,
        );
    }
    const total = inputs.reduce((sum, input) => sum + input.shape[axis], 0);
    return [{ shape: shape.map((length, i) => (i === axis ? total : length)), dtype }];
  },
  reference(inputs, specs, { axis }) {
    const { outer, size, inner } = lineOf(specs.outputs[0].shape, axis);
    const result = new Float64Array(outer * size * inner);
    let first = 0;
    inputs.forEach((input, k) => {
      const length = specs.inputs[k].shape[axis] * inner;
      for (let i = 0; i < input.length; i++) {
        result[Math.floor(i / length) * size * inner + first + (i % length)] = input[i];
      }
      first += length;
    });
    return [result];
  },
  kernels: concatKernels,
  epilogue: { bindings: (inputCount) => Math.min(inputCount, inputsPerCall) + 1 },
  // y = [a, b, …]  =>  da, db, … = the parts of dy
  gradient([dy], inputs, _, { axis }) {
    if (!dy) return inputs.map(() => null);
    return split(
      dy,
      inputs.map((input) => input.shape[axis]),
      axis,
    );
  },
  simplify: ([x], output) => (sameShape(x.spec.shape, output.shape) ? x : null),
  flops: () => 0,
};

/**
 * Joins tensors of one dtype along `axis` (default 0); on all other axes their shapes are equal.
 *
 * ```ts
 * concat([a, b], -1); // [64, 3] and [64, 5] -> [64, 8]
 * ```
 *
 * @throws ShapeError where shapes differ on another axis; DTypeError where dtypes differ.
 */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  if (tensors.length === 0) throw new GraphError('concat: expected at least one tensor, got none');
  const [first] = tensors;
  const at = normalizeAxis(first.graph.path('concat'), axis, first.rank);
  return tensors.length === 1 ? first : applyOne(concatOp, tensors, { axis: at });
}

/**
 * Joins tensors of one shape and dtype along a new axis (default 0): three times [4] gives [3, 4].
 *
 * @throws ShapeError where shapes differ; DTypeError where dtypes differ.
 */
export function stack(tensors: readonly Tensor[], axis = 0): Tensor {
  if (tensors.length === 0) throw new GraphError('stack: expected at least one tensor, got none');
  const [first] = tensors;
  const path = first.graph.path('stack');
  const other = tensors.find((tensor) => !sameShape(tensor.shape, first.shape));
  if (other)
    throw new ShapeError(
      `${path}: expected one shape, got ${showShape(first.shape)} and ${showShape(other.shape)}`,
    );
  const at = normalizeAxis(path, axis, first.rank + 1);
  return concat(
    tensors.map((tensor) => expandDimensions(tensor, at)),
    at,
  );
}

/** One dispatch for each four inputs. */
function concatKernels({ inputs, outputs: [y], attrs, epilogue }: KernelContext<ConcatAttrs>): KernelCall[] {
  const { outer, size, inner } = lineOf(y.shape, attrs.axis);
  const lengths = inputs.map((input) => input.shape[attrs.axis] * inner);
  const width = lengths.every((length) => length % 4 === 0) && epilogue.allowsVec4 ? 4 : 1;
  const calls: KernelCall[] = [];
  let first = 0;
  for (let start = 0; start < inputs.length; start += inputsPerCall) {
    const parts = lengths.slice(start, start + inputsPerCall).map((length) => length / width);
    const ends = parts.map((_, i) => parts.slice(0, i + 1).reduce((sum, part) => sum + part, 0));
    const length = ends[ends.length - 1];
    const count = outer * length;
    calls.push({
      label: 'concat',
      source,
      variant: {
        INPUTS: inputsText(parts.length, storageType(y.dtype, width)),
        CHOICE: choiceText(parts.length),
        Y: storageType(y.dtype, width),
        EPILOGUE: epilogueText(epilogue, parts.length + 2, width, y.dtype),
      },
      params: {
        count,
        first,
        length,
        row: (size * inner) / width,
        ...Object.fromEntries([0, 1, 2, 3].map((i) => [`end${i}`, ends[i] ?? length])),
      },
      bindings: [...parts.map((_, i) => ({ input: start + i })), { output: 0 }, ...epilogue.bindings],
      workgroups: linearGrid(Math.ceil(count / 256)),
    });
    first += length;
  }
  return calls;
}

function inputsText(count: number, type: string): string {
  const inputs = Array.from(
    { length: count },
    (_, i) => `@group(0) @binding(${i}) var<storage, read> x${i}: array<${type}>;`,
  );
  return [
    ...inputs,
    `@group(0) @binding(${count}) var<storage, read_write> y: array<${type}>;`,
    `@group(0) @binding(${count + 1}) var<uniform> params: Params;`,
  ].join('\n');
}

/** Finds the input whose stretch of the row holds `at`. */
function choiceText(count: number): string {
  const from = (i: number) => (i === 0 ? '0u' : `params.end${i - 1}`);
  const load = (i: number) => `value = F(x${i}[outer * (params.end${i} - ${from(i)}) + at - ${from(i)}]);`;
  let text = `{ ${load(count - 1)} }`;
  for (let i = count - 2; i >= 0; i--) text = `if (at < params.end${i}) { ${load(i)} } else ${text}`;
  return text;
}
