import { TrainingError } from '../core/errors.ts';
import type { Accumulating } from './accumulate.ts';
import { checkFields } from './checkData.ts';
import type { CompiledModel } from './compiledModel.ts';
import { type DataArrays, type Dataset, toDataset } from './dataset.ts';
import type { EarlyStopping } from './earlyStopping.ts';
import { checkBatchSize } from './evaluate.ts';
import type { TrainingEvent } from './events.ts';
import type { Checkpointing, TrainingControl } from './trainingState.ts';
import { shuffleDataset, splitDataset } from './transforms.ts';

/** Called with each event and awaited; the training can be stopped or saved from there. */
export type Callback = (event: TrainingEvent, training: TrainingControl) => unknown;

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
  /** `earlyStopping({ patience: 5 })`: ends the training when it gets no better. */
  earlyStopping?: EarlyStopping;
  /** Saves the training as it goes, and lets it go on: `checkpoint(store, { resume: true })`. */
  checkpoint?: Checkpointing;
  /** Ends the training after the present step, with a TrainingError; the model keeps its parameters. */
  signal?: AbortSignal;
  /** `accumulateGradients(4)`: one step of the optimizer for each four batches. */
  accumulate?: Accumulating;
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
}

/** @throws TrainingError, FeedError, ShapeError where something does not fit. */
export function planOf(model: CompiledModel, data: Dataset | DataArrays, options: FitOptions): Plan {
  const { epochs = 1, batchSize = 32, dropLast = false } = options;
  checkBatchSize('fit', batchSize);
  for (const [name, value] of Object.entries({ epochs })) {
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
  return { training, validation, epochs, batchSize, dropLast };
}

function partedBy(share: number, given: Dataset, seed: number): [Dataset, Dataset] {
  if (!(share > 0 && share < 1)) {
    throw new TrainingError(
      `fit: validation must be data or a share between 0 and 1, such as 0.2, got ${share}`,
    );
  }
  return splitDataset(given, share, { seed });
}
