/** Cells of the picture of what a network answers, in each direction, and the part of the plane that it shows. */
export const mapSide = 40;
export const [mapLow, mapHigh] = [-1.2, 1.2];
export const pointCount = 160;

/** Those that are compared, with their learning rates. */
export const comparedOptimizers = [
  ['sgd', 0.3],
  ['momentum', 0.1],
  ['rmsprop', 0.01],
  ['adam', 0.02],
] as const;
export type ComparedOptimizer = (typeof comparedOptimizers)[number][0];
