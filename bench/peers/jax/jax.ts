import {
  blockUntilReady,
  defaultDevice,
  grad,
  init,
  jit,
  lax,
  nn,
  numpy as np,
  tree,
  valueAndGrad,
} from '@jax-js/jax';
import type { Runnable, TypedArray } from '../../page/contender.ts';

export { grad, jit, lax, nn, np, tree, valueAndGrad };
export type Value = np.Array;

export async function openJax(): Promise<void> {
  await init('webgpu');
  defaultDevice('webgpu');
}

export const array = (values: TypedArray, shape: number[]): Value => np.array(values, { shape });

/** Results by name of a jitted function of `operands`, which live on. */
export async function runJitted(
  compute: (...operands: Value[]) => Record<string, Value>,
  operands: Value[],
): Promise<Runnable> {
  const compiled = jit(compute);
  await blockUntilReady(operands.map((operand) => operand.ref));
  let last: Record<string, Value> | null = null;
  const step = async () => {
    const next = compiled(...operands.map((operand) => operand.ref));
    await submit(next);
    for (const value of Object.values(last ?? {})) value.dispose();
    last = next;
  };
  return {
    step,
    async run() {
      await step();
      const results: Record<string, ArrayLike<number>> = {};
      for (const [name, value] of Object.entries(last!)) results[name] = await value.ref.data();
      return results;
    },
  };
}

/** Arrays are lazy: asking for their buffers submits the work, without waiting for its end. */
export async function submit(values: Record<string, Value> | Value[]): Promise<void> {
  for (const value of Object.values(values)) await value.ref.gpuBuffer();
}
