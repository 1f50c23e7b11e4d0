import { TensorloomError } from '../core/errors.ts';
import type { Tensor, Variable } from '../graph/graph.ts';
import { add, div, minimum } from '../ops/arithmetic.ts';
import { greater, where } from '../ops/comparison.ts';
import { blend } from './blend.ts';

export interface MovingAverageOptions {
  /** How much of the average stays in each step, at least 0 and less than 1; default 0.999. */
  decay?: number;
  /** At first the decay is only n / (n + 9) after n steps, so that the first weights are soon forgotten; default true. */
  warmUp?: boolean;
}

/** The averages of some variables, and how they are kept. */
export interface MovingAverage {
  /** The average of each variable. */
  readonly averages: ReadonlyMap<Variable, Variable>;
  /** How many steps they have seen. */
  readonly count: Variable;
  /** What `compile({ updates })` gets, beside the updates of the optimizer. */
  readonly updates: readonly (readonly [Variable, Tensor])[];
}

/**
 * Keeps an exponential moving average of weights on the device: average ← decay · average + (1 - decay) · weight, after each step (Polyak,
 * Juditsky, 1992), in one dispatch for each 128 MiB of weights and two for their count. The first step sets the averages to the weights.
 *
 * ```ts
 * const updates = adam({ learningRate: 1e-3 }).minimize(loss);
 * const { averages, updates: averaging } = movingAverage(updates.filter(([variable]) => variable.trainable));
 * const program = await device.compile({ outputs: { loss }, updates: [...updates, ...averaging] });
 * ```
 *
 * @param updates weights with their values after the step; float32.
 * @param kept what an earlier call gave for the same weights: a program for another batch size goes on with its averages.
 */
export function movingAverage(
  updates: readonly (readonly [Variable, Tensor])[],
  options: MovingAverageOptions = {},
  kept?: MovingAverage,
): MovingAverage {
  const { decay = 0.999, warmUp = true } = options;
  if (!(decay >= 0 && decay < 1))
    throw new TensorloomError(`movingAverage: decay must be at least 0 and less than 1, got ${decay}`);
  if (updates.length === 0) throw new TensorloomError('movingAverage: there are no weights to average');
  const { graph } = updates[0][0];
  const make = ({ name, shape, group }: Variable) =>
    graph.groupedVariable(`average/${name}`, shape, `averages/${group}`);
  const averages = kept?.averages ?? new Map(updates.map(([variable]) => [variable, make(variable)]));
  const count = kept?.count ?? graph.variable('average/count', [], { trainable: false });
  const targets = updates.map(([variable]) => {
    const target = averages.get(variable);
    if (target) return target;
    throw new TensorloomError(`movingAverage: ${variable} has no average among those that are kept`);
  });
  // Nothing is kept in the first step, so that the averages begin as the weights.
  const keep = warmUp ? minimum(div(count, add(count, 9)), decay) : where(greater(count, 0), decay, 0);
  const values = updates.map(([, value]) => value);
  return { averages, count, updates: [...blend(targets, values, keep), [count, add(count, 1)]] };
}

/** Keeps averages of the weights that a program updates; goes on with those that are kept already. */
export type Averaging = (
  updates: readonly (readonly [Variable, Tensor])[],
  kept?: MovingAverage,
) => MovingAverage;

/** What `compileModel` takes to keep moving averages of a model's parameters: `movingAverage` with its options. */
export function averageWeights(options: MovingAverageOptions = {}): Averaging {
  return (updates, kept) => movingAverage(updates, options, kept);
}
