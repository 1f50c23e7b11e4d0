import { RandomStream, type ShapedData } from '../../src/index.ts';

/** How many words there are. */
export const words = 200;
/** Words of a sentence: at least and at most. */
const [shortest, longest] = [6, 20];

export interface Reviews {
  /** Word numbers of each sentence. */
  readonly sentences: number[][];
  /** [sentences, 1]: 1 where it praises. */
  readonly y: ShapedData;
}

/**
 * Sentences of different lengths, each with one judgement in it: word 1 ("good") or 2 ("bad"), in half of them with word 3 ("not") somewhere
 * before it, which turns the judgement round, and in the others behind it. So the order of the words counts, and not which ones there are.
 */
export function makeReviews(count: number, seed: number): Reviews {
  const random = new RandomStream(seed);
  const labels = new Float32Array(count);
  const sentences = Array.from({ length: count }, (_, i) => {
    const length = shortest + random.integer(longest - shortest + 1);
    const sentence = Array.from({ length }, () => 4 + random.integer(words - 4));
    const places = [random.integer(Math.floor(length / 2)), Math.ceil(length / 2)];
    const isGood = random.uniform() < 0.5;
    const isTurned = random.uniform() < 0.5;
    sentence[places[isTurned ? 0 : 1]] = 3;
    sentence[places[isTurned ? 1 : 0]] = isGood ? 1 : 2;
    labels[i] = isGood === isTurned ? 0 : 1;
    return sentence;
  });
  return { sentences, y: { data: labels, shape: [count, 1] } };
}
