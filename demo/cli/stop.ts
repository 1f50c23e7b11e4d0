import { CommandError } from './output.ts';

/** Aborts at the first Ctrl-C (or kill); the second ends the process at once. */
export function stopOnSignal(): { signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const abort = () => {
    release();
    controller.abort(new CommandError('stopped before the training began'));
  };
  const release = () => {
    process.off('SIGINT', abort);
    process.off('SIGTERM', abort);
  };
  process.on('SIGINT', abort);
  process.on('SIGTERM', abort);
  return { signal: controller.signal, release };
}
