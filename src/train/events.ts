import type { ProgramStats } from '../backends/backend.ts';

/** Loss and metrics over some samples. */
export interface Quality {
  readonly loss: number;
  /** Values of the metrics that are numbers, by name. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** Where a training is. */
export interface Progress {
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Steps done in all epochs, and how many there will be; null where only counting tells. */
  readonly step: number;
  readonly steps: number | null;
  /** Batches done in this epoch, and how many there are. */
  readonly batch: number;
  readonly batches: number | null;
  /** Of training alone, without validation, since the training began or went on. */
  readonly samplesPerSecond: number;
  readonly seconds: number;
}

/** Everything is compiled, nothing has run. */
export interface StartEvent extends Progress {
  readonly kind: 'start';
  /** What one step costs. */
  readonly stats: ProgramStats;
  /** The training goes on from a checkpoint. */
  readonly resumed: boolean;
}

/** Some steps were made. Loss and metrics are those of the epoch so far, with dropout, while the parameters changed. */
export interface StepEvent extends Progress, Quality {
  readonly kind: 'step';
  readonly learningRate: number | null;
}

/** An epoch has ended. */
export interface EpochEvent extends Progress, Quality {
  readonly kind: 'epoch';
  readonly learningRate: number | null;
  /** With the parameters at the end of the epoch; null where there is no validation. */
  readonly validation: Quality | null;
  /** No epoch before was as good, by what early stopping watches. */
  readonly isBest: boolean;
}

/** The training is over. */
export interface EndEvent extends Progress {
  readonly kind: 'end';
  /** All epochs are done; early stopping; `training.stop()`. */
  readonly reason: 'finished' | 'early' | 'stopped';
  readonly history: History;
}

export type TrainingEvent = StartEvent | StepEvent | EpochEvent | EndEvent;

/** What is known of an epoch that has ended. Plain data. */
export interface EpochRecord extends Quality {
  readonly epoch: number;
  readonly validation: Quality | null;
  readonly learningRate: number | null;
}

/** All epochs of a training, those before an interruption included. */
export interface History {
  readonly epochs: readonly EpochRecord[];
  /** The epoch that early stopping found best; null without it. */
  readonly bestEpoch: number | null;
}

/**
 * An event as one line of text, such as `epoch 2/5  loss 0.1234  accuracy 0.965  validation loss 0.1101  accuracy 0.970  5,120 samples/s`.
 *
 * ```ts
 * for await (const event of fit(model, data, { epochs: 5 })) console.log(formatEvent(event));
 * ```
 */
export function formatEvent(event: TrainingEvent): string {
  const { epoch, epochs, batch, batches } = event;
  if (event.kind === 'start') {
    const { dispatches, submits } = event.stats;
    const cost = submits > 0 ? `: a step is ${dispatches} dispatches in ${submits} submit` : '';
    return `${event.resumed ? `goes on with epoch ${epoch} of ${epochs}` : `${epochs} epochs`}${cost}`;
  }
  if (event.kind === 'end') {
    const why = { finished: 'finished', early: 'stopped early', stopped: 'stopped' }[event.reason];
    const best = event.history.bestEpoch === null ? '' : `, best epoch ${event.history.bestEpoch}`;
    return `${why} after ${event.step} steps in ${event.seconds.toFixed(1)} s${best}`;
  }
  const validation = event.kind === 'epoch' && event.validation;
  return [
    `epoch ${epoch}/${epochs}`,
    ...(event.kind === 'step' ? [`batch ${batch}${batches === null ? '' : `/${batches}`}`] : []),
    formatQuality(event),
    ...(validation ? [`validation ${formatQuality(validation)}`] : []),
    `${Math.round(event.samplesPerSecond).toLocaleString('en')} samples/s`,
  ].join('  ');
}

function formatQuality({ loss, metrics }: Quality): string {
  const parts = Object.entries(metrics).map(([name, value]) => `${name} ${value.toPrecision(3)}`);
  return [`loss ${loss.toPrecision(4)}`, ...parts].join('  ');
}
