import { TrainingError } from '../core/errors.ts';
import type { EpochRecord } from './events.ts';
import type { TrainingState } from './trainingState.ts';

export interface EarlyStoppingOptions {
  /** Epochs without an improvement after which the training ends. */
  patience: number;
  /** `loss`, a metric's name, or one of these after `validation.`; default the loss of the validation where there is one. */
  monitor?: string;
  /** Whether less is better; default true for losses and false for metrics. */
  lessIsBetter?: boolean;
  /** What counts as an improvement; default anything. */
  minimumChange?: number;
  /** Whether the model gets back the weights of its best epoch at the end; default true. */
  restoreBest?: boolean;
}

/** Tells `fit` which epoch was the best, and when to end. */
export interface EarlyStopping {
  readonly restoreBest: boolean;
  /** The best epoch, if it is this one. */
  better(record: EpochRecord, best: TrainingState['best']): TrainingState['best'];
  /** Whether so many epochs are enough. */
  isLate(epochs: number, best: TrainingState['best']): boolean;
}

/**
 * Ends a training when it gets no better, and gives the model the weights of its best epoch back.
 *
 * ```ts
 * await fit(model, data, { epochs: 100, validation: 0.2, earlyStopping: earlyStopping({ patience: 5 }) });
 * ```
 */
export function earlyStopping(options: EarlyStoppingOptions): EarlyStopping {
  const { patience, minimumChange = 0, restoreBest = true } = options;
  if (!(Number.isInteger(patience) && patience >= 1))
    throw new TrainingError(`earlyStopping: patience must be a whole number of at least 1, got ${patience}`);
  return {
    restoreBest,
    better(record, best) {
      const { value, lessIsBetter } = watched(record, options);
      const gain = best ? (lessIsBetter ? best.value - value : value - best.value) : Number.POSITIVE_INFINITY;
      return Number.isNaN(value) || gain <= minimumChange ? null : { epoch: record.epoch, value };
    },
    isLate: (epochs, best) => epochs > 0 && epochs - (best?.epoch ?? 0) >= patience,
  };
}

function watched(
  record: EpochRecord,
  options: EarlyStoppingOptions,
): { value: number; lessIsBetter: boolean } {
  const monitor = options.monitor ?? (record.validation ? 'validation.loss' : 'loss');
  const isValidation = monitor.startsWith('validation.');
  const quality = isValidation ? record.validation : record;
  const name = isValidation ? monitor.slice('validation.'.length) : monitor;
  const value = name === 'loss' ? quality?.loss : quality?.metrics[name];
  if (value === undefined) {
    const own = ['loss', ...Object.keys(record.metrics)];
    const known = record.validation ? [...own, ...own.map((each) => `validation.${each}`)] : own;
    throw new TrainingError(
      `earlyStopping: there is no "${monitor}" to monitor (there are ${known.join(', ')})`,
    );
  }
  return { value, lessIsBetter: options.lessIsBetter ?? name === 'loss' };
}
