// The entry `tensorloom/metrics`: some metrics have the names of losses, so that they live in a module of their own.

export { confusionMatrix, type DetectionOptions, f1Score, precision, recall } from './nn/confusion.ts';
export {
  accuracy,
  type BinaryMetricOptions,
  binaryAccuracy,
  type ClassMetricOptions,
  type Metric,
  type MetricOptions,
  meanAbsoluteError,
  meanLoss,
  meanSquaredError,
  perplexity,
  type Totals,
  topKAccuracy,
} from './nn/metrics.ts';
