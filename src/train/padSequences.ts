import { FeedError } from '../core/errors.ts';

export interface PadSequencesOptions {
  /** Steps of every sequence in the result; default those of the longest. */
  length?: number;
  /** What stands where a sequence has ended; default 0. */
  value?: number;
  /** Where it stands; default `end`, which is what lengths, masks and recurrent layers expect. */
  side?: 'start' | 'end';
  /** Which steps of a sequence that is too long are dropped; default `end`. */
  truncate?: 'start' | 'end';
  /** Default float32; class or word numbers are int32. */
  dtype?: 'float32' | 'int32';
}

/** Sequences of one length, and how long each of them really is. */
export interface PaddedSequences {
  /** [sequences, steps] or [sequences, steps, features], row by row. */
  readonly data: Float32Array | Int32Array;
  readonly shape: number[];
  readonly dtype: 'float32' | 'int32';
  /** Steps of each sequence that are no padding. */
  readonly lengths: Int32Array;
}

/**
 * Brings sequences of different lengths to one. A step is one number, or a list of features of the same length in all of them.
 *
 * ```ts
 * const { lengths, ...tokens } = padSequences([[5, 2], [7, 1, 3]], { dtype: 'int32' }); // [[5, 2, 0], [7, 1, 3]], [2, 3]
 * const data = dataset({ x: { tokens, lengths }, y: labels });
 * ```
 *
 * @throws FeedError where there are no sequences, or steps have different numbers of features.
 */
export function padSequences(
  sequences: readonly (readonly (number | readonly number[])[])[],
  options: PadSequencesOptions = {},
): PaddedSequences {
  const { value = 0, side = 'end', truncate = 'end', dtype = 'float32' } = options;
  const length = options.length ?? sequences.reduce((longest, { length }) => Math.max(longest, length), 0);
  if (sequences.length === 0 || !(Number.isInteger(length) && length > 0))
    throw new FeedError(`padSequences: got ${sequences.length} sequences and the length ${length}`);
  const first = sequences.find(({ length }) => length > 0)?.[0] ?? 0;
  const features = typeof first === 'number' ? null : first.length;
  const width = features ?? 1;
  const size = sequences.length * length * width;
  const data = dtype === 'int32' ? new Int32Array(size) : new Float32Array(size);
  data.fill(value);
  const lengths = new Int32Array(sequences.length);
  sequences.forEach((sequence, row) => {
    const kept = Math.min(sequence.length, length);
    const from = truncate === 'start' ? sequence.length - kept : 0;
    const to = side === 'start' ? length - kept : 0;
    lengths[row] = kept;
    for (let step = 0; step < kept; step++) {
      const given = sequence[from + step];
      const numbers = typeof given === 'number' ? [given] : given;
      if (numbers.length !== width || (typeof given === 'number') !== (features === null)) {
        throw new FeedError(
          `padSequences: step ${from + step} of sequence ${row} has ${numbers.length} features, the first step has ${width}`,
        );
      }
      data.set(numbers, ((row * length + to + step) * width) | 0);
    }
  });
  const shape = features === null ? [sequences.length, length] : [sequences.length, length, features];
  return { data, shape, dtype, lengths };
}
