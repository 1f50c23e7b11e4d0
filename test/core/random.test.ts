import { describe, expect, it } from 'vitest';
import { RandomStream, threefry2x32, uniformFromBits } from '../../src/core/random.ts';

describe('threefry2x32', () => {
  // The known answers that Random123 publishes for threefry2x32 with 20 rounds.
  it.each([
    { counter: [0, 0], key: [0, 0], words: [0x6b200159, 0x99ba4efe] },
    { counter: [0xffffffff, 0xffffffff], key: [0xffffffff, 0xffffffff], words: [0x1cb996fc, 0xbb002be7] },
    { counter: [0x243f6a88, 0x85a308d3], key: [0x13198a2e, 0x03707344], words: [0xc4923a9c, 0x483df7a0] },
  ] as { counter: [number, number]; key: [number, number]; words: [number, number] }[])(
    'gives the published words for key $key and counter $counter',
    ({ counter, key, words }) => {
      expect(threefry2x32(key, counter)).toEqual(words);
    },
  );
});

describe('uniformFromBits', () => {
  it('lies in [0, 1) and is exact in float32', () => {
    expect(uniformFromBits(0)).toBe(0);
    expect(uniformFromBits(0xffffffff)).toBe(1 - 2 ** -24);
    expect(uniformFromBits(0x80000000)).toBe(0.5);
    expect(Math.fround(uniformFromBits(0x12345678))).toBe(uniformFromBits(0x12345678));
  });
});

describe('RandomStream', () => {
  const draw = (count: number, next: () => number) => Array.from({ length: count }, next);

  it('repeats itself for equal seeds and differs for others', () => {
    const first = draw(8, () => 0);
    const streams = [
      new RandomStream(1, 2),
      new RandomStream(1, 2),
      new RandomStream(1, 3),
      new RandomStream(2, 2),
    ];
    const [a, b, c, d] = streams.map((stream) => first.map(() => stream.uniform()));
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
    expect(a).not.toEqual(d);
  });

  it('gives uniform numbers: mean 1/2, variance 1/12, every tenth equally often', () => {
    const stream = new RandomStream(5);
    const values = draw(40000, () => stream.uniform());
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    expect(mean).toBeCloseTo(0.5, 2);
    expect(variance).toBeCloseTo(1 / 12, 2);
    // chi squared with nine degrees of freedom: 27.9 is passed once in a thousand
    const counts = draw(10, () => 0);
    for (const value of values) counts[Math.floor(value * 10)]++;
    expect(counts.reduce((sum, count) => sum + (count - 4000) ** 2 / 4000, 0)).toBeLessThan(27.9);
  });

  it('gives normal numbers: mean 0, variance 1, no skew, kurtosis 3', () => {
    const stream = new RandomStream(6);
    const values = draw(40000, () => stream.normal());
    const moment = (power: number) => values.reduce((sum, value) => sum + value ** power, 0) / values.length;
    expect(Math.abs(moment(1))).toBeLessThan(0.02);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.03);
    expect(Math.abs(moment(3))).toBeLessThan(0.06);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.2);
  });

  it('gives whole numbers below the limit', () => {
    const stream = new RandomStream(7);
    const values = draw(1000, () => stream.integer(7));
    expect(new Set(values)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6]));
  });

  it('gives permutations in which every element comes to every place', () => {
    const stream = new RandomStream(8);
    const seen = new Set<string>();
    for (let i = 0; i < 400; i++) {
      const order = stream.permutation(5);
      expect([...order].sort()).toEqual([0, 1, 2, 3, 4]);
      for (const [place, element] of order.entries()) seen.add(`${element} at ${place}`);
    }
    expect(seen.size).toBe(25);
    expect([...stream.permutation(1)]).toEqual([0]);
  });
});
