import type { TensorData } from '../core/dtype.ts';
import type { Variable } from '../graph/graph.ts';
import type { CompiledModel } from './compiledModel.ts';
import type { EpochRecord } from './events.ts';

/** Where a training stands between two batches, as JSON. Together with the variables it is all that the rest depends on. */
export interface TrainingState {
  /** The epoch that goes on, from 1, and how many of its batches and samples are done. */
  readonly epoch: number;
  readonly batch: number;
  readonly samples: number;
  /** Batches and steps of the optimizer in all epochs. */
  readonly step: number;
  readonly applied: number;
  /** Batches whose gradients wait for the others of their step. */
  readonly pending: number;
  /** What an adaptive schedule remembers. */
  readonly schedule: unknown;
  readonly epochs: readonly EpochRecord[];
  /** What early stopping remembers. */
  readonly best: { readonly epoch: number; readonly value: number } | null;
  /** What must be the same when the training goes on. */
  readonly settings: Readonly<Record<string, number | boolean | null>>;
}

/** What can be done with a training while it runs, between two events. */
export interface TrainingControl {
  readonly model: CompiledModel;
  readonly state: TrainingState;
  /** The weights of the best epoch, where early stopping keeps them. */
  readonly best: ReadonlyMap<Variable, TensorData> | null;
  /** Ends the training after the present step, as if all epochs were done. */
  stop(): void;
}

/** Saves a training and brings it back. */
export interface Checkpointing {
  readonly everyEpochs: number;
  readonly everyBatches: number | null;
  save(training: TrainingControl): Promise<void>;
  /** Writes the variables and gives the rest; null where the training is to begin anew. */
  resume(
    model: CompiledModel,
    settings: TrainingState['settings'],
  ): Promise<{ state: TrainingState; best: Map<Variable, TensorData> | null } | null>;
}
