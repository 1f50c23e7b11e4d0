import type { Feeds } from '../backends/backend.ts';
import { Pauses } from '../backends/pause.ts';
import type { TensorData } from '../core/dtype.ts';
import { NonFiniteError, TensorloomError, TrainingError } from '../core/errors.ts';
import { Tensor, type Variable } from '../graph/graph.ts';
import type { AdaptiveSchedule } from '../optim/schedules.ts';
import { checkRows } from './checkData.ts';
import type { CompiledModel } from './compiledModel.ts';
import type { DataArrays, Dataset } from './dataset.ts';
import { checkRanges, evaluate, numbersOf } from './evaluate.ts';
import type { EpochRecord, History, Progress, Quality, TrainingEvent } from './events.ts';
import { type Batch, Feeder, type LabelRanges, oneAhead } from './feeding.ts';
import { type FitOptions, type Plan, planOf } from './fitOptions.ts';
import { notFinite } from './nonFinite.ts';
import { stepGraph, stepProgram } from './steps.ts';
import type { TrainingControl, TrainingState } from './trainingState.ts';

/**
 * Trains a model. What comes back is awaited, for the history; or iterated, for one event after the other. Either begins the training.
 *
 * ```ts
 * const { epochs } = await fit(model, { x, y }, { epochs: 10, validation: 0.2 });
 *
 * for await (const event of fit(model, { x, y }, { epochs: 10 })) console.log(formatEvent(event));
 * ```
 *
 * The loss is read back only for an event. Leaving the loop ends the training; the model keeps its parameters then, and after every error.
 *
 * @throws TrainingError for options that make no sense, a callback that threw, an abort; FeedError for NaN in the data and labels out of
 * range; ShapeError where data and network do not fit; NonFiniteError where the loss became NaN or infinite.
 */
export function fit(model: CompiledModel, data: Dataset | DataArrays, options: FitOptions = {}): Training {
  const training = new Training(model, planOf(model, data, options), options);
  // An error comes later, out of some loop: it shall lead to this call.
  Error.captureStackTrace?.(training.call, fit);
  return training;
}

/** Milliseconds from one `step` event to the next. */
const eventInterval = 100;
/** Batches in which the cause of a NaN is looked for; those that are packed into arrays in turn are soon written over. */
const remembered = 32;
const rememberedPacked = 3;

/** A training: begun by `await` or by iterating over its events, once. */
export class Training implements AsyncIterable<TrainingEvent>, PromiseLike<History>, TrainingControl {
  state: TrainingState;
  best: ReadonlyMap<Variable, TensorData> | null = null;
  /** Where `fit` was called. */
  readonly call: { stack?: string } = {};
  private readonly schedule: AdaptiveSchedule | null;
  private begun = false;
  private stopping = false;
  private promise: Promise<History> | null = null;
  private readonly pauses = new Pauses();
  private recent: Batch[] = [];
  private trainingSeconds = 0;
  private trainedSamples = 0;
  private started = 0;
  private count: number | null = null;

  constructor(
    readonly model: CompiledModel,
    private readonly plan: Plan,
    private readonly options: FitOptions,
  ) {
    this.schedule = scheduleOf(model);
    this.state = {
      epoch: 1,
      batch: 0,
      samples: 0,
      step: 0,
      applied: 0,
      pending: 0,
      schedule: this.schedule?.start ?? null,
      epochs: [],
      best: null,
      settings: {
        seed: model.graph.seed,
        batchSize: plan.batchSize,
        accumulate: options.accumulate?.batches ?? 1,
        dropLast: plan.dropLast,
        samples: plan.training.size,
      },
    };
  }

  stop(): void {
    this.stopping = true;
  }

  [Symbol.asyncIterator](): AsyncGenerator<TrainingEvent, void, undefined> {
    if (this.begun) throw new TrainingError('fit: this training has begun already; call fit again');
    this.begun = true;
    return this.run();
  }

  // biome-ignore lint/suspicious/noThenProperty: `await fit(…)` without a loop must train, and not silently do nothing
  then<Result = History, Failure = never>(
    onDone?: ((history: History) => Result | PromiseLike<Result>) | null,
    onFailure?: ((reason: unknown) => Failure | PromiseLike<Failure>) | null,
  ): Promise<Result | Failure> {
    this.promise ??= this.finish();
    return this.promise.then(onDone, onFailure);
  }

  private async finish(): Promise<History> {
    let last: TrainingEvent | null = null;
    for await (const event of this) last = event;
    if (last?.kind !== 'end') throw new TrainingError('fit: the training ended without an end');
    return last.history;
  }

  private async *run(): AsyncGenerator<TrainingEvent, void, undefined> {
    const { model, plan, options } = this;
    try {
      const feeder = new Feeder(model.home, plan.training, options.resident);
      const { ranges, resumed, stats } = await this.prepare(feeder);
      this.started = performance.now();
      yield* this.tell({ kind: 'start', ...this.progress, stats, resumed });
      while (this.state.epoch <= plan.epochs && !this.isLate && !this.stopping) {
        yield* this.epoch(feeder, ranges);
        if (this.stopping) break;
        const event = await this.finishEpoch();
        await this.saveAfterEpoch();
        yield* this.tell(event);
      }
      await this.restoreBest();
      const reason = this.stopping ? 'stopped' : this.isLate ? 'early' : 'finished';
      yield* this.tell({ kind: 'end', ...this.progress, reason, history: this.history });
    } catch (error) {
      throw this.located(error);
    }
  }

  /** Looks at the data, builds and compiles, and reads the checkpoint. */
  private async prepare(feeder: Feeder) {
    const { model, plan, options } = this;
    this.checkAbort();
    await checkRows(plan.training, this.pauses);
    const { size } = plan.training;
    const full = Math.min(plan.batchSize, size ?? plan.batchSize);
    const rest = size === null || plan.dropLast ? 0 : size % full;
    const { accumulate, signal } = options;
    const kinds = accumulate ? (['collect', 'apply'] as const) : (['step'] as const);
    // Always in the same order, so that a training that goes on finds the names of the one that was interrupted.
    for (const samples of rest > 0 ? [full, rest] : [full])
      for (const kind of kinds) stepGraph(model, feeder.tensorsOf(samples), kind, accumulate);
    const ranges = model.rangesFor(plan.training);
    checkRanges(plan.training, ranges);
    const program = await stepProgram(model, feeder.tensorsOf(full), kinds[0], accumulate, signal);
    model.clearTotals();
    this.count = feeder.countBatches(plan.batchSize, plan.dropLast);
    return { ranges, resumed: await this.resume(), stats: program.stats };
  }

  private async resume(): Promise<boolean> {
    const found = await this.options.checkpoint?.resume(this.model, this.state.settings);
    if (!found) return false;
    this.state = found.state;
    this.best = found.best;
    return true;
  }

  /** The batches of an epoch that are left. */
  private async *epoch(feeder: Feeder, ranges: LabelRanges): AsyncGenerator<TrainingEvent, void, undefined> {
    const { model, plan, options, state } = this;
    const { batchSize, dropLast } = plan;
    const { accumulate, signal } = options;
    if (state.batch === 0) model.clearTotals();
    const batches = feeder.batches(state.epoch, { batchSize, dropLast, skip: state.batch, ranges });
    let [told, before] = [performance.now(), performance.now()];
    for await (const batch of oneAhead(batches)) {
      this.checkAbort();
      const isLast = this.state.pending + 1 === (accumulate?.batches ?? 1);
      const kind = !accumulate ? 'step' : isLast ? 'apply' : 'collect';
      const program = await stepProgram(model, batch.tensors, kind, accumulate, signal);
      const feeds = this.feedsOf(batch, isLast);
      const isDue = this.isDue(told);
      const totals = isDue ? await program.run(feeds) : await program.submit(feeds);
      this.advance(batch, isLast, feeder.isResident);
      this.trainingSeconds += (performance.now() - before) / 1000;
      if (totals) {
        const quality = await this.qualityOf(totals);
        yield* this.tell({ kind: 'step', ...this.progress, ...quality, learningRate: this.rate });
        told = performance.now();
      }
      await this.saveAfterBatch();
      if (this.stopping) return;
      if (this.pauses.isDue) await this.pauses.take();
      before = performance.now();
    }
    this.checkAbort();
  }

  private isDue(told: number): boolean {
    const { batchesPerEvent } = this.options;
    if (batchesPerEvent !== undefined) return (this.state.batch + 1) % batchesPerEvent === 0;
    return performance.now() - told > eventInterval;
  }

  private feedsOf({ feeds }: Batch, isLast: boolean): Feeds {
    const { state, rate } = this;
    const { accumulate } = this.options;
    // A batch whose gradients only wait is not updated with any rate.
    const isScheduled = isLast && this.schedule !== null;
    if (!isScheduled && !accumulate) return feeds;
    if (isScheduled && !(rate !== null && rate >= 0 && Number.isFinite(rate)))
      throw new TrainingError(`fit: the schedule gave the learning rate ${rate} for step ${state.applied}`);
    return {
      ...feeds,
      ...(isScheduled && rate !== null ? { learningRate: rate } : {}),
      ...accumulate?.feeds(state.pending),
    };
  }

  private advance(batch: Batch, isLast: boolean, isResident: boolean): void {
    const { state } = this;
    const { size } = batch.tensors;
    this.trainedSamples += size;
    this.state = {
      ...state,
      batch: state.batch + 1,
      samples: state.samples + size,
      step: state.step + 1,
      applied: state.applied + (isLast ? 1 : 0),
      pending: isLast ? 0 : state.pending + 1,
    };
    this.recent.push(batch);
    if (this.recent.length > (isResident ? remembered : rememberedPacked)) this.recent.shift();
  }

  /** Loss and metrics of the epoch so far, of the totals that were read. */
  private async qualityOf(totals: Readonly<Record<string, TensorData>>): Promise<Quality> {
    const { loss, failed, values } = this.model.quality(totals);
    if (failed > 0) throw await notFinite(this.model, this.recent, failed, this.state);
    this.recent = [];
    return { loss, metrics: numbersOf(values) };
  }

  /** Judges, asks the schedule, and goes on to the next epoch. */
  private async finishEpoch(): Promise<TrainingEvent> {
    const { model, plan, options, state } = this;
    const quality = await this.qualityOf(await model.readTotals());
    let validation: Quality | null = null;
    if (plan.validation) {
      const { isResident: resident } = new Feeder(model.home, plan.validation, options.resident);
      const { loss, metrics } = await evaluate(model, plan.validation, { signal: options.signal, resident });
      validation = { loss, metrics };
    }
    const { rate } = this;
    const record: EpochRecord = { epoch: state.epoch, ...quality, validation, learningRate: rate };
    const isBest = await this.keepBest(record);
    const event = {
      kind: 'epoch' as const,
      ...this.progress,
      ...quality,
      validation,
      learningRate: rate,
      isBest,
    };
    const schedule = this.schedule?.next(state.schedule, (validation ?? quality).loss) ?? null;
    const epochs = [...state.epochs, record];
    this.state = { ...this.state, epoch: state.epoch + 1, batch: 0, samples: 0, schedule, epochs };
    return event;
  }

  private async keepBest(record: EpochRecord): Promise<boolean> {
    const { earlyStopping } = this.options;
    const best = earlyStopping?.better(record, this.state.best);
    if (!earlyStopping || !best) return false;
    this.state = { ...this.state, best };
    if (!earlyStopping.restoreBest) return true;
    const { variables, device } = this.model;
    const values = await Promise.all(variables.map((variable) => device.read(variable)));
    this.best = new Map(variables.map((variable, i) => [variable, values[i]]));
    return true;
  }

  /** Early stopping has waited long enough. */
  private get isLate(): boolean {
    const { epochs, best } = this.state;
    return this.options.earlyStopping?.isLate(epochs.length, best) ?? false;
  }

  private async restoreBest(): Promise<void> {
    for (const [variable, data] of this.best ?? []) this.model.device.write(variable, data);
  }

  private async saveAfterBatch(): Promise<void> {
    const { checkpoint } = this.options;
    if (!checkpoint?.everyBatches || this.state.batch % checkpoint.everyBatches !== 0) return;
    if (this.state.batch !== this.count) await checkpoint.save(this);
  }

  private async saveAfterEpoch(): Promise<void> {
    const { checkpoint } = this.options;
    if (!checkpoint) return;
    const done = this.state.epoch - 1;
    if (done % checkpoint.everyEpochs === 0 || done === this.plan.epochs || this.isLate)
      await checkpoint.save(this);
  }

  /** The learning rate of the next step; null where it is a tensor of the model's own. */
  private get rate(): number | null {
    const { applied, schedule } = this.state;
    const rate = this.model.options.optimizer?.learningRate;
    return typeof rate === 'number' ? rate : (this.schedule?.rate(applied, schedule) ?? null);
  }

  private get progress(): Progress {
    const { plan, state, count } = this;
    return {
      epoch: Math.min(state.epoch, plan.epochs),
      epochs: plan.epochs,
      step: state.step,
      steps: count === null ? null : count * plan.epochs,
      batch: state.batch,
      batches: count,
      samplesPerSecond: this.trainingSeconds > 0 ? this.trainedSamples / this.trainingSeconds : 0,
      seconds: this.started > 0 ? (performance.now() - this.started) / 1000 : 0,
    };
  }

  private get history(): History {
    return { epochs: this.state.epochs, bestEpoch: this.state.best?.epoch ?? null };
  }

  /** Tells callbacks of an event, and then the loop. */
  private async *tell(event: TrainingEvent): AsyncGenerator<TrainingEvent, void, undefined> {
    for (const callback of this.options.callbacks ?? []) {
      try {
        await callback(event, this);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw this.error(`a callback threw at the event "${event.kind}": ${reason}`, error);
      }
    }
    yield event;
  }

  private checkAbort(): void {
    const { signal } = this.options;
    if (signal?.aborted) throw this.error('aborted', signal.reason);
  }

  private error(what: string, cause: unknown): TrainingError {
    const { step, epoch, batch } = this.state;
    const at = { step, epoch: step === 0 ? 0 : epoch };
    const where =
      step === 0
        ? 'before the first step'
        : `in epoch ${epoch} after batch ${batch} (step ${step}); the model keeps the parameters of that step`;
    return new TrainingError(`fit: ${what}, ${where}`, at, { cause });
  }

  /** Says where an error happened: in the training, and in the program that called `fit`. */
  private located(error: unknown): unknown {
    const { signal } = this.options;
    const own = signal?.aborted && error === signal.reason ? this.error('aborted', error) : error;
    if (!(own instanceof TensorloomError)) return own;
    if (this.started > 0 && !(own instanceof TrainingError || own instanceof NonFiniteError)) {
      const { epoch, batch } = this.state;
      own.message = `epoch ${epoch}, after batch ${batch}: ${own.message}`;
    }
    const frames = this.call.stack?.replace(/^(?!\s+at ).*\n/gm, '');
    if (frames) own.stack = `${own.name}: ${own.message}\n${frames}`;
    return own;
  }
}

/** The schedule of a model's learning rate, if it has one. Plain functions remember nothing. */
function scheduleOf({ options }: CompiledModel): AdaptiveSchedule | null {
  const rate = options.optimizer?.learningRate;
  if (typeof rate === 'function') return { start: null, rate, next: (state) => state };
  return typeof rate === 'object' && !(rate instanceof Tensor) ? rate : null;
}
