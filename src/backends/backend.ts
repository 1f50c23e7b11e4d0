import type { TensorData } from '../core/dtype.ts';
import type { Tensor, Variable } from '../graph/graph.ts';
import type { Target } from '../graph/kernel.ts';
import type { TuningTable } from './tuning.ts';

/** What runs the programs, and why it was chosen. */
export interface DeviceInfo {
  readonly backend: 'webgpu' | 'cpu';
  /** Such as `NVIDIA GeForce RTX 4070` or `SwiftShader`; `CPU reference` without WebGPU. */
  readonly name: string;
  readonly vendor: string;
  readonly architecture: string;
  /** An adapter that computes on the CPU. */
  readonly software: boolean;
  /** One sentence: what `openDevice` took and why. */
  readonly reason: string;
  readonly host: 'page' | 'worker' | 'deno' | 'node';
  readonly features: readonly string[];
}

/** Device memory in use. It stays the same from one step of a program to the next. */
export interface MemoryUse {
  readonly buffers: number;
  readonly bytes: number;
}

/** Values for a program's inputs, by name: a typed array or plain numbers, or one number for a scalar. */
export type Feeds = Readonly<Record<string, ArrayLike<number> | number>>;

export interface CompileOptions<Names extends string = string> {
  /** Tensors that `run` gives back, under names of your choice. */
  outputs?: Readonly<Record<Names, Tensor>>;
  /**
   * Variables and their values after the run. Every value is computed from the variables as they were before it.
   * A program with updates advances `graph.step`.
   */
  updates?: readonly (readonly [Variable, Tensor])[];
  /**
   * Outputs that must stay finite: `run` throws a `NonFiniteError` that names the first op that went wrong. Default: every
   * float scalar among the outputs of a program with updates, which is to say the loss.
   */
  checkFinite?: readonly NoInfer<Names>[];
  /** Called as pipelines become ready. */
  onProgress?: (done: number, total: number) => void;
  /** Aborts the compilation. */
  signal?: AbortSignal;
  /** Forces variants of ops, such as `{ conv2d: 'im2col' }`, instead of the cost model's choice. */
  variants?: Readonly<Record<string, string>>;
  /**
   * For tests: plans the kernels as for another adapter, such as a GPU where only a software adapter is at hand. The device still has to
   * grant what they count on.
   */
  target?: Partial<Pick<Target, 'barrierLanes' | 'fastWorkgroupMemory' | 'registerWords' | 'subgroupSize'>>;
  /**
   * For tests: gives every value memory of its own, fills it with NaN words, and lets `verifyGuards` tell which kernel wrote
   * beyond its output.
   */
  guards?: boolean;
  /** Keep every op apart: no folding, merging or fusing. What the search for a NaN uses. */
  keepNodes?: boolean;
}

/** What one run costs. Counts are exact. */
export interface ProgramStats {
  readonly dispatches: number;
  readonly submits: number;
  /** Distinct pipelines that the program uses. */
  readonly pipelines: number;
  /** Floating-point operations of one run. */
  readonly flops: number;
  /** Device memory for values inside the program: shared by lifetime, and what it would be without sharing. */
  readonly memoryBytes: number;
  readonly unsharedBytes: number;
  /** Label and op path of each dispatch, in order. */
  readonly kernels: readonly string[];
}

/** What an adapter does at best, measured with kernels that do nothing else. */
export interface Roof {
  readonly flopsPerSecond: number;
  readonly bytesPerSecond: number;
}

/** What one dispatch (on the CPU: one op) costs. */
export interface KernelProfile {
  /** The kernel, such as `matmul/tiled`, and the path of its op in the graph. */
  readonly label: string;
  readonly path: string;
  readonly milliseconds: number;
  /** Floating-point operations of the op, counted at the first of its dispatches; 0 at the others. */
  readonly flops: number;
  /** Bytes of all that the kernel binds: what it moves if it reads and writes everything once. */
  readonly bytes: number;
  readonly workgroups: readonly [number, number, number];
}

/** Where the time of a program goes; see `formatProfile` and `profileTrace`. */
export interface Profile {
  readonly adapter: string;
  readonly clock: 'timestamp queries' | 'repeated runs' | 'wall clock';
  /** In the order of dispatch. */
  readonly kernels: readonly KernelProfile[];
  /** Sum of the kernels' times. A run takes less where kernels overlap, and more where the device waits for work. */
  readonly milliseconds: number;
  /** Null on the CPU. */
  readonly roof: Roof | null;
}

/** A compiled graph. Programs of one device share its variables. */
export interface Program<Names extends string = string> {
  readonly device: Device;
  /** What it was compiled from. */
  readonly options: CompileOptions<Names>;
  readonly stats: ProgramStats;
  /**
   * Runs once and reads the outputs back.
   * @throws FeedError where a feed is missing, unknown or has the wrong length; before any work is done.
   * @throws NonFiniteError where a checked output is NaN or infinite.
   */
  run(feeds?: Feeds): Promise<Record<Names, TensorData>>;
  /**
   * Runs once without reading anything back: the way to make many training steps. Resolves when the device is ready
   * to take more work, not when it is done.
   */
  submit(feeds?: Feeds): Promise<void>;
  /**
   * Times each kernel by itself, repeated until that is far above the resolution of the clock. Variables and `graph.step` keep their
   * values. Other runs of the device's programs must wait until it is done.
   *
   * ```ts
   * const profile = await program.profile({ image, label });
   * console.log(formatProfile(profile));
   * ```
   *
   * @throws FeedError as `run` does.
   */
  profile(feeds?: Feeds): Promise<Profile>;
  /** Frees what only this program uses. Variables stay. */
  dispose(): void;
}

/** What `openDevice` gives. */
export interface Device {
  readonly info: DeviceInfo;
  readonly memory: MemoryUse;
  /** Resolves with a sentence when the device can no longer be used. */
  readonly lost: Promise<string>;
  compile<Names extends string = never>(options: CompileOptions<Names>): Promise<Program<Names>>;
  /**
   * The variants of kernels that were measured to be fastest, by adapter, op and shape; `compile` prefers them to its cost models. `tune` sets it,
   * and so may you, to a table that was kept or shipped; what it holds for other adapters waits unused.
   */
  tuning: TuningTable;
  /** The present value of a variable. */
  read(variable: Variable): Promise<TensorData>;
  /** Replaces the value of a variable. Throws FeedError where the length does not fit. */
  write(variable: Variable, values: ArrayLike<number> | number): void;
  dispose(): void;
}
