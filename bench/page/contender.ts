/** What a contender's file exports: `prepare`. It runs in a page or process of its own. */

export type TypedArray = Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;

/** A workload, ready to be run again and again with its operands already on the device. */
export interface Runnable {
  /** Queues one step. What it resolves with may come before the step is done on the device. */
  step(): Promise<void> | void;
  /** Hands queued work to the device, where a library holds it back. */
  flush?(): void;
  /** One step, and its results with all their elements, in the layout that the workload tells. */
  run(): Promise<Record<string, ArrayLike<number>>>;
}

/**
 * Builds the workload. All up to the end of the first `run` counts as time to first result.
 * `Unable`: the library cannot do this one.
 */
export type Prepare<Spec> = (
  spec: Spec,
  inputs: Record<string, TypedArray>,
) => Promise<Runnable | Unable> | Runnable | Unable;

/** Why a library does not take part. */
export interface Unable {
  readonly unable: string;
}

/** What a library did on the device, counted at WebGPU's own objects. */
export interface Counts {
  dispatches: number;
  submits: number;
  pipelines: number;
  buffers: number;
  bufferBytes: number;
  uploadedBytes: number;
}
