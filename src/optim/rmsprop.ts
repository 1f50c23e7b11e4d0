import {
  makeOptimizer,
  type Optimizer,
  type OptimizerOptions,
  type OptimizerRule,
  type ParameterGroup,
} from './optimizer.ts';

export interface RmspropOptions extends OptimizerOptions {
  /** Decay of the mean square (PyTorch: alpha, Keras: rho); default 0.99. */
  decay?: number;
  /** Added to the root of the mean square; default 1e-8. */
  epsilon?: number;
  /** How much of the last step is kept; default 0. */
  momentum?: number;
  /** L2 penalty, added to the gradient; default 0. */
  weightDecay?: number;
  /** Parameters with settings of their own. */
  groups?: readonly ParameterGroup<RmspropOptions>[];
}

/**
 * RMSprop (Tieleman, Hinton: Lecture 6.5, COURSERA, 2012), with PyTorch's place of ε: s ← decay s + (1 - decay) g²,
 * u ← momentum u + g / (√s + ε), p ← p - rate u.
 */
export function rmsprop(options: RmspropOptions): Optimizer {
  return makeOptimizer(rmspropRule, options);
}

function rmspropRule(options: RmspropOptions): OptimizerRule {
  const { decay = 0.99, epsilon = 1e-8, momentum = 0, weightDecay = 0 } = options;
  const plain = momentum === 0;
  return {
    name: 'rmsprop',
    states: plain ? ['meanSquare'] : ['meanSquare', 'velocity'],
    hyperparameters: { decay, oneMinusDecay: 1 - decay, epsilon, momentum, weightDecay },
    update(element) {
      const { states } = element;
      const gradient = element.gradient + weightDecay * element.parameter;
      states[0] = decay * states[0] + (1 - decay) * gradient * gradient;
      const step = gradient / (Math.sqrt(states[0]) + epsilon);
      if (!plain) states[1] = momentum * states[1] + step;
      element.parameter -= element.learningRate * (plain ? step : states[1]);
    },
    wgsl: `let slope = gradient + params.weightDecay * parameter;
  meanSquare = params.decay * meanSquare + params.oneMinusDecay * slope * slope;
  let scaled = slope / (sqrt(meanSquare) + params.epsilon);
  ${plain ? 'parameter -= rate * scaled;' : 'velocity = params.momentum * velocity + scaled;\n  parameter -= rate * velocity;'}`,
  };
}
