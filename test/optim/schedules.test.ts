import { describe, expect, it } from 'vitest';
import {
  cosineDecay,
  exponentialDecay,
  oneCycle,
  reduceOnPlateau,
  type Schedule,
  stepDecay,
  TensorloomError,
  warmUp,
} from '../../src/index.ts';

const first = (schedule: Schedule, count: number) =>
  Array.from({ length: count }, (_, step) => schedule(step));
const close = (got: readonly number[], want: readonly number[]) => {
  expect(got).toHaveLength(want.length);
  got.forEach((value, i) => {
    expect(value).toBeCloseTo(want[i], 9);
  });
};

// Numbers that follow by hand from the definitions of PyTorch's schedulers of these names.
describe('schedules', () => {
  it('fall by steps (StepLR)', () => {
    close(
      first(stepDecay({ learningRate: 0.1, every: 3 }), 8),
      [0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.001, 0.001],
    );
  });
  it('fall exponentially (ExponentialLR)', () => {
    close(first(exponentialDecay({ learningRate: 1, factor: 0.5 }), 4), [1, 0.5, 0.25, 0.125]);
    close([exponentialDecay({ learningRate: 1, factor: 0.25, every: 2 })(1)], [0.5]);
  });
  it('fall along a cosine and stay (CosineAnnealingLR)', () => {
    const schedule = cosineDecay({ learningRate: 1, steps: 4, minimum: 0.2 });
    close(first(schedule, 7), [
      1,
      0.2 + 0.8 * (0.5 + Math.SQRT1_2 / 2),
      0.6,
      0.2 + 0.8 * (0.5 - Math.SQRT1_2 / 2),
      0.2,
      0.2,
      0.2,
    ]);
  });
  it('rise before they fall (LinearLR, SequentialLR)', () => {
    close(
      first(warmUp(stepDecay({ learningRate: 1, every: 1, factor: 0.5 }), { steps: 4 }), 7),
      [0.25, 0.5, 0.75, 1, 1, 0.5, 0.25],
    );
    close(first(warmUp(2, { steps: 2, from: 0.5 }), 4), [1.5, 2, 2, 2]);
  });
  it('go up and down once (OneCycleLR with 10 steps: top at step 2, end at step 9)', () => {
    const rates = first(oneCycle({ learningRate: 0.1, steps: 10 }), 10);
    close([rates[0], rates[1], rates[2], rates[9]], [0.004, 0.052, 0.1, 0.004 / 1e4]);
    const falling = 4e-7 + ((0.1 - 4e-7) * (1 + Math.cos((3 * Math.PI) / 7))) / 2;
    close([rates[5]], [falling]);
  });
  it('fall when the loss does not (ReduceLROnPlateau), with a state that is plain data', () => {
    const schedule = reduceOnPlateau({ learningRate: 1, factor: 0.1, patience: 1, minimum: 0.05 });
    let state = schedule.start;
    const rates: number[] = [];
    for (const loss of [1, 0.5, 0.49999, 0.6, 0.6, 0.6, 0.4, 0.3]) {
      state = JSON.parse(JSON.stringify(schedule.next(state, loss)));
      rates.push(schedule.rate(0, state));
    }
    // 0.49999 is no improvement by the threshold; the second epoch without one is one too many.
    close(rates, [1, 1, 1, 0.1, 0.1, 0.05, 0.05, 0.05]);
  });
  it('refuse what makes no sense', () => {
    expect(() => stepDecay({ learningRate: 0.1, every: 0 })).toThrow(TensorloomError);
    expect(() => oneCycle({ learningRate: 0.1, steps: 10, rise: 1 })).toThrow(
      /rise must be at least 0 and less than 1/,
    );
    expect(() => cosineDecay({ learningRate: Number.NaN, steps: 3 })).toThrow(
      /learningRate must be a finite number above 0, got NaN/,
    );
  });
});
