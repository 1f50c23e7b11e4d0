import fc from 'fast-check';
import { describe, it } from 'vitest';
import * as t from '../../src/index.ts';
import { agrees, broadcastPairs, runs, shapes, shapesWithAxes } from './agrees.ts';

/** Runs `check` for values that `arbitrary` draws. */
function property<Value>(
  name: string,
  seed: number,
  arbitrary: fc.Arbitrary<Value>,
  check: (value: Value) => Promise<void>,
): void {
  it(name, () => fc.assert(fc.asyncProperty(arbitrary, check), runs(8, seed)));
}

/** Kernel, stride, dilation and padding of one axis, for which an image of `size` is large enough. */
const window = fc
  .record({
    kernel: fc.integer({ min: 1, max: 4 }),
    stride: fc.integer({ min: 1, max: 3 }),
    dilation: fc.integer({ min: 1, max: 2 }),
    before: fc.integer({ min: 0, max: 2 }),
    after: fc.integer({ min: 0, max: 2 }),
    beyond: fc.integer({ min: 0, max: 6 }),
  })
  .map((drawn) => ({ ...drawn, size: (drawn.kernel - 1) * drawn.dilation + 1 + drawn.beyond }));

const windows = fc.tuple(window, window).map(([rows, columns]) => ({
  image: [rows.size, columns.size] as const,
  kernel: [rows.kernel, columns.kernel] as const,
  options: {
    strides: [rows.stride, columns.stride] as const,
    dilations: [rows.dilation, columns.dilation] as const,
    padding: [
      [rows.before, rows.after],
      [columns.before, columns.after],
    ] as const,
  },
}));

const channels = fc.constantFrom(1, 2, 3, 4, 6, 8);

describe('WebGPU agrees with the reference, forward and backward', () => {
  property('broadcasting', 1, broadcastPairs, ([a, b]) =>
    agrees([{ shape: a }, { shape: b, low: 0.5 }], ([x, y]) => [t.div(t.add(x, y), y), t.maximum(x, y)]),
  );

  const reductions = {
    sum: t.sum,
    mean: t.mean,
    max: t.max,
    prod: t.prod,
    logSumExp: t.logSumExp,
    l2Norm: t.l2Norm,
  };
  property(
    'reductions over some axes',
    2,
    fc.tuple(shapesWithAxes, fc.boolean(), fc.constantFrom(...Object.values(reductions))),
    ([[shape, axes], keepDimensions, reduce]) =>
      agrees([{ shape, low: 0.5, high: 1.5 }], ([x]) => reduce(x, { axes, keepDimensions })),
  );

  property('what runs along an axis', 3, shapesWithAxes, ([shape, [axis]]) =>
    agrees([{ shape }], ([x]) => [
      t.softmax(x, { axis }),
      t.cumulativeSum(x, { axis, exclusive: axis < 0 }),
      t.argMax(x, { axis }),
      t.reverse(x, [axis]),
    ]),
  );

  const permuted = shapes({ minLength: 1 }).chain((shape) =>
    fc.tuple(
      fc.constant(shape),
      fc.shuffledSubarray(
        shape.map((_, axis) => axis),
        { minLength: shape.length },
      ),
    ),
  );
  property('transposition', 4, permuted, ([shape, permutation]) =>
    agrees([{ shape }], ([x]) => t.square(t.transpose(x, permutation))),
  );

  const sliced = shapes({ minLength: 1 }).chain((shape) =>
    fc.tuple(
      fc.constant(shape),
      fc.tuple(
        ...shape.map((length) =>
          fc
            .tuple(
              fc.integer({ min: 0, max: length - 1 }),
              fc.integer({ min: 0, max: length - 1 }),
              fc.constantFrom(1, 2, 3),
            )
            .map(([a, b, step]) => ({ begin: Math.min(a, b), end: Math.max(a, b) + 1, step })),
        ),
      ),
    ),
  );
  property('slices', 5, sliced, ([shape, parts]) =>
    agrees([{ shape }], ([x]) =>
      t.square(
        t.slice(x, {
          begin: parts.map(({ begin }) => begin),
          end: parts.map(({ end }) => end),
          steps: parts.map(({ step }) => step),
        }),
      ),
    ),
  );

  const padded = shapes({ minLength: 1, maxLength: 3 }).chain((shape) =>
    fc.tuple(
      fc.constant(shape),
      fc.constantFrom('constant', 'edge', 'reflect', 'symmetric', 'wrap' as const),
      fc.array(fc.tuple(fc.nat(3), fc.nat(3)), { minLength: shape.length, maxLength: shape.length }),
    ),
  );
  property('padding', 6, padded, ([shape, mode, wanted]) => {
    const most = (length: number) => (mode === 'reflect' ? length - 1 : mode === 'symmetric' ? length : 3);
    const pairs = wanted.map(
      ([before, after], axis) =>
        [Math.min(before, most(shape[axis])), Math.min(after, most(shape[axis]))] as const,
    );
    return agrees([{ shape }], ([x]) => t.square(t.pad(x, pairs, { mode, value: 0.5 })));
  });

  const products = fc.record({
    batches: broadcastPairs.map((pair) => pair.map((shape) => shape.slice(-2))),
    rows: fc.constantFrom(1, 3, 8, 17),
    inner: fc.constantFrom(1, 4, 7, 33),
    columns: fc.constantFrom(1, 2, 4, 9),
    transposeA: fc.boolean(),
    transposeB: fc.boolean(),
  });
  property(
    'matrix products',
    7,
    products,
    ({ batches: [a, b], rows, inner, columns, transposeA, transposeB }) =>
      agrees(
        [
          { shape: [...a, ...(transposeA ? [inner, rows] : [rows, inner])] },
          { shape: [...b, ...(transposeB ? [columns, inner] : [inner, columns])] },
        ],
        ([x, y]) => t.matmul(x, y, { transposeA, transposeB }),
      ),
  );

  const convolutions = fc.record({
    windows,
    groups: fc.constantFrom(1, 2, 3),
    depth: channels,
    features: channels,
  });
  property(
    'convolutions',
    8,
    convolutions,
    ({ windows: { image, kernel, options }, groups, depth, features }) =>
      agrees(
        [
          { shape: [2, ...image, depth * groups] },
          { shape: [...kernel, depth, features * groups] },
          { shape: [features * groups] },
        ],
        ([x, filter, bias]) => t.conv2d(x, filter, { ...options, groups, bias }),
      ),
  );

  property(
    'transposed convolutions',
    9,
    convolutions,
    ({ windows: { image, kernel, options }, groups, depth, features }) => {
      const { strides, dilations } = options;
      return agrees(
        [{ shape: [1, ...image, depth * groups] }, { shape: [...kernel, features, depth * groups] }],
        ([x, filter]) => t.conv2dTranspose(x, filter, { strides, dilations, groups }),
      );
    },
  );

  property('pools', 10, fc.tuple(windows, channels), ([{ image, kernel, options }, depth]) =>
    agrees([{ shape: [2, ...image, depth] }], ([x]) =>
      [t.maxPool2d, t.averagePool2d].map((pool) => pool(x, { ...options, windowSize: kernel })),
    ),
  );

  const gathered = shapesWithAxes.chain(([shape, [axis]]) =>
    fc.tuple(fc.constant(shape), fc.constant(axis), shapes({ maxLength: 2 })),
  );
  property('gathering and scattering', 11, gathered, ([shape, axis, picked]) => {
    const at = axis < 0 ? axis + shape.length : axis;
    const range = { dtype: 'int32', low: -shape[at], high: shape[at] } as const;
    return agrees(
      [{ shape }, { shape: picked, ...range }, { shape, ...range }, { shape }],
      ([x, names, all, updates]) => [
        t.gather(x, names, axis),
        t.scatterElements(t.gatherElements(x, all, axis), all, updates, { axis, reduction: 'max' }),
      ],
    );
  });

  property('normalisation', 12, shapesWithAxes, ([shape, axes]) =>
    agrees([{ shape }], ([x]) => [t.layerNorm(x, { axes, epsilon: 0.1 }), t.variance(x, { axes })]),
  );
});
