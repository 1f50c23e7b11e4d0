import {
  makeOptimizer,
  type Optimizer,
  type OptimizerOptions,
  type OptimizerRule,
  type ParameterGroup,
} from './optimizer.ts';

export interface AdagradOptions extends OptimizerOptions {
  /** Added to the root of the sum of squares; default 1e-10. */
  epsilon?: number;
  /** The rate falls as rate / (1 + (t - 1) decay); default 0. */
  learningRateDecay?: number;
  /** L2 penalty, added to the gradient; default 0. */
  weightDecay?: number;
  /** Parameters with settings of their own. */
  groups?: readonly ParameterGroup<AdagradOptions>[];
}

/**
 * Adagrad: s ← s + g², p ← p - rate g / (√s + ε) (Duchi, Hazan, Singer: "Adaptive Subgradient Methods for Online Learning and
 * Stochastic Optimization", JMLR 12, 2011).
 */
export function adagrad(options: AdagradOptions): Optimizer {
  return makeOptimizer(adagradRule, options);
}

function adagradRule(options: AdagradOptions): OptimizerRule {
  const { epsilon = 1e-10, learningRateDecay = 0, weightDecay = 0 } = options;
  return {
    name: 'adagrad',
    states: ['sumOfSquares'],
    hyperparameters: { epsilon, learningRateDecay, weightDecay },
    update(element) {
      const gradient = element.gradient + weightDecay * element.parameter;
      element.states[0] += gradient * gradient;
      const rate = element.learningRate / (1 + (element.step - 1) * learningRateDecay);
      element.parameter -= (rate * gradient) / (Math.sqrt(element.states[0]) + epsilon);
    },
    wgsl: `let slope = gradient + params.weightDecay * parameter;
  sumOfSquares += slope * slope;
  let fallen = rate / (1.0 + f32(step - 1u) * params.learningRateDecay);
  parameter -= fallen * slope / (sqrt(sumOfSquares) + params.epsilon);`,
  };
}
