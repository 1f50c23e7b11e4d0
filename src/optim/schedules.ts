import { TensorloomError } from '../core/errors.ts';

/**
 * The learning rate of each step, counted from 0: a plain function, so that it can be plotted, composed and resumed at any step.
 *
 * ```ts
 * const schedule: Schedule = (step) => 0.01 / (1 + step / 1000);
 * ```
 */
export type Schedule = (step: number) => number;

/**
 * A learning rate that also depends on how the training goes. What it remembers is a plain record, which a checkpoint holds as JSON;
 * nothing is hidden in the schedule itself.
 */
export interface AdaptiveSchedule<State = unknown> {
  /** What is remembered before the first epoch. */
  readonly start: State;
  /** The rate of a step, counted from 0. */
  rate(step: number, state: State): number;
  /** What is remembered after an epoch that ended with `value` (the loss that is watched). */
  next(state: State, value: number): State;
}

/**
 * Falls by `factor` every `every` steps: rate · factor^⌊step / every⌋.
 *
 * ```ts
 * stepDecay({ learningRate: 0.1, every: 30 * stepsPerEpoch, factor: 0.1 });
 * ```
 */
export function stepDecay(options: { learningRate: number; every: number; factor?: number }): Schedule {
  const { learningRate, every, factor = 0.1 } = options;
  checkAbove('stepDecay', { learningRate, every, factor });
  return (step) => learningRate * factor ** Math.floor(step / every);
}

/** Falls smoothly by `factor` over every `every` steps: rate · factor^(step / every). */
export function exponentialDecay(options: {
  learningRate: number;
  factor: number;
  every?: number;
}): Schedule {
  const { learningRate, factor, every = 1 } = options;
  checkAbove('exponentialDecay', { learningRate, every, factor });
  return (step) => learningRate * factor ** (step / every);
}

/**
 * Falls along half a cosine from `learningRate` to `minimum` (default 0) in `steps` steps, and stays there (Loshchilov, Hutter: "SGDR", ICLR
 * 2017).
 */
export function cosineDecay(options: { learningRate: number; steps: number; minimum?: number }): Schedule {
  const { learningRate, steps, minimum = 0 } = options;
  checkAbove('cosineDecay', { learningRate, steps });
  return (step) => cosine(learningRate, minimum, Math.min(1, step / steps));
}

/**
 * Rises in a straight line from `from` (default 0) times the rate to the rate, in `steps` steps, and follows `schedule` from then on,
 * whose step 0 is the end of the rise.
 *
 * ```ts
 * warmUp(cosineDecay({ learningRate: 1e-3, steps: 9000 }), { steps: 1000 });
 * ```
 */
export function warmUp(schedule: Schedule | number, options: { steps: number; from?: number }): Schedule {
  const { steps, from = 0 } = options;
  checkAbove('warmUp', { steps });
  const after: Schedule = typeof schedule === 'number' ? () => schedule : schedule;
  return (step) =>
    step < steps ? after(0) * (from + ((1 - from) * (step + 1)) / steps) : after(step - steps);
}

/**
 * One cycle: up along half a cosine from `learningRate / start` (default 25) in the first `rise` (default 0.3) of the steps, down to
 * `learningRate / start / end` (default 1e4) in the rest (Smith, Topin: "Super-Convergence", 2018). The defaults are PyTorch's.
 */
export function oneCycle(options: {
  /** The largest rate. */
  learningRate: number;
  steps: number;
  rise?: number;
  start?: number;
  end?: number;
}): Schedule {
  const { learningRate, steps, rise = 0.3, start = 25, end = 1e4 } = options;
  checkAbove('oneCycle', { learningRate, steps, start, end });
  if (!(rise >= 0 && rise < 1))
    throw new TensorloomError(`oneCycle: rise must be at least 0 and less than 1, got ${rise}`);
  const first = learningRate / start;
  // The highest point and the end are steps themselves: the last step is steps - 1.
  const top = rise * steps - 1;
  const last = steps - 1;
  return (step) =>
    step < top
      ? cosine(first, learningRate, step / top)
      : cosine(learningRate, first / end, last > top ? Math.min(1, (step - top) / (last - top)) : 1);
}

/** What `reduceOnPlateau` remembers. */
export interface PlateauState {
  readonly rate: number;
  /** The lowest value so far; null before the first. */
  readonly best: number | null;
  /** Epochs since then. */
  readonly waited: number;
}

/**
 * Multiplies the rate by `factor` (default 0.1) when the loss that is watched has not fallen for more than `patience` (default 10) epochs. It
 * has fallen where it is below best · (1 - `threshold`) (default 1e-4). The rate never falls below `minimum`.
 *
 * ```ts
 * fit(model, data, { optimizer: adam({ learningRate: reduceOnPlateau({ learningRate: 1e-3, patience: 3 }) }) });
 * ```
 */
export function reduceOnPlateau(options: {
  learningRate: number;
  factor?: number;
  patience?: number;
  threshold?: number;
  minimum?: number;
}): AdaptiveSchedule<PlateauState> {
  const { learningRate, factor = 0.1, patience = 10, threshold = 1e-4, minimum = 0 } = options;
  checkAbove('reduceOnPlateau', { learningRate, factor });
  return {
    start: { rate: learningRate, best: null, waited: 0 },
    rate: (_, state) => state.rate,
    next(state, value) {
      if (state.best === null || value < state.best - threshold * Math.abs(state.best))
        return { ...state, best: value, waited: 0 };
      if (state.waited < patience) return { ...state, waited: state.waited + 1 };
      return { ...state, rate: Math.max(minimum, state.rate * factor), waited: 0 };
    },
  };
}

/** Half a cosine from `from` to `to` for a share from 0 to 1. */
function cosine(from: number, to: number, share: number): number {
  return to + ((from - to) * (1 + Math.cos(Math.PI * share))) / 2;
}

function checkAbove(what: string, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (!(value > 0 && Number.isFinite(value)))
      throw new TensorloomError(`${what}: ${name} must be a finite number above 0, got ${value}`);
  }
}
