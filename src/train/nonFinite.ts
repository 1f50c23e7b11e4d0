import { FeedError, NonFiniteError } from '../core/errors.ts';
import type { CompiledModel } from './compiledModel.ts';
import type { Batch } from './feeding.ts';
import type { TrainingState } from './trainingState.ts';

/** The error of a training whose loss was not finite in `failed` batches of an epoch. Looks for the op in the batches that are remembered. */
export async function notFinite(
  model: CompiledModel,
  recent: readonly Batch[],
  failed: number,
  { epoch, batch }: TrainingState,
): Promise<NonFiniteError> {
  const operation = await firstOperation(model, recent);
  const first = operation ? `; the first op with a result that is not finite is ${operation}` : '';
  return new NonFiniteError(
    `fit: epoch ${epoch}: the loss was NaN or infinite in ${failed} of the batches 1 to ${batch}${first}. ` +
      'No parameter was changed by such a batch. Try a smaller learning rate, or clipNorm',
    operation,
  );
}

async function firstOperation(model: CompiledModel, recent: readonly Batch[]): Promise<string | null> {
  for (const { tensors, feeds } of recent) {
    const step = ['step', 'collect']
      .map((kind) => model.steps.get(`${tensors.prefix} ${kind}`))
      .find(Boolean);
    if (!step) continue;
    const { loss } = step;
    const program = await model.device.compile({ outputs: { loss }, checkFinite: ['loss'] });
    try {
      await program.run(feeds);
    } catch (error) {
      if (error instanceof NonFiniteError && error.operation) return error.operation;
      if (!(error instanceof NonFiniteError || error instanceof FeedError)) throw error;
    } finally {
      program.dispose();
    }
  }
  return null;
}
