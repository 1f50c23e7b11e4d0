import copySource from '#shaders/copy.wgsl' with { type: 'text' };
import arithmeticSource from '#shaders/roofArithmetic.wgsl' with { type: 'text' };
import { type KernelCall, linearGrid } from '../../graph/kernel.ts';
import type { Roof } from '../backend.ts';
import { type Memory, readMapped, usage } from './memory.ts';
import type { Pipeline, PipelineCache } from './pipelines.ts';
import { encodeParams } from './shader.ts';

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

/** Times dispatches by timestamp queries where the device has them, otherwise by the time until a submit is done. */
export class Stopwatch {
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
    this.resolved = memory.create('timestamps', 16, queryResolve | usage.copySource);
    this.staging = memory.create('timestamps', 16, usage.mapRead | usage.copyDestination);
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
    const words = new BigUint64Array(await readMapped(this.staging, 16));
    return queries ? Number(words[1] - words[0]) / 1e6 : performance.now() - start;
  }
}

/** Measures what the device can do at best: fused multiply-adds in registers, and a copy. */
export async function measureRoof(
  gpu: GPUDevice,
  memory: Memory,
  pipelines: PipelineCache,
  watch: Stopwatch,
  software: boolean,
): Promise<Roof> {
  // An adapter that computes on the CPU needs less work to be busy for milliseconds.
  const invocations = software ? 1 << 13 : 1 << 18;
  const rounds = software ? 128 : 1024;
  const words = software ? 1 << 18 : 1 << 22;
  const arithmetic: KernelCall = {
    label: 'roof/arithmetic',
    source: arithmeticSource,
    variant: {},
    params: { rounds, start: 0 },
    bindings: [],
    workgroups: [invocations / 64, 1, 1],
  };
  const copy: KernelCall = {
    label: 'roof/copy',
    source: copySource,
    variant: {},
    params: { count: words },
    bindings: [],
    workgroups: linearGrid(words / 256),
  };
  const made: GPUBuffer[] = [];
  const buffer = (bytes: number, flags: number) => {
    const one = memory.create('roof', bytes, flags);
    made.push(one);
    return one;
  };
  const time = async (call: KernelCall, storage: readonly GPUBuffer[]) => {
    const { shader, pipeline, layout }: Pipeline = await pipelines.get(call, 'profile');
    const params = encodeParams(call, shader);
    const uniform = buffer(params.byteLength, usage.uniform | usage.copyDestination);
    gpu.queue.writeBuffer(uniform, 0, params);
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
    const arithmeticTime = await time(arithmetic, [target]);
    const [from, to] = [buffer(words * 16, usage.storage), buffer(words * 16, usage.storage)];
    const copyTime = await time(copy, [from, to]);
    return {
      // 8 chains of vec4, a multiplication and an addition each.
      flopsPerSecond: (invocations * rounds * 64 * 1000) / arithmeticTime,
      bytesPerSecond: (words * 32 * 1000) / copyTime,
    };
  } finally {
    for (const one of made) memory.free(one);
  }
}
