import { ShapeError } from '../core/errors.ts';
import { normalizeAxis, showShape } from '../core/shape.ts';
import type { Tensor } from '../graph/graph.ts';
import { logicalOr, where } from './comparison.ts';
import { gather } from './gather.ts';
import { interpolate, type Taps } from './interpolate.ts';

/** Which place x of an axis of the input stands behind element j of the output; s is the scale. */
export type ResizeCoordinates =
  /** (j + 1/2) / s - 1/2: pixels are areas. PyTorch's `align_corners=False`, TensorFlow 2, WebNN. */
  | 'halfPixel'
  /** As `halfPixel`, with the middle kept in its place where s times the length is not whole. */
  | 'halfPixelSymmetric'
  /** As `halfPixel`, and 0 for an output of length 1. */
  | 'pytorchHalfPixel'
  /** The first and the last elements of input and output are the same places. */
  | 'alignCorners'
  /** j / s */
  | 'asymmetric'
  /** (j + 1/2) / s */
  | 'tfHalfPixelForNearest'
  /** As `alignCorners`, within the part of the axis that `regions` tells. */
  | 'cropAndResize';

export type ResizeRounding = 'roundPreferFloor' | 'roundPreferCeil' | 'floor' | 'ceil';

export interface ResizeOptions {
  /** The axes to resize; default all. `sizes`, `scales` and `regions` have one entry for each. */
  axes?: readonly number[];
  /** New lengths. */
  sizes?: readonly number[];
  /** Or factors: the new length is floor(length · scale). With both, the lengths are `sizes` and the places follow `scales`. */
  scales?: readonly number[];
  /** Default 'nearest'. */
  mode?: 'nearest' | 'linear' | 'cubic';
  /** Default 'halfPixel'. */
  coordinates?: ResizeCoordinates;
  /** How 'nearest' rounds a place; default 'roundPreferFloor'. */
  rounding?: ResizeRounding;
  /** a of the cubic kernel (Keys, 1981); default -0.75, as PyTorch and ONNX; -0.5 is Catmull and Rom's. */
  cubicCoefficient?: number;
  /** Elements beyond the border count nothing, and the other weights grow; otherwise the border is repeated. Default false. */
  excludeOutside?: boolean;
  /** Widen the kernel of 'linear' and 'cubic' when the axis shrinks, so that all elements count. Default false. */
  antialias?: boolean;
  /** For 'cropAndResize': start and end on each axis, where 0 is the first element and 1 the last. */
  regions?: readonly (readonly [number, number])[];
  /** For 'cropAndResize': what stands for places outside the input; default 0. */
  extrapolationValue?: number;
}

const coordinateNames: readonly ResizeCoordinates[] = [
  'halfPixel',
  'halfPixelSymmetric',
  'pytorchHalfPixel',
  'alignCorners',
  'asymmetric',
  'tfHalfPixelForNearest',
  'cropAndResize',
];

/**
 * Changes lengths of axes by interpolation, one axis after the other: the weights of ONNX' `Resize`, of which 'nearest', 'linear' and
 * 'cubic' with 'halfPixel' are also PyTorch's `interpolate` and WebNN's `resample2d`. Any dtype for 'nearest', else float32
 * or float16.
 *
 * ```ts
 * const large = resize(images, { axes: [1, 2], scales: [2, 2], mode: 'linear' }); // [8, 32, 32, 3] -> [8, 64, 64, 3]
 * ```
 *
 * @throws ShapeError for axes, sizes or scales that do not fit or that leave nothing; DTypeError where numbers are to be
 * mixed that are no floats.
 */
export function resize(x: Tensor, options: ResizeOptions): Tensor {
  const path = x.graph.path('resize');
  const given = options.axes ?? x.shape.map((_, axis) => axis);
  const { mode = 'nearest', coordinates = 'halfPixel' } = options;
  if (!['nearest', 'linear', 'cubic'].includes(mode))
    throw new ShapeError(`${path}: mode must be nearest, linear or cubic, got '${String(mode)}'`);
  if (!coordinateNames.includes(coordinates)) {
    throw new ShapeError(
      `${path}: coordinates must be one of ${coordinateNames.join(', ')}, got '${String(coordinates)}'`,
    );
  }
  const axes = given.map((axis, i) => resizedAxis(path, x, normalizeAxis(path, axis, x.rank), i, options));
  const changed = axes.filter((axis) => !isIdentity(axis));
  // Axes that shrink come first: the others then have less to do.
  const order = [...changed].sort((a, b) => a.places.length / a.length - b.places.length / b.length);
  let y = x;
  for (const each of order) {
    if (mode === 'nearest') {
      const chosen = each.places.map((place) => clampTo(roundPlace(place, options.rounding), each.length));
      y = gather(y, x.graph.constant(chosen, [chosen.length], 'int32'), each.axis);
    } else {
      y = interpolate(y, each.axis, tapsOf(each, mode, options));
    }
  }
  const outside = changed.filter(({ places, length }) => places.some((place) => isOutside(place, length)));
  if (coordinates !== 'cropAndResize' || outside.length === 0) return y;
  const masks = outside.map(({ axis, places, length }) => {
    const shape = [places.length, ...y.shape.slice(axis + 1).map(() => 1)];
    return x.graph.constant(
      places.map((place) => Number(isOutside(place, length))),
      shape,
      'bool',
    );
  });
  return where(
    masks.reduce((some, mask) => logicalOr(some, mask)),
    options.extrapolationValue ?? 0,
    y,
  );
}

interface ResizedAxis {
  readonly axis: number;
  /** Length in the input. */
  readonly length: number;
  readonly scale: number;
  /** For each element of the output, its place in the input. */
  readonly places: readonly number[];
}

function resizedAxis(path: string, x: Tensor, axis: number, i: number, options: ResizeOptions): ResizedAxis {
  const { axes, sizes, scales, regions, coordinates = 'halfPixel' } = options;
  const count = axes?.length ?? x.rank;
  if (!sizes && !scales) throw new ShapeError(`${path}: give sizes or scales`);
  for (const [name, list] of Object.entries({ sizes, scales, regions })) {
    if (!list || list.length === count) continue;
    throw new ShapeError(
      `${path}: ${name} must have ${count} entries, one for each axis, got ${list.length}`,
    );
  }
  const length = x.shape[axis];
  const scale = scales?.[i] ?? (sizes?.[i] ?? length) / length;
  // A product such as 3 · (5 / 3) may lie a rounding below the whole number that is meant.
  const size = sizes?.[i] ?? Math.floor(length * scale * (1 + 1e-12));
  if (!(scale > 0) || !Number.isInteger(size) || size < 1) {
    throw new ShapeError(
      `${path}: axis ${axis} of ${showShape(x.shape)} cannot become ${size} long (scale ${scale})`,
    );
  }
  const [start, end] = regions?.[i] ?? [0, 1];
  const resized = scale * length;
  const middle = (length / 2) * (1 - size / resized);
  const placeOf: Record<ResizeCoordinates, (j: number) => number> = {
    halfPixel: (j) => (j + 0.5) / scale - 0.5,
    halfPixelSymmetric: (j) => middle + (j + 0.5) / scale - 0.5,
    pytorchHalfPixel: (j) => (size > 1 ? (j + 0.5) / scale - 0.5 : 0),
    alignCorners: (j) => (resized === 1 ? 0 : (j * (length - 1)) / (resized - 1)),
    asymmetric: (j) => j / scale,
    tfHalfPixelForNearest: (j) => (j + 0.5) / scale,
    cropAndResize: (j) =>
      (length - 1) * (size > 1 ? start + (j * (end - start)) / (size - 1) : 0.5 * (start + end)),
  };
  return { axis, length, scale, places: Array.from({ length: size }, (_, j) => placeOf[coordinates](j)) };
}

function isIdentity({ length, places }: ResizedAxis): boolean {
  return places.length === length && places.every((place, j) => place === j);
}

function isOutside(place: number, length: number): boolean {
  return place < 0 || place > length - 1;
}

function clampTo(place: number, length: number): number {
  return Math.min(Math.max(place, 0), length - 1);
}

function roundPlace(place: number, rounding: ResizeRounding = 'roundPreferFloor'): number {
  if (rounding === 'floor') return Math.floor(place);
  if (rounding === 'ceil') return Math.ceil(place);
  return rounding === 'roundPreferFloor' ? Math.ceil(place - 0.5) : Math.floor(place + 0.5);
}

/** The elements around each place, weighted by the kernel k((element - place) s), where s < 1 widens it. */
function tapsOf(
  { length, scale, places }: ResizedAxis,
  mode: 'linear' | 'cubic',
  options: ResizeOptions,
): Taps {
  const { cubicCoefficient = -0.75, excludeOutside = false, antialias = false } = options;
  const narrowing = antialias ? Math.min(scale, 1) : 1;
  const radius = (mode === 'linear' ? 1 : 2) / narrowing;
  const kernel = (distance: number) =>
    mode === 'linear' ? Math.max(0, 1 - Math.abs(distance)) : cubic(Math.abs(distance), cubicCoefficient);
  return places.map((place) => {
    const weights = new Map<number, number>();
    for (let at = Math.floor(place - radius) + 1; at < place + radius; at++) {
      if (excludeOutside && (at < 0 || at >= length)) continue;
      const inside = clampTo(at, length);
      weights.set(inside, (weights.get(inside) ?? 0) + kernel((at - place) * narrowing));
    }
    const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0);
    return [...weights]
      .filter(([, weight]) => weight !== 0)
      .map(([at, weight]) => [at, weight / total] as const);
  });
}

/** Keys' kernel: (a+2)t³ - (a+3)t² + 1 for t <= 1, a t³ - 5a t² + 8a t - 4a for t < 2, else 0. */
function cubic(t: number, a: number): number {
  if (t <= 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  return t < 2 ? ((a * t - 5 * a) * t + 8 * a) * t - 4 * a : 0;
}
