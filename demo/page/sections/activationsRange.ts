/** The activations in the order of the menu. */
export const activationNames = [
  'step',
  'sign',
  'sigmoid',
  'tanh',
  'relu',
  'leakyRelu',
  'elu',
  'gelu',
  'silu',
  'softplus',
  'identity',
] as const;
export type ActivationName = (typeof activationNames)[number];

/** Those whose deep networks are compared. */
export const chainActivations = ['sigmoid', 'tanh', 'relu'] as const;
export type ChainActivation = (typeof chainActivations)[number];

/** Where curves are computed: each place that the slider can take. */
export const [curveLow, curveHigh, curveStep] = [-6, 6, 0.05];
export const curvePlaces: readonly number[] = Array.from(
  { length: Math.round((curveHigh - curveLow) / curveStep) + 1 },
  (_, i) => Math.round((curveLow + i * curveStep) * 100) / 100,
);
