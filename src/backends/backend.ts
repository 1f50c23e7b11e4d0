import type { TensorData } from '../core/dtype.ts';
import type { Tensor, Variable } from '../graph/graph.ts';
import type { Target } from '../graph/kernel.ts';

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
  target?: Partial<Pick<Target, 'barrierLanes' | 'fastWorkgroupMemory'>>;
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

/** A compiled graph. Programs of one device share its variables. */
export interface Program<Names extends string = string> {
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
  /** The present value of a variable. */
  read(variable: Variable): Promise<TensorData>;
  /** Replaces the value of a variable. Throws FeedError where the length does not fit. */
  write(variable: Variable, values: ArrayLike<number> | number): void;
  dispose(): void;
}
