import { roundTo, type TensorData, toTensorData } from '../../core/dtype.ts';
import { DeviceError } from '../../core/errors.ts';
import { sizeOf } from '../../core/shape.ts';
import type { Variable } from '../../graph/graph.ts';
import { flopsOf, runReference, type Step, trace, type Value } from '../../graph/trace.ts';
import type {
  CompileOptions,
  Device,
  DeviceInfo,
  Feeds,
  KernelProfile,
  MemoryUse,
  Profile,
  Program,
  ProgramStats,
} from '../backend.ts';
import { findNonFinite } from '../diagnose.ts';
import {
  checkData,
  checkFeeds,
  checkRanges,
  type FeedRange,
  feedRanges,
  finiteOutputs,
  initialValues,
  toRequest,
} from '../feeds.ts';
import type { TuningTable } from '../tuning.ts';

/**
 * Runs programs on the ops' references, in float64: slow, everywhere available, and the definition of what is right. Variables
 * are rounded to their dtype after each update, so that they hold what a checkpoint can hold.
 */
export class CpuDevice implements Device {
  private readonly values = new Map<Variable, Float64Array>();
  tuning: TuningTable = {};
  private disposed = false;
  readonly lost: Promise<string>;
  private resolveLost: (reason: string) => void = () => {};

  constructor(readonly info: DeviceInfo) {
    this.lost = new Promise((resolve) => {
      this.resolveLost = resolve;
    });
  }

  get memory(): MemoryUse {
    let bytes = 0;
    for (const values of this.values.values()) bytes += values.byteLength;
    return { buffers: this.values.size, bytes };
  }

  async compile<Names extends string = never>(options: CompileOptions<Names>): Promise<Program<Names>> {
    this.checkUsable();
    options.signal?.throwIfAborted();
    const traced = trace(toRequest(options), { simplify: !options.keepNodes });
    for (const { variable } of traced.variables) if (variable) this.valueOf(variable);
    options.onProgress?.(1, 1);
    return new CpuProgram<Names>(this, options, traced);
  }

  async read(variable: Variable): Promise<TensorData> {
    this.checkUsable();
    return toTensorData(variable.dtype, this.valueOf(variable));
  }

  write(variable: Variable, values: ArrayLike<number> | number): void {
    this.checkUsable();
    checkData(`write: variable "${variable.name}"`, values, variable);
    this.store(variable, typeof values === 'number' ? [values] : values);
  }

  dispose(): void {
    this.disposed = true;
    this.values.clear();
    this.resolveLost('the device was disposed');
  }

  /** The present value, made by the initializer when it is asked for first. */
  valueOf(variable: Variable): Float64Array {
    return this.values.get(variable) ?? this.store(variable, initialValues(variable));
  }

  store(variable: Variable, values: ArrayLike<number>): Float64Array {
    const rounded = Float64Array.from(values, (value) => roundTo(variable.dtype, value));
    this.values.set(variable, rounded);
    return rounded;
  }

  checkUsable(): void {
    if (this.disposed) throw new DeviceError('the device was disposed; open another one');
  }
}

class CpuProgram<Names extends string> implements Program<Names> {
  readonly stats: ProgramStats;
  private readonly finite: readonly string[];
  private readonly ranges: readonly FeedRange[];

  constructor(
    readonly device: CpuDevice,
    readonly options: CompileOptions<Names>,
    private readonly traced: ReturnType<typeof trace>,
  ) {
    this.finite = finiteOutputs(options);
    const { steps } = traced;
    this.ranges = feedRanges(steps);
    this.stats = {
      dispatches: 0,
      submits: 0,
      pipelines: 0,
      flops: steps.reduce((total, step) => total + flopsOf(step), 0),
      memoryBytes: 0,
      unsharedBytes: 0,
      kernels: steps.map((step) => step.path),
    };
  }

  async run(feeds: Feeds = {}): Promise<Record<Names, TensorData>> {
    const values = this.execute(feeds);
    const results: Record<string, TensorData> = {};
    for (const [name, value] of this.traced.outputs)
      results[name] = toTensorData(value.spec.dtype, get(values, value));
    for (const name of this.finite) {
      const wrong = results[name].find((element) => !Number.isFinite(element));
      if (wrong !== undefined) throw await findNonFinite(this.device, this.options, feeds, name, wrong);
    }
    this.update(values);
    return results as Record<Names, TensorData>;
  }

  async submit(feeds: Feeds = {}): Promise<void> {
    this.update(this.execute(feeds));
  }

  dispose(): void {}

  async profile(feeds: Feeds = {}): Promise<Profile> {
    const kernels: KernelProfile[] = [];
    this.execute(feeds, (step, milliseconds) => {
      const bytes = [...step.inputs, ...step.outputs].reduce(
        (total, { spec }) => total + 8 * sizeOf(spec.shape),
        0,
      );
      const { op, path } = step;
      kernels.push({
        label: op.name,
        path,
        milliseconds,
        flops: flopsOf(step),
        bytes,
        workgroups: [1, 1, 1],
      });
    });
    return {
      adapter: this.device.info.name,
      clock: 'wall clock',
      kernels,
      milliseconds: kernels.reduce((total, kernel) => total + kernel.milliseconds, 0),
      roof: null,
    };
  }

  private execute(
    feeds: Feeds,
    timed?: (step: Step, milliseconds: number) => void,
  ): Map<Value, Float64Array> {
    this.device.checkUsable();
    checkFeeds(this.traced.inputs, feeds);
    checkRanges(this.ranges, feeds);
    const values = new Map<Value, Float64Array>();
    for (const input of this.traced.inputs) {
      const data = feeds[input.inputName ?? ''];
      values.set(
        input,
        Float64Array.from(typeof data === 'number' ? [data] : data, (value) =>
          roundTo(input.spec.dtype, value),
        ),
      );
    }
    for (const value of this.traced.variables)
      if (value.variable) values.set(value, this.device.valueOf(value.variable));
    for (const step of this.traced.steps) {
      const start = timed && performance.now();
      const specs = {
        inputs: step.inputs.map(({ spec }) => spec),
        outputs: step.outputs.map(({ spec }) => spec),
      };
      const results = runReference(
        step.op,
        step.inputs.map((input) => get(values, input)),
        specs,
        step.attrs,
      );
      for (const [i, output] of step.outputs.entries()) values.set(output, results[i]);
      if (start !== undefined) timed?.(step, performance.now() - start);
    }
    return values;
  }

  private update(values: Map<Value, Float64Array>): void {
    const { updates } = this.traced;
    for (const [variable, value] of updates) this.device.store(variable, get(values, value));
    if (updates.length === 0) return;
    const { step } = updates[0][0].graph;
    this.device.store(step, [this.device.valueOf(step)[0] + 1]);
  }
}

function get(values: ReadonlyMap<Value, Float64Array>, value: Value): Float64Array {
  const data = value.constant ?? values.get(value);
  if (!data) throw new DeviceError(`${value.path}: read before it is computed`);
  return data;
}
