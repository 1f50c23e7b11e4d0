import { RandomStream } from '../../src/core/random.ts';
import type { Tensor } from '../../src/graph/graph.ts';
import { add, mul } from '../../src/ops/arithmetic.ts';
import { grad } from '../../src/ops/gradient.ts';
import type { RecurrentOptions, RecurrentResult, RecurrentWeights } from '../../src/ops/recurrent.ts';
import { sum } from '../../src/ops/sum.ts';
import type { InputSample, Sample } from './checkOp.ts';

/** A recurrent layer to be checked, or a stack: its sizes, and what it is given beside x and the weights. */
export interface RecurrentCase extends Omit<Sample, 'inputs' | 'build'> {
  readonly steps: number;
  readonly batch: number;
  readonly inputSize: number;
  readonly hiddenSize: number;
  /** Default 1. */
  readonly layers?: number;
  readonly bias?: boolean;
  readonly recurrentBias?: boolean;
  /** Size of the hidden state where it is projected. */
  readonly projectionSize?: number;
  /** Names of initial states, in the order of the function's options. */
  readonly states?: readonly string[];
  readonly lengths?: readonly number[];
  /** Shapes of weights that only one kind of cell has, of one direction. */
  readonly extra?: Readonly<Record<string, readonly number[]>>;
  /** Values of inputs by name (`x`, a weight of the first layer, an initial state) instead of drawn ones. */
  readonly values?: Readonly<Record<string, InputSample['values']>>;
  /**
   * Where central differences take too long, or numbers are not finite: gradients are computed with the outputs and only compared between
   * WebGPU and the reference.
   */
  readonly comparedGradients?: boolean;
}

type Recurrent<Weights, Options, Result> = (x: Tensor, weights: Weights[], options?: Options) => Result;

/** Makes samples of one function. `results` picks what is checked; default the sequence and the final states. */
export function recurrentSamples<
  Weights extends RecurrentWeights,
  Options extends RecurrentOptions,
  Result extends RecurrentResult,
>(function_: Recurrent<Weights, Options, Result>, gates: number, results: (result: Result) => Tensor[]) {
  return (given: RecurrentCase, options: Options, picked = results): Sample => {
    const inputs = inputsOf(given, gates, options);
    const names = Object.keys(inputs);
    const { layers = 1, comparedGradients = false, gradient, ...rest } = given;
    return {
      ...rest,
      inputs: Object.values(inputs),
      gradient: comparedGradients ? false : gradient,
      build(tensors, graph) {
        const named = Object.fromEntries(names.map((name, i) => [name, tensors[i]]));
        const weights = Array.from({ length: layers }, (_, layer) => weightsOf<Weights>(named, layer));
        const given = Object.fromEntries(names.filter(isOption).map((name) => [name, named[name]]));
        const built = picked(function_(named.x, weights, { ...options, ...given }));
        if (!comparedGradients) return built;
        const losses = built.map((result, i) => {
          const random = new RandomStream(5, i);
          const factors = Float64Array.from({ length: result.size }, () => random.uniform() - 0.5);
          return sum(mul(result, graph.constant(factors, result.shape)));
        });
        const floats = tensors.filter(({ dtype }) => dtype === 'float32');
        const loss = losses.reduce((total, term) => add(total, term));
        return [...built, ...grad(loss, floats, { unused: 'zeros' })];
      },
    };
  };
}

function isOption(name: string): boolean {
  return name === 'lengths' || name.startsWith('initial');
}

/** Inputs of a case in their order; weights carry the number of their layer in front: `0 weight`. */
function inputsOf(
  given: RecurrentCase,
  gates: number,
  options: RecurrentOptions,
): Record<string, InputSample> {
  const { steps, batch, inputSize, hiddenSize, layers = 1, projectionSize, lengths, values = {} } = given;
  const directions = options.direction === 'bidirectional' ? 2 : 1;
  const outputSize = projectionSize ?? hiddenSize;
  const columns = gates * hiddenSize;
  const inputs: Record<string, InputSample> = {
    x: {
      shape: options.batchFirst ? [batch, steps, inputSize] : [steps, batch, inputSize],
      values: values.x,
    },
  };
  for (let layer = 0; layer < layers; layer++) {
    const shapes = {
      weight: [layer === 0 ? inputSize : directions * outputSize, columns],
      recurrentWeight: [outputSize, columns],
      ...(given.bias && { bias: [columns] }),
      ...(given.recurrentBias && { recurrentBias: [columns] }),
      ...(projectionSize && { projectionWeight: [hiddenSize, projectionSize] }),
      ...given.extra,
    };
    for (const [name, shape] of Object.entries(shapes)) {
      inputs[`${layer} ${name}`] = {
        shape: directions === 2 ? [2, ...shape] : shape,
        values: (layer === 0 && values[name]) || { low: -0.5, high: 0.5 },
      };
    }
  }
  for (const name of given.states ?? []) {
    const size = name === 'initialHiddenState' ? outputSize : hiddenSize;
    inputs[name] = { shape: [layers * directions, batch, size], values: values[name] };
  }
  if (lengths) inputs.lengths = { shape: [batch], dtype: 'int32', values: lengths };
  return inputs;
}

function weightsOf<Weights extends RecurrentWeights>(
  named: Readonly<Record<string, Tensor>>,
  layer: number,
): Weights {
  const own = Object.entries(named).filter(([name]) => name.startsWith(`${layer} `));
  return Object.fromEntries(own.map(([name, tensor]) => [name.split(' ')[1], tensor])) as never;
}

/** Each way in which the loop over time can run. */
export function strategies(name: string): Record<string, string>[] {
  return ['looped', 'resident', 'stepwise', 'chunked'].map((strategy) => ({ [name]: strategy }));
}
