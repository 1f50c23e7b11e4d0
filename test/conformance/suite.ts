import type { Device } from '../../src/backends/backend.ts';
import type { DType } from '../../src/core/dtype.ts';
import { DTypeError, FeedError } from '../../src/core/errors.ts';
import type { Shape } from '../../src/core/shape.ts';
import type { Bound } from '../../src/verify/bounds.ts';

/** The files of a suite's folder, wherever the runner runs: names are paths below the folder, with `/`. */
export interface Files {
  readonly names: readonly string[];
  bytes(name: string): Uint8Array;
}

export function textOf(files: Files, name: string): string {
  return new TextDecoder().decode(files.bytes(name));
}

/** One output of a case: what we computed and what the suite asks for. */
export interface Output {
  readonly name: string;
  readonly got: ArrayLike<number>;
  readonly want: ArrayLike<number>;
  /** The dtype whose units in the last place count. */
  readonly dtype: DType;
  /** Where they are told, they must be equal. */
  readonly shapes?: { readonly got: Shape; readonly want: Shape };
  readonly bound: Bound;
  /** Judges again what the suite's own bound does not let pass, where that is tighter than WGSL grants. */
  readonly secondBound?: Bound;
}

export interface SuiteCase {
  readonly name: string;
  /** What the table counts it under. */
  readonly op: string;
  /** Whether an element type of it is float16, which an adapter may lack. */
  readonly usesFloat16: boolean;
  /** Builds, runs and returns the outputs. Throws `Skipped` where it asks for what is not there; any other error is a failure. */
  run(device: Device): Promise<readonly Output[]>;
}

/** A test suite that the runner can read. */
export interface Suite {
  readonly name: string;
  /** Whether a folder with these files is one of this suite. */
  matches(files: Files): boolean;
  /** Files that its cases need, for hosts that cannot read folders. */
  needs(name: string): boolean;
  cases(files: Files): SuiteCase[];
}

/** Why a case was not run: an operator or a type that is not supported, or a feature that the adapter lacks. */
export class Skipped extends Error {
  override name = 'Skipped';
}

/** Runs `build`; an operand or a number that our types cannot hold becomes a skip with that reason. */
export async function skipUnsupportedNumbers<Result>(build: () => Promise<Result>): Promise<Result> {
  try {
    return await build();
  } catch (error) {
    if (error instanceof FeedError && /is computed with/.test(error.message)) {
      throw new Skipped(`number outside the range of its type here: ${kindOf(error.message)}`);
    }
    if (error instanceof DTypeError && /unknown data type/.test(error.message))
      throw new Skipped(error.message);
    throw error;
  }
}

/** `int64 is computed with int32`: without the element, so that equal reasons are counted together. */
function kindOf(message: string): string {
  return /(\w+ is computed with \w+)/.exec(message)?.[1] ?? message;
}
