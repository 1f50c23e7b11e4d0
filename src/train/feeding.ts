import type { Feeds } from '../backends/backend.ts';
import { isFloat } from '../core/dtype.ts';
import { FeedError, ShapeError } from '../core/errors.ts';
import { showShape, sizeOf } from '../core/shape.ts';
import type { Graph, Tensor, Variable } from '../graph/graph.ts';
import type { TensorSpec } from '../graph/kernel.ts';
import { takeRows } from '../ops/gatherKernels.ts';
import { checkLabels, checkNumbers, type LabelRange } from './checkData.ts';
import type { Dataset, NumberArray, Rows } from './dataset.ts';
import { samplesOf } from './transforms.ts';

/** The tensors of a batch in a graph, by flat name (`x`, `y`, `x/left`), and how a run is given them. */
export interface BatchTensors {
  readonly size: number;
  readonly tensors: Readonly<Record<string, Tensor>>;
  /** What the names of the program's inputs begin with. */
  readonly prefix: string;
}

/** One batch, ready to be run. */
export interface Batch {
  readonly tensors: BatchTensors;
  readonly feeds: Feeds;
}

/** What the models of one graph share: arrays that are on the device already, and numbers for names. */
export class DataHome {
  readonly variables = new Map<NumberArray, Variable>();
  /** By size, and by what they are taken from. */
  readonly batches = new Map<string, BatchTensors>();
  private readonly numbers = new Map<string, number>();

  constructor(readonly graph: Graph) {}

  /** `batch1`, `batch2`, … */
  nextName(kind: string): string {
    const number = (this.numbers.get(kind) ?? 0) + 1;
    this.numbers.set(kind, number);
    return `${kind}${number}`;
  }
}

const homes = /* @__PURE__ */ new WeakMap<Graph, DataHome>();

/** The one home of a graph. */
export function homeOf(graph: Graph): DataHome {
  const home = homes.get(graph) ?? new DataHome(graph);
  homes.set(graph, home);
  return home;
}

/** Bytes of all fields together up to which a dataset is put on the device. Each field must fit into one binding, 128 MiB. */
const residentBytes = 134_217_728;
/** Sets of arrays that batches are packed into, in turn: a set may still be wanted while the next is filled. */
const packedSets = 4;

/** Gives a dataset to programs, batch by batch. Small sets of arrays lie on the device, and a step gets the numbers of its rows only. */
export class Feeder {
  readonly isResident: boolean;
  private readonly packed = new Map<number, Record<string, NumberArray>[]>();
  private turn = 0;

  constructor(
    private readonly home: DataHome,
    readonly data: Dataset,
    resident: boolean | undefined,
  ) {
    const { source, fields } = data;
    let bytes = 0;
    if (source.kind === 'rows')
      for (const name of Object.keys(fields)) bytes += 4 * source.arrays[name].length;
    this.isResident = source.kind === 'rows' && (resident ?? bytes <= residentBytes);
  }

  /** The tensors of a batch of `size` samples; made when they are asked for first. */
  tensorsOf(size: number): BatchTensors {
    const { graph, batches } = this.home;
    const { source, fields } = this.data;
    const rowsOf = (name: string, spec: TensorSpec) =>
      this.isResident && source.kind === 'rows' ? this.variableOf(name, spec, source.arrays[name]) : null;
    const parts = Object.entries(fields).map(([name, spec]) => ({ name, spec, rows: rowsOf(name, spec) }));
    const texts = parts.map(
      ({ name, spec, rows }) => `${name} ${rows?.name ?? `${spec.dtype} ${showShape(spec.shape)}`}`,
    );
    const key = [size, ...texts].join();
    const known = batches.get(key);
    if (known) return known;
    const prefix = this.home.nextName('batch');
    const tensors: Record<string, Tensor> = {};
    const places = this.isResident ? graph.input(`${prefix}/rows`, [size], 'uint32') : null;
    for (const { name, spec, rows } of parts) {
      tensors[name] =
        rows && places
          ? takeRows(rows, places)
          : graph.input(`${prefix}/${name}`, [size, ...spec.shape], spec.dtype);
    }
    const made = { size, tensors, prefix };
    batches.set(key, made);
    return made;
  }

  private variableOf(name: string, { shape, dtype }: TensorSpec, data: NumberArray): Variable {
    const { graph, variables } = this.home;
    const known = variables.get(data);
    if (known) return known;
    const rows = data.length / sizeOf(shape);
    const made = graph.variable(`${this.home.nextName('dataset')}/${name}`, [rows, ...shape], {
      initializer: data,
      dtype,
      trainable: false,
    });
    variables.set(data, made);
    return made;
  }

  /** Batches of an epoch; null where only counting tells. */
  countBatches(batchSize: number, dropLast: boolean): number | null {
    if (this.data.size === null) return null;
    return dropLast ? Math.floor(this.data.size / batchSize) : Math.ceil(this.data.size / batchSize);
  }

  /** The batches of an epoch from number `skip` on. The last one is smaller where the samples do not fill it, or left out. */
  batches(
    epoch: number,
    options: { batchSize: number; dropLast: boolean; skip: number; ranges: LabelRanges },
  ): AsyncGenerator<Batch> {
    const { source } = this.data;
    return source.kind === 'rows' ? this.ofRows(source, epoch, options) : this.ofStream(epoch, options);
  }

  private async *ofRows(
    source: Rows,
    epoch: number,
    { batchSize, dropLast, skip }: { batchSize: number; dropLast: boolean; skip: number },
  ): AsyncGenerator<Batch> {
    const size = this.data.size ?? 0;
    const order = source.order(epoch) ?? Uint32Array.from({ length: size }, (_, i) => i);
    for (let from = skip * batchSize; from < size; from += batchSize) {
      const rows = order.subarray(from, Math.min(size, from + batchSize));
      if (dropLast && rows.length < batchSize) return;
      const tensors = this.tensorsOf(rows.length);
      if (this.isResident) {
        yield { tensors, feeds: { [`${tensors.prefix}/rows`]: rows } };
        continue;
      }
      const arrays = this.nextSet(rows.length);
      for (const [name, { shape }] of Object.entries(this.data.fields)) {
        const length = sizeOf(shape);
        rows.forEach((row, i) => {
          arrays[name].set(source.arrays[name].subarray(row * length, (row + 1) * length), i * length);
        });
      }
      yield this.fed(tensors, arrays);
    }
  }

  private async *ofStream(
    epoch: number,
    {
      batchSize,
      dropLast,
      skip,
      ranges,
    }: { batchSize: number; dropLast: boolean; skip: number; ranges: LabelRanges },
  ): AsyncGenerator<Batch> {
    const fields = Object.entries(this.data.fields);
    let arrays = this.nextSet(batchSize);
    let filled = 0;
    let sample = 0;
    for await (const values of samplesOf(this.data, epoch)) {
      if (sample++ < skip * batchSize) continue;
      for (const [name, spec] of fields) {
        const numbers = values[name];
        const length = sizeOf(spec.shape);
        if (numbers?.length !== length) {
          throw new ShapeError(
            `${name}: sample ${sample - 1} has ${numbers ? `${numbers.length} numbers` : 'no such field'}, ${showShape(spec.shape)} needs ${length}`,
          );
        }
        if (isFloat(spec.dtype)) checkNumbers(name, spec, numbers, (sample - 1) * length);
        const range = ranges[name];
        if (range) checkLabels(name, spec, numbers, range, (sample - 1) * length);
        arrays[name].set(numbers, filled * length);
      }
      if (++filled < batchSize) continue;
      yield this.fed(this.tensorsOf(batchSize), arrays);
      arrays = this.nextSet(batchSize);
      filled = 0;
    }
    if (sample === 0) throw new FeedError(`epoch ${epoch}: the dataset gave no samples`);
    if (filled === 0 || dropLast) return;
    const rest = Object.fromEntries(
      fields.map(([name, { shape }]) => [name, arrays[name].subarray(0, filled * sizeOf(shape))]),
    );
    yield this.fed(this.tensorsOf(filled), rest);
  }

  private fed(tensors: BatchTensors, arrays: Readonly<Record<string, NumberArray>>): Batch {
    const feeds: Record<string, NumberArray> = {};
    for (const [name, array] of Object.entries(arrays)) feeds[`${tensors.prefix}/${name}`] = array;
    return { tensors, feeds };
  }

  private nextSet(size: number): Record<string, NumberArray> {
    let sets = this.packed.get(size);
    if (!sets) {
      sets = Array.from({ length: packedSets }, () => {
        const set: Record<string, NumberArray> = {};
        for (const [name, { shape, dtype }] of Object.entries(this.data.fields)) {
          const length = size * sizeOf(shape);
          if (isFloat(dtype)) set[name] = new Float32Array(length);
          else set[name] = dtype === 'uint32' ? new Uint32Array(length) : new Int32Array(length);
        }
        return set;
      });
      this.packed.set(size, sets);
    }
    return sets[this.turn++ % packedSets];
  }
}

/** Ranges of the fields that hold class numbers, by flat name. */
export type LabelRanges = Readonly<Record<string, LabelRange>>;

/** Asks for the next item while the present one is being used. */
export async function* oneAhead<Item>(items: AsyncGenerator<Item>): AsyncGenerator<Item> {
  let next = items.next();
  try {
    for (;;) {
      const { done, value } = await next;
      if (done) return;
      next = items.next();
      // Whoever takes it hears of its failure.
      next.catch(() => {});
      yield value;
    }
  } finally {
    await items.return(undefined);
  }
}
