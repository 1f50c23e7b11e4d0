import arithmeticSource from '#shaders/roofArithmetic.wgsl' with { type: 'text' };
import copySource from '#shaders/roofCopy.wgsl' with { type: 'text' };
import type { KernelCall } from '../../graph/kernel.ts';
import type { Plan } from '../../graph/layout.ts';
import type { DeviceInfo, KernelProfile, Profile, Roof } from '../backend.ts';
import type { Memory } from './memory.ts';
import type { Pipeline } from './pipelines.ts';
import type { DeviceState } from './state.ts';

/** One dispatch, ready to be recorded. */
export interface Dispatch {
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly workgroups: readonly [number, number, number];
}

/**
 * How long a measurement lasts at least. Chrome rounds timestamps to 0.1 ms, and a submit with the wait for its end costs up to
 * a millisecond: both stay below a few percent.
 */
const shortest = { timestamps: 5, submits: 30 };
const mostRepeats = 4096;

/** What each device can do at best, measured once. */
const roofs = /* @__PURE__ */ new WeakMap<GPUDevice, Promise<Roof>>();

/** Times each kernel of a program by itself. `buffers` are those of the plan, `dispatches` its calls. */
export async function profileProgram(
  state: DeviceState,
  planned: Plan,
  buffers: readonly GPUBuffer[],
  dispatches: readonly Dispatch[],
  { name, software }: DeviceInfo,
): Promise<Profile> {
  const { gpu, buffers: memory } = state;
  const { copySource, copyDestination } = memory.usage;
  const watch = new Stopwatch(gpu, memory);
  const roof = roofs.get(gpu) ?? measureRoof(state, watch, software);
  roofs.set(gpu, roof);
  const copyAll = (from: GPUBuffer, to: GPUBuffer) => {
    const encoder = gpu.createCommandEncoder();
    encoder.copyBufferToBuffer(from, 0, to, 0, from.size);
    gpu.queue.submit([encoder.finish()]);
  };
  const measured = await roof;
  // Kernels that work in place change variables; they get their values back.
  const variables = buffers.filter((_, i) => planned.buffers[i].kind === 'variables');
  const saved = variables.map((buffer) => {
    const copy = memory.create('saved variables', buffer.size, copySource | copyDestination);
    copyAll(buffer, copy);
    return copy;
  });
  const kernels: KernelProfile[] = [];
  try {
    for (const [i, { call, path, flops, regions }] of planned.calls.entries()) {
      const milliseconds = await watch.time(dispatches[i]);
      const bytes = regions.reduce((total, region) => total + region.bytes, 0);
      kernels.push({ label: call.label, path, milliseconds, flops, bytes, workgroups: call.workgroups });
    }
  } finally {
    for (const [i, buffer] of variables.entries()) copyAll(saved[i], buffer);
    await gpu.queue.onSubmittedWorkDone();
    for (const copy of saved) memory.free(copy);
    watch.dispose();
  }
  return {
    adapter: name,
    clock: watch.clock,
    kernels,
    milliseconds: kernels.reduce((total, kernel) => total + kernel.milliseconds, 0),
    roof: measured,
  };
}

/** Times dispatches by timestamp queries where the device has them, otherwise by the time until a submit is done. */
class Stopwatch {
  readonly clock: 'timestamp queries' | 'repeated runs';
  private readonly queries: GPUQuerySet | null = null;
  private readonly resolved: GPUBuffer;
  private readonly staging: GPUBuffer;

  constructor(
    private readonly gpu: GPUDevice,
    private readonly memory: Memory,
  ) {
    if (gpu.features.has('timestamp-query'))
      this.queries = gpu.createQuerySet({ type: 'timestamp', count: 2 });
    this.clock = this.queries ? 'timestamp queries' : 'repeated runs';
    const queryResolve = 0x200; // GPUBufferUsage.QUERY_RESOLVE, which not every host defines as a global
    this.resolved = memory.create('timestamps', 16, queryResolve | memory.usage.copySource);
    this.staging = memory.create('timestamps', 16, memory.usage.mapRead | memory.usage.copyDestination);
  }

  /** Milliseconds of one run, after one that is not timed; repeated until that is far above the clock's resolution. */
  async time(dispatch: Dispatch): Promise<number> {
    const enough = this.queries ? shortest.timestamps : shortest.submits;
    await this.repeat(dispatch, 1);
    for (let repeats = 1; ; ) {
      const milliseconds = await this.repeat(dispatch, repeats);
      if (milliseconds >= enough || repeats >= mostRepeats) return milliseconds / repeats;
      const wanted = Math.ceil((1.2 * enough * repeats) / Math.max(milliseconds, 0.01));
      repeats = Math.min(mostRepeats, Math.max(2 * repeats, Math.min(wanted, 16 * repeats)));
    }
  }

  dispose(): void {
    this.queries?.destroy();
    this.memory.free(this.resolved);
    this.memory.free(this.staging);
  }

  private async repeat({ pipeline, bindGroup, workgroups }: Dispatch, repeats: number): Promise<number> {
    const { gpu, queries } = this;
    const encoder = gpu.createCommandEncoder();
    const pass = encoder.beginComputePass(
      queries
        ? { timestampWrites: { querySet: queries, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 } }
        : undefined,
    );
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    for (let i = 0; i < repeats; i++) pass.dispatchWorkgroups(...workgroups);
    pass.end();
    if (queries) encoder.resolveQuerySet(queries, 0, 2, this.resolved, 0);
    encoder.copyBufferToBuffer(this.resolved, 0, this.staging, 0, 16);
    const start = performance.now();
    gpu.queue.submit([encoder.finish()]);
    const words = new BigUint64Array(await this.memory.readMapped(this.staging, 16));
    return queries ? Number(words[1] - words[0]) / 1e6 : performance.now() - start;
  }
}

/** Measures what the device can do at best: fused multiply-adds in registers, and a copy. */
async function measureRoof(
  { gpu, buffers: memory, pipelines }: DeviceState,
  watch: Stopwatch,
  software: boolean,
): Promise<Roof> {
  const { usage } = memory;
  // An adapter that computes on the CPU needs less work to be busy for milliseconds.
  const invocations = software ? 1 << 13 : 1 << 18;
  const rounds = software ? 128 : 1024;
  const words = software ? 1 << 18 : 1 << 22;
  const arithmetic: KernelCall = {
    label: 'roof/arithmetic',
    source: arithmeticSource,
    variant: {},
    bindings: [],
    workgroups: [invocations / 64, 1, 1],
  };
  const copy: KernelCall = {
    label: 'roof/copy',
    source: copySource,
    variant: {},
    bindings: [],
    workgroups: [words / 256, 1, 1],
  };
  const made: GPUBuffer[] = [];
  const buffer = (bytes: number, flags: number) => {
    const one = memory.create('roof', bytes, flags);
    made.push(one);
    return one;
  };
  const time = async (call: KernelCall, count: number, storage: readonly GPUBuffer[]) => {
    const { shader, pipeline, layout }: Pipeline = await pipelines.get(call, 'profile');
    const uniform = buffer(16, usage.uniform | usage.copyDestination);
    gpu.queue.writeBuffer(uniform, 0, Uint32Array.of(count));
    let next = 0;
    const entries = shader.bindings.map((kind, binding) => ({
      binding,
      resource: { buffer: kind === 'uniform' ? uniform : storage[next++] },
    }));
    const bindGroup = gpu.createBindGroup({ layout, entries });
    return watch.time({ pipeline, bindGroup, workgroups: call.workgroups });
  };
  try {
    const target = buffer(invocations * 16, usage.storage);
    const arithmeticTime = await time(arithmetic, rounds, [target]);
    const [from, to] = [buffer(words * 16, usage.storage), buffer(words * 16, usage.storage)];
    const copyTime = await time(copy, words, [from, to]);
    return {
      // 8 chains of vec4, a multiplication and an addition each.
      flopsPerSecond: (invocations * rounds * 64 * 1000) / arithmeticTime,
      bytesPerSecond: (words * 32 * 1000) / copyTime,
    };
  } finally {
    for (const one of made) memory.free(one);
  }
}
