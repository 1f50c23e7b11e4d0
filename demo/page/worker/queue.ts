/** Lets one piece of work wait for the one before it: what must not happen on a device at once. */
export class Queue {
  private last: Promise<unknown> = Promise.resolve();

  /** Does `work` when all that was asked for before is done, whether that went well or not. */
  add<Result>(work: () => Promise<Result>): Promise<Result> {
    const next = this.last.then(work, work);
    this.last = next;
    next.catch(() => {});
    return next;
  }
}
