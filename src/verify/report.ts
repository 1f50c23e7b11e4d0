import type { DeviceInfo } from '../backends/backend.ts';
import type { DType } from '../core/dtype.ts';
import { type Shape, showShape } from '../core/shape.ts';
import { type Difference, describe, type Tolerance } from './bounds.ts';

/** One result of one op, or of a whole program, beside what the reference gives. */
export interface VerifiedValue {
  /** The op's name; `program` for an output of the whole program. */
  readonly op: string;
  /** Layers and op, as messages call it; or the output's name. */
  readonly path: string;
  /** Which of the op's outputs. */
  readonly output: number;
  readonly inputShapes: readonly Shape[];
  readonly shape: Shape;
  readonly dtype: DType;
  /** What was allowed; null where nothing was computed. */
  readonly bound: Tolerance | null;
  /** Largest errors and the worst element; null where nothing was computed. */
  readonly difference: Difference | null;
  /** `error`: it did not compile, or did not run. */
  readonly verdict: 'passed' | 'failed' | 'error';
  /** What went wrong, for `error`. */
  readonly message: string;
}

/** What `verify` found. Printed as text, it is what belongs into a report of a problem. */
export class VerifyReport {
  constructor(
    readonly device: DeviceInfo,
    /** Every op by itself, from the same inputs as the reference, in the order of the program. */
    readonly ops: readonly VerifiedValue[],
    /** The outputs and gradients of the whole program, compiled as users compile it. */
    readonly endToEnd: readonly VerifiedValue[],
    /** Why there are no gradients, where some were wanted. */
    readonly notes: readonly string[],
  ) {}

  get passed(): boolean {
    return [...this.ops, ...this.endToEnd].every(({ verdict }) => verdict === 'passed');
  }

  /** The first op whose result lies outside its bound; null where all keep theirs. */
  get firstDivergence(): VerifiedValue | null {
    return this.ops.find(({ verdict }) => verdict !== 'passed') ?? null;
  }

  /** The verdict in one sentence. */
  get summary(): string {
    const wrong = this.ops.filter(({ verdict }) => verdict !== 'passed').length;
    const first = this.firstDivergence;
    if (first)
      return `${wrong} of ${this.ops.length} results of ops diverge from the reference; the first is ${sentence(first)}`;
    const end = this.endToEnd.find(({ verdict }) => verdict !== 'passed');
    if (end) return `every op keeps its bound, but the whole program does not: ${sentence(end)}`;
    return `all ${this.ops.length} results of ops and ${this.endToEnd.length} of the whole program agree with the reference`;
  }

  /** Device, a table, and the verdict. */
  toString(): string {
    return [
      `${this.device.name} (${this.device.backend} in ${this.device.host})`,
      ...table([...this.ops, ...this.endToEnd]),
      ...this.notes,
      this.summary,
    ].join('\n');
  }
}

function sentence(value: VerifiedValue): string {
  const { path, op, inputShapes, shape, difference: found, message } = value;
  const shapes = `${inputShapes.map(showShape).join(' ')} -> ${showShape(shape)}`;
  return `${path} (${op}, ${shapes}): ${found ? describe(found) : message.split('\n').slice(0, 3).join(' ')}`;
}

function table(values: readonly VerifiedValue[]): string[] {
  const head = ['op', 'path', 'shapes', 'absolute', 'relative', 'ULP', 'of bound', 'verdict'];
  const rows = values.map(({ op, path, output, inputShapes, shape, dtype, difference: found, verdict }) => [
    op,
    output === 0 ? path : `${path} (output ${output})`,
    `${inputShapes.map(showShape).join(' ')} -> ${dtype} ${showShape(shape)}`,
    ...(found
      ? [short(found.absolute), short(found.relative), short(found.ulp), short(found.excess)]
      : ['', '', '', '']),
    verdict,
  ]);
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
  return [head, ...rows].map((row) =>
    row
      .map((cell, i) => (i >= 3 && i < 7 ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
      .join('  ')
      .trimEnd(),
  );
}

function short(value: number): string {
  return value === 0 || (Number.isInteger(value) && value < 1e6) ? String(value) : value.toPrecision(2);
}
