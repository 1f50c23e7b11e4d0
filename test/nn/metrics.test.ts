import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as t from '../../src/index.ts';
import * as metrics from '../../src/metrics.ts';

// Every metric over batches of 5, 5 and 3 samples against a plain loop over all 13.

const classes = 4;
const logits = Array.from({ length: 13 }, (_, i) =>
  Array.from({ length: classes }, (__, j) => Math.fround(2 * Math.sin(1 + 3.7 * (i * classes + j)))),
);
const labels = Array.from({ length: 13 }, (_, i) => (i * 3 + 1) % classes);
const scores = Array.from({ length: 13 }, (_, i) => [
  Math.fround(Math.sin(2.3 * i)),
  Math.fround(Math.cos(i)),
]);
const targets = Array.from({ length: 13 }, (_, i) => [i % 2, i % 3 === 0 ? 1 : 0]);

const largest = (row: readonly number[]) => row.indexOf(Math.max(...row));
const average = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const all = (keep: (i: number) => boolean) => labels.map((_, i) => i).filter(keep);
const crossEntropy = (i: number) =>
  Math.log(logits[i].reduce((total, x) => total + Math.exp(x), 0)) - logits[i][labels[i]];
const pairs = (rows: readonly number[]) =>
  rows.flatMap((i) => [0, 1].map((j) => ({ score: scores[i][j], target: targets[i][j] })));
const binary = (rows: readonly number[], bound: number) => {
  const cases = pairs(rows).map(({ score, target }) => ({ found: score > bound, there: target === 1 }));
  const count = (found: boolean, there: boolean) =>
    cases.filter((each) => each.found === found && each.there === there).length;
  return { tp: count(true, true), fp: count(true, false), fn: count(false, true), tn: count(false, false) };
};
const perClass = (rows: readonly number[]) =>
  Array.from({ length: classes }, (_, c) => ({
    tp: rows.filter((i) => labels[i] === c && largest(logits[i]) === c).length,
    fp: rows.filter((i) => labels[i] !== c && largest(logits[i]) === c).length,
    fn: rows.filter((i) => labels[i] === c && largest(logits[i]) !== c).length,
  }));
const or0 = (value: number) => (Number.isNaN(value) ? 0 : value);

type Case = readonly [
  string,
  metrics.Metric<unknown>,
  'classes' | 'binary',
  (rows: readonly number[]) => unknown,
];
const logOdds = Math.log(0.6 / 0.4);

const cases: readonly Case[] = [
  [
    'accuracy',
    metrics.accuracy(),
    'classes',
    (rows) => average(rows.map((i) => (largest(logits[i]) === labels[i] ? 1 : 0))),
  ],
  [
    'accuracy without a label',
    metrics.accuracy({ ignoreIndex: 2 }),
    'classes',
    (rows) =>
      average(rows.filter((i) => labels[i] !== 2).map((i) => (largest(logits[i]) === labels[i] ? 1 : 0))),
  ],
  [
    'topKAccuracy',
    metrics.topKAccuracy(2),
    'classes',
    (rows) =>
      average(rows.map((i) => (logits[i].filter((x) => x > logits[i][labels[i]]).length < 2 ? 1 : 0))),
  ],
  ['perplexity', metrics.perplexity(), 'classes', (rows) => Math.exp(average(rows.map(crossEntropy)))],
  ['meanLoss', metrics.meanLoss(t.softmaxCrossEntropy), 'classes', (rows) => average(rows.map(crossEntropy))],
  [
    'confusionMatrix',
    metrics.confusionMatrix(),
    'classes',
    (rows) =>
      Array.from({ length: classes }, (_, a) =>
        Array.from(
          { length: classes },
          (__, b) => rows.filter((i) => labels[i] === a && largest(logits[i]) === b).length,
        ),
      ),
  ],
  [
    'precision, macro',
    metrics.precision(),
    'classes',
    (rows) => average(perClass(rows).map(({ tp, fp }) => or0(tp / (tp + fp)))),
  ],
  [
    'recall, micro',
    metrics.recall({ average: 'micro' }),
    'classes',
    (rows) => average(rows.map((i) => (largest(logits[i]) === labels[i] ? 1 : 0))),
  ],
  [
    'f1Score, macro',
    metrics.f1Score(),
    'classes',
    (rows) => average(perClass(rows).map(({ tp, fp, fn }) => or0((2 * tp) / (2 * tp + fp + fn)))),
  ],
  [
    'binaryAccuracy',
    metrics.binaryAccuracy(),
    'binary',
    (rows) => {
      const { tp, tn } = binary(rows, 0);
      return (tp + tn) / (rows.length * 2);
    },
  ],
  [
    'precision of yes and no, at 0.6',
    metrics.precision({ threshold: 0.6 }),
    'binary',
    (rows) => {
      const { tp, fp } = binary(rows, logOdds);
      return tp / (tp + fp);
    },
  ],
  [
    'recall of probabilities',
    metrics.recall({ probabilities: true }),
    'binary',
    (rows) => {
      const { tp, fn } = binary(rows, 0.5);
      return tp / (tp + fn);
    },
  ],
  [
    'f1Score of yes and no',
    metrics.f1Score(),
    'binary',
    (rows) => {
      const { tp, fp, fn } = binary(rows, 0);
      return (2 * tp) / (2 * tp + fp + fn);
    },
  ],
  [
    'meanAbsoluteError',
    metrics.meanAbsoluteError(),
    'binary',
    (rows) => average(pairs(rows).map(({ score, target }) => Math.abs(score - target))),
  ],
  [
    'meanSquaredError',
    metrics.meanSquaredError(),
    'binary',
    (rows) => average(pairs(rows).map(({ score, target }) => (score - target) ** 2)),
  ],
];

for (const backend of ['cpu', 'webgpu'] as const) {
  describe(`metrics on ${backend}`, () => {
    let device: t.Device;
    beforeAll(async () => {
      device = await t.openDevice({ backend });
    });
    afterAll(() => device.dispose());

    for (const [name, metric, kind, expected] of cases) {
      for (const masked of [false, true]) {
        it(`${name}${masked ? ', with a mask' : ''}`, async () => {
          const keep = (i: number) => !masked || i % 4 !== 1;
          const summed: Record<string, number[]> = {};
          for (const [begin, end] of [
            [0, 5],
            [5, 10],
            [10, 13],
          ]) {
            const graph = new t.Graph();
            const batch = end - begin;
            const output = graph.input('output', [batch, kind === 'classes' ? classes : 2]);
            const target =
              kind === 'classes'
                ? graph.input('target', [batch], 'int32')
                : graph.input('target', [batch, 2]);
            const mask = graph.input('mask', [batch]);
            const totals = metric.totals(output, target, masked ? mask : undefined);
            const program = await device.compile({ outputs: totals });
            const rows = Array.from({ length: batch }, (_, i) => begin + i);
            const results = await program.run({
              output: rows.flatMap((i) => (kind === 'classes' ? logits[i] : scores[i])),
              target: rows.flatMap((i) => (kind === 'classes' ? [labels[i]] : targets[i])),
              ...(masked ? { mask: rows.map((i) => (keep(i) ? 1 : 0)) } : {}),
            });
            for (const [key, values] of Object.entries(results)) {
              summed[key] = Array.from(values, (value, i) => value + (summed[key]?.[i] ?? 0));
            }
          }
          const got = metric.value(summed);
          const want = expected(all(keep));
          if (typeof want === 'number') expect(got).toBeCloseTo(want, 5);
          else expect(got).toEqual(want);
        });
      }
    }

    it('accuracy takes distributions and sequences', async () => {
      const graph = new t.Graph();
      const output = graph.input('output', [2, 3, 2]);
      const target = graph.input('target', [2, 3, 2]);
      const mask = graph.input('mask', [2, 3], 'bool');
      const program = await device.compile({ outputs: metrics.accuracy().totals(output, target, mask) });
      const { correct, count } = await program.run({
        output: [1, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1],
        target: [1, 0, 0, 1, 1, 0, 0, 1, 0, 1, 1, 0],
        mask: [1, 1, 0, 1, 1, 1],
      });
      expect([correct[0], count[0]]).toEqual([3, 5]);
    });

    it('counts a label that is no class, and an output that is NaN, as misses', async () => {
      const graph = new t.Graph();
      const output = graph.input('output', [4, 3]);
      const target = graph.input('target', [4], 'int32');
      const { correct, count } = metrics.topKAccuracy(2).totals(output, target);
      const { confusion } = metrics.confusionMatrix().totals(output, target);
      const program = await device.compile({ outputs: { correct, count, confusion } });
      const results = await program.run({
        output: [1, 2, 3, 1, 2, 3, 1, 2, 3, Number.NaN, 2, 3],
        target: [7, -1, 1, 0],
      });
      expect([results.correct[0], results.count[0]]).toEqual([1, 4]);
      expect(Array.from(results.confusion).reduce((a, b) => a + b)).toBe(2);
    });

    it('weightedLoss is the weighted mean over samples', async () => {
      const graph = new t.Graph();
      const [output, target] = [graph.input('output', [3, 2]), graph.input('target', [3, 2])];
      const weights = graph.input('weights', [3]);
      const loss = t.weightedLoss(t.meanSquaredError, output, target, weights);
      const program = await device.compile({ outputs: { loss } });
      const feeds = { output: [1, 2, 3, 4, 5, 6], target: [0, 0, 0, 0, 0, 0], weights: [1, 0, 3] };
      expect((await program.run(feeds)).loss[0]).toBeCloseTo((2.5 + 3 * 30.5) / 4, 4);
    });
  });
}

describe('mistakes with metrics', () => {
  const graph = new t.Graph();
  const output = graph.input('output', [4, 3]);
  const labels = graph.input('labels', [4], 'int32');
  const a = graph.input('a', [5], 'int32');
  const b = graph.input('b', [4]);
  const c = graph.input('c', [3]);
  const d = graph.input('d', [5]);
  // biome-ignore format: a table
  const mistakes: readonly (readonly [() => unknown, string])[] = [
    [() => metrics.accuracy().totals(output, a),
      'accuracy: output [4, 3] asks for labels [4], one for each row of classes, got [5]'],
    [() => metrics.accuracy().totals(output, b),
      'accuracy: expected int32 class numbers, or distributions in the shape of the output [4, 3], got float32 [4]'],
    [() => metrics.accuracy().totals(output, labels, c),
      'accuracy: the mask [3] must have the leading axes of [4]'],
    [() => metrics.topKAccuracy(0), 'topKAccuracy: k must be a whole number of at least 1, got 0'],
    [() => metrics.binaryAccuracy({ threshold: 1 }), 'binaryAccuracy: threshold must lie between 0 and 1, got 1'],
    [() => metrics.binaryAccuracy().totals(output, labels),
      'binaryAccuracy: output [4, 3] and target [4] must have the same shape'],
    [() => metrics.meanSquaredError().totals(output, labels),
      'meanSquaredError: output [4, 3] and target [4] must have the same shape'],
    [() => t.weightedLoss(t.softmaxCrossEntropy, output, labels, d),
      'weightedLoss: weights [5] must have the leading axes of the losses [4]'],
  ];
  for (const [body, message] of mistakes) {
    it(message, () => {
      expect(body).toThrow(t.TensorloomError);
      expect(body).toThrow(message);
    });
  }
});
