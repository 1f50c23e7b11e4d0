import { type Remote, wrap } from 'comlink';
import type { JobName, JobOf } from '../jobs/jobs.ts';

/**
 * Starts a section's job in a worker of its own and gives its methods, each of which answers with a promise. Functions that are handed to it
 * go through `proxy` of `comlink`.
 *
 * @throws Error where the worker does not start.
 */
export async function startJob<Name extends JobName>(name: Name): Promise<Remote<JobOf<Name>>> {
  const worker = new Worker('worker.js', { type: 'module', name });
  await new Promise<void>((resolve, reject) => {
    worker.addEventListener('message', () => resolve(), { once: true });
    worker.addEventListener(
      'error',
      (event) => reject(new Error(event.message || 'the worker did not start')),
      {
        once: true,
      },
    );
  });
  return wrap<JobOf<Name>>(worker);
}
