import { RandomStream } from '../core/random.ts';
import { sizeOf } from '../core/shape.ts';
import type { Graph, Tensor, Variable } from '../graph/graph.ts';
import { runReference, trace, type Value } from '../graph/trace.ts';
import { add, mul } from '../ops/arithmetic.ts';
import { cast } from '../ops/comparison.ts';
import { sum } from '../ops/sum.ts';

/** Values of inputs by name. */
export type Values = Readonly<Record<string, Float64Array>>;

/** Where the evaluator gets variables from; default: what they start with, if that is a number or data. */
export type VariableValues = (variable: Variable) => ArrayLike<number>;

/** Computes tensors by the reference in float64, without the rounding that a device does at the end. */
export function evaluator(
  tensors: Readonly<Record<string, Tensor>>,
  variables: VariableValues = startValues,
): (feeds: Values) => Map<string, Float64Array> {
  const traced = trace({ outputs: tensors, updates: [] });
  return (feeds) => {
    const values = new Map<Value, Float64Array>();
    const get = (value: Value) => value.constant ?? values.get(value)!;
    for (const input of traced.inputs) values.set(input, feeds[input.inputName ?? '']);
    for (const value of traced.variables)
      values.set(value, feeds[value.path] ?? Float64Array.from(variables(value.variable!)));
    for (const { op, attrs, inputs, outputs } of traced.steps) {
      const specs = { inputs: inputs.map(({ spec }) => spec), outputs: outputs.map(({ spec }) => spec) };
      const results = runReference(op, inputs.map(get), specs, attrs);
      for (const [i, output] of outputs.entries()) values.set(output, results[i]);
    }
    return new Map([...traced.outputs].map(([name, value]) => [name, get(value)]));
  };
}

function startValues({ initializer, shape, name }: Variable): ArrayLike<number> {
  if (typeof initializer === 'number') return new Float64Array(sizeOf(shape)).fill(initializer);
  if (typeof initializer !== 'function') return initializer;
  throw new Error(`the value of variable "${name}" is drawn by a rule: say where to read it`);
}

/** A scalar in which every element of every output has a weight of its own, from 0.5 to 1.5. */
export function weightedSum(graph: Graph, outputs: readonly Tensor[], seed: number): Tensor {
  const terms = outputs.map((output, i) => {
    const random = new RandomStream(seed, 1000 + i);
    const weights = Float64Array.from({ length: output.size }, () => 0.5 + random.uniform());
    return sum(mul(cast(output, 'float32'), graph.constant(weights, output.shape)));
  });
  return terms.reduce((total, term) => add(total, term));
}

export function largest(values: ArrayLike<number>): number {
  let result = 0;
  for (let i = 0; i < values.length; i++)
    if (Number.isFinite(values[i])) result = Math.max(result, Math.abs(values[i]));
  return result;
}
