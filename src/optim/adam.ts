import {
  makeOptimizer,
  type Optimizer,
  type OptimizerOptions,
  type OptimizerRule,
  type ParameterGroup,
} from './optimizer.ts';

export interface AdamOptions extends OptimizerOptions {
  /** Decay of the first moment; default 0.9. */
  beta1?: number;
  /** Decay of the second moment; default 0.999. */
  beta2?: number;
  /** Added to the root of the second moment; default 1e-8. */
  epsilon?: number;
  /** `adam`: L2 penalty added to the gradient, default 0. `adamw`: decoupled decay, default 0.01. */
  weightDecay?: number;
  /** Parameters with settings of their own. */
  groups?: readonly ParameterGroup<AdamOptions>[];
}

/**
 * Adam (Kingma, Ba: "Adam: A Method for Stochastic Optimization", ICLR 2015): m ← β1 m + (1 - β1) g, v ← β2 v + (1 - β2) g²,
 * p ← p - rate m̂ / (√v̂ + ε) with m̂ = m / (1 - β1^t), v̂ = v / (1 - β2^t). t counts the graph's updating runs.
 */
export function adam(options: AdamOptions): Optimizer {
  return makeOptimizer<AdamOptions>((own) => adamRule('adam', own, own.weightDecay ?? 0, false), options);
}

/**
 * Adam with weight decay apart from the gradient: p ← p - rate · weightDecay · p before the step (Loshchilov, Hutter: "Decoupled Weight
 * Decay Regularization", ICLR 2019).
 */
export function adamw(options: AdamOptions): Optimizer {
  return makeOptimizer<AdamOptions>((own) => adamRule('adamw', own, own.weightDecay ?? 0.01, true), options);
}

function adamRule(
  name: string,
  options: AdamOptions,
  weightDecay: number,
  decoupled: boolean,
): OptimizerRule {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
  return {
    name,
    states: ['firstMoment', 'secondMoment'],
    hyperparameters: {
      beta1,
      beta2,
      oneMinusBeta1: 1 - beta1,
      oneMinusBeta2: 1 - beta2,
      epsilon,
      weightDecay,
    },
    update(element) {
      const { learningRate, states, step } = element;
      if (decoupled) element.parameter -= learningRate * weightDecay * element.parameter;
      const gradient = element.gradient + (decoupled ? 0 : weightDecay * element.parameter);
      states[0] = beta1 * states[0] + (1 - beta1) * gradient;
      states[1] = beta2 * states[1] + (1 - beta2) * gradient * gradient;
      const first = states[0] / (1 - beta1 ** step);
      const second = states[1] / (1 - beta2 ** step);
      element.parameter -= (learningRate * first) / (Math.sqrt(second) + epsilon);
    },
    wgsl: `${decoupled ? 'parameter -= rate * params.weightDecay * parameter;' : ''}
  let slope = gradient${decoupled ? '' : ' + params.weightDecay * parameter'};
  firstMoment = params.beta1 * firstMoment + params.oneMinusBeta1 * slope;
  secondMoment = params.beta2 * secondMoment + params.oneMinusBeta2 * slope * slope;
  let first = firstMoment / oneMinusPower(params.oneMinusBeta1, step);
  let second = secondMoment / oneMinusPower(params.oneMinusBeta2, step);
  parameter -= rate * first / (sqrt(second) + params.epsilon);`,
  };
}
