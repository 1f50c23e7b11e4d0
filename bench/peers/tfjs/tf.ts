import '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { Runnable } from '../../page/contender.ts';

export { tf };

export async function openTf(): Promise<void> {
  await tf.setBackend('webgpu');
  await tf.ready();
}

/** TF.js keeps up to 15 dispatches back. */
export function flush(): void {
  const backend = tf.backend() as WebGPUBackend;
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  backend.submitQueue();
}

/** Steps that compute tensors by name; each frees those of the one before. */
export function runEager(
  compute: () => Record<string, tf.Tensor>,
  read: (name: string, values: Float32Array) => ArrayLike<number> = (_, values) => values,
): Runnable {
  let last: Record<string, tf.Tensor> = {};
  const step = () => {
    const next = tf.tidy(compute);
    for (const tensor of Object.values(last)) tensor.dispose();
    last = next;
  };
  return {
    step,
    flush,
    async run() {
      step();
      const results: Record<string, ArrayLike<number>> = {};
      for (const [name, tensor] of Object.entries(last))
        results[name] = read(name, (await tensor.data()) as Float32Array);
      return results;
    },
  };
}
