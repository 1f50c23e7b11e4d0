import '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';

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

/** The result of the last step, and a step that frees the one before. */
export function keepLast(compute: () => tf.Tensor) {
  let last: tf.Tensor | null = null;
  return {
    step() {
      const next = tf.tidy(compute);
      last?.dispose();
      last = next;
    },
    flush,
    read: () => last!.data(),
  };
}
