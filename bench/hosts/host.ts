import type { Session } from '../page/session.ts';

/** Where contenders run. */
export interface Host {
  readonly name: string;
  /** A fresh page or process for the module at `path`, which exports `session`. */
  open(files: SessionFiles): Promise<Remote>;
}

/** Two bundles: the library is not loaded before its time is taken. */
export interface SessionFiles {
  /** Folder that holds `session.js`, `contender.js` and what they fetch. */
  readonly folder: string;
}

/** A session in another page or process. */
export interface Remote extends Session {
  close(): Promise<void>;
}

/** Makes a `Remote` of the way to call a method there. */
export function remote(
  call: <Value>(method: keyof Session, args: readonly unknown[]) => Promise<Value>,
  close: () => Promise<void>,
): Remote {
  return {
    open: (...args) => call('open', args),
    time: (...args) => call('time', args),
    count: (...args) => call('count', args),
    close,
  };
}
