import type { Device } from '../backends/backend.ts';
import { isFloat, roundTo, type TensorData, toTensorData } from '../core/dtype.ts';
import { sizeOf } from '../core/shape.ts';
import { apply, Graph, type Tensor, type TensorSpec, type Variable } from '../graph/graph.ts';
import { flopsOf, runReference, type Step, type Trace, type Value } from '../graph/trace.ts';
import { boundOf, difference } from './bounds.ts';
import { largest } from './reference.ts';
import type { VerifiedValue } from './report.ts';

// Op by op: each step of a trace runs by itself on the device, from the numbers that the reference gives to its inputs.

/** A step with the numbers that go in and the ones that should come out. */
interface Task {
  readonly step: Step;
  readonly inputs: readonly Float64Array[];
  readonly wanted: readonly Float64Array[];
  /** For each output, whether the program reads it: kernels need not write what nothing reads. */
  readonly used: readonly boolean[];
}

/** Steps that run in one program: as many as stay below these. */
const most = { steps: 64, elements: 4_194_304 };

/**
 * Runs every step that has a kernel. Values are those of the reference, rounded to their dtypes after each step, so that errors do
 * not pile up.
 */
export async function verifySteps(
  device: Device,
  traced: Trace,
  leaves: (leaf: Value) => ArrayLike<number>,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<VerifiedValue[]> {
  const rows: VerifiedValue[] = [];
  let waiting: Task[] = [];
  let elements = 0;
  let done = 0;
  const flush = async () => {
    if (waiting.length > 0) rows.push(...(await runTasks(device, waiting)));
    done += waiting.length;
    onProgress(done, traced.steps.length);
    waiting = [];
    elements = 0;
  };
  for (const task of tasksOf(traced, leaves)) {
    const size = [...task.inputs, ...task.wanted].reduce((total, values) => total + values.length, 0);
    if (waiting.length === most.steps || elements + size > most.elements) await flush();
    if (task.step.op.inPlace) {
      await flush();
      rows.push(...(await runInPlace(device, task)));
      continue;
    }
    waiting.push(task);
    elements += size;
  }
  await flush();
  return rows;
}

/** The steps that have kernels, in order, each with its numbers. */
function* tasksOf(traced: Trace, leaves: (leaf: Value) => ArrayLike<number>): Iterable<Task> {
  const values = new Map<Value, Float64Array>();
  const get = (value: Value) => {
    const known = value.constant ?? values.get(value);
    if (known) return known;
    const numbers = Float64Array.from(leaves(value), (number) => roundTo(value.spec.dtype, number));
    values.set(value, numbers);
    return numbers;
  };
  const read = new Set([
    ...traced.steps.flatMap(({ inputs }) => inputs),
    ...traced.outputs.values(),
    ...traced.updates.map(([, value]) => value),
  ]);
  for (const step of traced.steps) {
    const inputs = step.inputs.map(get);
    const specs = { inputs: step.inputs.map(specOf), outputs: step.outputs.map(specOf) };
    const wanted = runReference(step.op, inputs, specs, step.attrs).map((numbers, i) =>
      numbers.map((number) => roundTo(step.outputs[i].spec.dtype, number)),
    );
    for (const [i, output] of step.outputs.entries()) values.set(output, wanted[i]);
    const used = step.outputs.map((output) => read.has(output));
    if (!step.op.view) yield { step, inputs, wanted, used };
  }
}

function specOf({ spec }: Value): TensorSpec {
  return spec;
}

/** All tasks in one program; where that does not work, each in its own, so that only the guilty ones fail. */
async function runTasks(device: Device, tasks: readonly Task[]): Promise<VerifiedValue[]> {
  const graph = new Graph();
  const outputs: Record<string, Tensor> = {};
  const feeds: Record<string, TensorData> = {};
  try {
    for (const [t, { step, inputs, used }] of tasks.entries()) {
      const tensors = step.inputs.map(({ spec }, i) => {
        const name = `${t}/${i}`;
        feeds[name] = toTensorData(spec.dtype, inputs[i]);
        return graph.input(name, spec.shape, spec.dtype);
      });
      const made = graph.scope(step.path, () => apply(step.op, tensors, step.attrs));
      for (const [i, tensor] of made.entries()) if (used[i]) outputs[`${t}/${i}`] = tensor;
    }
    const program = await device.compile({ outputs, keepNodes: true });
    try {
      const results = await program.run(feeds);
      return tasks.flatMap((task, t) => rowsOf(task, (i) => results[`${t}/${i}`]));
    } finally {
      program.dispose();
    }
  } catch (error) {
    if (tasks.length === 1) return [failedRow(tasks[0], error)];
    const rows: VerifiedValue[] = [];
    for (const task of tasks) rows.push(...(await runTasks(device, [task])));
    return rows;
  }
}

/** A step whose outputs lie in the memory of its inputs: these become variables of a graph of its own. */
async function runInPlace(device: Device, task: Task): Promise<VerifiedValue[]> {
  const { step, inputs, used } = task;
  const pairs = step.op.inPlace?.(step.inputs.length, step.attrs) ?? [];
  const graph = new Graph();
  const feeds: Record<string, TensorData> = {};
  const variables = new Map<number, Variable>();
  try {
    const tensors = step.inputs.map(({ spec, variable }, i) => {
      if (!pairs.some(([, input]) => input === i)) {
        feeds[String(i)] = toTensorData(spec.dtype, inputs[i]);
        return graph.input(String(i), spec.shape, spec.dtype);
      }
      const group = variable?.group ?? `input ${i}`;
      const own = graph.groupedVariable(`variable ${i}`, spec.shape, group, {
        dtype: spec.dtype,
        initializer: inputs[i],
      });
      variables.set(i, own);
      return own;
    });
    const made = graph.scope(step.path, () => apply(step.op, tensors, step.attrs));
    const updates = pairs.map(([output, input]) => [variables.get(input)!, made[output]] as const);
    const outputs: Record<string, Tensor> = {};
    for (const [i, tensor] of made.entries())
      if (used[i] && !pairs.some(([output]) => output === i)) outputs[String(i)] = tensor;
    const program = await device.compile({ outputs, updates, checkFinite: [] });
    try {
      const results = new Map<number, TensorData>();
      for (const [name, data] of Object.entries(await program.run(feeds))) results.set(Number(name), data);
      for (const [output, input] of pairs) results.set(output, await device.read(variables.get(input)!));
      return rowsOf(task, (i) => results.get(i) ?? new Float32Array());
    } finally {
      program.dispose();
    }
  } catch (error) {
    return [failedRow(task, error)];
  }
}

/** One row for each output of a step. */
function rowsOf({ step, inputs, wanted, used }: Task, got: (output: number) => TensorData): VerifiedValue[] {
  const made = step.outputs.reduce((total, { spec }) => total + sizeOf(spec.shape), 0);
  const terms = flopsOf(step) / made;
  return step.outputs.flatMap(({ spec }, i): VerifiedValue[] => {
    if (!used[i]) return [];
    // The terms of a sum are about as large as what goes in, whatever is left of them.
    const summed = terms > 1 ? inputs.filter((_, j) => isFloat(step.inputs[j].spec.dtype)) : [];
    const scale = Math.max(...[wanted[i], ...summed].map(largest));
    const bound = boundOf(spec.dtype, scale, terms);
    const found = difference(got(i), wanted[i], spec.dtype, bound);
    return [
      {
        ...named(step),
        output: i,
        shape: spec.shape,
        dtype: spec.dtype,
        bound,
        difference: found,
        verdict: found.differing === 0 ? 'passed' : 'failed',
        message: '',
      },
    ];
  });
}

function failedRow({ step }: Task, error: unknown): VerifiedValue {
  const { shape, dtype } = step.outputs[0].spec;
  const message = error instanceof Error ? error.message : String(error);
  return {
    ...named(step),
    output: 0,
    shape,
    dtype,
    bound: null,
    difference: null,
    verdict: 'error',
    message,
  };
}

function named({ op, path, inputs }: Step) {
  return { op: op.name, path, inputShapes: inputs.map(({ spec }) => spec.shape) };
}
