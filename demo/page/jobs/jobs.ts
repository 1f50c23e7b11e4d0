/** What sections compute in workers, by name: each module is loaded in the worker of its name only. */
export const jobs = {
  perceptron: () => import('./perceptron.ts'),
  activations: () => import('./activations.ts'),
  backPropagation: () => import('./backPropagation.ts'),
  normalisation: () => import('./normalisation.ts'),
  convolution: () => import('./convolution.ts'),
  digits: () => import('./digits.ts'),
  recurrent: () => import('./recurrent.ts'),
  gpu: () => import('./gpu.ts'),
};

export type JobName = keyof typeof jobs;

/** The methods of a job. */
export type JobOf<Name extends JobName> = ReturnType<Awaited<ReturnType<(typeof jobs)[Name]>>['createJob']>;
