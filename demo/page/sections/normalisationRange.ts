/** The networks that are trained side by side. */
export const variants = ['plain', 'batchNorm', 'dropout', 'both'] as const;
export type Variant = (typeof variants)[number];

export const [hiddenLayers, units, batchSize] = [3, 24, 24];
export const [trainingCount, validationCount] = [48, 240];
/** Cells of a map in each direction. */
export const smallMapSide = 24;

/** Histograms go from -limit to limit; what lies beyond counts at the ends. */
export const [histogramLimit, histogramBins] = [4, 32];
