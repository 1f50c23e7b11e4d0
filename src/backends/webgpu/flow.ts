/**
 * A group that the device does in less than this many milliseconds is too small to wait for, in more than `slow` too large. Deno tells
 * after 11 ms that nothing is left to do.
 */
const quick = 20;
const slow = 80;
const mostSubmits = 1024;

/**
 * Lets the device fall behind by two groups of submits, not by ever more. A group grows and shrinks with the time that it takes, so that
 * small programs hardly ever wait, and large ones can be stopped soon.
 */
export class Flow {
  private group = 16;
  private count = 0;
  private before: Promise<void> | null = null;

  constructor(private readonly queue: Pick<GPUQueue, 'onSubmittedWorkDone'>) {}

  /** To be awaited after each submit. */
  async submitted(): Promise<void> {
    if (++this.count < this.group) return;
    this.count = 0;
    const before = this.before;
    this.before = this.done();
    // Heard of where it is awaited, if ever it is.
    this.before.catch(() => {});
    // The group before this one, while this one keeps the device busy.
    await before;
  }

  private async done(): Promise<void> {
    const sent = performance.now();
    await this.queue.onSubmittedWorkDone();
    const took = performance.now() - sent;
    if (took < quick) this.group = Math.min(mostSubmits, 2 * this.group);
    if (took > slow) this.group = Math.max(1, this.group >> 1);
  }
}
