import { TrainingError } from '../core/errors.ts';
import { checkFields } from './checkData.ts';
import type { CompiledModel } from './compiledModel.ts';
import { type DataArrays, type Dataset, toDataset } from './dataset.ts';
import { checkBatchSize } from './evaluate.ts';
import type { EpochRecord, TrainingEvent } from './events.ts';
import type { Checkpointing, TrainingControl } from './trainingState.ts';
import { shuffleDataset, splitDataset } from './transforms.ts';

/** Called with each event and awaited; the training can be stopped or saved from there. */
export type Callback = (event: TrainingEvent, training: TrainingControl) => unknown;

export interface EarlyStopping {
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

export interface FitOptions {
  /** How often to go through the data, in all; a training that is resumed makes those that are left. Default 1. */
  epochs?: number;
  /** Samples of one step; default 32. */
  batchSize?: number;
  /** Whether each epoch takes the samples in another order; default true for arrays that are given as they are. */
  shuffle?: boolean;
  /** Whether a last batch that is not full is left out; default false: it is a smaller one. */
  dropLast?: boolean;
  /** Data to judge by after each epoch, or the share of the samples that is set aside for it (0.2: a fifth). */
  validation?: Dataset | DataArrays | number;
  callbacks?: readonly Callback[];
  earlyStopping?: EarlyStopping;
  /** Saves the training as it goes, and lets it go on: `checkpoint(store, { resume: true })`. */
  checkpoint?: Checkpointing;
  /** Ends the training after the present step, with a TrainingError; the model keeps its parameters. */
  signal?: AbortSignal;
  /** Batches whose gradients make one step of the optimizer; default 1. */
  accumulate?: number;
  /** Batches from one `step` event to the next; default: as many as take a tenth of a second. */
  batchesPerEvent?: number;
  /** Whether all samples are put on the device, to stay there; default for arrays of up to 128 MiB. */
  resident?: boolean;
}

/** The data and the options of a training, checked and with their defaults. */
export interface Plan {
  readonly training: Dataset;
  readonly validation: Dataset | null;
  readonly epochs: number;
  readonly batchSize: number;
  readonly dropLast: boolean;
  readonly accumulate: number;
}

/** @throws TrainingError, FeedError, ShapeError where something does not fit. */
export function planOf(model: CompiledModel, data: Dataset | DataArrays, options: FitOptions): Plan {
  const { epochs = 1, batchSize = 32, dropLast = false, accumulate = 1 } = options;
  const { patience } = options.earlyStopping ?? { patience: 1 };
  checkBatchSize('fit', batchSize);
  for (const [name, value] of Object.entries({ epochs, accumulate, patience })) {
    if (!(Number.isInteger(value) && value >= 1))
      throw new TrainingError(`fit: ${name} must be a whole number of at least 1, got ${value}`);
  }
  const given = toDataset(data);
  checkFields('fit', given);
  const isPlain = !('source' in data);
  const seed = model.graph.seed;
  let [validation, training]: [Dataset | null, Dataset] = [null, given];
  if (typeof options.validation === 'number')
    [validation, training] = partedBy(options.validation, given, seed);
  else if (options.validation !== undefined) {
    validation = toDataset(options.validation);
    checkFields('validation', validation, given);
  }
  if (options.shuffle ?? isPlain) training = shuffleDataset(training, { seed });
  if (dropLast && training.size !== null && training.size < batchSize) {
    throw new TrainingError(
      `fit: ${training.size} samples do not fill one batch of ${batchSize}, and dropLast leaves it out: nothing would be trained; use a smaller batchSize`,
    );
  }
  return { training, validation, epochs, batchSize, dropLast, accumulate };
}

function partedBy(share: number, given: Dataset, seed: number): [Dataset, Dataset] {
  if (!(share > 0 && share < 1)) {
    throw new TrainingError(
      `fit: validation must be data or a share between 0 and 1, such as 0.2, got ${share}; ${share === 0 ? 'leave it out to train without' : 'something must be left to train on'}`,
    );
  }
  return splitDataset(given, share, { seed });
}

/** The value of an epoch that early stopping or a schedule watches, and whether less of it is better. */
export function watched(
  record: EpochRecord,
  options: { monitor?: string; lessIsBetter?: boolean } = {},
): { value: number; lessIsBetter: boolean } {
  const monitor = options.monitor ?? (record.validation ? 'validation.loss' : 'loss');
  const [first, ...rest] = monitor.split('.');
  const isValidation = first === 'validation';
  const quality = isValidation ? record.validation : record;
  const name = isValidation ? rest.join('.') : monitor;
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
