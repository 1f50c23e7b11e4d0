import { type DType, isFloat } from '../core/dtype.ts';
import { GraphError } from '../core/errors.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { fuse } from '../graph/fuse.ts';
import { applyOne, Graph, type Op, Tensor, type Variable } from '../graph/graph.ts';
import { defaultTarget, type TensorSpec } from '../graph/kernel.ts';
import { storageBytes } from '../graph/layout.ts';
import { plan } from '../graph/plan.ts';
import { flopsOf, type Request, trace } from '../graph/trace.ts';
import { add } from '../ops/arithmetic.ts';
import { cast } from '../ops/comparison.ts';
import { grad } from '../ops/gradient.ts';
import type { Layer, LayerCall, Tensors } from './layer.ts';
import { type Forward, forward } from './model.ts';
import { type Cost, type Summary, type SummaryRow, type Total, tableOf } from './summaryTable.ts';

/** What a model is fed with: a shape of float32, or a shape and a dtype. */
export type InputSpec = Shape | { readonly shape: Shape; readonly dtype: DType };

/** One spec for each tensor of an input. */
export type InputSpecs<Input> = Input extends Tensor
  ? InputSpec
  : { readonly [Key in keyof Input]: InputSpec };

/**
 * What a model is made of and what it will cost, before anything is allocated: the graph is built and planned, no device is needed. Bytes
 * and dispatches are those of an adapter with WebGPU's default limits.
 *
 * ```ts
 * console.log(summary(network, [64, 28, 28, 1]).table);
 * summary(translator, { source: { shape: [32, 20], dtype: 'int32' }, target: { shape: [32, 18], dtype: 'int32' } }).parameters;
 * ```
 *
 * @throws ShapeError where a layer cannot take what comes to it; the message begins with the layer's path.
 */
export function summary<Input extends Tensors>(
  model: Layer<Input, Tensors>,
  input: InputSpecs<Input>,
): Summary {
  // The tensors have the form of their specs, which is that of the model's input.
  const x = inputsOf(new Graph(), input) as Input;
  const predict = forward(model, x);
  const train = forward(model, x, { training: true });
  const inference = costOf({ outputs: named(tensorsOf(predict.output)), updates: [] }, predict.calls);
  const training = trainingOf(train);
  const trainable = new Set(train.parameters);
  const seen = new Set<Variable>();
  const rows = outerFirst(predict.calls).map(({ path, kind, depth, output, variables }): SummaryRow => {
    const learnt = variables.filter((variable) => variable.trainable && !seen.has(variable));
    for (const variable of learnt) seen.add(variable);
    return {
      path,
      kind,
      depth,
      outputs: tensorsOf(output).map(({ shape, dtype }) => ({ shape, dtype })),
      parameters: count(learnt),
      trainableParameters: count(learnt.filter((variable) => trainable.has(variable))),
      calls: predict.calls.filter((call) => call.path === path).length,
      inference: inference.of(path),
      training: training?.of(path) ?? null,
    };
  });
  const data = {
    rows,
    parameters: rows.reduce((total, row) => total + row.parameters, 0),
    trainableParameters: rows.reduce((total, row) => total + row.trainableParameters, 0),
    inference: inference.total,
    training: training?.total ?? null,
  };
  return { ...data, table: tableOf(data) };
}

interface ProgramCost {
  readonly total: Total;
  /** Of the ops directly in the layer at `path`. */
  of(path: string): Cost;
}

/** Stands for a loss: its gradient with respect to input 0 is input 1. It is never run. */
const lossOp: Op<null> = {
  name: 'loss',
  infer: ([{ dtype }]) => [{ shape: [], dtype }],
  reference: () => [new Float64Array(1)],
  gradient: (_, [, gradient]) => [gradient, null],
};

/** Forward, and backward from a gradient of the outputs that is given: neither loss nor optimizer are part of it. */
function trainingOf(made: Forward<Tensors>): ProgramCost | null {
  const { output, parameters, updates, calls } = made;
  const outputs = tensorsOf(output);
  const terms = outputs
    .filter(({ dtype }) => isFloat(dtype))
    .map((y, i) => {
      const gradient = y.graph.input(`gradient of output ${i}`, y.shape, y.dtype);
      return cast(applyOne(lossOp, [y, gradient], null), 'float32');
    });
  if (parameters.length === 0 || terms.length === 0) return null;
  try {
    const loss = terms.reduce((total, term) => add(total, term));
    const gradients = grad(loss, parameters, { unused: 'zeros' });
    return costOf({ outputs: named([...outputs, ...gradients]), updates }, calls);
  } catch (error) {
    // An op without a gradient: such a model can only predict.
    if (error instanceof GraphError) return null;
    throw error;
  }
}

function costOf(request: Request, calls: readonly LayerCall[]): ProgramCost {
  const traced = trace(request);
  const planned = plan(traced, defaultTarget);
  const paths = new Set(calls.map(({ path }) => path));
  const costs = new Map<string, Cost>();
  const add = (stepPath: string, more: Partial<Cost>) => {
    const path = layerOf(stepPath, paths);
    const { flops, dispatches, activationBytes } = costs.get(path) ?? nothing;
    costs.set(path, {
      flops: flops + (more.flops ?? 0),
      dispatches: dispatches + (more.dispatches ?? 0),
      activationBytes: activationBytes + (more.activationBytes ?? 0),
    });
  };
  for (const step of traced.steps) add(step.path, { flops: flopsOf(step) });
  for (const { steps, calls: kernels, outputs, inPlace, view } of fuse(traced, defaultTarget)) {
    // What is fused counts for the layer with which it begins.
    const stored = view ? [] : outputs.filter((_, i) => !inPlace.some(([output]) => output === i));
    const activationBytes = stored.reduce((total, { spec }) => total + storageBytes(spec), 0);
    add(steps[0].path, { dispatches: kernels.length, activationBytes });
  }
  return {
    total: {
      flops: planned.flops,
      dispatches: planned.calls.length,
      activationBytes: [...costs.values()].reduce((total, cost) => total + cost.activationBytes, 0),
      memoryBytes: planned.memoryBytes,
    },
    of: (path) => costs.get(path) ?? nothing,
  };
}

const nothing: Cost = { flops: 0, dispatches: 0, activationBytes: 0 };

/** The innermost layer around an op, or around the op whose gradient it is part of. */
function layerOf(stepPath: string, paths: ReadonlySet<string>): string {
  let path = stepPath.replace(/^gradient\//, '');
  while (path !== '' && !paths.has(path)) path = path.slice(0, Math.max(0, path.lastIndexOf('/')));
  return path;
}

/** Calls are told when they are done, inner ones first; a table shows a layer before those in it. */
function outerFirst(calls: readonly LayerCall[]): LayerCall[] {
  const waiting: { depth: number; calls: LayerCall[] }[] = [];
  for (const call of calls) {
    let first = waiting.length;
    while (first > 0 && waiting[first - 1].depth > call.depth) first--;
    const inner = waiting.splice(first).flatMap((each) => each.calls);
    waiting.push({ depth: call.depth, calls: [call, ...inner] });
  }
  const ordered = waiting.flatMap((each) => each.calls);
  return ordered.filter(({ path }, i) => ordered.findIndex((other) => other.path === path) === i);
}

function inputsOf(graph: Graph, specs: unknown, name = 'input'): Tensors {
  if (Array.isArray(specs)) {
    if (specs.every((length) => typeof length === 'number')) return graph.input(name, specs);
    return specs.map((spec, i) => tensorOf(graph, spec, `${name} ${i}`));
  }
  if (isSpec(specs)) return graph.input(name, specs.shape, specs.dtype);
  return Object.fromEntries(
    Object.entries(specs ?? {}).map(([key, spec]) => [key, tensorOf(graph, spec, `${name} ${key}`)]),
  );
}

function tensorOf(graph: Graph, spec: InputSpec, name: string): Tensor {
  return isSpec(spec) ? graph.input(name, spec.shape, spec.dtype) : graph.input(name, spec);
}

function isSpec(spec: unknown): spec is TensorSpec {
  return typeof spec === 'object' && spec !== null && 'shape' in spec && 'dtype' in spec;
}

function tensorsOf(tensors: Tensors): Tensor[] {
  return tensors instanceof Tensor ? [tensors] : Object.values(tensors);
}

function named(tensors: readonly Tensor[]): Record<string, Tensor> {
  return Object.fromEntries(tensors.map((tensor, i) => [`${i}`, tensor]));
}

function count(variables: readonly Variable[]): number {
  return variables.reduce((total, variable) => total + sizeOf(variable.shape), 0);
}
