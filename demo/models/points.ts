import { RandomStream } from '../../src/index.ts';

export const pointSets = ['moons', 'circle', 'spiral', 'clouds'] as const;
export type PointSet = (typeof pointSets)[number];

/** Points of a plane, most of them within ±1, and the class of each: 0 or 1. */
export interface Points {
  /** [x1, x2] of each point, one after the other. */
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/** The point of a class at `share` (0 to 1) of its shape, before noise. */
const shapes: Readonly<
  Record<PointSet, (y: number, share: number, random: RandomStream) => readonly [number, number]>
> = {
  // Two half circles that reach into each other.
  moons(y, share) {
    const angle = Math.PI * share;
    return y === 0
      ? [0.6 * Math.cos(angle) - 0.3, 0.6 * Math.sin(angle) - 0.15]
      : [0.3 - 0.6 * Math.cos(angle), 0.15 - 0.6 * Math.sin(angle)];
  },
  // A disc, and a ring around it.
  circle(y, share, random) {
    const radius = y === 1 ? 0.4 * Math.sqrt(random.uniform()) : 0.7 + 0.2 * random.uniform();
    const angle = 2 * Math.PI * share;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  },
  // Two arms, each of a turn and a quarter.
  spiral(y, share) {
    const angle = 2.5 * Math.PI * share + Math.PI * y;
    const radius = 0.1 + 0.8 * share;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  },
  // Four clouds; those that lie across from each other are of one class, as in XOR.
  clouds(y, share) {
    const side = share < 0.5 ? 0.5 : -0.5;
    return [side, y === 1 ? -side : side];
  },
};
const spreads: Readonly<Record<PointSet, number>> = { moons: 1, circle: 0.6, spiral: 0.4, clouds: 2 };

/**
 * Two classes of `count / 2` points each, in turns.
 *
 * @param noise standard deviation of what is added to each coordinate, times what suits the shape.
 */
export function makePoints(set: PointSet, count: number, options: { noise: number; seed: number }): Points {
  const random = new RandomStream(options.seed);
  const noise = options.noise * spreads[set];
  const x: number[] = [];
  const y: number[] = [];
  for (let i = 0; i < count; i++) {
    const target = i % 2;
    const [x1, x2] = shapes[set](target, (Math.floor(i / 2) + 0.5) / Math.ceil(count / 2), random);
    x.push(x1 + noise * random.normal(), x2 + noise * random.normal());
    y.push(target);
  }
  return { x, y };
}
