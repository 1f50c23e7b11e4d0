import { FeedError, TensorloomError } from '../core/errors.ts';
import { RandomStream } from '../core/random.ts';
import { sizeOf } from '../core/shape.ts';
import { type Dataset, flattenSample, rowAt, type Sample, type Values } from './dataset.ts';

// Each takes a dataset and gives another one; nothing is drawn or computed before an epoch asks for it.

/** The numbers that belong to a seed, an epoch and a purpose. */
function streamOf(seed: number, epoch: number, purpose: number): RandomStream {
  return new RandomStream((seed ^ Math.imul(purpose, 0x9e3779b9)) >>> 0, epoch);
}

/**
 * Another order in each epoch, which depends on nothing but `seed` and the number of the epoch. Arrays are shuffled whole; a stream
 * is shuffled within a window of `window` samples (default 1000), from which each next one is drawn.
 */
export function shuffleDataset(data: Dataset, options: { seed?: number; window?: number } = {}): Dataset {
  const { seed = 0, window = 1000 } = options;
  const { source } = data;
  if (source.kind === 'rows') {
    const order = (epoch: number) => {
      const before = source.order(epoch);
      const drawn = streamOf(seed, epoch, 1).permutation(before?.length ?? data.size ?? 0);
      return before ? drawn.map((row) => before[row]) : drawn;
    };
    return { ...data, source: { ...source, order } };
  }
  if (!(Number.isInteger(window) && window >= 1))
    throw new TensorloomError(`shuffleDataset: window must be a whole number of at least 1, got ${window}`);
  async function* samples(epoch: number): AsyncGenerator<Values> {
    const random = streamOf(seed, epoch, 1);
    const held: Values[] = [];
    for await (const sample of samplesOf(data, epoch)) {
      if (held.length < window) {
        held.push(sample);
        continue;
      }
      const place = random.integer(window);
      yield held[place];
      held[place] = sample;
    }
    for (const place of random.permutation(held.length)) yield held[place];
  }
  return { ...data, source: { kind: 'stream', samples } };
}

/** All samples of an epoch, one after the other. What lies in memory is seen, not copied. */
export async function* samplesOf({ source, fields, size }: Dataset, epoch: number): AsyncGenerator<Values> {
  if (source.kind === 'stream') {
    yield* source.samples(epoch);
    return;
  }
  const order = source.order(epoch);
  for (let i = 0; i < (order?.length ?? size ?? 0); i++) yield rowAt(source, fields, order?.[i] ?? i);
}

/** Where a sample stands, for `mapDataset`. */
export interface SamplePlace {
  readonly epoch: number;
  /** Its number within the epoch, from 0. */
  readonly index: number;
  /** Random numbers of its own, the same whenever this sample of this epoch is made. */
  readonly random: RandomStream;
}

/**
 * Changes each sample as it is asked for: scaling, augmentation. The result is not kept, so that each epoch may give another one.
 * `change` gets the fields by flat name (`x`, `y`, or `x/left` where there are several), each an array of numbers.
 *
 * ```ts
 * mapDataset(photos, ({ x, y }, { random }) => ({ x: random.uniform() < 0.5 ? mirror(x) : x, y }));
 * ```
 *
 * @param options.fields shape and dtype of what comes out; default those of the first sample of arrays, and of a stream those that go in.
 */
export function mapDataset(
  data: Dataset,
  change: (values: Values, place: SamplePlace) => Sample,
  options: { seed?: number; fields?: Dataset['fields'] } = {},
): Dataset {
  const { seed = 0 } = options;
  const { source, fields } = data;
  const at = (values: Values, epoch: number, index: number) =>
    flattenSample(change(values, { epoch, index, random: streamOf(seed ^ index, epoch, 2) }));
  async function* samples(epoch: number): AsyncGenerator<Values> {
    let index = 0;
    for await (const values of samplesOf(data, epoch)) yield valuesOf(at(values, epoch, index++));
  }
  let specs = options.fields ?? fields;
  if (!options.fields && source.kind === 'rows') {
    const first = at(rowAt(source, fields, source.order(1)?.[0] ?? 0), 1, 0);
    specs = Object.fromEntries(
      Object.entries(first).map(([name, { values, shape }]) => {
        const before = fields[name];
        const isSame = before && sizeOf(before.shape) === values.length && shape.length <= 1;
        return [name, { shape: isSame ? before.shape : shape, dtype: before?.dtype ?? 'float32' }];
      }),
    );
  }
  return { fields: specs, size: data.size, source: { kind: 'stream', samples } };
}

function valuesOf(flat: ReturnType<typeof flattenSample>): Values {
  return Object.fromEntries(Object.entries(flat).map(([name, { values }]) => [name, values]));
}

/**
 * Samples from a generator, a file that is read piece by piece, a network. `make` is called once for each epoch and must give the same samples
 * whenever it is called for the same epoch, else no training on it can be resumed exactly.
 *
 * ```ts
 * const lines = streamDataset(async function* () { for await (const line of readLines(file)) yield parse(line); }, {
 *   x: { shape: [4], dtype: 'float32' }, y: { shape: [], dtype: 'int32' } });
 * ```
 *
 * @param fields shape and dtype of one sample, by `x`, `y`, `weights`, or `x/name` where there are several.
 */
export function streamDataset(
  make: (epoch: number) => AsyncIterable<Sample> | Iterable<Sample>,
  fields: Dataset['fields'],
  options: { size?: number } = {},
): Dataset {
  async function* samples(epoch: number): AsyncGenerator<Values> {
    for await (const sample of make(epoch)) yield valuesOf(flattenSample(sample));
  }
  return { fields, size: options.size ?? null, source: { kind: 'stream', samples } };
}

/**
 * Makes up to `count` samples ahead while earlier ones are being used: for streams that wait for a disk or a network. Batches are made one
 * ahead anyway.
 */
export function prefetchDataset(data: Dataset, count: number): Dataset {
  async function* samples(epoch: number): AsyncGenerator<Values> {
    const iterator = samplesOf(data, epoch)[Symbol.asyncIterator]();
    const ahead: Promise<IteratorResult<Values>>[] = [];
    try {
      for (;;) {
        while (ahead.length <= count) {
          const next = iterator.next();
          // Whoever takes it hears of its failure.
          next.catch(() => {});
          ahead.push(next);
        }
        const { done, value } = await ahead.shift()!;
        if (done) return;
        yield value;
      }
    } finally {
      await iterator.return?.(undefined);
    }
  }
  return { ...data, source: { kind: 'stream', samples } };
}

/**
 * Parts a dataset of arrays in two: a `share` of its samples (0.2: a fifth) drawn by `seed`, and the others. Nothing is copied.
 *
 * ```ts
 * const [validation, training] = splitDataset(digits, 0.2);
 * ```
 *
 * @throws FeedError where either part would be empty, and for streams, whose samples cannot be told apart before they come.
 */
export function splitDataset(
  data: Dataset,
  share: number,
  options: { seed?: number } = {},
): [Dataset, Dataset] {
  const { source, size } = data;
  if (source.kind !== 'rows' || size === null)
    throw new FeedError('splitDataset: takes arrays; give streams for training and for validation apart');
  if (!(share > 0 && share < 1))
    throw new FeedError(
      `splitDataset: share must lie between 0 and 1 (0.2: a fifth of the samples), got ${share}`,
    );
  const count = Math.round(size * share);
  if (count === 0 || count === size)
    throw new FeedError(`splitDataset: a share of ${share} of ${size} samples leaves one part empty`);
  const drawn = streamOf(options.seed ?? 0, 0, 3).permutation(size);
  const rows = drawn.map((place) => source.order(1)?.[place] ?? place);
  const part = (chosen: Uint32Array): Dataset => {
    const sorted = chosen.slice().sort();
    return { ...data, size: sorted.length, source: { ...source, order: () => sorted } };
  };
  return [part(rows.subarray(0, count)), part(rows.subarray(count))];
}

/**
 * Weighs each sample by its class: `weights` by class number. With `'balanced'`, which takes arrays, each class counts the same in total:
 * samples / (classes · samples of the class).
 *
 * ```ts
 * const data = classWeights(dataset({ x, y }), { 0: 1, 1: 20 }); // the second class is rare
 * ```
 */
export function classWeights(
  data: Dataset,
  weights: 'balanced' | readonly number[] | Readonly<Record<number, number>>,
): Dataset {
  const { source, fields } = data;
  const label = fields.y;
  if (!label || sizeOf(label.shape) !== 1 || label.dtype === 'float32')
    throw new FeedError('classWeights: takes data whose y is one class number (int32) for each sample');
  const table = weights === 'balanced' ? balanced(data) : weights;
  const weightOf = (given: number) => {
    const weight = table[given];
    if (weight >= 0) return weight;
    throw new FeedError(
      `classWeights: no weight for class ${given} (there are ${Object.keys(table).join(', ')})`,
    );
  };
  const withWeights = { ...fields, weights: { shape: [], dtype: 'float32' } as const };
  if (source.kind === 'rows') {
    const arrays = { ...source.arrays, weights: Float32Array.from(source.arrays.y, weightOf) };
    return { ...data, fields: withWeights, source: { ...source, arrays } };
  }
  async function* samples(epoch: number): AsyncGenerator<Values> {
    for await (const values of samplesOf(data, epoch)) yield { ...values, weights: [weightOf(values.y[0])] };
  }
  return { ...data, fields: withWeights, source: { kind: 'stream', samples } };
}

function balanced({ source, size }: Dataset): Record<number, number> {
  if (source.kind !== 'rows')
    throw new FeedError("classWeights: 'balanced' takes arrays; give weights by class");
  const counts: Record<number, number> = {};
  const order = source.order(1);
  const samples = order?.length ?? size ?? 0;
  for (let i = 0; i < samples; i++) {
    const given = source.arrays.y[order?.[i] ?? i];
    counts[given] = (counts[given] ?? 0) + 1;
  }
  const classes = Object.keys(counts).length;
  return Object.fromEntries(
    Object.entries(counts).map(([given, count]) => [given, samples / (classes * count)]),
  );
}
