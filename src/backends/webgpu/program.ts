import type { TensorData } from '../../core/dtype.ts';
import { DeviceError } from '../../core/errors.ts';
import type { Graph } from '../../graph/graph.ts';
import { type Plan, type Region, storageBytes } from '../../graph/layout.ts';
import { type Trace, variablesOf } from '../../graph/trace.ts';
import type { CompileOptions, Device, Feeds, Profile, Program, ProgramStats } from '../backend.ts';
import { findNonFinite } from '../diagnose.ts';
import {
  checkFeeds,
  checkRanges,
  decode,
  encode,
  type FeedRange,
  feedRanges,
  finiteOutputs,
} from '../feeds.ts';
import { Flow } from './flow.ts';
import { usage } from './memory.ts';
import type { Pipeline } from './pipelines.ts';
import type { Dispatch } from './profiler.ts';
import { encodeParams } from './shader.ts';
import type { DeviceState } from './state.ts';

/** An output's way back: its bytes lie at `at` in the staging buffer. */
interface Readback {
  readonly name: string;
  readonly from: Region;
  readonly at: number;
}

/** WebGPU's `minUniformBufferOffsetAlignment`. */
const uniformAlignment = 256;
/** Runs whose results may be on their way at one time. */
const stagingBuffers = 3;
/** Sentinel bytes behind each value of a program compiled with `guards`. */
export const guardBytes = 64;
const sentinel = 0x7fc0dead;

/** A planned graph with its buffers, bind groups and pipelines: a run only records and submits. */
export class WebGpuProgram<Names extends string> implements Program<Names> {
  readonly stats: ProgramStats;
  private readonly buffers: GPUBuffer[] = [];
  private readonly own: GPUBuffer[] = [];
  private readonly dispatches: Dispatch[];
  private readonly readbacks: Readback[] = [];
  private readonly staging: GPUBuffer[] = [];
  private idle: GPUBuffer[] = [];
  private readonly waiting: ((staging: GPUBuffer) => void)[] = [];
  private readonly feedWords = new Map<string, { words: ArrayBuffer; buffer: GPUBuffer }>();
  private readonly finite: readonly string[];
  private readonly ranges: readonly FeedRange[];
  private readonly stepped: Graph | null;
  private stagingBytes = 0;
  private readonly flow: Flow;
  private disposed = false;

  constructor(
    readonly device: Device,
    private readonly state: DeviceState,
    readonly options: CompileOptions<Names>,
    private readonly traced: Trace,
    private readonly planned: Plan,
    pipelines: readonly Pipeline[],
  ) {
    this.flow = new Flow(state.gpu.queue);
    this.finite = finiteOutputs(options);
    this.ranges = feedRanges(traced.steps);
    this.stepped = traced.updates.length > 0 ? traced.updates[0][0].graph : null;
    this.makeBuffers();
    this.dispatches = this.makeDispatches(pipelines);
    this.makeStaging();
    this.stats = {
      dispatches: planned.calls.length,
      submits: 1,
      pipelines: new Set(pipelines).size,
      flops: planned.flops,
      memoryBytes: planned.memoryBytes,
      unsharedBytes: planned.unsharedBytes,
      kernels: planned.calls.map(({ call, path }) => `${call.label} (${path})`),
    };
  }

  async run(feeds: Feeds = {}): Promise<Record<Names, TensorData>> {
    this.prepare(feeds);
    const staging = await this.takeStaging();
    let words: ArrayBuffer;
    try {
      this.execute(staging);
      words = await this.state.buffers.readMapped(staging, this.stagingBytes);
    } finally {
      this.returnStaging(staging);
    }
    const results: Record<string, TensorData> = {};
    for (const { name, at } of this.readbacks) {
      const { spec } = this.planned.outputs.get(name)!;
      results[name] = decode(spec, words, at);
    }
    for (const name of this.finite) {
      const wrong = results[name].find((element) => !Number.isFinite(element));
      if (wrong === undefined) continue;
      if (this.stepped) this.state.advanceStep(this.stepped, -1);
      throw await findNonFinite(this.device, this.options, feeds, name, wrong);
    }
    return results as Record<Names, TensorData>;
  }

  async submit(feeds: Feeds = {}): Promise<void> {
    this.prepare(feeds);
    this.execute(null);
    await this.flow.submitted();
  }

  async profile(feeds: Feeds = {}): Promise<Profile> {
    this.prepare(feeds);
    const { profileProgram } = await import('./profiler.ts');
    return profileProgram(this.state, this.planned, this.buffers, this.dispatches, this.device.info);
  }

  dispose(): void {
    this.disposed = true;
    for (const buffer of [...this.own, ...this.staging]) this.state.buffers.free(buffer);
  }

  /** Labels of values behind which a kernel wrote. Only for programs compiled with `guards`. */
  async verifyGuards(): Promise<string[]> {
    const damaged: string[] = [];
    for (const [i, buffer] of this.planned.buffers.entries()) {
      if (buffer.kind !== 'memory') continue;
      const end = buffer.bytes - guardBytes;
      const words = new Uint32Array(await this.state.buffers.read(this.buffers[i], end, guardBytes));
      if (words.some((word) => word !== sentinel)) damaged.push(buffer.label);
    }
    return damaged;
  }

  /** Checks the feeds and writes them. */
  private prepare(feeds: Feeds): void {
    this.state.checkUsable();
    if (this.disposed) throw new DeviceError('run: the program was disposed');
    checkFeeds(this.traced.inputs, feeds);
    checkRanges(this.ranges, feeds);
    for (const input of this.traced.inputs) {
      const feed = this.feedWords.get(input.inputName ?? '');
      if (!feed) continue;
      encode(input.spec.dtype, feeds[input.inputName ?? ''], feed.words);
      this.state.gpu.queue.writeBuffer(feed.buffer, 0, feed.words);
    }
  }

  private execute(staging: GPUBuffer | null): void {
    const { gpu } = this.state;
    const encoder = gpu.createCommandEncoder();
    if (this.dispatches.length > 0) {
      const pass = encoder.beginComputePass();
      let pipeline: GPUComputePipeline | null = null;
      for (const dispatch of this.dispatches) {
        if (dispatch.pipeline !== pipeline) pass.setPipeline(dispatch.pipeline);
        pipeline = dispatch.pipeline;
        pass.setBindGroup(0, dispatch.bindGroup);
        const [x, y, z] = dispatch.workgroups;
        pass.dispatchWorkgroups(x, y, z);
      }
      pass.end();
    }
    if (staging) {
      for (const { from, at } of this.readbacks) {
        encoder.copyBufferToBuffer(this.buffers[from.buffer], from.offset, staging, at, from.bytes);
      }
    }
    for (const { from, to } of this.planned.copies) {
      encoder.copyBufferToBuffer(
        this.buffers[from.buffer],
        from.offset,
        this.buffers[to.buffer],
        to.offset,
        from.bytes,
      );
    }
    gpu.queue.submit([encoder.finish()]);
    if (this.stepped) this.state.advanceStep(this.stepped);
  }

  private makeBuffers(): void {
    const flags = usage.storage | usage.copySource | usage.copyDestination;
    for (const buffer of this.planned.buffers) {
      if (buffer.kind === 'variables') {
        const { graph } = variablesOf(this.traced).find((variable) => variable.group === buffer.group)!;
        this.buffers.push(this.state.variableGroup(graph, buffer.group).buffer);
        continue;
      }
      const made = this.state.buffers.create(buffer.label, buffer.bytes, flags);
      this.buffers.push(made);
      this.own.push(made);
      if (buffer.kind === 'constant') this.state.upload(made, 0, buffer.value.spec, buffer.value.constant!);
      if (buffer.kind === 'words') this.state.gpu.queue.writeBuffer(made, 0, Uint32Array.from(buffer.words));
      if (buffer.kind === 'feed') {
        const words = new ArrayBuffer(storageBytes(buffer.value.spec));
        this.feedWords.set(buffer.value.inputName ?? '', { words, buffer: made });
      }
      if (buffer.kind === 'memory' && this.options.guards) {
        this.state.gpu.queue.writeBuffer(made, 0, new Uint32Array(made.size / 4).fill(sentinel));
      }
    }
  }

  private makeDispatches(pipelines: readonly Pipeline[]): Dispatch[] {
    const { gpu } = this.state;
    // All params of the program lie in one uniform buffer.
    const params = this.planned.calls.map(({ call }, i) => encodeParams(call, pipelines[i].shader));
    const offsets: number[] = [];
    let bytes = 0;
    for (const words of params) {
      offsets.push(bytes);
      bytes += Math.ceil(words.byteLength / uniformAlignment) * uniformAlignment;
    }
    const uniform = this.state.buffers.create('params', bytes, usage.uniform | usage.copyDestination);
    this.own.push(uniform);
    for (const [i, words] of params.entries()) gpu.queue.writeBuffer(uniform, offsets[i], words);

    return this.planned.calls.map(({ call, regions }, i) => {
      const { shader, pipeline, layout } = pipelines[i];
      const storage = shader.bindings.filter((kind) => kind !== 'uniform').length;
      if (storage !== regions.length) {
        throw new DeviceError(
          `${call.label}: the shader has ${storage} storage bindings, the call gives ${regions.length}`,
        );
      }
      let next = 0;
      const entries = shader.bindings.map((kind, binding) => {
        if (kind === 'uniform') {
          return { binding, resource: { buffer: uniform, offset: offsets[i], size: params[i].byteLength } };
        }
        const { buffer, offset, bytes: size } = regions[next++];
        return { binding, resource: { buffer: this.buffers[buffer], offset, size } };
      });
      return { pipeline, bindGroup: gpu.createBindGroup({ layout, entries }), workgroups: call.workgroups };
    });
  }

  private makeStaging(): void {
    for (const [name, { region }] of this.planned.outputs) {
      this.readbacks.push({ name, from: region, at: this.stagingBytes });
      this.stagingBytes += region.bytes;
    }
    if (this.stagingBytes === 0) this.stagingBytes = 16;
    for (let i = 0; i < stagingBuffers; i++) {
      this.staging.push(
        this.state.buffers.create('staging', this.stagingBytes, usage.mapRead | usage.copyDestination),
      );
    }
    this.idle = [...this.staging];
  }

  private takeStaging(): Promise<GPUBuffer> {
    const staging = this.idle.pop();
    return staging ? Promise.resolve(staging) : new Promise((resolve) => this.waiting.push(resolve));
  }

  private returnStaging(staging: GPUBuffer): void {
    const next = this.waiting.shift();
    if (next) next(staging);
    else this.idle.push(staging);
  }
}
