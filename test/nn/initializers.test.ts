import { describe, expect, it } from 'vitest';
import {
  constant,
  Graph,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  type InitializerFunction,
  identityMatrix,
  lecunNormal,
  lecunUniform,
  normal,
  ones,
  openDevice,
  orthogonal,
  RandomStream,
  ShapeError,
  truncatedNormal,
  uniform,
  zeros,
} from '../../src/index.ts';

const draw = (initializer: InitializerFunction, shape: readonly number[]) =>
  initializer(shape, new RandomStream(7, 3));

function moments(values: Float32Array) {
  const mean = values.reduce((total, value) => total + value, 0) / values.length;
  const variance = values.reduce((total, value) => total + (value - mean) ** 2, 0) / values.length;
  return { mean, variance, largest: values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) };
}

describe('initializers', () => {
  // Variances from the papers, by fans: [3, 3, 8, 64] has 72 inputs for each output and 576 outputs for each input.
  const shape = [3, 3, 8, 64];
  const [fanIn, fanOut] = [72, 576];
  for (const [name, initializer, variance, limit] of [
    ['uniform', uniform({ low: -2, high: 2 }), 16 / 12, 2],
    ['normal', normal({ standardDeviation: 0.3 }), 0.09, Number.POSITIVE_INFINITY],
    // The variance of a normal distribution cut at ±2 is 1 - 4 φ(2) / (2 Φ(2) - 1) = 0.77374.
    ['truncatedNormal', truncatedNormal({ standardDeviation: 0.3 }), 0.09 * 0.77374, 0.6],
    ['glorotUniform', glorotUniform(), 2 / (fanIn + fanOut), Math.sqrt(6 / (fanIn + fanOut))],
    ['glorotNormal', glorotNormal(), 2 / (fanIn + fanOut), Number.POSITIVE_INFINITY],
    ['heUniform', heUniform(), 2 / fanIn, Math.sqrt(6 / fanIn)],
    ['heNormal', heNormal(), 2 / fanIn, Number.POSITIVE_INFINITY],
    ['lecunUniform', lecunUniform(), 1 / fanIn, Math.sqrt(3 / fanIn)],
    ['lecunNormal', lecunNormal(), 1 / fanIn, Number.POSITIVE_INFINITY],
  ] as const) {
    it(`${name} has the mean and the variance that it promises`, () => {
      const values = draw(initializer, shape);
      const found = moments(values);
      expect(values).toHaveLength(4608);
      expect(Math.abs(found.mean)).toBeLessThan(4 * Math.sqrt(variance / values.length));
      expect(found.variance / variance).toBeGreaterThan(0.92);
      expect(found.variance / variance).toBeLessThan(1.08);
      expect(found.largest).toBeLessThanOrEqual(limit);
      expect(draw(initializer, shape)).toEqual(values);
    });
  }

  it('zeros, ones and constant fill', () => {
    expect([...draw(zeros(), [2])]).toEqual([0, 0]);
    expect([...draw(ones(), [2])]).toEqual([1, 1]);
    expect([...draw(constant(0.5), [1, 2])]).toEqual([0.5, 0.5]);
  });

  it('identityMatrix has its gain on the diagonal', () => {
    expect([...draw(identityMatrix({ gain: 2 }), [2, 3])]).toEqual([2, 0, 0, 0, 2, 0]);
    expect(() => draw(identityMatrix(), [2, 3, 4])).toThrow(ShapeError);
  });

  it('draws by the name of the variable and the seed of the graph alone', async () => {
    const device = await openDevice({ backend: 'cpu' });
    const read = (seed: number, name: string) =>
      device.read(new Graph({ seed }).variable(name, [3, 3], { initializer: orthogonal() }));
    expect(await read(1, 'a')).toEqual(await read(1, 'a'));
    expect(await read(1, 'a')).not.toEqual(await read(1, 'b'));
    expect(await read(1, 'a')).not.toEqual(await read(2, 'a'));
    device.dispose();
  });
});

describe('orthogonal', () => {
  for (const [rows, columns] of [
    [1, 1],
    [3, 3],
    [17, 5],
    [5, 17],
    [65, 63],
    [130, 130],
  ]) {
    it(`${rows} x ${columns}: columns or rows are orthonormal, times the gain`, () => {
      const matrix = draw(orthogonal({ gain: 2 }), [rows, columns]);
      expect(deviation(matrix, rows, columns, 2)).toBeLessThan(2e-6);
    });
  }

  it('takes the last axis of a filter for its columns', () => {
    expect(deviation(draw(orthogonal(), [3, 3, 4, 8]), 36, 8, 1)).toBeLessThan(1e-6);
    expect(() => draw(orthogonal(), [3])).toThrow('orthogonal: expected at least two axes, got [3]');
  });

  it('is uniform: elements have mean 0 and variance 1 / n', () => {
    const { mean, variance } = moments(draw(orthogonal(), [200, 200]));
    expect(Math.abs(mean)).toBeLessThan(1e-3);
    expect(variance * 200).toBeCloseTo(1, 2);
    // Without a preferred sign of the diagonal, which plain Householder steps would have.
    const random = new RandomStream(5);
    const positive = Array.from({ length: 200 }, () => orthogonal()([2, 2], random)[0] > 0).filter(
      Boolean,
    ).length;
    expect(positive).toBeGreaterThan(70);
    expect(positive).toBeLessThan(130);
  });

  it('takes less than 10 seconds for 1024 x 1024', () => {
    // Of this process: others that run at the same time do not count.
    const before = process.cpuUsage();
    const matrix = draw(orthogonal(), [1024, 1024]);
    const seconds = process.cpuUsage(before).user / 1e6;
    console.log(`orthogonal 1024 x 1024: ${seconds.toFixed(2)} s`);
    expect(seconds).toBeLessThan(10);
    const some = matrix.slice(0, 40 * 1024);
    expect(deviation(some, 40, 1024, 1)).toBeLessThan(1e-6);
  });
});

/** The largest element of |QᵀQ - gain² I|, or of |QQᵀ - gain² I| for a wide matrix. */
function deviation(matrix: Float32Array, rows: number, columns: number, gain: number): number {
  const wide = columns > rows;
  const [count, length] = wide ? [rows, columns] : [columns, rows];
  const at = (vector: number, i: number) => matrix[wide ? vector * columns + i : i * columns + vector];
  let worst = 0;
  for (let a = 0; a < count; a++) {
    for (let b = 0; b <= a; b++) {
      let dot = 0;
      for (let i = 0; i < length; i++) dot += at(a, i) * at(b, i);
      worst = Math.max(worst, Math.abs(dot - (a === b ? gain * gain : 0)));
    }
  }
  return worst;
}
