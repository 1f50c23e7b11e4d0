import { ShapeError } from '../core/errors.ts';

/** Throws unless `value` is a whole number of at least 1. */
export function checkCount(layer: string, option: string, value: number): void {
  if (Number.isInteger(value) && value >= 1) return;
  throw new ShapeError(`${layer}: ${option} must be a whole number of at least 1, got ${String(value)}`);
}
