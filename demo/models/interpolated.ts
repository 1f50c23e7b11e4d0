/**
 * What follows a few characters, counted: the model that a network has to beat. The distributions behind contexts of 0 to `order`
 * characters are interpolated after Witten and Bell ("The zero-frequency problem", 1991; in this form Chen, Goodman, "An Empirical Study of
 * Smoothing Techniques for Language Modeling", 1996): with N(h) the times that context h was seen, T(h) the number of different
 * characters seen behind it, and h' the context without its first character,
 *
 *     P(c | h) = (N(h c) + T(h) P(c | h')) / (N(h) + T(h)),
 *
 * and behind the empty context 1 / V takes the place of P(c | h'). The weights T / (N + T) follow from the training part alone.
 */
export interface InterpolatedModel {
  /** Of characters `from` and later, each behind those before it. In bits for each. */
  bitsPerCharacter(characters: ArrayLike<number>, from: number): number;
  /** P(character | the last `order` of `history`) */
  probability(history: ArrayLike<number>, end: number, character: number): number;
}

/** What was seen behind one context. */
interface Followers {
  readonly counts: Uint32Array;
  total: number;
  distinct: number;
}

/** Counts `characters`, which are numbers below `alphabetSize`. */
export function interpolatedModel(
  characters: ArrayLike<number>,
  alphabetSize: number,
  order: number,
): InterpolatedModel {
  const orders = Array.from({ length: order + 1 }, () => new Map<number, Followers>());
  for (let i = 0; i < characters.length; i++) {
    let key = 0;
    for (let n = 0; n <= Math.min(order, i); n++) {
      if (n > 0) key += characters[i - n] * alphabetSize ** (n - 1);
      let followers = orders[n].get(key);
      if (!followers) {
        followers = { counts: new Uint32Array(alphabetSize), total: 0, distinct: 0 };
        orders[n].set(key, followers);
      }
      if (followers.counts[characters[i]]++ === 0) followers.distinct++;
      followers.total++;
    }
  }

  function probability(history: ArrayLike<number>, end: number, character: number): number {
    let result = 1 / alphabetSize;
    let key = 0;
    for (let n = 0; n <= Math.min(order, end); n++) {
      if (n > 0) key += history[end - n] * alphabetSize ** (n - 1);
      const followers = orders[n].get(key);
      // Longer contexts have not been seen, either.
      if (!followers) break;
      const { counts, total, distinct } = followers;
      result = (counts[character] + distinct * result) / (total + distinct);
    }
    return result;
  }

  return {
    probability,
    bitsPerCharacter(text, from) {
      let bits = 0;
      for (let i = from; i < text.length; i++) bits -= Math.log2(probability(text, i, text[i]));
      return bits / (text.length - from);
    },
  };
}
