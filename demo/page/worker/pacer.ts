/** Lets a loop in a worker be paused, and lets the worker hear what the page asks for in between. */
export class Pacer {
  private running = false;
  private wake: (() => void) | null = null;
  private last = 0;

  get isRunning(): boolean {
    return this.running;
  }

  play(): void {
    this.running = true;
    this.wake?.();
    this.wake = null;
  }

  pause(): void {
    this.running = false;
  }

  /**
   * Before each step: waits while the loop is paused, and otherwise gives way now and then. `whenPaused` is called and awaited before
   * it waits.
   */
  async turn(whenPaused?: () => Promise<void>): Promise<void> {
    if (!this.running) {
      await whenPaused?.();
      if (!this.running) await new Promise<void>((resolve) => (this.wake = resolve));
    }
    if (performance.now() - this.last < 12) return;
    await new Promise((resolve) => setTimeout(resolve));
    this.last = performance.now();
    if (!this.running) await this.turn(whenPaused);
  }
}

/** Whether it is time to tell the page again: at most once in so many milliseconds. */
export class Interval {
  private last = Number.NEGATIVE_INFINITY;

  constructor(private readonly milliseconds: number) {}

  get isDue(): boolean {
    const now = performance.now();
    if (now - this.last < this.milliseconds) return false;
    this.last = now;
    return true;
  }
}

export const sleep = (milliseconds: number) =>
  new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
