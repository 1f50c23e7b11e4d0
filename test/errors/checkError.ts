import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { TensorloomError } from '../../src/index.ts';

// As in Node and Chromium; Vitest allows more.
Error.stackTraceLimit = 10;

type ErrorClass = new (...args: never[]) => TensorloomError;

/**
 * Checks all that an error owes its reader: its class, words of its message, and that the first line of the stack outside
 * src/ is the one in the test file at `url` that called the function `name`.
 */
export type CheckError = (error: unknown, name: string, type: ErrorClass, ...words: string[]) => void;

export function errorsOf(url: string): CheckError {
  const testFile = fileURLToPath(url);
  const lines = readFileSync(testFile, 'utf8').split('\n');
  return (error, name, type, ...words) => {
    if (!(error instanceof Error)) throw new Error(`nothing was thrown by ${name}`);
    expect(error.constructor, error.stack).toBe(type);
    expect(error.name).toBe(type.name);
    expect(error).toBeInstanceOf(TensorloomError);
    for (const each of words) expect(error.message).toContain(each);
    expect(error.stack).toContain(`${type.name}: ${error.message}`);
    const frames = [...(error.stack ?? '').matchAll(/^\s+at (?!.*node:).*?(\/[^\s()]+):(\d+):\d+\)?$/gm)];
    const outside = frames.find(([, file]) => !/\/(src|node_modules)\//.test(file));
    expect(outside?.[1], error.stack).toBe(testFile);
    expect(lines[Number(outside?.[2]) - 1], error.stack).toContain(`${name}(`);
  };
}

/** What `body` throws. */
export function thrownBy(body: () => unknown): unknown {
  try {
    body();
  } catch (error) {
    return error;
  }
}

/** What the promise is rejected with that `body` awaits. It has to await it itself: so a stack leads there. */
export async function rejection(body: () => Promise<void>): Promise<unknown> {
  try {
    await body();
  } catch (error) {
    return error;
  }
}
