/** Milliseconds of our work after which others get their turn: a page draws 60 times a second. */
const turn = 12;

/** Lets events, timers and drawing have their turn, now and then: no task of ours should hold a page's thread for 50 ms. */
export class Pauses {
  private last = performance.now();

  /** Whether it is time to let others work. */
  get isDue(): boolean {
    return performance.now() - this.last > turn;
  }

  /** Resolves in a new task. Timers would do, but browsers make nested ones wait for 4 ms. */
  async take(): Promise<void> {
    await new Promise<void>((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        resolve();
      };
      port2.postMessage(null);
    });
    this.last = performance.now();
  }
}
