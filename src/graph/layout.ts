import { bytesPerElement } from '../core/dtype.ts';
import { sizeOf } from '../core/shape.ts';
import type { Graph, Variable } from './graph.ts';
import type { KernelCall, TensorSpec } from './kernel.ts';
import type { Value } from './trace.ts';

/** A stretch of a buffer. */
export interface Region {
  readonly buffer: number;
  readonly offset: number;
  readonly bytes: number;
}

/** A device buffer that the plan asks for. */
export type BufferPlan =
  | { readonly kind: 'memory'; bytes: number; readonly label: string }
  | { readonly kind: 'feed'; readonly bytes: number; readonly label: string; readonly value: Value }
  | { readonly kind: 'constant'; readonly bytes: number; readonly label: string; readonly value: Value }
  | {
      readonly kind: 'words';
      readonly bytes: number;
      readonly label: string;
      readonly words: readonly number[];
    }
  /** Not made by the program: the buffer in which the device keeps a group of variables. */
  | { readonly kind: 'variables'; readonly bytes: number; readonly label: string; readonly group: string };

/** A kernel call with a place for each of its storage bindings. */
export interface PlannedCall {
  readonly call: KernelCall;
  readonly path: string;
  readonly regions: readonly Region[];
  /** Of the whole unit, at the first of its calls. */
  readonly flops: number;
}

/** Everything that a device needs to run a program, as data. */
export interface Plan {
  readonly calls: readonly PlannedCall[];
  readonly buffers: readonly BufferPlan[];
  readonly outputs: ReadonlyMap<string, { readonly region: Region; readonly spec: TensorSpec }>;
  /** Copies after the last dispatch: updates that no kernel made in place. */
  readonly copies: readonly { readonly from: Region; readonly to: Region }[];
  readonly flops: number;
  /** Bytes of the buffers of kind `memory`, and what they would be if no two values shared memory. */
  readonly memoryBytes: number;
  readonly unsharedBytes: number;
}

/** WebGPU's `minStorageBufferOffsetAlignment`. */
export const alignment = 256;

/** Bytes that a tensor takes in device memory: a whole number of vec4 words. */
export function storageBytes(spec: TensorSpec): number {
  return Math.ceil((sizeOf(spec.shape) * bytesPerElement(spec.dtype)) / 16) * 16;
}

/** Where the variables of a group lie in its buffer. */
export function variableLayout(
  graph: Graph,
  group: string,
): { offsets: Map<Variable, number>; bytes: number } {
  const offsets = new Map<Variable, number>();
  let bytes = 0;
  for (const variable of graph.variablesOf(group)) {
    offsets.set(variable, bytes);
    bytes += Math.ceil(storageBytes(variable) / alignment) * alignment;
  }
  return { offsets, bytes };
}
