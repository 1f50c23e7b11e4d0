import {
  type DType,
  halfToNumber,
  isFloat,
  numberToHalf,
  type TensorData,
  toTensorData,
} from '../core/dtype.ts';
import { FeedError, GraphError } from '../core/errors.ts';
import { hashText, RandomStream } from '../core/random.ts';
import { type Shape, showShape, sizeOf } from '../core/shape.ts';
import { Tensor, type TensorSpec, type Variable } from '../graph/graph.ts';
import type { Request, Step, Value } from '../graph/trace.ts';
import type { CompileOptions, Feeds } from './backend.ts';

/** Throws unless `feeds` holds exactly what the program's inputs ask for. */
export function checkFeeds(inputs: readonly Value[], feeds: Feeds): void {
  for (const input of inputs) {
    const name = input.inputName ?? '';
    const data = feeds[name];
    if (data === undefined) {
      throw new FeedError(
        `run: no feed for input "${name}" (${input.spec.dtype} ${showShape(input.spec.shape)})`,
      );
    }
    checkData(`run: feed "${name}"`, data, input.spec);
  }
  for (const name of Object.keys(feeds)) {
    if (!inputs.some((input) => input.inputName === name)) {
      const known = inputs.map((input) => `"${input.inputName}"`).join(', ') || 'none';
      throw new FeedError(`run: the program has no input "${name}" (its inputs: ${known})`);
    }
  }
}

/** A program's input whose numbers must lie between two bounds. */
export interface FeedRange {
  readonly input: Value;
  readonly low: number;
  readonly high: number;
  /** The op that says so. */
  readonly path: string;
}

/** What the ops of a program say of the numbers in its inputs. */
export function feedRanges(steps: readonly Step[]): FeedRange[] {
  return steps.flatMap(({ op, attrs, inputs, path }) => {
    const range = op.feedRange?.(attrs);
    return range && inputs[range.input].inputName !== undefined
      ? [{ input: inputs[range.input], low: range.low, high: range.high, path }]
      : [];
  });
}

/** Throws where a number that is fed lies outside the range of an op that reads it. */
export function checkRanges(ranges: readonly FeedRange[], feeds: Feeds): void {
  for (const { input, low, high, path } of ranges) {
    const data = feeds[input.inputName ?? ''];
    const numbers = typeof data === 'number' ? [data] : data;
    for (let i = 0; i < numbers.length; i++) {
      if (numbers[i] >= low && numbers[i] <= high) continue;
      throw new FeedError(
        `run: feed "${input.inputName}": element ${i} is ${numbers[i]}; ${path} takes ${low} to ${high}`,
      );
    }
  }
}

/** Throws unless `data` has as many numbers as `spec` asks for. */
export function checkData(what: string, data: ArrayLike<number> | number, spec: TensorSpec): void {
  const isNumbers =
    typeof data === 'number' ||
    (typeof data === 'object' && data !== null && typeof data.length === 'number');
  if (!isNumbers)
    throw new FeedError(`${what}: expected numbers, got ${data === null ? 'null' : typeof data}`);
  const length = typeof data === 'number' ? 1 : data.length;
  if (length !== sizeOf(spec.shape)) {
    throw new FeedError(
      `${what}: ${showShape(spec.shape)} needs ${sizeOf(spec.shape)} numbers, got ${length}`,
    );
  }
  const wrong = typeof data === 'number' ? null : wrongArray(spec.dtype, data);
  if (wrong) throw new FeedError(`${what}: is ${spec.dtype}, got a ${wrong}`);
}

/** A typed array whose elements cannot be meant for `dtype`: floats for integers, 64-bit integers for anything. */
function wrongArray(dtype: DType, data: ArrayLike<number>): string | null {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return data.constructor.name;
  if (isFloat(dtype)) return null;
  return data instanceof Float32Array || data instanceof Float64Array ? data.constructor.name : null;
}

/** The words that hold `data` in device memory, written into `words`, which has the tensor's storage size. */
export function encode(dtype: DType, data: ArrayLike<number> | number, words: ArrayBuffer): void {
  const from = typeof data === 'number' ? [data] : data;
  switch (dtype) {
    case 'float32':
      new Float32Array(words).set(from);
      return;
    case 'int32':
      new Int32Array(words).set(from);
      return;
    case 'uint32':
      new Uint32Array(words).set(from);
      return;
    case 'bool':
    case 'float16': {
      const to = dtype === 'bool' ? new Uint32Array(words) : new Uint16Array(words);
      for (let i = 0; i < from.length; i++)
        to[i] = dtype === 'bool' ? Number(from[i] !== 0) : numberToHalf(from[i]);
    }
  }
}

/** The device words from byte `at` on as the typed array that a user gets. It may lie in `words`, where nothing else does. */
export function decode(spec: TensorSpec, words: ArrayBuffer, at = 0): TensorData {
  const size = sizeOf(spec.shape);
  const own = <Data extends TensorData>(view: Data) =>
    view.byteLength === words.byteLength ? view : (view.slice() as Data);
  switch (spec.dtype) {
    case 'float32':
      return own(new Float32Array(words, at, size));
    case 'int32':
      return own(new Int32Array(words, at, size));
    case 'uint32':
      return own(new Uint32Array(words, at, size));
    case 'bool':
      return toTensorData('bool', new Uint32Array(words, at, size));
    case 'float16':
      return Float32Array.from(new Uint16Array(words, at, size), halfToNumber);
  }
}

/** A variable's first value. It depends only on the graph's seed and the variable's name. */
export function initialValues(variable: Variable): ArrayLike<number> {
  const { initializer, shape } = variable;
  const size = sizeOf(shape);
  if (typeof initializer === 'number') return new Float64Array(size).fill(initializer);
  if (typeof initializer !== 'function') return initializer;
  const values = initializer(shape, new RandomStream(variable.graph.seed, hashText(variable.name)));
  if (values.length !== size) {
    throw new GraphError(
      `variable "${variable.name}": ${showShape(shape as Shape)} needs ${size} numbers, the initializer gave ${values.length}`,
    );
  }
  return values;
}

export function toRequest(options: CompileOptions): Request {
  return { outputs: options.outputs ?? {}, updates: options.updates ?? [] };
}

/** Names of the outputs that must stay finite. */
export function finiteOutputs(options: CompileOptions): string[] {
  const outputs: Readonly<Record<string, Tensor>> = options.outputs ?? {};
  if (options.checkFinite) {
    for (const name of options.checkFinite) {
      if (!(outputs[name] instanceof Tensor))
        throw new GraphError(`compile: checkFinite names no output: "${name}"`);
    }
    return [...options.checkFinite];
  }
  if (!options.updates?.length) return [];
  return Object.keys(outputs).filter((name) => outputs[name].size === 1 && isFloat(outputs[name].dtype));
}
