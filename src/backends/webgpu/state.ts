import { DeviceError } from '../../core/errors.ts';
import type { Graph, TensorSpec, Variable } from '../../graph/graph.ts';
import { storageBytes, variableLayout } from '../../graph/layout.ts';
import { encode, initialValues } from '../feeds.ts';
import { Memory, usage } from './memory.ts';
import type { PipelineCache } from './pipelines.ts';

/** The buffer of one group of variables. */
export interface VariableGroup {
  readonly buffer: GPUBuffer;
  readonly offsets: ReadonlyMap<Variable, number>;
}

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
    let groups = this.groups.get(graph);
    if (!groups) {
      groups = new Map();
      this.groups.set(graph, groups);
    }
    let group = groups.get(name);
    if (!group) {
      graph.sealGroup(name);
      const { offsets, bytes } = variableLayout(graph, name);
      const buffer = this.buffers.create(
        name,
        bytes,
        usage.storage | usage.copySource | usage.copyDestination,
      );
      group = { buffer, offsets };
      groups.set(name, group);
      for (const [variable, offset] of offsets)
        this.upload(buffer, offset, variable, initialValues(variable));
    }
    return group;
  }

  /** Advances `graph.step`, on the device as well: the write takes effect before the next submit. */
  advanceStep(graph: Graph, by = 1): void {
    this.write(graph.step, (this.steps.get(graph) ?? 0) + by);
  }

  upload(buffer: GPUBuffer, offset: number, spec: TensorSpec, values: ArrayLike<number> | number): void {
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
