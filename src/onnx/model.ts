import type { CompileOptions, Device, Program } from '../backends/backend.ts';
import type { TensorData } from '../core/dtype.ts';
import { FeedError } from '../core/errors.ts';
import { showShape, sizeOf } from '../core/shape.ts';
import type { Graph, Tensor, Variable } from '../graph/graph.ts';
import { reachable } from '../graph/trace.ts';
import type { ImportedNode } from './importer.ts';
import { dtypeOf, type OnnxType, roundToType } from './types.ts';

/** An input or output of a model. */
export interface OnnxSignature {
  readonly name: string;
  /** The element type in ONNX. float16, bfloat16 and double are held as float32, int8 to int64 as int32, uint8 to uint64 as uint32. */
  readonly type: OnnxType;
  readonly shape: readonly number[];
}

/** What `run` gives for an output. Its data is a Float32Array, Int32Array, Uint32Array or, for bool, Uint8Array. */
export interface OnnxOutput extends OnnxSignature {
  readonly data: TensorData;
}

/** Numbers for the inputs, by name. 64-bit integers must fit into 32 bits. */
export type OnnxFeeds = Readonly<Record<string, ArrayLike<number> | BigInt64Array | BigUint64Array | number>>;

/**
 * A network out of an ONNX file. `inputs` and `outputs` are tensors of `graph`, so it can be run, built upon, differentiated and
 * trained like one that was written here.
 *
 * ```ts
 * const model = await loadOnnx('classifier.onnx', { dimensions: { batch: 1 } });
 * const { logits } = await model.run(device, { image: pixels });
 *
 * // Fine-tuning: its float initializers are the graph's parameters.
 * const labels = model.graph.input('labels', [1], 'int32');
 * const loss = softmaxCrossEntropy(model.outputs.logits, labels);
 * const updates = adam({ learningRate: 1e-4 }).minimize(loss);
 * const training = await device.compile({ outputs: { loss }, updates });
 * ```
 */
export class OnnxModel {
  private readonly programs = new WeakMap<Device, Promise<Program<string>>>();
  /** Inputs that some output depends on; of others, only the shape may have mattered. */
  private readonly used: ReadonlySet<string>;

  constructor(
    readonly graph: Graph,
    /** The tensors that are fed, by name. Inputs given as constants are not among them. */
    readonly inputs: Readonly<Record<string, Tensor>>,
    /** The results, by name. One without elements has no tensor; `run` gives it all the same. */
    readonly outputs: Readonly<Record<string, Tensor>>,
    readonly signature: {
      readonly inputs: readonly OnnxSignature[];
      readonly outputs: readonly OnnxSignature[];
    },
    private readonly nodes: readonly ImportedNode[],
  ) {
    const sources = reachable(Object.values(outputs)).map(({ source }) => source);
    this.used = new Set(sources.flatMap((source) => (source?.kind === 'input' ? [source.name] : [])));
  }

  /**
   * The trainable variables, named as their initializers. A filter of a convolution is held in the order that the kernels work in,
   * [height, width, inChannels, outChannels], so that no run has to transpose it.
   */
  get parameters(): Variable[] {
    return this.graph.parameters;
  }

  /** Compiles the outputs for a device; for programs with updates use `device.compile` with this model's tensors. */
  compile(
    device: Device,
    options: Pick<CompileOptions, 'onProgress' | 'signal'> = {},
  ): Promise<Program<string>> {
    return device.compile({ ...options, outputs: this.outputs });
  }

  /**
   * Runs the model once and gives all outputs. It is compiled for a device at the first run on it.
   *
   * @throws FeedError where a feed is missing, unknown, has the wrong length, or holds a number beyond 32 bits.
   */
  async run(device: Device, feeds: OnnxFeeds = {}): Promise<Record<string, OnnxOutput>> {
    const isUseless = (name: string) => this.inputs[name] !== undefined && !this.used.has(name);
    const entries = Object.entries(feeds).filter(([name]) => !isUseless(name));
    const given = Object.fromEntries(entries.map(([name, data]) => [name, this.toNumbers(name, data)]));
    const hasWork = Object.keys(this.outputs).length > 0;
    const results = hasWork ? await (await this.programOf(device)).run(given) : {};
    const outputs = this.signature.outputs.map((output): [string, OnnxOutput] => {
      const { name, type, shape } = output;
      const data = results[name] ?? new Float32Array(0);
      const rounded =
        type === 'float16' || type === 'bfloat16' ? data.map((each) => roundToType(type, each)) : data;
      return [name, { name, type, shape, data: rounded }];
    });
    return Object.fromEntries(outputs);
  }

  /** A table of the nodes with their operators and shapes, and the number of parameters. */
  summary(): string {
    const shown = ({ name, type, shape }: OnnxSignature) => `${name}: ${type} ${showShape(shape)}`;
    const rows = this.nodes.map(({ name, operator, outputs }) => [
      name,
      operator,
      outputs.map(({ type, shape }) => `${type} ${showShape(shape)}`).join(', '),
    ]);
    const widths = [0, 1].map((column) => Math.max(0, ...rows.map((row) => row[column].length)));
    const count = this.parameters.reduce((total, { shape }) => total + sizeOf(shape), 0);
    return [
      `inputs: ${this.signature.inputs.map(shown).join('; ')}`,
      ...rows.map(
        ([name, operator, shapes]) => `${name.padEnd(widths[0])}  ${operator.padEnd(widths[1])}  ${shapes}`,
      ),
      `outputs: ${this.signature.outputs.map(shown).join('; ')}`,
      `${rows.length} nodes, ${this.parameters.length} parameters of ${count} numbers`,
    ].join('\n');
  }

  private programOf(device: Device): Promise<Program<string>> {
    let program = this.programs.get(device);
    if (!program) {
      program = this.compile(device);
      this.programs.set(device, program);
      program.catch(() => this.programs.delete(device));
    }
    return program;
  }

  private toNumbers(name: string, data: OnnxFeeds[string]): ArrayLike<number> | number {
    const input = this.signature.inputs.find((each) => each.name === name);
    const numbers =
      data instanceof BigInt64Array || data instanceof BigUint64Array ? Array.from(data, Number) : data;
    if (!input || typeof numbers === 'number') return numbers;
    const dtype = dtypeOf(input.type);
    const range = rangeOf(input.type);
    if (!range) return numbers;
    for (let i = 0; i < numbers.length; i++) {
      if (dtype === 'float32' && !Number.isFinite(numbers[i])) continue;
      if (numbers[i] >= range[0] && numbers[i] <= range[1]) continue;
      throw new FeedError(
        `run: feed "${name}": ${numbers[i]} at ${i} is out of range; ${input.type} is held as ${dtype}, from ${range[0]} to ${range[1]}`,
      );
    }
    if (dtype === 'float32') return Float32Array.from(numbers);
    return dtype === 'int32' ? Int32Array.from(numbers) : Uint32Array.from(numbers);
  }
}

/** What the dtype that holds `type` can hold of it; null for all of it. */
function rangeOf(type: OnnxType): readonly [number, number] | null {
  switch (dtypeOf(type)) {
    case 'int32':
      return [-(2 ** 31), 2 ** 31 - 1];
    case 'uint32':
      return [0, 2 ** 32 - 1];
    case 'float32':
      return type === 'double' ? [-largestFloat, largestFloat] : null;
    default:
      return null;
  }
}

/** The largest finite float32. */
const largestFloat = (2 - 2 ** -23) * 2 ** 127;
