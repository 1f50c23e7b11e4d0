import { DTypeError, ShapeError } from '../core/errors.ts';
import type { Tensor } from '../graph/graph.ts';
import { argMax } from '../ops/argMax.ts';
import { cast, where } from '../ops/comparison.ts';
import { matmul } from '../ops/matmul.ts';
import { oneHot } from '../ops/oneHot.ts';
import { reshape } from '../ops/reshape.ts';
import {
  type BinaryMetricOptions,
  binaryCounts,
  type ClassMetricOptions,
  labelsOf,
  type Metric,
  samples,
  type Totals,
} from './metrics.ts';

// Metrics that tell apart what was found rightly, found wrongly, and missed.

/**
 * How often a sample of class i was taken for class j: the element in row i, column j. Shapes as for `accuracy`. A label that is no class
 * is counted nowhere.
 */
export function confusionMatrix(options: ClassMetricOptions = {}): Metric<number[][]> {
  const { name = 'confusionMatrix' } = options;
  return {
    name,
    totals: (output, target, mask) => ({ confusion: confusionOf(name, output, target, mask, options) }),
    value: rowsOf,
  };
}

export interface DetectionOptions extends BinaryMetricOptions, ClassMetricOptions {
  /**
   * How the classes of a classifier are joined: `macro` (default), the mean over the classes that occur; `micro`, over all samples alike. Where
   * `output` and `target` have one shape, each element is a decision of its own, and this says nothing.
   */
  average?: 'macro' | 'micro';
}

/**
 * The share of what was found that is right: TP / (TP + FP); 0 where nothing was found. Shapes as for `binaryAccuracy` (each element is a yes
 * or no), or as for `accuracy` with int32 class numbers.
 */
export function precision(options: DetectionOptions = {}): Metric {
  return detection('precision', options, ({ right, wrong }) => ratio(right, right + wrong));
}

/** The share of what is there that was found: TP / (TP + FN); 0 where nothing is there. Shapes as for `precision`. */
export function recall(options: DetectionOptions = {}): Metric {
  return detection('recall', options, ({ right, missed }) => ratio(right, right + missed));
}

/** The harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN). Shapes as for `precision`. */
export function f1Score(options: DetectionOptions = {}): Metric {
  return detection('f1Score', options, ({ right, wrong, missed }) =>
    ratio(2 * right, 2 * right + wrong + missed),
  );
}

interface Found {
  readonly right: number;
  readonly wrong: number;
  readonly missed: number;
}

function detection(kind: string, options: DetectionOptions, score: (found: Found) => number): Metric {
  const { name = kind, average = 'macro' } = options;
  if (average !== 'macro' && average !== 'micro') {
    throw new ShapeError(`${kind}: average must be 'macro' or 'micro', got '${String(average)}'`);
  }
  return {
    name,
    totals(output, target, mask) {
      if (output.rank === target.rank) return binaryCounts(name, options, output, target, mask);
      return { confusion: confusionOf(name, output, target, mask, options) };
    },
    value(totals) {
      if (!totals.confusion) {
        const { truePositive, falsePositive, falseNegative } = totals;
        return score({ right: truePositive[0], wrong: falsePositive[0], missed: falseNegative[0] });
      }
      const classes = foundOf(rowsOf(totals));
      if (average === 'micro') return score(classes.reduce(join));
      const occurring = classes.filter(({ right, wrong, missed }) => right + wrong + missed > 0);
      return occurring.reduce((total, each) => total + score(each), 0) / occurring.length;
    },
  };
}

/** [classes, classes]: rows are what is there, columns what was found. */
function confusionOf(
  name: string,
  output: Tensor,
  target: Tensor,
  mask: Tensor | undefined,
  options: ClassMetricOptions,
): Tensor {
  const classes = output.shape[output.rank - 1];
  if (output.rank < 2)
    throw new DTypeError(`${output.graph.path(name)}: expected an output [samples, …, classes]`);
  const labels = labelsOf(name, output, target);
  const { which } = samples(name, labels, mask, options);
  // -1 is no class: its row is 0.
  const counted = which ? where(which, labels, -1) : labels;
  const rows = (indices: Tensor) => oneHot(reshape(indices, [indices.size]), classes);
  return matmul(rows(counted), rows(cast(argMax(output), 'int32')), { transposeA: true });
}

function rowsOf({ confusion }: Totals): number[][] {
  const classes = Math.sqrt(confusion.length);
  return Array.from({ length: classes }, (_, row) =>
    Array.from({ length: classes }, (_, column) => confusion[row * classes + column]),
  );
}

function foundOf(rows: readonly (readonly number[])[]): Found[] {
  return rows.map((row, i) => {
    const right = row[i];
    const there = row.reduce((total, count) => total + count, 0);
    const found = rows.reduce((total, other) => total + other[i], 0);
    return { right, wrong: found - right, missed: there - right };
  });
}

function join(a: Found, b: Found): Found {
  return { right: a.right + b.right, wrong: a.wrong + b.wrong, missed: a.missed + b.missed };
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
