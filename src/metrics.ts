// The entry `tensorloom/metrics`: some metrics have the names of losses, so that they live in a module of their own.

export type { Metric } from './nn/metrics.ts';
