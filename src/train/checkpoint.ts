import type { TensorData } from '../core/dtype.ts';
import { FormatError, StorageError, TrainingError } from '../core/errors.ts';
import type { Variable } from '../graph/graph.ts';
import type { ByteSource } from '../io/byteSource.ts';
import type { CheckpointStore } from '../io/checkpointStore.ts';
import { type MatchOptions, matchTensors } from '../io/matchTensors.ts';
import { openSafetensors, safetensorsChunks, type TensorReader } from '../io/safetensors.ts';
import type { NamedSpec } from '../io/safetensorsHeader.ts';
import type { CompiledModel } from './compiledModel.ts';
import type { Checkpointing, TrainingControl, TrainingState } from './trainingState.ts';

const format = 'tensorloom training';

/** The best weights lie beside the present ones under this prefix. */
const bestPrefix = 'best/';

export interface CheckpointOptions {
  /** Default `training.safetensors`. */
  name?: string;
  /** Whether to go on from what is there, if anything is; default false: it is written over. */
  resume?: boolean;
  /** Saves after each so many epochs; default 1. */
  everyEpochs?: number;
  /** Saves also after each so many batches of an epoch. */
  everyBatches?: number;
}

/**
 * Saves a training as it goes, and lets it go on where it was saved: parameters, the optimizer's state, running statistics, step, epoch, place
 * in the data, schedule, history. What is resumed ends in the same bits as what was never interrupted, on one device.
 *
 * ```ts
 * await fit(model, data, { epochs: 20, checkpoint: checkpoint(fileStore('runs'), { resume: true }) });
 * ```
 */
export function checkpoint(store: CheckpointStore, options: CheckpointOptions = {}): Checkpointing {
  const { name = defaultName, resume = false, everyEpochs = 1, everyBatches = null } = options;
  return {
    everyEpochs,
    everyBatches,
    save: (training) => saveTraining(training, store, name),
    resume: async (model, settings) => (resume ? readTraining(model, store, name, settings) : null),
  };
}

const defaultName = 'training.safetensors';

/**
 * Writes all that the rest of a training depends on, one tensor after the other: between two events, from the loop over them or from a callback.
 *
 * ```ts
 * const training = fit(model, data, { epochs: 20 });
 * for await (const event of training) if (event.kind === 'epoch') await saveTraining(training, store, `epoch${event.epoch}`);
 * ```
 */
export function saveTraining(
  { model, state, best }: TrainingControl,
  store: CheckpointStore,
  name = defaultName,
): Promise<void> {
  const present = model.state.map((variable) => ({ ...specOf(variable), variable, data: null }));
  const bests = [...(best ?? [])].map(([variable, data]) => ({
    ...specOf(variable),
    name: bestPrefix + variable.name,
    variable,
    data,
  }));
  const metadata = { format, version: '1', state: JSON.stringify(state) };
  const chunks = safetensorsChunks(
    [...present, ...bests],
    ({ variable, data }) => data ?? model.device.read(variable),
    metadata,
  );
  return store.write(name, chunks);
}

/** Reads what `saveTraining` wrote into the variables. Null where there is nothing under that name. */
async function readTraining(
  model: CompiledModel,
  store: CheckpointStore,
  name: string,
  settings: TrainingState['settings'],
): Promise<{ state: TrainingState; best: Map<Variable, TensorData> | null } | null> {
  const what = `checkpoint "${name}" in ${store.place}`;
  return reading(store, name, async (reader) => {
    const state = stateOf(what, reader);
    const differing = Object.entries(settings).filter(([key, value]) => state.settings[key] !== value);
    if (differing.length > 0) {
      const list = differing.map(
        ([key, value]) => `${key} is ${state.settings[key]} there and ${value} here`,
      );
      throw new FormatError(`${what} belongs to another training: ${list.join('; ')}`);
    }
    const isBest = ({ name }: NamedSpec) => name.startsWith(bestPrefix);
    const pairs = matchTensors(
      what,
      model.state,
      reader.tensors.filter((spec) => !isBest(spec)),
    );
    const hasBest = reader.tensors.some(isBest);
    const bests = hasBest
      ? matchTensors(what, model.variables, reader.tensors.filter(isBest), {
          rename: (own) => bestPrefix + own,
        })
      : [];
    const best = hasBest ? new Map<Variable, TensorData>() : null;
    const present = new Map(pairs.map(([variable, { name }]) => [name, variable]));
    const kept = new Map(bests.map(([variable, { name }]) => [name, variable]));
    for (const spec of reader.tensors) {
      const data = await reader.read(spec.name);
      const variable = present.get(spec.name);
      const bestOf = kept.get(spec.name);
      if (variable) model.device.write(variable, data);
      if (bestOf) best?.set(bestOf, data);
    }
    return { state, best };
  });
}

function stateOf(what: string, { metadata }: TensorReader): TrainingState {
  if (metadata.format !== format || metadata.version !== '1') {
    throw new FormatError(
      `${what} holds no training (format ${JSON.stringify(metadata.format ?? null)}, version ${JSON.stringify(metadata.version ?? null)}); weights alone are read by loadWeights`,
    );
  }
  try {
    const state: TrainingState = JSON.parse(metadata.state);
    const numbers = [state.epoch, state.batch, state.samples, state.step, state.applied, state.pending];
    if (!numbers.every((value) => Number.isSafeInteger(value) && value >= 0))
      throw new Error('a count is none');
    if (!Array.isArray(state.epochs) || typeof state.settings !== 'object')
      throw new Error('a part is missing');
    return state;
  } catch (error) {
    throw new FormatError(
      `${what}: the state of the training is damaged: ${error instanceof Error ? error.message : error}`,
    );
  }
}

/**
 * Writes the weights of a model, running statistics included, as safetensors.
 *
 * ```ts
 * await saveWeights(model, fileStore('models'), 'digits.safetensors');
 * ```
 *
 * @param metadata free texts by name.
 * @throws StorageError where they cannot be written; what was there before stays.
 */
export function saveWeights(
  model: CompiledModel,
  store: CheckpointStore,
  name: string,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  return store.write(
    name,
    safetensorsChunks(
      model.variables.map(specOfVariable),
      ({ variable }) => model.device.read(variable),
      metadata,
    ),
  );
}

/**
 * Reads weights into a model: from a store, or from a source of bytes such as a `Blob`. Also from a training's checkpoint, whose other
 * tensors are passed over.
 *
 * ```ts
 * await loadWeights(model, fileStore('models'), 'digits.safetensors');
 * await loadWeights(model, blobSource(file), 'digits.safetensors', { include: 'backbone/*' }); // and leave the rest as it is
 * ```
 *
 * @returns names of the variables that were written.
 * @throws FormatError where the file is damaged, or belongs to another architecture: names and shapes that are missing, unexpected or different
 * are listed, and nothing is changed. StorageError where there is no such file.
 */
export async function loadWeights(
  model: CompiledModel,
  store: CheckpointStore | ByteSource,
  name: string,
  options: MatchOptions = {},
): Promise<string[]> {
  const what = 'place' in store ? `checkpoint "${name}" in ${store.place}` : `"${name}"`;
  const load = async (reader: TensorReader) => {
    const { variables } = model;
    // A training's checkpoint also holds what the optimizer and the epoch remember.
    const isOwn = ({ name }: NamedSpec) => variables.some((variable) => variable.name === name);
    const given = reader.metadata.format === format ? reader.tensors.filter(isOwn) : reader.tensors;
    const pairs = matchTensors(what, variables, given, options);
    for (const [variable, spec] of pairs) model.device.write(variable, await reader.read(spec.name));
    return pairs.map(([variable]) => variable.name);
  };
  if (!('place' in store)) return load(await openSafetensors(store));
  const loaded = await reading(store, name, load);
  if (loaded) return loaded;
  const there = await store.list();
  throw new StorageError(`there is no ${what} (there are: ${there.join(', ') || 'none'})`);
}

async function reading<Result>(
  store: CheckpointStore,
  name: string,
  body: (reader: TensorReader) => Promise<Result>,
): Promise<Result | null> {
  const source = await store.open(name);
  if (!source) return null;
  try {
    return await body(await openSafetensors(source));
  } finally {
    await source.close?.();
  }
}

function specOf({ name, shape, dtype }: Variable): NamedSpec {
  return { name, shape, dtype };
}

function specOfVariable(variable: Variable): NamedSpec & { readonly variable: Variable } {
  return { ...specOf(variable), variable };
}

/**
 * Puts the moving averages in place of the parameters, for evaluation, prediction or saving. What it returns puts the parameters back.
 *
 * ```ts
 * const restore = await useAverages(model);
 * console.log(await evaluate(model, test));
 * await restore(); // and training can go on
 * ```
 */
export async function useAverages(model: CompiledModel): Promise<() => Promise<void>> {
  const { average, device } = model;
  if (!average)
    throw new TrainingError(
      'useAverages: no averages are kept; tell compileModel { movingAverage: averageWeights() } and train',
    );
  const before = new Map<Variable, TensorData>();
  for (const [variable, own] of average.averages) {
    before.set(variable, await device.read(variable));
    device.write(variable, await device.read(own));
  }
  return async () => {
    for (const [variable, data] of before) device.write(variable, data);
  };
}
