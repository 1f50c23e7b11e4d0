/**
 * Counter-based random numbers: Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror, Shaw: "Parallel Random Numbers:
 * As Easy as 1, 2, 3", SC 2011). A number depends only on (key, counter), never on who drew before, so the CPU
 * and every GPU invocation get the same one, and a backward pass draws its mask again instead of storing it.
 */
const rotations = [13, 15, 26, 6, 17, 29, 16, 24] as const;

/** The two 32-bit words that belong to `key` and `counter`. */
export function threefry2x32(
  key: readonly [number, number],
  counter: readonly [number, number],
): [number, number] {
  const schedule = [key[0] >>> 0, key[1] >>> 0, (0x1bd11bda ^ key[0] ^ key[1]) >>> 0];
  let x = (counter[0] + schedule[0]) >>> 0;
  let y = (counter[1] + schedule[1]) >>> 0;
  for (let group = 0; group < 5; group++) {
    for (let round = 0; round < 4; round++) {
      const rotation = rotations[(group % 2) * 4 + round];
      x = (x + y) >>> 0;
      y = (((y << rotation) | (y >>> (32 - rotation))) ^ x) >>> 0;
    }
    x = (x + schedule[(group + 1) % 3]) >>> 0;
    y = (y + schedule[(group + 2) % 3] + group + 1) >>> 0;
  }
  return [x, y];
}

/** Uniform in [0, 1): the upper 24 bits, so that every value is exact in float32. */
export function uniformFromBits(bits: number): number {
  return (bits >>> 8) * 2 ** -24;
}

/** 32 bits of a text: FNV-1a (Fowler, Noll, Vo). Gives what has a name a stream of its own. */
export function hashText(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

/** A stream of numbers for the host: shuffles and initial weights. Two streams with the same seeds are equal. */
export class RandomStream {
  private counter = 0;
  private readonly key: readonly [number, number];

  constructor(seed: number, stream = 0) {
    this.key = [seed >>> 0, stream >>> 0];
  }

  /** Uniform in [0, 1). */
  uniform(): number {
    return uniformFromBits(threefry2x32(this.key, [this.counter++, 0])[0]);
  }

  /** Normal with mean 0 and standard deviation 1 (Box and Muller, 1958). */
  normal(): number {
    const [a, b] = threefry2x32(this.key, [this.counter++, 1]);
    const radius = Math.sqrt(-2 * Math.log(1 - uniformFromBits(a)));
    return radius * Math.cos(2 * Math.PI * uniformFromBits(b));
  }

  /** A whole number in [0, limit). */
  integer(limit: number): number {
    return Math.floor(this.uniform() * limit);
  }

  /** A random order of 0 … length-1 (Fisher and Yates). */
  permutation(length: number): Uint32Array {
    const order = Uint32Array.from({ length }, (_, i) => i);
    for (let i = length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }
}
