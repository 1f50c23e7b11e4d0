import type { TensorData } from '../../core/dtype.ts';
import { asOfCall } from '../../core/errors.ts';
import type { Variable } from '../../graph/graph.ts';
import type { Target } from '../../graph/kernel.ts';
import { plan } from '../../graph/plan.ts';
import { trace, variablesOf } from '../../graph/trace.ts';
import type { CompileOptions, Device, DeviceInfo, MemoryUse, Program } from '../backend.ts';
import { checkData, decode, toRequest } from '../feeds.ts';
import { Pauses } from '../pause.ts';
import { adapterKey, type TuningTable } from '../tuning.ts';
import { type Pipeline, PipelineCache } from './pipelines.ts';
import { guardBytes, WebGpuProgram } from './program.ts';
import { DeviceState } from './state.ts';

function isSwiftShader({ name, vendor, architecture }: DeviceInfo): boolean {
  return /swiftshader/i.test(`${name} ${vendor} ${architecture}`);
}

/** 0 where there are none, or of several sizes. */
function subgroupSize({ features, adapterInfo }: GPUDevice): number {
  // Not every host tells sizes, or has `adapterInfo`.
  const { subgroupMinSize: least = 0, subgroupMaxSize: most = 0 } = adapterInfo ?? {};
  return features.has('subgroups') && least === most ? least : 0;
}

/** Runs programs on WebGPU. */
export class WebGpuDevice implements Device {
  readonly lost: Promise<string>;
  private readonly pipelines: PipelineCache;
  private readonly state: DeviceState;
  private readonly target: Target;
  tuning: TuningTable = {};

  constructor(
    private readonly gpu: GPUDevice,
    readonly info: DeviceInfo,
  ) {
    this.pipelines = new PipelineCache(gpu);
    this.state = new DeviceState(gpu, this.pipelines);
    const { limits } = gpu;
    this.target = {
      features: { float16: gpu.features.has('shader-f16') },
      subgroupSize: info.software ? subgroupSize(gpu) : 0,
      barrierLanes: info.software ? 64 : 256,
      fastWorkgroupMemory: !info.software,
      registerWords: isSwiftShader(info) ? 2048 : 64,
      limits: {
        storageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
        workgroupStorageBytes: limits.maxComputeWorkgroupStorageSize,
        invocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
        workgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
        storageBindingBytes: limits.maxStorageBufferBindingSize,
      },
    };
    this.lost = gpu.lost.then(({ reason, message }) => {
      const sentence = `the device is lost (${reason || 'unknown'})${message ? `: ${message}` : ''}`;
      this.state.fail(sentence);
      return sentence;
    });
    gpu.addEventListener('uncapturederror', (event) =>
      this.state.fail(`the device reported: ${event.error.message}`),
    );
  }

  get memory(): MemoryUse {
    return this.state.buffers.use;
  }

  async compile<Names extends string = never>(options: CompileOptions<Names>): Promise<Program<Names>> {
    try {
      return await this.build(options);
    } catch (error) {
      throw asOfCall(this.compile, error);
    }
  }

  private async build<Names extends string>(options: CompileOptions<Names>): Promise<Program<Names>> {
    this.state.checkUsable();
    options.signal?.throwIfAborted();
    const traced = trace(toRequest(options), { simplify: !options.keepNodes });
    const target = {
      ...this.target,
      ...options.target,
      variants: options.variants,
      tuned: this.tuning[adapterKey(this.info)],
    };
    const pauses = new Pauses();
    const pause = async () => {
      await pauses.take();
      this.state.checkUsable();
      options.signal?.throwIfAborted();
    };
    // Whoever built the graph may have held the thread for long.
    await pause();
    const planned = plan(traced, target, { guardBytes: options.guards ? guardBytes : 0 });
    let done = 0;
    const { calls } = planned;
    const compiling: Promise<Pipeline>[] = [];
    for (const { call, path } of calls) {
      if (pauses.isDue) await pause();
      const pipeline = this.pipelines.get(call, path).then((made) => {
        options.signal?.throwIfAborted();
        options.onProgress?.(++done, calls.length);
        return made;
      });
      // Awaited below, perhaps not before it fails.
      pipeline.catch(() => {});
      compiling.push(pipeline);
    }
    const pipelines = await Promise.all(compiling);
    await this.state.fillGroups(variablesOf(traced), pauses);
    this.state.checkUsable();
    return new WebGpuProgram<Names>(this, this.state, options, traced, planned, pipelines);
  }

  async read(variable: Variable): Promise<TensorData> {
    return decode(variable, await this.state.read(variable));
  }

  write(variable: Variable, values: ArrayLike<number> | number): void {
    checkData(`write: variable "${variable.name}"`, values, variable);
    this.state.write(variable, values);
  }

  dispose(): void {
    this.state.fail('the device was disposed; open another one');
    this.state.buffers.freeAll();
    this.gpu.destroy();
  }
}
