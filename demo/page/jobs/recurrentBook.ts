import type { Characters } from '../../models/text.ts';

export interface PageBook {
  readonly text: string;
  /** Every character of the text, in the order of their codes. */
  readonly alphabet: readonly string[];
  readonly characters: Characters;
}

/** Reads Moby-Dick, which lies beside the page. */
export async function readBook(): Promise<PageBook> {
  const response = await fetch(new URL('text.bin', self.location.href));
  if (!response.ok || !response.body)
    throw new Error(`text.bin: the server answers ${response.status} ${response.statusText}`);
  const text = await new Response(response.body.pipeThrough(new DecompressionStream('gzip'))).text();
  const alphabet = Array.from(new Set(text)).sort();
  const numbers = new Map(alphabet.map((character, i) => [character, i]));
  return {
    text,
    alphabet,
    characters: Int32Array.from(text, (character) => numbers.get(character) ?? 0),
  };
}

/** The same text without what the network has no number for. */
export function known(text: string, alphabet: readonly string[]): string {
  return Array.from(text)
    .filter((character) => alphabet.includes(character))
    .join('');
}
