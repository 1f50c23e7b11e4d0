import type { DType } from '../core/dtype.ts';
import { asOfCall, GraphError, ShapeError, TensorloomError } from '../core/errors.ts';
import { type Shape, sameShape, showShape } from '../core/shape.ts';
import { type Graph, type Initializer, Tensor, type Variable } from '../graph/graph.ts';
import { stopGradient } from '../ops/comparison.ts';

/** What a layer takes and gives: a tensor, or several, by place or by name. */
export type Tensors = Tensor | readonly Tensor[] | Readonly<Record<string, Tensor>>;

/**
 * A part of a model: a plain record. Its variables are made when it is first called in a graph, and found again by every later call in
 * that graph, whatever the batch size: calling a layer twice shares its weights, and so do the programs for training, evaluation and
 * prediction.
 *
 * ```ts
 * const hidden = dense(16);
 * const context = callContext(graph, { training: true });
 * const y = relu(hidden.call(x, context)); // variables dense/weight and dense/bias
 * ```
 */
export interface Layer<Input = Tensor, Output = Tensor> {
  /** Such as `dense`. */
  readonly kind: string;
  /** The name under which its variables and ops are filed; where none was given, the kind, numbered where it is taken. */
  readonly name: string;
  call(x: Input, context: CallContext): Output;
}

/** One call of a layer, as `CallContext.onCall` is told of it when it is done. */
export interface LayerCall {
  readonly kind: string;
  /** Scope of the call, such as `model/block2/conv`. */
  readonly path: string;
  /** How many layers it lies in. */
  readonly depth: number;
  readonly output: Tensors;
  /** Its own variables, without those of the layers in it. */
  readonly variables: readonly Variable[];
  readonly frozen: boolean;
}

/**
 * What the call of a model tells its layers, and what it collects from them. One context serves one call of a whole model, or the
 * calls of several that belong to one step.
 */
export interface CallContext {
  readonly graph: Graph;
  /** Scope of the layer that is being called, such as `model/block2/conv`: what its messages begin with. */
  readonly path: string;
  /** Whether dropout drops and batch normalisation uses the statistics of the batch. */
  readonly training: boolean;
  /** Whether parameters are to stay as they are: no gradient flows to them, and statistics do not change. */
  readonly frozen: boolean;
  /** Every variable that the layers used, in the order of use: what a checkpoint holds. */
  readonly variables: Set<Variable>;
  /** Those of them that are to be trained: what an optimizer gets. */
  readonly parameters: Set<Variable>;
  /** New values of running statistics, for `compile({ updates })`. */
  readonly updates: Map<Variable, Tensor>;
  /** What regularisation adds to the loss, by parameter. */
  readonly penalties: Map<Variable, Tensor>;
  /** How many streams of random numbers have been taken, by path. */
  readonly streams: Map<string, number>;
  /** How many layers the present one lies in. */
  readonly depth: number;
  /** Told of each call when it is done, inner layers first. */
  readonly onCall?: (call: LayerCall) => void;
}

/** A context that has collected nothing yet. Without `training` it is one for prediction. */
export function callContext(
  graph: Graph,
  options: { training?: boolean; onCall?: (call: LayerCall) => void } = {},
): CallContext {
  return {
    graph,
    path: '',
    training: options.training ?? false,
    frozen: false,
    variables: new Set(),
    parameters: new Set(),
    updates: new Map(),
    penalties: new Map(),
    streams: new Map(),
    depth: 0,
    onCall: options.onCall,
  };
}

/** What a regularised parameter adds to the loss: a scalar. */
export type Regularizer = (parameter: Tensor) => Tensor;

/** What all layers take. `Parameter` are the names of the layer's parameters, such as `weight` and `bias`. */
export interface LayerOptions<Parameter extends string = string> {
  /** Must be the only one of its name within the layer or model around it. */
  name?: string;
  /** False: the layer's parameters, and those of layers in it, stay as they are; see `freeze`. Default true. */
  trainable?: boolean;
  /** First values by parameter, in place of the layer's own choice. */
  initializers?: Readonly<Partial<Record<Parameter, Initializer>>>;
  /** Added to the loss by parameter, such as `{ weight: l2(1e-4) }`. */
  regularizers?: Readonly<Partial<Record<Parameter, Regularizer>>>;
}

/** An `Initializer` that is a function. */
export type DrawFunction = Extract<Initializer, (...args: never[]) => unknown>;

/** How the body of a layer gets at its variables. */
export interface OwnVariables {
  /**
   * The trainable variable of that name. Made on the first call in a graph; a later call must ask for the same shape.
   *
   * @param adapt what becomes of an initializer that is a function, the layer's or one of the options: where its [..., inputs, outputs] is
   * not the order of `shape`.
   */
  parameter(
    name: string,
    shape: Shape,
    initializer: Initializer,
    adapt?: (draw: DrawFunction) => DrawFunction,
  ): Tensor;
  /** A variable that is not trained, such as a running mean. New values go into `context.updates`. */
  state(name: string, shape: Shape, options?: { initializer?: Initializer; dtype?: DType }): Variable;
}

/** What a layer keeps for a graph that it was called in. */
interface Home {
  readonly name: string;
  readonly variables: Map<string, Variable>;
}

/** Who has which scope of a graph. */
const owners = new WeakMap<Graph, Map<string, object>>();

/**
 * Makes a layer. `body` computes its output, with variables of `own`; ops and layers that it uses are filed under the layer's name.
 *
 * ```ts
 * const scale = makeLayer('scale', {}, (x: Tensor, context, own) => mul(x, own.parameter('factor', [x.shape.at(-1)!], 1)));
 * ```
 */
export function makeLayer<Input = Tensor, Output extends Tensors = Tensor>(
  kind: string,
  options: LayerOptions,
  body: (x: Input, context: CallContext, own: OwnVariables) => Output,
): Layer<Input, Output> {
  const homes = new WeakMap<Graph, Home>();
  const layer: Layer<Input, Output> = {
    kind,
    name: options.name ?? kind,
    call(x, context) {
      const { graph } = context;
      let home = homes.get(graph);
      if (!home) {
        home = { name: claimName(graph, kind, options.name, homes), variables: new Map() };
        homes.set(graph, home);
      }
      const { name, variables } = home;
      return graph.scope(name, () => {
        const path = graph.path('').slice(0, -1);
        const inner: CallContext = {
          ...context,
          path,
          depth: context.depth + 1,
          frozen: context.frozen || options.trainable === false,
        };
        const own = ownVariables(path, inner, variables, options);
        const output = body(x, inner, own);
        checkNames(path, options, variables);
        context.onCall?.({
          kind,
          path,
          depth: context.depth,
          output,
          variables: [...variables.values()],
          frozen: inner.frozen,
        });
        return output;
      });
    },
  };
  return layer;
}

/**
 * `makeLayer` for layers whose body is all our own: their errors begin at the line that calls them.
 */
export function makeLeaf<Input, Output extends Tensors>(
  kind: string,
  options: LayerOptions,
  body: (x: Input, context: CallContext, own: OwnVariables) => Output,
): Layer<Input, Output> {
  const inner = makeLayer(kind, options, body);
  const leaf: Layer<Input, Output> = {
    ...inner,
    call(x, context) {
      try {
        return inner.call(x, context);
      } catch (error) {
        throw asOfCall(leaf.call, error);
      }
    },
  };
  return leaf;
}

/**
 * The same layer, sharing its variables, with all that is in it held fast: no gradient flows to its parameters, optimizers leave them
 * alone, batch normalisation uses its running statistics and does not change them, regularisation adds nothing. The layer
 * itself is not changed, so that one model can be trained in phases.
 *
 * ```ts
 * const first = sequential([freeze(backbone), head]); // trains the head alone
 * const then = sequential([backbone, head]); // trains both, from where the first left them
 * ```
 */
export function freeze<Input, Output>(layer: Layer<Input, Output>): Layer<Input, Output> {
  return { ...layer, call: (x, context) => layer.call(x, { ...context, frozen: true }) };
}

function ownVariables(
  path: string,
  context: CallContext,
  variables: Map<string, Variable>,
  { initializers, regularizers }: LayerOptions,
): OwnVariables {
  const { graph, frozen } = context;
  const find = (name: string, shape: Shape, make: () => Variable): Variable => {
    let variable = variables.get(name);
    if (!variable) {
      variable = make();
      variables.set(name, variable);
    } else if (!sameShape(variable.shape, shape)) {
      throw new ShapeError(
        `${path}: ${name} is ${showShape(variable.shape)} since the first call of this layer, the present input asks for ${showShape(shape)}; a layer shares its weights among all its calls, so make another layer for another shape`,
      );
    }
    context.variables.add(variable);
    return variable;
  };
  return {
    parameter(name, shape, initializer, adapt) {
      const chosen = initializers?.[name] ?? initializer;
      const given = typeof chosen === 'function' && adapt ? adapt(chosen) : chosen;
      const variable = find(name, shape, () => graph.variable(name, shape, { initializer: given }));
      if (frozen) return stopGradient(variable);
      context.parameters.add(variable);
      const regularizer = regularizers?.[name];
      if (regularizer && !context.penalties.has(variable)) {
        context.penalties.set(variable, checkPenalty(path, name, regularizer(variable)));
      }
      return variable;
    },
    state(name, shape, options = {}) {
      return find(name, shape, () => graph.variable(name, shape, { ...options, trainable: false }));
    },
  };
}

function checkPenalty(path: string, name: string, penalty: Tensor): Tensor {
  if (penalty instanceof Tensor && penalty.rank === 0 && penalty.dtype === 'float32') return penalty;
  throw new ShapeError(
    `${path}: the regularizer of ${name} must give a float32 scalar, got ${penalty instanceof Tensor ? penalty : typeof penalty}`,
  );
}

/** Options for a parameter that the layer does not have are a slip of the pen. */
function checkNames(path: string, options: LayerOptions, variables: ReadonlyMap<string, Variable>): void {
  for (const option of ['initializers', 'regularizers'] as const) {
    for (const name of Object.keys(options[option] ?? {})) {
      if (variables.has(name)) continue;
      const names = [...variables.keys()];
      throw new GraphError(
        `${path}: ${option} has "${name}", which is no parameter of this layer (${names.length > 0 ? `it has ${names.join(', ')}` : 'it has none'})`,
      );
    }
  }
}

/** A name for a layer within the present scope: the one asked for, or the kind with a number where it is taken. */
function claimName(graph: Graph, kind: string, name: string | undefined, owner: object): string {
  const taken = owners.get(graph) ?? new Map<string, object>();
  owners.set(graph, taken);
  if (name === '') throw new GraphError(`${graph.path(kind)}: the name of a layer must not be empty`);
  let candidate = name ?? kind;
  for (let number = 2; taken.has(graph.path(candidate)); number++) {
    if (name !== undefined) {
      throw new GraphError(
        `${graph.path(name)}: the name "${name}" is taken by another layer; give each layer a name of its own, or call the same layer twice to share its weights`,
      );
    }
    candidate = `${kind}${number}`;
  }
  taken.set(graph.path(candidate), owner);
  return candidate;
}

/** The graph of an input. */
export function graphOf(what: string, input: Tensors): Graph {
  const found = input instanceof Tensor ? input : Object.values(input).find((each) => each instanceof Tensor);
  if (found instanceof Tensor) return found.graph;
  throw new TensorloomError(
    `${what}: expected a tensor, or several in an array or a record, got ${String(input)}`,
  );
}
