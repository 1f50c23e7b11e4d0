import { DeviceError } from '../../core/errors.ts';
import type { Graph, TensorSpec, Variable } from '../../graph/graph.ts';
import { storageBytes, variableLayout } from '../../graph/layout.ts';
import { encode, initialValues } from '../feeds.ts';
import type { Pauses } from '../pause.ts';
import { Memory, usage } from './memory.ts';
import type { PipelineCache } from './pipelines.ts';

/** The buffer of one group of variables. */
export interface VariableGroup {
  readonly buffer: GPUBuffer;
  readonly offsets: ReadonlyMap<Variable, number>;
}

/** Numbers that are written at a time: 4 MB of float32. */
const pieceLength = 2 ** 20;

/** What outlives a program: the device's buffers, its variables, and whether it can still be used. */
export class DeviceState {
  readonly buffers: Memory;
  private readonly groups = new Map<Graph, Map<string, VariableGroup>>();
  private readonly steps = new Map<Graph, number>();
  private problem: string | null = null;

  constructor(
    readonly gpu: GPUDevice,
    readonly pipelines: PipelineCache,
  ) {
    this.buffers = new Memory(gpu);
  }

  /** From now on every use throws a DeviceError with this sentence; the first one stays. */
  fail(problem: string): void {
    this.problem ??= problem;
  }

  checkUsable(): void {
    if (this.problem) throw new DeviceError(this.problem);
  }

  /** The buffer of a group of variables, laid out and filled when it is asked for first. */
  variableGroup(graph: Graph, name: string): VariableGroup {
    const filling = this.fill(graph, name);
    let step = filling.next();
    while (!step.done) step = filling.next();
    return step.value;
  }

  /** The same for all groups of `variables`, with pauses: some take longer than a page's thread may be held. */
  async fillGroups(variables: readonly Variable[], pauses: Pauses): Promise<void> {
    for (const { graph, group } of variables) {
      for (const _ of this.fill(graph, group)) if (pauses.isDue) await pauses.take();
    }
  }

  private *fill(graph: Graph, name: string): Generator<undefined, VariableGroup> {
    let groups = this.groups.get(graph);
    if (!groups) {
      groups = new Map();
      this.groups.set(graph, groups);
    }
    if (!groups.has(name)) {
      graph.sealGroup(name);
      const { offsets, bytes } = variableLayout(graph, name);
      const flags = usage.storage | usage.copySource | usage.copyDestination;
      const buffer = this.buffers.create(name, bytes, flags);
      for (const [variable, offset] of offsets) {
        // New buffers hold zeros.
        if (Object.is(variable.initializer, 0)) continue;
        const values = initialValues(variable);
        const isDirect = values instanceof Float32Array && variable.dtype === 'float32';
        const length = isDirect ? pieceLength : values.length;
        for (let from = 0; from < values.length; from += length) {
          const piece = isDirect ? values.subarray(from, from + length) : values;
          this.upload(buffer, offset + 4 * from, variable, piece);
          yield;
        }
      }
      // During a pause another may have asked for the group, and written to it.
      if (groups.has(name)) this.buffers.free(buffer);
      else groups.set(name, { buffer, offsets });
    }
    return groups.get(name)!;
  }

  /** Advances `graph.step`, on the device as well: the write takes effect before the next submit. */
  advanceStep(graph: Graph, by = 1): void {
    this.write(graph.step, (this.steps.get(graph) ?? 0) + by);
  }

  upload(buffer: GPUBuffer, offset: number, spec: TensorSpec, values: ArrayLike<number> | number): void {
    if (values instanceof Float32Array && spec.dtype === 'float32') {
      this.gpu.queue.writeBuffer(buffer, offset, values as Float32Array<ArrayBuffer>);
      return;
    }
    const words = new ArrayBuffer(storageBytes(spec));
    encode(spec.dtype, values, words);
    this.gpu.queue.writeBuffer(buffer, offset, words);
  }

  write(variable: Variable, values: ArrayLike<number> | number): void {
    const { buffer, offset } = this.place(variable);
    this.upload(buffer, offset, variable, values);
    if (variable === variable.graph.step)
      this.steps.set(variable.graph, typeof values === 'number' ? values : values[0]);
  }

  read(variable: Variable): Promise<ArrayBuffer> {
    const { buffer, offset } = this.place(variable);
    return this.buffers.read(buffer, offset, storageBytes(variable));
  }

  private place(variable: Variable): { buffer: GPUBuffer; offset: number } {
    this.checkUsable();
    const { buffer, offsets } = this.variableGroup(variable.graph, variable.group);
    const offset = offsets.get(variable);
    if (offset === undefined)
      throw new DeviceError(`variable "${variable.name}" was added to its group too late`);
    return { buffer, offset };
  }
}
