import type { DType } from '../core/dtype.ts';
import type { Shape } from '../core/shape.ts';

/** All that is known of a tensor before data exists. */
export interface TensorSpec {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** What fills the `${HOLES}` of a shader and decides its `#if` lines. A new value costs a compilation. */
export type Variant = Readonly<Record<string, string | number | boolean>>;

/** One storage binding of a kernel call. */
export type Binding =
  /** Input of the node, read. */
  | { readonly input: number }
  /** Output of the node, written. */
  | { readonly output: number }
  /** Temporary storage shared by the calls of one node under a name. */
  | { readonly scratch: string; readonly bytes: number }
  /** A table uploaded once. `{ offsetOf }` stands for the first element of that tensor within its group's buffer. */
  | { readonly words: readonly (number | OffsetOf)[] }
  /** Many inputs in one binding. The memory plan puts them into one buffer, each at a multiple of 256 bytes. */
  | { readonly inputs: readonly number[] }
  /** Many outputs in one binding, updated in place: each starts as the input that `Op.inPlace` pairs it with. */
  | { readonly outputs: readonly number[] };

export interface OffsetOf {
  readonly offsetOf: { readonly input: number } | { readonly output: number };
}

/**
 * One GPU dispatch as plain data. The fields are named by what a new value costs: `variant` a shader compilation,
 * `constants` a pipeline, `params` nothing.
 */
export interface KernelCall {
  /** What the profiler and error messages call it, such as `matmul/tile`. */
  readonly label: string;
  /** Text of a file in `shaders/`, before its holes are filled. */
  readonly source: string;
  readonly variant: Variant;
  /** Values of `override` constants. */
  readonly constants?: Readonly<Record<string, number>>;
  /** Values for the fields of the shader's `struct Params`, by name. The struct's types decide the encoding. */
  readonly params?: Readonly<Record<string, number>>;
  /** Storage buffers, in the order of the shader's `var<storage>` bindings. */
  readonly bindings: readonly Binding[];
  readonly workgroups: readonly [number, number, number];
}

/** What kernels may count on: the limits and features of a device. */
export interface Target {
  readonly features: { readonly float16: boolean };
  /**
   * Invocations of a subgroup, where all subgroups are of one size and made of neighbours in a workgroup. WebGPU does not promise the latter: it
   * is known of adapters that compute on a CPU. Otherwise 0.
   */
  readonly subgroupSize: number;
  readonly limits: {
    readonly storageBuffersPerShaderStage: number;
    readonly workgroupStorageBytes: number;
    readonly invocationsPerWorkgroup: number;
    readonly workgroupsPerDimension: number;
    readonly storageBindingBytes: number;
  };
  /**
   * Invocations of a workgroup that meet at barriers: 256 on GPUs; 64 on adapters that compute on a CPU, where a barrier switches
   * between all of them, one after the other.
   */
  readonly barrierLanes: number;
  /** Whether workgroup memory is quicker than the caches: true on GPUs, not on adapters that compute on a CPU. */
  readonly fastWorkgroupMemory: boolean;
  /**
   * 32-bit words that one invocation keeps at hand through a long loop: registers on a GPU. SwiftShader reads its stack much quicker than a
   * buffer, so there it is far more; other adapters that compute on a CPU take minutes to compile such programs.
   */
  readonly registerWords: number;
  /**
   * Which variant of an op to take where several exist, such as `{ conv2d: 'im2col' }`; tests force each in turn. An op
   * without an entry chooses by its own cost model.
   */
  readonly variants?: Readonly<Record<string, string>>;
  /** Variants that were measured to be the fastest, by `tuningKey`; they stand behind `variants` and before the cost models. */
  readonly tuned?: Readonly<Record<string, string>>;
}

/** WebGPU's default limits and no optional feature: what every adapter grants. */
export const defaultTarget: Target = {
  features: { float16: false },
  subgroupSize: 0,
  barrierLanes: 256,
  fastWorkgroupMemory: true,
  registerWords: 64,
  limits: {
    storageBuffersPerShaderStage: 8,
    workgroupStorageBytes: 16384,
    invocationsPerWorkgroup: 256,
    workgroupsPerDimension: 65535,
    storageBindingBytes: 134_217_728,
  },
};

/**
 * An elementwise chain that a kernel applies to each value before it stores it. The kernel puts `text(...)` into its
 * `${EPILOGUE}` hole, appends `bindings` to its own, and stores `finish(value, index)` instead of `value`.
 */
export interface Epilogue {
  /**
   * Declares the operands' bindings from `firstBinding` on and
   * `fn finish(value: F, index: u32) -> F`, where F is `f32` or `vec4<f32>` by `width` and `index` counts elements of
   * the output in units of `width`.
   */
  text(firstBinding: number, width: 1 | 4): string;
  readonly bindings: readonly Binding[];
  /** Whether `width` 4 is possible: every operand can be read four elements at a time. */
  readonly allowsVec4: boolean;
}

/** Everything that an op may look at when it describes its GPU work. */
export interface KernelContext<Attrs> {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly attrs: Attrs;
  readonly target: Target;
  /** For each output, whether anything reads it. What nothing reads need not be bound, and then has no memory. */
  readonly used: readonly boolean[];
  /** Only ops with an `epilogue` property are ever given a chain; `noEpilogue` otherwise. */
  readonly epilogue: Epilogue;
}

/** The epilogue that changes nothing. */
export const noEpilogue: Epilogue = {
  text: (_, width) =>
    `alias F = ${width === 4 ? 'vec4<f32>' : 'f32'};\nfn finish(value: F, index: u32) -> F { return value; }`,
  bindings: [],
  allowsVec4: true,
};

/** The WGSL element type in which `dtype` is stored, `width` elements at a time. bool is a u32 of 0 or 1. */
export function storageType(dtype: DType, width: 1 | 4 = 1): string {
  const scalar = { float32: 'f32', float16: 'f16', int32: 'i32', uint32: 'u32', bool: 'u32' }[dtype];
  return width === 4 ? `vec4<${scalar}>` : scalar;
}

/**
 * How often an invocation may go round its loops, all of them counted: long sums are cut into parts by then. llvmpipe ends a loop
 * after 65,535 rounds without a word; and short sums are more exact.
 */
export const longestLoop = 32_768;

/**
 * A grid of at least `count` workgroups in which no dimension passes WebGPU's 65535. The shader numbers them
 * `workgroup.y * count.x + workgroup.x` and leaves when that number is too large.
 */
export function linearGrid(count: number): [number, number, number] {
  if (count <= 65535) return [Math.max(1, count), 1, 1];
  const rows = Math.ceil(count / 65535);
  return [Math.ceil(count / rows), rows, 1];
}
