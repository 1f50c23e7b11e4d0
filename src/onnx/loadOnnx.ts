import { Pauses } from '../backends/pause.ts';
import { FormatError, GraphError } from '../core/errors.ts';
import { sizeOf } from '../core/shape.ts';
import type { Tensor } from '../graph/graph.ts';
import { readBytes } from '../host/readBytes.ts';
import { Importer, type Scope, type TrainableRule } from './importer.ts';
import { OnnxModel, type OnnxSignature } from './model.ts';
import { type GraphProto, type ModelProto, readModelProto, type ValueInfo } from './schema.ts';
import { dtypeOf, elementTypeOf, supportedTypes, typeName } from './types.ts';
import type { Value } from './value.ts';

export interface OnnxOptions {
  /** Lengths for axes that the file names, such as `{ batch: 1 }`. */
  dimensions?: Readonly<Record<string, number>>;
  /** Whole shapes of inputs, by name; what the file says of them is then not asked. */
  shapes?: Readonly<Record<string, readonly number[]>>;
  /**
   * Numbers for inputs that are the same in every run. They are no longer fed. Inputs on which shapes depend must be given here, such
   * as the new shape of a `Reshape`.
   */
  constants?: Readonly<Record<string, ArrayLike<number> | BigInt64Array | BigUint64Array | number>>;
  /**
   * Which of the float initializers become parameters; default all, but for single numbers of the shape [] and for running statistics
   * of a batch normalisation. The others are variables, too, so that a device loads them once.
   */
  trainable?: TrainableRule;
  /**
   * Gives the bytes of a file in which tensors lie outside of the model. Needed where the model is given as bytes; else the file is looked for
   * beside the model.
   */
  externalData?: (location: string) => Uint8Array | Promise<Uint8Array>;
  /** Seed of the graph, for dropout in training; default 0. */
  seed?: number;
}

/**
 * Reads a network from an ONNX file, given as bytes, as a URL, or, in Node and Deno, as a path. Operator sets from 7 on, of most older
 * ones what PyTorch has exported. Shapes are static here: name the lengths that the file leaves open. Images keep the axes
 * [batch, channels, height, width] outside; between convolutions they lie as [batch, height, width, channels], without a transpose per node.
 *
 * ```ts
 * import { openDevice } from 'tensorloom';
 * import { loadOnnx } from 'tensorloom/onnx';
 *
 * const model = await loadOnnx('network.onnx', { dimensions: { batch: 1 } });
 * console.log(model.summary());
 * const device = await openDevice();
 * const { output } = await model.run(device, { input: new Float32Array(3 * 224 * 224) });
 * console.log(output.type, output.shape, output.data);
 * ```
 *
 * @throws FormatError where the bytes are no ONNX model, are cut off or damaged.
 * @throws GraphError that lists all operators that are not supported, with their nodes; or names the node, and what of it is not supported;
 *   a ConstantInputError where an input must be given in `constants`.
 * @throws ShapeError, DTypeError where a node's shapes or types do not fit.
 */
export async function loadOnnx(
  source: Uint8Array | ArrayBuffer | URL | string,
  options: OnnxOptions = {},
): Promise<OnnxModel> {
  const isPlace = typeof source === 'string' || source instanceof URL;
  const bytes = isPlace
    ? await readBytes(source)
    : new Uint8Array(source instanceof ArrayBuffer ? source : source.slice());
  const pauses = new Pauses();
  const proto = readModelProto(bytes);
  const { graph } = proto;
  if (!graph) throw new FormatError('loadOnnx: these bytes hold no graph: no ONNX model');
  const find = options.externalData ?? (isPlace ? (location) => readBytes(beside(source, location)) : null);
  const files = await externalFiles(graph, find);
  const external = (location: string): Uint8Array => {
    const found = files.get(location);
    if (!found) throw new FormatError(`loadOnnx: the file "${location}" with tensors was not read`);
    return found;
  };
  // Reading has held the thread already.
  await pauses.take();
  return build(proto, graph, options, external, pauses);
}

async function build(
  proto: ModelProto,
  graph: GraphProto,
  options: OnnxOptions,
  external: (location: string) => Uint8Array,
  pauses: Pauses,
): Promise<OnnxModel> {
  const importer = new Importer(proto, options.seed ?? 0, options.trainable ?? (() => true), external);
  const scope: Scope = { values: new Map(), around: null, opsets: proto.opsets, prefix: '' };
  const initialized = new Set(graph.initializers.map(({ name }) => name));
  const fed = graph.inputs.filter(
    ({ name }) => !initialized.has(name) || options.constants?.[name] !== undefined,
  );
  checkNames(options, fed);
  checkDimensions(fed, options);

  const inputs: Record<string, Tensor> = {};
  const inputSignature: OnnxSignature[] = [];
  for (const info of fed) {
    const value = inputValue(importer, info, options);
    scope.values.set(info.name, value);
    if (value.known) continue;
    inputs[info.name] = value.tensor;
    inputSignature.push({ name: info.name, type: value.type, shape: value.shape });
  }
  const importing = importer.importing(graph, scope);
  let step = importing.next();
  while (!step.done) {
    if (pauses.isDue) await pauses.take();
    step = importing.next();
  }
  const results = step.value;

  const outputs: Record<string, Tensor> = {};
  const outputSignature = graph.outputs.map(({ name }, i): OnnxSignature => {
    const value = results[i];
    if (!value.isEmpty) outputs[name] = value.tensor;
    return { name, type: value.type, shape: value.shape };
  });
  const signature = { inputs: inputSignature, outputs: outputSignature };
  return new OnnxModel(importer.graph, inputs, outputs, signature, importer.nodes);
}

/** An input that is fed, or one whose numbers are given or, since it has no elements, known. */
function inputValue(importer: Importer, info: ValueInfo, options: OnnxOptions): Value {
  const { name } = info;
  const type = elementTypeOf(info.elementType);
  if (!type) {
    const what = info.elementType === 0 ? 'no tensor' : `of type ${typeName(info.elementType)}`;
    throw new GraphError(
      `loadOnnx: the input "${name}" is ${what}, which is not supported (supported: ${supportedTypes})`,
    );
  }
  const shape = shapeOf(info, options);
  const size = sizeOf(shape);
  const given = options.constants?.[name];
  if (given === undefined && size > 0) {
    return importer.value(name, type.name, shape, {
      tensor: importer.graph.input(name, shape, dtypeOf(type.name)),
    });
  }
  const numbers = typeof given === 'number' ? [given] : Array.from(given ?? [], Number);
  if (numbers.length !== size)
    throw new GraphError(
      `loadOnnx: constants: "${name}" of the shape [${shape.join(', ')}] needs ${size} numbers, got ${numbers.length}`,
    );
  return importer.value(name, type.name, shape, { numbers });
}

function shapeOf({ name, shape }: ValueInfo, { shapes, dimensions }: OnnxOptions): number[] {
  const asked = shapes?.[name];
  if (asked) return [...asked];
  return (shape ?? []).map((length) => {
    const known = typeof length === 'string' ? dimensions?.[length] : length;
    return known ?? 0;
  });
}

/** Throws where lengths of inputs are not known: all of them at once. */
function checkDimensions(inputs: readonly ValueInfo[], { shapes, dimensions }: OnnxOptions): void {
  const problems = inputs.flatMap(({ name, shape }): string[] => {
    if (shapes?.[name]) return [];
    if (!shape) return [`"${name}" has no shape in the file; give { shapes: { '${name}': [...] } }`];
    return shape.flatMap((length, axis): string[] => {
      if (typeof length === 'number' || (length !== null && dimensions?.[length] !== undefined)) return [];
      if (length === null)
        return [`axis ${axis} of "${name}" has no length in the file; give { shapes: { '${name}': [...] } }`];
      return [
        `axis ${axis} of "${name}" has the open length "${length}"; give { dimensions: { '${length}': 1 } } or another number`,
      ];
    });
  });
  if (problems.length > 0) throw new GraphError(`loadOnnx: ${problems.join('; ')}`);
}

/** Throws where an option speaks of what is not there. */
function checkNames(options: OnnxOptions, inputs: readonly ValueInfo[]): void {
  const names = inputs.map(({ name }) => name);
  for (const option of ['shapes', 'constants'] as const) {
    const wrong = Object.keys(options[option] ?? {}).find((name) => !names.includes(name));
    if (wrong !== undefined)
      throw new GraphError(
        `loadOnnx: ${option}: the model has no input "${wrong}" (its inputs: ${names.join(', ') || 'none'})`,
      );
  }
  const open = inputs.flatMap(({ shape }) => (shape ?? []).filter((length) => typeof length === 'string'));
  for (const [name, length] of Object.entries(options.dimensions ?? {})) {
    if (!open.includes(name))
      throw new GraphError(
        `loadOnnx: dimensions: no input has an axis named "${name}" (named axes: ${[...new Set(open)].join(', ') || 'none'})`,
      );
    if (!Number.isInteger(length) || length < 1)
      throw new GraphError(
        `loadOnnx: dimensions: "${name}" must be a whole number of at least 1, got ${length}`,
      );
  }
}

/** The files beside the model that its initializers name. */
async function externalFiles(
  graph: GraphProto,
  find: ((location: string) => Uint8Array | Promise<Uint8Array>) | null,
): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const { isExternal, externalData, name } of initializersOf(graph)) {
    const location = externalData.get('location');
    if (!isExternal || location === undefined || files.has(location)) continue;
    if (!find)
      throw new GraphError(
        `loadOnnx: the tensor "${name}" lies in the file "${location}"; give { externalData: (location) => bytes }`,
      );
    files.set(location, await find(location));
  }
  return files;
}

/** Initializers of a graph and of the graphs within it. */
function initializersOf(graph: GraphProto): GraphProto['initializers'] {
  const within = graph.nodes.flatMap(({ attributes }) =>
    attributes.flatMap(({ g }) => (g ? initializersOf(g) : [])),
  );
  return [...graph.initializers, ...within];
}

/** The place of a file in the folder of another one, which it may not leave. */
function beside(model: string | URL, location: string): string | URL {
  const parts = location.split(/[/\\]/);
  if (location.startsWith('/') || /^[a-z]:/i.test(location) || parts.includes('..'))
    throw new FormatError(`loadOnnx: the model names the file "${location}", which is not within its folder`);
  const isUrl = model instanceof URL || /^[a-z][a-z0-9+.-]+:\/\//i.test(model);
  if (isUrl) return new URL(location, model);
  return model.replace(/[^/\\]*$/, '') + location;
}
