/**
 * For what is asked again and again, as by a slider: does one piece of work at a time, and of the calls that come meanwhile the last one only.
 * `failed` hears of errors.
 */
export function newest<Args extends readonly unknown[]>(
  work: (...args: Args) => Promise<void>,
  failed: (error: unknown) => void,
): (...args: Args) => void {
  let waiting: Args | null = null;
  let busy = false;
  return async (...args) => {
    waiting = args;
    if (busy) return;
    busy = true;
    while (waiting) {
      const next: Args = waiting;
      waiting = null;
      await work(...next).catch(failed);
    }
    busy = false;
  };
}
