import { GraphError } from '../core/errors.ts';
import {
  makeOptimizer,
  type Optimizer,
  type OptimizerOptions,
  type OptimizerRule,
  type ParameterGroup,
} from './optimizer.ts';

export interface SgdOptions extends OptimizerOptions {
  /** How much of the last step is kept; default 0. */
  momentum?: number;
  /** Look ahead along the momentum (Nesterov, 1983); default false. */
  nesterov?: boolean;
  /** L2 penalty, added to the gradient; default 0. */
  weightDecay?: number;
  /** Parameters with settings of their own. */
  groups?: readonly ParameterGroup<SgdOptions>[];
}

/**
 * Stochastic gradient descent, with PyTorch's meaning of momentum: v ← momentum v + g; p ← p - rate v, or with `nesterov`
 * p ← p - rate (g + momentum v). (Sutskever, Martens, Dahl, Hinton: "On the importance of initialization and momentum in deep learning", ICML 2013.)
 */
export function sgd(options: SgdOptions): Optimizer {
  return makeOptimizer(sgdRule, options);
}

function sgdRule(options: SgdOptions): OptimizerRule {
  const { momentum = 0, nesterov = false, weightDecay = 0 } = options;
  if (nesterov && momentum <= 0)
    throw new GraphError(`sgd: nesterov needs a momentum above 0, got ${momentum}`);
  const plain = momentum === 0;
  return {
    name: 'sgd',
    states: plain ? [] : ['velocity'],
    hyperparameters: { momentum, weightDecay },
    update(element) {
      const gradient = element.gradient + weightDecay * element.parameter;
      if (plain) {
        element.parameter -= element.learningRate * gradient;
        return;
      }
      element.states[0] = momentum * element.states[0] + gradient;
      const step = nesterov ? gradient + momentum * element.states[0] : element.states[0];
      element.parameter -= element.learningRate * step;
    },
    wgsl: `let slope = gradient + params.weightDecay * parameter;
  ${plain ? 'parameter -= rate * slope;' : 'velocity = params.momentum * velocity + slope;'}
  ${plain ? '' : `parameter -= rate * (${nesterov ? 'slope + params.momentum * velocity' : 'velocity'});`}`,
  };
}
