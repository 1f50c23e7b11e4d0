import type { AttributeValue, TypeName } from './modelBytes.ts';

/** One node, run by onnxruntime and by us. */
export interface NodeSample {
  readonly op: string;
  readonly opset?: number;
  readonly inputs: readonly (InputText | null)[];
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  /** How many outputs are compared; default 1. */
  readonly outputs?: number;
}

export interface InputText {
  readonly shape: readonly number[];
  readonly type?: TypeName;
  /** Default drawn between `low` and `high`. */
  readonly numbers?: readonly number[];
  readonly low?: number;
  readonly high?: number;
  /** Known when the model is loaded. */
  readonly constant?: boolean;
}

export const f = (...shape: number[]): InputText => ({ shape });

/** Known whole numbers. */
export const known = (numbers: readonly number[], type: TypeName = 'int64'): InputText => ({
  shape: [numbers.length],
  type,
  numbers,
  constant: true,
});

export const int = (type: TypeName, shape: readonly number[], low: number, high: number): InputText => ({
  type,
  shape,
  low,
  high,
});
