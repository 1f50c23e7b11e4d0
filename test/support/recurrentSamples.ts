import type { Tensor } from '../../src/graph/graph.ts';
import type { RecurrentOptions, RecurrentResult, RecurrentWeights } from '../../src/ops/recurrent.ts';
import type { InputSample, Sample } from './checkOp.ts';

/** A recurrent layer to be checked: its sizes, and what it is given beside x and the two weights. */
export interface RecurrentCase {
  readonly name: string;
  readonly steps: number;
  readonly batch: number;
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly bidirectional?: boolean;
  readonly bias?: boolean;
  readonly recurrentBias?: boolean;
  /** Names of initial states, in the order of the function's options. */
  readonly states?: readonly string[];
  readonly lengths?: readonly number[];
  /** Shapes of weights that only one kind of cell has, of one direction. */
  readonly extra?: Readonly<Record<string, readonly number[]>>;
  readonly variants?: Sample['variants'];
  readonly gradient?: boolean;
  readonly tolerance?: Sample['tolerance'];
}

type Function<Options, Result> = (
  x: Tensor,
  weights: RecurrentWeights,
  options: Options & RecurrentOptions,
) => Result;

/** The sample of a case: the sequence, the final states, and by default the last output. */
export function recurrentSample<Options, Result extends RecurrentResult>(
  function_: Function<Options, Result>,
  gates: number,
  given: RecurrentCase,
  options: Options & RecurrentOptions,
  results: (result: Result) => Tensor[] = ({ output, hiddenState }) => [output, hiddenState],
): Sample {
  const { steps, batch, inputSize, hiddenSize } = given;
  const directions = given.bidirectional ? 2 : 1;
  const weight = (shape: readonly number[]): InputSample => ({
    shape: directions === 2 ? [2, ...shape] : shape,
    values: { low: -0.5, high: 0.5 },
  });
  const shapes: Record<string, InputSample> = {
    weight: weight([inputSize, gates * hiddenSize]),
    recurrentWeight: weight([hiddenSize, gates * hiddenSize]),
    ...(given.bias && { bias: weight([gates * hiddenSize]) }),
    ...(given.recurrentBias && { recurrentBias: weight([gates * hiddenSize]) }),
    ...Object.fromEntries(Object.entries(given.extra ?? {}).map(([name, shape]) => [name, weight(shape)])),
  };
  const names = Object.keys(shapes);
  const states = given.states ?? [];
  const inputs: InputSample[] = [
    { shape: options.batchFirst ? [batch, steps, inputSize] : [steps, batch, inputSize] },
    ...Object.values(shapes),
    ...states.map((): InputSample => ({ shape: [directions, batch, hiddenSize] })),
    ...(given.lengths ? [{ shape: [batch], dtype: 'int32' as const, values: given.lengths }] : []),
  ];
  return {
    name: given.name,
    inputs,
    variants: given.variants,
    gradient: given.gradient,
    tolerance: given.tolerance,
    build: ([x, ...rest]) => {
      const weights = Object.fromEntries(
        names.map((name, i) => [name, rest[i]]),
      ) as Partial<RecurrentWeights>;
      const more = Object.fromEntries(states.map((name, i) => [name, rest[names.length + i]]));
      const { weight: w, recurrentWeight: u } = weights;
      if (!w || !u) throw new Error('a recurrent sample has two weights');
      const result = function_(
        x,
        { ...weights, weight: w, recurrentWeight: u },
        {
          ...options,
          ...more,
          direction: directions === 2 ? 'bidirectional' : options.direction,
          ...(given.lengths && { lengths: rest[names.length + states.length] }),
        },
      );
      return results(result);
    },
  };
}
