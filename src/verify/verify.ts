import type { CompileOptions, Device, Feeds, Program } from '../backends/backend.ts';
import { checkFeeds, initialValues } from '../backends/feeds.ts';
import { openDevice } from '../backends/open.ts';
import { isFloat, roundTo, toTensorData } from '../core/dtype.ts';
import { GraphError, TensorloomError } from '../core/errors.ts';
import { type Tensor, Variable } from '../graph/graph.ts';
import { reachable, trace, type Value } from '../graph/trace.ts';
import { grad } from '../ops/gradient.ts';
import { boundOf, difference } from './bounds.ts';
import { evaluator, largest, weightedSum } from './reference.ts';
import { type VerifiedValue, VerifyReport } from './report.ts';
import { verifySteps } from './steps.ts';

/** What can be verified: a program, or what would be compiled. */
export type VerifyTarget = Program | Pick<CompileOptions, 'outputs' | 'updates'>;

export interface VerifyOptions {
  /** Also verify the gradients of all float outputs with respect to inputs and parameters; default true. */
  gradients?: boolean;
  /** Where to run; default a WebGPU device of its own. Variables that are written on it get the values of the program's. */
  device?: Device;
  /** Where the report goes; default the console. */
  print?: (text: string) => void;
  onProgress?: (done: number, total: number) => void;
}

/**
 * Compares what this machine's WebGPU computes with the float64 reference: every op by itself, forward and backward, from the same inputs, so
 * that errors do not pile up; then the whole program as it is compiled. Goes on after a failure, and the report names the
 * first op that diverges.
 *
 * ```ts
 * const report = await verify({ outputs: { loss } }, { x, target });
 * if (!report.passed) console.log(report.firstDivergence?.path);
 * ```
 *
 * The bounds are those of `bounds.ts`: WGSL's accuracy rules and the length of the sums. A program's variables are read from its
 * device; the program itself does not run, and nothing of it changes but that its graph gets the nodes of the gradients.
 *
 * @throws NoAdapterError where there is no WebGPU, FeedError where `feeds` do not fit.
 */
export async function verify(
  target: VerifyTarget,
  feeds: Feeds = {},
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  const program = 'run' in target ? target : null;
  const { outputs = {}, updates = [] }: Pick<CompileOptions, 'outputs' | 'updates'> =
    'run' in target ? target.options : target;
  const notes: string[] = [];
  const asked: Record<string, Tensor> = { ...outputs };
  if (options.gradients ?? true) Object.assign(asked, gradientsOf(outputs, notes));
  const traced = trace({ outputs: asked, updates }, { simplify: false });
  checkFeeds(traced.inputs, feeds);
  const values = new Map<Variable, ArrayLike<number>>();
  for (const { variable } of traced.variables)
    if (variable)
      values.set(
        variable,
        (await program?.device.read(variable)) ?? toTensorData(variable.dtype, initialValues(variable)),
      );
  const device = options.device ?? (await openDevice({ backend: 'webgpu' }));
  try {
    const ops = await verifySteps(
      device,
      traced,
      (leaf) => leafValues(leaf, feeds, values),
      options.onProgress,
    );
    for (const [variable, numbers] of values) device.write(variable, numbers);
    const endToEnd = await verifyOutputs(device, asked, feeds, values, traced.steps.length);
    const report = new VerifyReport(device.info, ops, endToEnd, notes);
    (options.print ?? console.log)(String(report));
    return report;
  } finally {
    if (!options.device) device.dispose();
  }
}

/** Gradients of a weighted sum of the outputs with respect to inputs and parameters, by name. */
function gradientsOf(outputs: Readonly<Record<string, Tensor>>, notes: string[]): Record<string, Tensor> {
  const floats = Object.values(outputs).filter(({ dtype }) => isFloat(dtype));
  if (floats.length === 0) return {};
  const leaves = reachable(floats)
    .filter(({ source }) => source && source.kind !== 'constant')
    .map((node) => node.outputs[0])
    .filter((tensor) => isFloat(tensor.dtype) && (!(tensor instanceof Variable) || tensor.trainable));
  if (leaves.length === 0) return {};
  try {
    const loss = weightedSum(floats[0].graph, floats, 1);
    const gradients = grad(loss, leaves, { unused: 'zeros' });
    return Object.fromEntries(
      gradients.map((gradient, i) => [`gradient of ${leaves[i].node.path}`, gradient]),
    );
  } catch (error) {
    if (!(error instanceof TensorloomError)) throw error;
    notes.push(`no gradients: ${error.message}`);
    return {};
  }
}

function leafValues(
  { inputName, variable, path }: Value,
  feeds: Feeds,
  values: ReadonlyMap<Variable, ArrayLike<number>>,
): ArrayLike<number> {
  const numbers = inputName !== undefined ? feeds[inputName] : variable && values.get(variable);
  if (numbers === undefined) throw new GraphError(`verify: no value for ${path}`);
  return typeof numbers === 'number' ? [numbers] : numbers;
}

/** The outputs of the whole program, fused as always. Errors of n steps in a row add up like √n. */
async function verifyOutputs(
  device: Device,
  outputs: Readonly<Record<string, Tensor>>,
  feeds: Feeds,
  values: ReadonlyMap<Variable, ArrayLike<number>>,
  steps: number,
): Promise<VerifiedValue[]> {
  const names = Object.keys(outputs);
  if (names.length === 0) return [];
  const numbers: Record<string, Float64Array> = {};
  const inputs = trace({ outputs, updates: [] }).inputs;
  for (const { inputName = '', spec } of inputs) {
    const data = feeds[inputName];
    numbers[inputName] = Float64Array.from(typeof data === 'number' ? [data] : data, (value) =>
      roundTo(spec.dtype, value),
    );
  }
  const used = Object.fromEntries(Object.keys(numbers).map((name) => [name, feeds[name]]));
  const wanted = evaluator(outputs, (variable) => values.get(variable) ?? [])(numbers);
  const row = (name: string) => ({
    op: 'program',
    path: name,
    output: 0,
    inputShapes: inputs.map(({ spec }) => spec.shape),
    shape: outputs[name].shape,
    dtype: outputs[name].dtype,
  });
  try {
    const program = await device.compile({ outputs });
    try {
      const results: Readonly<Record<string, ArrayLike<number>>> = await program.run(used);
      return names.map((name): VerifiedValue => {
        const { dtype } = outputs[name];
        const want = toTensorData(dtype, wanted.get(name)!);
        const { relative, absolute } = boundOf(dtype, largest(want));
        const growth = Math.sqrt(Math.max(1, steps));
        const bound = { relative: relative * growth, absolute: absolute * growth };
        const found = difference(results[name], want, dtype, bound);
        const verdict = found.differing === 0 ? 'passed' : 'failed';
        return { ...row(name), bound, difference: found, verdict, message: '' };
      });
    } finally {
      program.dispose();
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return names.map((name) => ({ ...row(name), bound: null, difference: null, verdict: 'error', message }));
  }
}
