import { type DType, dtypes, isFloat, roundTo } from '../core/dtype.ts';
import { asOfCall, DTypeError, GraphError, ShapeError, TensorloomError } from '../core/errors.ts';
import type { RandomStream } from '../core/random.ts';
import { checkShape, type Shape, showShape, sizeOf } from '../core/shape.ts';
import type { Elementwise } from './elementwise.ts';
import type { Binding, KernelCall, KernelContext, TensorSpec } from './kernel.ts';

/** A value as the simplifier sees it. */
export interface SimplifyValue {
  readonly spec: TensorSpec;
  /** Present where the value is a constant. */
  readonly constant?: Float64Array;
  /** The op that made it, where one did. */
  readonly producer?: {
    readonly op: Op<unknown>;
    readonly attrs: unknown;
    readonly inputs: readonly SimplifyValue[];
  };
}

/** All that the library knows of one operation. */
export interface Op<Attrs> {
  readonly name: string;
  /** The only shape checks. Throws `ShapeError` or `DTypeError`; the caller adds the op's name and layer. */
  infer(inputs: readonly TensorSpec[], attrs: Attrs): TensorSpec[];
  /** The meaning: plain loops in float64, whatever the dtypes. Integers and bools are rounded by the caller. */
  reference(
    inputs: readonly Float64Array[],
    specs: { readonly inputs: readonly TensorSpec[]; readonly outputs: readonly TensorSpec[] },
    attrs: Attrs,
  ): Float64Array[];
  /** The GPU work as data. An op with `view` or `elementwise` needs none. */
  kernels?(context: KernelContext<Attrs>): KernelCall[];
  /**
   * Gradients with respect to the inputs, as more nodes of the same graph. `outputGradients[i]` is null where
   * output i does not influence the loss. Null in the result: no gradient flows to that input.
   */
  gradient?(
    outputGradients: readonly (Tensor | null)[],
    inputs: readonly Tensor[],
    outputs: readonly Tensor[],
    attrs: Attrs,
  ): (Tensor | null)[];
  /** Present when every output element depends only on the operands' elements at the same (broadcast) place. */
  readonly elementwise?: Elementwise<Attrs>;
  /** The kernels apply `context.epilogue` to output 0; `bindings` is how many storage buffers they bind themselves. */
  readonly epilogue?: { bindings(inputCount: number, attrs: Attrs): number };
  /** No gradient flows through: what lies behind it is not trained by the loss before it. */
  readonly stopsGradient?: boolean;
  /** An axis at each of whose places output 0 sums up to 0 over all other axes, whatever the values are; null where there is none. */
  zeroSumAxis?(inputs: readonly Tensor[], attrs: Attrs): number | null;
  /** The output is input 0 under another shape: no work, no memory. */
  readonly view?: boolean;
  /** Every element of output 0 is one of input 0's, some of them several times over. */
  readonly repeats?: boolean;
  /** Pairs [output, input] that share storage: the kernels update the input's memory. */
  inPlace?(inputCount: number, attrs: Attrs): readonly (readonly [number, number])[];
  /** Another value that equals output 0, if there is one: `mul(x, 1)` is x. */
  simplify?(inputs: readonly SimplifyValue[], output: TensorSpec, attrs: Attrs): SimplifyValue | null;
  /** Whole numbers that an input may hold, both ends included: checked where it is fed. */
  feedRange?(attrs: Attrs): { readonly input: number; readonly low: number; readonly high: number } | null;
  /** Present where the kernels come in variants: the entry of `Target.variants` that takes one of `names`. A tuner times them. */
  readonly variants?: { readonly entry: string; readonly names: readonly string[] };
  /** Floating-point operations of one run, for `program.stats`; one per output element where it is not told. */
  flops?(inputs: readonly TensorSpec[], outputs: readonly TensorSpec[], attrs: Attrs): number;
}

export type { Binding, KernelCall, KernelContext, TensorSpec };

/** Where a node's value comes from, when no op computes it. */
export type Source =
  | { readonly kind: 'input'; readonly name: string }
  | { readonly kind: 'variable' }
  | { readonly kind: 'constant'; readonly values: Float64Array };

/** One use of an op in a graph, or a leaf. */
export class Node {
  readonly outputs: readonly Tensor[];
  constructor(
    readonly graph: Graph,
    readonly id: number,
    readonly op: Op<unknown> | null,
    readonly source: Source | null,
    readonly inputs: readonly Tensor[],
    readonly attrs: unknown,
    /** Scope and op, such as `encoder/conv1/conv2d`: what messages call the node. */
    readonly path: string,
    outputs: (node: Node) => readonly Tensor[],
  ) {
    this.outputs = outputs(this);
  }
}

/** One output of a node: what the user holds. There is no data inside. */
export class Tensor implements TensorSpec {
  readonly shape: Shape;
  readonly dtype: DType;
  constructor(
    readonly node: Node,
    readonly index: number,
    spec: TensorSpec,
  ) {
    this.shape = spec.shape;
    this.dtype = spec.dtype;
  }

  get graph(): Graph {
    return this.node.graph;
  }

  get rank(): number {
    return this.shape.length;
  }

  get size(): number {
    return sizeOf(this.shape);
  }

  /** `dense1/matmul: float32 [64, 10]` */
  toString(): string {
    return `${this.node.path}: ${this.dtype} ${showShape(this.shape)}`;
  }
}

/** Initial values: data, one number for all elements, or a rule that draws them. */
export type Initializer =
  | ArrayLike<number>
  | number
  | ((shape: Shape, random: RandomStream) => ArrayLike<number>);

/**
 * A tensor that lives on the device and keeps its value between runs: a parameter, running statistics,
 * optimizer state, a data set. Programs of one graph share it.
 */
export class Variable extends Tensor {
  /** Unique in its graph; the key under which a checkpoint stores it. */
  readonly name: string;
  readonly trainable: boolean;
  /** Variables of one group lie in one device buffer, so that one dispatch can update all of them. */
  readonly group: string;
  readonly initializer: Initializer;

  constructor(
    node: Node,
    spec: TensorSpec,
    options: Required<VariableOptions> & { name: string; group: string },
  ) {
    super(node, 0, spec);
    this.name = options.name;
    this.trainable = options.trainable;
    this.group = options.group;
    this.initializer = options.initializer;
  }
}

export interface VariableOptions {
  /** Default 0. A function gets the shape and a random stream that depends only on the graph's seed and the name. */
  initializer?: Initializer;
  /** Whether `graph.parameters` lists it; default true for float dtypes. */
  trainable?: boolean;
  dtype?: DType;
}

/** A tensor, or a number that stands for a constant of the other operand's dtype. */
export type TensorLike = Tensor | number;

/** Bytes up to which trainable variables are put into one buffer: WebGPU's default `maxStorageBufferBindingSize`. */
const groupBytes = 134_217_728;

/**
 * Holds inputs, variables and the ops between them.
 *
 * ```ts
 * const graph = new Graph({ seed: 1 });
 * const x = graph.input('x', [64, 784]);
 * const w = graph.variable('w', [784, 10], { initializer: glorotUniform() });
 * const y = matmul(x, w);
 * ```
 */
export class Graph {
  readonly seed: number;
  /** Every node, in the order of creation, in which inputs come before their users. */
  readonly nodes: Node[] = [];
  private readonly names = new Map<string, Tensor>();
  private readonly groups = new Map<string, Variable[]>();
  private readonly scopes: string[] = [];
  private groupFill = 0;
  private groupNumber = 0;
  private streams = 0;
  private stepVariable: Variable | null = null;

  constructor(options: { seed?: number } = {}) {
    this.seed = options.seed ?? 0;
  }

  /** A tensor that each run is fed with, under `name`. */
  input(name: string, shape: Shape, dtype: DType = 'float32'): Tensor {
    this.checkLeaf('input', name, shape, dtype);
    const tensor = this.addLeaf({ kind: 'input', name }, name, { shape: [...shape], dtype });
    this.names.set(name, tensor);
    return tensor;
  }

  /** A tensor that lives on the device and that programs may update; `name` is prefixed with the scope. */
  variable(name: string, shape: Shape, options: VariableOptions = {}): Variable {
    const trainable = options.trainable ?? (options.dtype ?? 'float32') === 'float32';
    if (!trainable) return this.groupedVariable(name, shape, `state/${this.path(name)}`, options, false);
    const bytes = Math.ceil(sizeOf(shape) / 64) * 256;
    if (this.groupFill + bytes > groupBytes && this.groupFill > 0) this.sealParameters();
    this.groupFill += bytes;
    return this.groupedVariable(name, shape, `parameters/${this.groupNumber}`, options, true);
  }

  /** A variable in a named group: optimizers keep the state of many parameters in one buffer this way. */
  groupedVariable(
    name: string,
    shape: Shape,
    group: string,
    options: VariableOptions = {},
    trainable = false,
  ): Variable {
    const dtype = options.dtype ?? 'float32';
    const path = this.path(name);
    this.checkLeaf('variable', path, shape, dtype);
    const initializer = options.initializer ?? 0;
    if (typeof initializer === 'object' && initializer.length !== sizeOf(shape)) {
      throw new ShapeError(
        `variable "${path}": shape ${showShape(shape)} has ${sizeOf(shape)} elements, the initializer gives ${initializer.length}`,
      );
    }
    const full = { initializer, trainable, dtype, name: path, group };
    const node = this.addNode(null, { kind: 'variable' }, [], null, path, (made) => [
      new Variable(made, { shape: [...shape], dtype }, full),
    ]);
    const variable = node.outputs[0] as Variable;
    this.names.set(path, variable);
    const members = this.groups.get(group);
    if (members) members.push(variable);
    else this.groups.set(group, [variable]);
    return variable;
  }

  /** No more variables join `group`: a device has laid it out. Called by devices. */
  sealGroup(group: string): void {
    if (group === `parameters/${this.groupNumber}`) this.sealParameters();
  }

  private sealParameters(): void {
    this.groupNumber++;
    this.groupFill = 0;
  }

  /** A tensor whose values never change. */
  constant(values: ArrayLike<number> | number, shape: Shape = [], dtype: DType = 'float32'): Tensor {
    checkShape('constant', shape);
    const size = sizeOf(shape);
    if (typeof values !== 'number' && values.length !== size) {
      throw new ShapeError(`constant: shape ${showShape(shape)} has ${size} elements, got ${values.length}`);
    }
    const data = new Float64Array(size);
    for (let i = 0; i < size; i++) data[i] = roundTo(dtype, typeof values === 'number' ? values : values[i]);
    return this.addLeaf({ kind: 'constant', values: data }, 'constant', { shape: [...shape], dtype });
  }

  /**
   * How many updating runs came before this one: uint32, shape []. Dropout draws by it, optimizers correct their bias
   * with it. It advances after each run of a program that has updates.
   */
  get step(): Variable {
    this.stepVariable ??= this.unscoped(() => this.groupedVariable('step', [], 'step', { dtype: 'uint32' }));
    return this.stepVariable;
  }

  /** Trainable variables, in the order of creation. */
  get parameters(): Variable[] {
    return this.variables.filter((variable) => variable.trainable);
  }

  get variables(): Variable[] {
    return this.nodes.map((node) => node.outputs[0]).filter((tensor) => tensor instanceof Variable);
  }

  /** In the order in which they were made. */
  variablesOf(group: string): readonly Variable[] {
    return this.groups.get(group) ?? [];
  }

  /** A number that no other call gets: the stream of random numbers of one dropout. */
  nextStream(): number {
    return this.streams++;
  }

  /** Nodes and variables that `body` makes carry `name/` before their own names, in messages and in checkpoints. */
  scope<Result>(name: string, body: () => Result): Result {
    this.scopes.push(name);
    try {
      return body();
    } finally {
      this.scopes.pop();
    }
  }

  /** What `body` makes carries no scope: what belongs to the graph as a whole, whoever asks for it first. */
  unscoped<Result>(body: () => Result): Result {
    const scopes = this.scopes.splice(0);
    try {
      return body();
    } finally {
      this.scopes.push(...scopes);
    }
  }

  path(name: string): string {
    return [...this.scopes, name].join('/');
  }

  addNode(
    op: Op<unknown> | null,
    source: Source | null,
    inputs: readonly Tensor[],
    attrs: unknown,
    path: string,
    outputs: (node: Node) => readonly Tensor[],
  ): Node {
    const node = new Node(this, this.nodes.length, op, source, inputs, attrs, path, outputs);
    this.nodes.push(node);
    return node;
  }

  private addLeaf(source: Source, path: string, spec: TensorSpec): Tensor {
    return this.addNode(null, source, [], null, path, (node) => [new Tensor(node, 0, spec)]).outputs[0];
  }

  private checkLeaf(kind: string, name: string, shape: Shape, dtype: DType): void {
    if (name === '') throw new GraphError(`${kind}: needs a name`);
    if (this.names.has(name))
      throw new GraphError(`${kind}: the name "${name}" is taken by ${this.names.get(name)}`);
    checkShape(`${kind} "${name}"`, shape);
    if (!dtypes.includes(dtype)) {
      throw new DTypeError(`${kind} "${name}": unknown dtype "${dtype}" (expected ${dtypes.join(', ')})`);
    }
  }
}

/** Uses `op` in the graph of its inputs. Shape errors are thrown here, at the user's line. */
export function apply<Attrs>(op: Op<Attrs>, inputs: readonly Tensor[], attrs: Attrs): Tensor[] {
  const graph = inputs.find((input) => input instanceof Tensor)?.graph;
  const path = graph?.path(op.name) ?? op.name;
  for (const input of inputs) {
    if (!graph || !(input instanceof Tensor)) {
      throw new GraphError(`${path}: expected a tensor, got ${input === null ? 'null' : typeof input}`);
    }
    if (input.graph !== graph) {
      throw new GraphError(`${path}: inputs come from two graphs: ${inputs[0]} and ${input}`);
    }
  }
  if (!graph) throw new GraphError(`${path}: expected at least one tensor`);
  const specs = withPath(path, () => op.infer(inputs, attrs));
  const node = graph.addNode(op as Op<unknown>, null, inputs, attrs, path, (made) =>
    specs.map((spec, index) => new Tensor(made, index, spec)),
  );
  return [...node.outputs];
}

/**
 * The axis at each of whose places `tensor` is known to sum up to 0: as a gradient it leaves nothing to a bias on that axis. The
 * sum that a kernel would make is not 0 but its rounding errors, which Adam's division blows up to steps as large as any.
 */
export function zeroSumAxisOf({ node, index }: Tensor): number | null {
  return index === 0 ? (node.op?.zeroSumAxis?.(node.inputs, node.attrs) ?? null) : null;
}

/** The first output of `apply`, for the many ops that have one. */
export function applyOne<Attrs>(op: Op<Attrs>, inputs: readonly Tensor[], attrs: Attrs): Tensor {
  return apply(op, inputs, attrs)[0];
}

/** Puts the node's path before the message of an error that `body` throws. */
function withPath<Result>(path: string, body: () => Result): Result {
  try {
    return body();
  } catch (error) {
    if (error instanceof TensorloomError) error.message = `${path}: ${error.message}`;
    throw asOfCall(apply, error);
  }
}

/** Numbers become constants of the dtype of the first tensor among `values`. */
export function toTensors(what: string, values: readonly TensorLike[]): Tensor[] {
  const tensor = values.find((value) => value instanceof Tensor);
  if (!(tensor instanceof Tensor)) throw new GraphError(`${what}: at least one operand must be a tensor`);
  return values.map((value) => {
    if (typeof value !== 'number') return value;
    if (!isFloat(tensor.dtype) && !Number.isInteger(value)) {
      throw new DTypeError(
        `${tensor.graph.path(what)}: ${value} is no ${tensor.dtype}, which ${tensor} is; use cast`,
      );
    }
    return tensor.graph.constant(value, [], tensor.dtype);
  });
}
