/** Adam's constants, the same for every contender (Kingma and Ba, 2015). */
export const adamOptions = { learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 } as const;

/** One step, in float64: changes `parameters`, `mean` and `square` in place. `step` counts from 1. */
export function adamStep(
  parameters: Float64Array,
  gradients: ArrayLike<number>,
  mean: Float64Array,
  square: Float64Array,
  step: number,
): void {
  const { learningRate, beta1, beta2, epsilon } = adamOptions;
  for (let i = 0; i < parameters.length; i++) {
    mean[i] = beta1 * mean[i] + (1 - beta1) * gradients[i];
    square[i] = beta2 * square[i] + (1 - beta2) * gradients[i] ** 2;
    const root = Math.sqrt(square[i] / (1 - beta2 ** step));
    parameters[i] -= (learningRate * mean[i]) / (1 - beta1 ** step) / (root + epsilon);
  }
}
